/* The ledger: every purchase that a router gave to a server, and every flight that carried them, as the
 * routing log tells it; then held against the store's sales.
 *
 * One thread; zeroed memory is empty. Memory grows with the log (about 100 bytes for each choice), and
 * with the sales that did not come through it (about 50 bytes each) and the holds (80 bytes each). */
#ifndef BOX_OFFICE_LEDGER_H
#define BOX_OFFICE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/outcome.h"
#include "common/routing_line.h"
#include "db/store.h"
#include "tools/report/findings.h"
#include "tools/report/names.h"

#define LEDGER_NONE UINT32_MAX /* no attempt, no flight, no place */

/* One choice of a purchase, or whatever else boarded a flight. */
struct attempt {
    struct id request;
    struct id order; /* of a confirm or release: which */
    enum verb verb;
    uint32_t older;  /* attempt of the same request before this one */
    uint32_t flight; /* which carried it */
    uint32_t event;  /* LEDGER_NONE: it is about an order */
    uint32_t place;
    int32_t quantity;
};

/* An order of the store that is or was held. */
struct ledger_hold {
    struct id id; /* the hold's request's */
    int64_t created_at, changed_at;
    uint32_t server,
        router; /* of its confirm, if it was sold; router LEDGER_NONE: asked directly */
    uint32_t event;
    uint32_t releases; /* choices of releases of it */
    int32_t quantity;
    enum order_state state;
};

struct ledger_flight {
    uint64_t number; /* of its router */
    uint32_t router;
    uint32_t server;
    int64_t tickets;         /* of the choices in the log */
    int64_t count;           /* of these choices */
    int64_t holds, releases; /* among them; the others may sell */
    int64_t rows;            /* of these choices, found sold by this server in the store */
    int64_t held_rows;       /* of these choices, holds of the store that it made, if anybody did */
    int64_t held_else;       /* … that it made, or another flight of the same request */
    int64_t released_rows;   /* of these choices, releases of what is released in the store */
    int64_t released_here;   /* … while it was under way, and nobody else asked for that */
    int64_t begun, over;     /* wall clock, by the log: opened, settled */
    int64_t sold, replayed, refused, lost, unsent, held, freed; /* purchases, by its settlement */
    uint32_t opened;  /* place of its first choice, or of its settlement */
    uint32_t latest;  /* place of its latest choice */
    uint32_t settled; /* place; LEDGER_NONE: open */
    bool partial;     /* some of its choices are not in the log, legally */
};

enum {
    LEDGER_SCALES_KEPT = 20,
};

/* A step in the number of ticket servers. */
struct ledger_scale {
    int64_t time;                                        /* wall clock */
    int64_t from, to, up, pending, waiting, commit, cpu; /* as in struct routing_scale */
    char why[ROUTING_WHY_SIZE];                          /* cut to fit */
};

/* Tickets and choices of one server. */
struct ledger_server {
    bool foreign;                   /* of another pool than that of the ticket servers */
    int64_t moves[SERVER_LEFT + 1]; /* into each state */
    int64_t choices, reads;         /* purchases; other requests */
    int64_t told;                   /* the most it told before the store was read */
    uint32_t told_place;            /* where */
    int64_t through;                /* tickets in the store, sold through this log's routers */
    int64_t direct;                 /* without a router */
    int64_t others;                 /* through routers that this log does not know */
    int64_t total;                  /* by the store's own count; -1: the store does not know it */
};

