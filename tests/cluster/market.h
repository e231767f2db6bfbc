/* A cluster whose router is replaced while buyers buy, for the tests of reloads and upgrades.
 *
 * The buyers have no patience: whatever is not sold at once has failed. What cannot be had ends the test.
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_MARKET_H
#define BOX_OFFICE_TEST_MARKET_H

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"

enum {
    MARKET_SALES = 200, /* of the load, between two steps */
    MARKET_SECONDS = 60,
};

struct market {
    struct cluster cluster;
    struct load load;
    struct client *client;
    char dir[FILES_PATH_SIZE]; /* of programs of its own; "": it has none */
    int silent;                /* a server that never answers; -1: there is none */
};

/* Configurations: purchases are sold by each; events can be read by the second only; the third is wrong in
 * its second line. */
extern const char market_purchases[], market_reads[], market_wrong[];

/* Three ticket servers, and buyers, whose keys begin with `prefix`. */
void market_open(struct market *market, const char *prefix, const char *config);

/* The same, and one more server, whose check takes a second, so that a new router takes as long to open its
 * doors. */
void market_open_slow(struct market *market, const char *prefix);

/* The same as the first, built in, with programs of its own, which can be replaced: by a copy of what was
 * built, or by a script. */
void market_open_own(struct market *market, const char *prefix);
void market_copy_program(struct market *market, const char *name);
void market_put_script(struct market *market, const char *name, const char *text);

/* Looks at who is the router, and sends the master a signal. */
void market_signal(struct market *market, int signal);

/* The router that is to take over from the one that was last seen. */
pid_t market_newcomer(struct market *market);

/* The master says this on stderr. */
void market_expect(struct market *market, const char *line);

/* Another router than `before` serves and leads; or the same does, alone; and buyers buy. */
void market_expect_another(struct market *market, pid_t before);
void market_expect_the_same(struct market *market, pid_t before);

/* All routers but one have gone. */
void market_expect_one_router(struct market *market);

/* The status of a GET, over a connection of its own. */
long market_get(struct market *market, const char *path);

/* Buyers stop, and nothing has failed. */
void market_end_load(struct market *market);

/* Stops the cluster; what buyers know is exactly what was sold; frees all. The load has ended. */
void market_settle(struct market *market);

/* Both, after some more sales. */
void market_close(struct market *market);

/* Frees what was stopped otherwise. */
void market_free(struct market *market);

#endif
