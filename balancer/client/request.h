/* A purchase whose client is waiting: admitted, and not yet answered.
 *
 * Between two turns of the loop it is either waiting for room or aboard a flight, which owns its
 * passenger then. All on the worker's thread. */
#ifndef BOX_OFFICE_REQUEST_H
#define BOX_OFFICE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "balancer/client/visit.h"
#include "balancer/upstream/flight.h"
#include "common/http.h"
#include "common/id.h"

struct request {
    struct passenger passenger;
    struct http_request *http;
    struct visit visit;
    char id[ID_TEXT_SIZE]; /* of passenger.item.request */
    int64_t deadline;      /* clock_monotonic() */
    int64_t boarded;       /* clock_monotonic(): the flight that it is aboard; the turn's time */
    size_t server;         /* that it was given to last */
    bool chosen;           /* `server` is set */
    bool retry;            /* it was given to a server before */
    bool waiting;          /* for room, in the worker's queue; else it is aboard a flight */

    struct request *older, *newer;                   /* all of the worker's, by admission */
    struct request *next_waiting, *previous_waiting; /* while it waits */
};

/* The requests of a worker. */
struct requests {
    struct request *oldest, *newest;
    size_t count;
    struct request *first_waiting, *last_waiting;
    size_t waiting;
    struct request *spare; /* their memory is kept for reuse, through `older` */
    size_t spares;
};

/* A zeroed request, in no list yet. */
struct request *requests_new(struct requests *requests);

/* Gives the memory of a request back that is in no list. */
void requests_free(struct requests *requests, struct request *request);

/* Frees the memory that was kept. */
void requests_close(struct requests *requests);

/* Adds an admitted request as the newest. */
void requests_add(struct requests *requests, struct request *request);

/* Takes it out of both lists. */
void requests_remove(struct requests *requests, struct request *request);

/* Lets it wait for room, in front of all that were admitted later. */
void requests_wait(struct requests *requests, struct request *request);
void requests_wait_no_more(struct requests *requests, struct request *request);

#endif
