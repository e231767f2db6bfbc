/* What flight.c, which lets flights leave and land, and flight_losses.c, which brings back who was on one that
 * did not, share. Nobody else includes this. */
#ifndef BOX_OFFICE_FLIGHT_PARTS_H
#define BOX_OFFICE_FLIGHT_PARTS_H

#include "balancer/upstream/budget.h"
#include "balancer/upstream/flight.h"
#include "common/buffer.h"

struct flight {
    struct flights *flights;
    uint64_t number;
    size_t server;
    unsigned start;    /* of the server, when it left */
    int64_t departed;  /* clock_monotonic() */
    int64_t elsewhere; /* flights that other servers had landed then */
    int64_t tickets;   /* of all that ever boarded */
    size_t count;      /* seats taken; until it leaves, dropped ones included */
    size_t unsent;     /* seats dropped before it left */
    struct call *call;
    struct buffer body;
    struct flight *next;                       /* that waits behind it for the same server */
    struct passenger *seats[FLIGHT_ITEMS_MAX]; /* not owned; NULL: dropped */
};

struct lane {
    struct flight *air;          /* owned; NULL: none is under way */
    struct flight *first, *last; /* loading or loaded; owned */
};

struct flights {
    struct servers *servers;
    struct upstream *upstream;
    struct budget *budget; /* not owned */
    struct flight_calls calls;
    size_t waiting; /* flights that have not left */
    struct lane lanes[ROUTING_SERVERS_MAX];
    struct loading loading[ROUTING_SERVERS_MAX]; /* the last flight of each lane */
    struct flight *spare;                        /* kept for reuse, through next */
    struct outcome outcomes[FLIGHT_ITEMS_MAX];   /* of the flight that lands */
};

/* Keeps the memory of a flight that is over. */
void flight_put_back(struct flight *flight);

/* The flight never left: nothing was decided. */
void flight_unload(struct flight *flight);

/* The server refused the flight as a whole: nothing was decided. Its passengers are to ask another, while there
 * is one and the budget allows it. */
void flight_turn_back(struct flight *flight);

/* The flight may have been decided, but its answer is not to be had. `death`: because the server's connection
 * broke; then the budget is not asked. */
void flight_lose(struct flight *flight, bool death);

/* What is not stored says nothing of an earlier server, which may have sold it. */
void flight_doubt(const struct passenger *passenger, struct outcome *outcome);

#endif