struct ledger {
    struct findings *findings; /* not owned */
    char store[ID_TEXT_SIZE];  /* the store's id; "" where not known */
    struct names servers, routers, events;
    struct names rules; /* "ROUTE POLICY SERVER", with affinity "ROUTE POLICY/AFFINITY SERVER" */
    struct buffer rule_counts; /* int64_t: choices, by rule */
    struct buffer attempts;    /* struct attempt */
    struct buffer flights;     /* struct ledger_flight */
    struct buffer stats;       /* struct ledger_server, by server */
    struct buffer known;       /* bool, by router: it is one of this log's */
    struct buffer windows;     /* struct window: when choices may be missing, legally */
    struct buffer ends;        /* struct end: of routers that crashed */
    struct buffer strays;      /* struct stray: sales without a fitting choice yet */
    struct buffer holds;       /* struct ledger_hold: all of the store's */
    struct ledger_scale scales[LEDGER_SCALES_KEPT]; /* the latest ones, the earliest first */
    uint64_t scale_count;                           /* of all */
    uint32_t *slots;     /* owned; a hash table of attempts + 1 by request; 0: unused */
    uint64_t slot_count; /* a power of two */
    uint32_t snapshot;   /* place: where reading the log stood when the store was read */
    uint64_t sales, sales_through, sales_direct, sales_others, sales_before;
    uint64_t sales_beyond, holds_beyond; /* made beyond the end of a crashed router's log */
    int64_t beyond_by;                   /* the latest of them so much behind its last line */
};

void ledger_init(struct ledger *ledger, struct findings *findings);
void ledger_free(struct ledger *ledger);

uint32_t ledger_server_number(struct ledger *ledger, const char *server);
struct ledger_server *ledger_server(struct ledger *ledger, uint32_t server);

uint32_t ledger_router_number(struct ledger *ledger, const char *router);

/* The same; from now on the router is one of this log's. */
uint32_t ledger_router(struct ledger *ledger, const char *router);

/* Choices for requests that this router admitted between these times (wall clock) may be missing from
 * the log, legally. */
void ledger_window(struct ledger *ledger, uint32_t router, int64_t from, int64_t to);

/* The router crashed, and its last line that is left is of the time `last` (wall clock): those after it may be
 * lost, since a power cut takes with it what the system has not written yet, and a full disk takes nothing.
 * What was made after `until` was not made by that life. */
void ledger_crashed(struct ledger *ledger, uint32_t router, int64_t last, int64_t until);

/* Whether a router that crashed may have asked, by such a line, for what was made between these times. That is
 * no proof that it did: whoever cuts the end off a log leaves the same. So it counts, and is told. */
bool ledger_beyond_end(struct ledger *ledger, uint32_t router, int64_t from, int64_t to);

/* When the request was admitted (wall clock), as its id tells. */
int64_t ledger_admitted_at(const struct id *request);

/* Whether the request was admitted in such a time. */
bool ledger_in_window(const struct ledger *ledger, uint32_t router, const struct id *request);

/* Whether choices of what was under way between these times may be missing, legally. */
bool ledger_missing(const struct ledger *ledger, int64_t from, int64_t to);

/* Counts a choice for the distribution of its route and policy. */
void ledger_rule(struct ledger *ledger, const struct routing_choice *choice, const char *server);
int64_t ledger_rule_count(const struct ledger *ledger, uint32_t rule);

/* A step in the number of ticket servers. Steps of several routers may come in any order. */
void ledger_scale(struct ledger *ledger, const struct routing_scale *scale, int64_t time);

/* A further flight, without choices yet. Pointers are good until the next one. */
uint32_t ledger_flight_add(struct ledger *ledger, const struct ledger_flight *flight);
struct ledger_flight *ledger_flight(const struct ledger *ledger, uint32_t flight);

/* The latest attempt of a request, or LEDGER_NONE. */
uint32_t ledger_find(const struct ledger *ledger, const struct id *request);
struct attempt *ledger_attempt(const struct ledger *ledger, uint32_t attempt);

/* Adds a choice, which becomes its request's latest. Its `older` is filled in. */
void ledger_attempt_add(struct ledger *ledger, const struct attempt *attempt);

/* Call when the store is about to be read: all lines before were written before. */
void ledger_snapshot(struct ledger *ledger);

/* One sale of the store. */
void ledger_sale(struct ledger *ledger, const struct sale *sale, const char *router);

/* One hold of the store, whatever has become of it. */
void ledger_hold(struct ledger *ledger, const struct order *order, const char *router);

/* Of ledger_finish: holds the holds against the choices, and counts them for their flights. */
void ledger_finish_holds(struct ledger *ledger);

/* The store's own count for a server. */
void ledger_total(struct ledger *ledger, const char *server, int64_t tickets);

/* At the end of all logs: proves what could only be told now. */
void ledger_finish(struct ledger *ledger);

#endif
