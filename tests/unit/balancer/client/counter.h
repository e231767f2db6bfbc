/* A worker's counter: purchases and reads behind an HTTP server, with fake ticket servers behind them
 * and a routing log in a directory of its own; all on one held loop, which is free once it is open.
 * Main thread. */
#ifndef BOX_OFFICE_TEST_COUNTER_H
#define BOX_OFFICE_TEST_COUNTER_H

#include "balancer/client/proxy.h"
#include "balancer/client/purchases.h"
#include "tests/lib/files.h"
#include "tests/lib/raw.h"
#include "tests/unit/balancer/upstream/fake_server.h"
#include "tests/unit/common/held_loop.h"

enum {
    COUNTER_SERVERS = 2,
    COUNTER_SECONDS = 15, /* for what is due at once, or at a purchase's deadline */
};

struct counter {
    struct held_loop held;
    char directory[FILES_PATH_SIZE];
    struct servers servers;
    struct config config;
    struct gate gate;
    struct routing_log *log;
    struct fake_server fakes[COUNTER_SERVERS];
    struct upstream *upstream;
    struct purchases *purchases;
    struct exchanges *exchanges;
    struct proxy *proxy;
    struct http_server *http;
    struct loop_timer check;
    unsigned accepted;
    char url[64];
    struct raw_answer answer;
};

/* The one there is; large. */
extern struct counter counter;

/* `up` of its two servers are up; so many purchases may wait. */
void counter_open(size_t up, size_t waiting_max);

/* The same with foreign servers, files-1 and files-2, which are up and asked by turns; their pool has such rules. */
void counter_open_files(const struct pool_rules *rules);

/* Ends it; nobody may wait for an answer. */
void counter_close(void);

/* The server joins and is up. */
void counter_up(size_t server);

/* Connects and sends; the connection. */
int counter_send(const char *request);

/* A purchase of the event demo. */
int counter_buy(int quantity);

/* What a connection is answered, and closes it: the status. */
unsigned counter_receive(int fd);

/* Sends and receives. */
unsigned counter_ask(const char *request);

bool counter_head_has(const char *text);
bool counter_body_has(const char *text);

/* Holds the loop once so many requests were accepted, or the server has had so many. */
void counter_hold_at(unsigned accepted);
void counter_hold_at_server(size_t server, unsigned requests);

/* Whether the routing log holds that text. */
bool counter_logged(const char *text);

#endif
