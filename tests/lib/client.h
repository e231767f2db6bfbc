/* An HTTP client that behaves: one keep-alive connection at a time, over libcurl.
 *
 * A client belongs to one thread; different threads may have one each. */
#ifndef BOX_OFFICE_TEST_CLIENT_H
#define BOX_OFFICE_TEST_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/outcome.h"

struct client;

struct client *client_open(void);
void client_close(struct client *client);

/* NULL: left out. */
struct query {
    const char *method; /* default: POST with a body, else GET */
    const char *url;    /* "http://127.0.0.1:8080" */
    const char *path;
    const char *type; /* Content-Type; default with a body: a form's */
    const char *body;
    const char *key;       /* Idempotency-Key */
    const char *token;     /* of the admin listener */
    const char *fields[4]; /* further lines of the head: "Name: value" */
    bool alone;            /* over a connection of its own: nothing is ever sent twice */
    long patience;         /* milliseconds; 0: 30 s */
};

/* Zeroed memory to begin with; freed with response_free; may be used again. */
struct response {
    long status; /* 0: no answer came */
    struct buffer head;
    struct buffer body;
    char failure[96]; /* why none came */
};

/* Sends the query and waits for the whole answer, as long as its patience lasts. True where one came. */
bool client_ask(struct client *client, const struct query *query, struct response *response);

/* Copies the value of a header; false (and "") where there is none. */
bool response_header(struct response *response, const char *name, char *value, size_t size);
void response_free(struct response *response);

/* What one purchase led to. */
struct bought {
    long status;
    char code[32]; /* of a problem; "" where it sold; "no_answer" */
    char id[ID_TEXT_SIZE];
    char server[SERVER_SIZE];
    char tier[NAME_SIZE];
    int64_t first; /* its tickets are numbered first .. first + quantity - 1 */
    int quantity;
    int64_t remaining; /* of a "sold_out"; -1: not told */
};

/* Reads an answer to POST /purchases, strictly: false (with a line on stdout) where a 201 is not a
 * sale as the design has it, or an error not a problem as RFC 9457 has it. */
bool bought_read(struct response *response, struct bought *bought);

/* Buys with a form ("event=demo&quantity=2"); `key` may be NULL. False as bought_read. */
bool client_buy(struct client *client, const char *url, const char *form, const char *key,
                struct bought *bought);

/* Tickets of the event demo that are sold, by GET /events/demo; -1 where it cannot be had. */
int64_t client_sold(struct client *client, const char *url);

#endif
