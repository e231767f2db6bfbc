/* Flights: one upstream request carries many purchases to one server.
 *
 * One flight per server is in the air at a time. What is chosen meanwhile loads the next one. And since
 * the store takes one commit after the other, whichever server makes it, a third flight waits until one
 * of two has landed, or has been in the air for longer than most commits take: what would have queued
 * for the store loads on instead, and shares a request, a commit and an fsync with more. So a busy system
 * has large batches, and an idle one adds no delay: nothing waits for more to come.
 *
 * The worker's thread only. A passenger belongs to the flight from flights_board until one of the two
 * callbacks gives it back, or flights_drop takes it out. */
#ifndef BOX_OFFICE_FLIGHT_H
#define BOX_OFFICE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/servers.h"
#include "balancer/upstream/upstream.h"
#include "common/item.h"

struct budget;
struct flights;
struct flight;

/* A purchase on its way; part of the client's request. */
struct passenger {
    struct item item;      /* item.attempt counts the servers asked, this one included */
    size_t room;           /* the most purchases a flight with this one may carry */
    unsigned deaths;       /* servers that died with it on board */
    unsigned turns;        /* servers that turned its flight away */
    bool sent;             /* some server may have decided it: the outcome is unknown */
    struct flight *flight; /* the flight it is on; NULL: none */
    size_t seat;           /* there */
};

struct flight_calls {
    /* The server has decided; or every server refused its flight, or it may not be repeated; or three died, a
     * fourth when it was asked what became of the purchase, and nobody knows. */
    void (*decided)(void *context, struct passenger *passenger, const struct outcome *outcome);
    /* Its flight did not leave, or was lost: choose anew. */
    void (*returned)(void *context, struct passenger *passenger);
    void *context;
};

/* `budget` must outlive it: who is turned back (503, 400), or was on a flight that hung or was answered with
 * nonsense, is asked again within it. Whose flight did not leave costs nothing; nor does a broken connection. */
struct flights *flights_open(struct servers *servers, struct upstream *upstream,
                             struct budget *budget, const struct flight_calls *calls);

/* Nobody may be on board any more. Flights that are still in the air, all of whose passengers were
 * dropped, are settled as lost. */
void flights_close(struct flights *flights);

/* What loads for each server, by its index: for choose_for_purchase. */
struct loading *flights_loading(struct flights *flights);

/* Takes a seat in flight `number` to that server, as the choice said. */
void flights_board(struct flights *flights, size_t server, uint64_t number,
                   struct passenger *passenger);

/* Lets them leave. Their choices must be in the routing log by now. */
void flights_depart(struct flights *flights);

/* To be called a few times a second: ends flights that are older than a second and left behind (see
 * servers_left_behind) or older than two and the only ones, and takes back what waits for a server that is
 * not alive. */
void flights_check(struct flights *flights);

/* Takes out a passenger whose deadline has come. True where a server may have decided it, or still
 * may. */
bool flights_drop(struct passenger *passenger);

#endif
