/* A worker: one thread with one event loop, which owns its clients' connections, its requests and its
 * flights. */
#ifndef BOX_OFFICE_WORKER_H
#define BOX_OFFICE_WORKER_H

#include "balancer/client/gate.h"
#include "balancer/routing/routing_log.h"

enum {
    WORKER_FLIGHT_CONNECTIONS = 2, /* per server: a flight's, and its successor's while it closes */
    WORKER_DESCRIPTORS = 16,     /* besides connections: of its loop, its listener, the libraries */
    WORKER_DRAIN_SECONDS = 3600, /* then a worker that drains cuts what is not over yet */
};

struct worker;
struct loop;

/* How a worker comes to its end. Idle clients may still send for a while: */
enum worker_end {
    WORKER_DRAINS =
        1, /* as long as their connections live; nothing is refused. After 76 s all that are idle
                        * have gone; what is still being answered then is, for WORKER_DRAIN_SECONDS */
    WORKER_STOPS, /* half a second; what comes after 4 s is refused; over in 10 s */
};

/* Clients of a worker that ends, after so many microseconds of it. */
struct worker_rest {
    size_t connections, unanswered;
    int64_t time, quiet; /* since it was told, since it last had something to answer */
};

/* Whether it may end now: whoever is left has had the time that there is. */
bool worker_may_end(enum worker_end how, const struct worker_rest *rest);

struct worker_settings {
    const struct gate *gate;
    struct routing_log *log;
    int listen_fd; /* owned by the worker from now on */
    unsigned connections_max;
    size_t waiting_max; /* purchases that may wait for room */
    size_t workers;     /* how many there are: they share what a pool allows */
    unsigned number;    /* 1, 2, …: for the thread's name */
    struct loop *owner; /* woken when the worker has drained */
};

/* Starts the thread. NULL with a line on stderr where the HTTP server cannot be started. */
struct worker *worker_start(const struct worker_settings *settings);

/* Ends the present wait: servers have changed. Any thread. */
void worker_wake(struct worker *worker);

/* How many purchases wait for room there. Any thread, until it is freed. */
size_t worker_waiting(const struct worker *worker);

/* Tells it to end: no new connections, each answer is the last on its own, what was begun is finished. A
 * worker that drains may be told to stop. Any thread. */
void worker_end(struct worker *worker, enum worker_end how);

/* Whether it is over: worker_join does not wait any more. Any thread. */
bool worker_ended(const struct worker *worker);

/* Waits until it is over. It can still be woken, until it is freed. */
void worker_join(struct worker *worker);
void worker_free(struct worker *worker);

#endif
