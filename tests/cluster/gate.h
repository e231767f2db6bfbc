/* Gates of an event, for tests: tickets are bought, and their codes checked in, by HTTP.
 *
 * What cannot be had is a failed assertion. A gate belongs to one thread. */
#ifndef BOX_OFFICE_TEST_GATE_H
#define BOX_OFFICE_TEST_GATE_H

#include "common/ticket_code.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"

enum {
    GATE_PATH_SIZE = 160,
    GATE_TOKEN_SIZE = 64,
};

struct gate {
    struct client *client;
    const char *url;   /* the balancer's, or a ticket server's */
    const char *token; /* NULL: none */
    const char *name;
    struct response response; /* to what was asked last */
};

/* On the public face of the cluster, with its admin token. */
void gate_open(struct gate *gate, const struct cluster *cluster, const char *name);
void gate_close(struct gate *gate);

/* Asks; the status. `body`: JSON, or NULL. */
long gate_ask(struct gate *gate, const char *method, const char *path, const char *body);

/* Whether the last answer has this in its body. */
bool gate_told(struct gate *gate, const char *text);

/* Buys tickets of demo; the path of the purchase. */
void gate_buy(struct gate *gate, int quantity, char path[GATE_PATH_SIZE]);

/* Makes an event of 2,000 tickets, of which one order may have 1,000; buys tickets of an event. */
void gate_make_event(struct gate *gate, const char *event);
void gate_buy_of(struct gate *gate, const char *event, int quantity, char path[GATE_PATH_SIZE]);

/* The codes of the first 50 of the purchase's tickets; how many. Those that are refunded have none. */
size_t gate_codes(struct gate *gate, const char *path, char (*codes)[TICKET_CODE_SIZE], size_t max);

/* Checks a code in; the status. `event`, `key`: NULL: none. */
long gate_check_in(struct gate *gate, const char *code, const char *event, const char *key);

/* Makes a token that has this scope alone. */
void gate_make_token(struct gate *gate, const char *scope, char token[GATE_TOKEN_SIZE]);

#endif
