/* A small router and the servers of two pools, simulated: writes a valid routing log, with the sales that
 * go with it. Its choices come from rules of its own, slow and plain. Deterministic for a seed. One
 * thread. */
#ifndef BOX_OFFICE_ROUTER_SIM_H
#define BOX_OFFICE_ROUTER_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/outcome.h"
#include "common/routing_line.h"
#include "db/store.h"

#define SIM_STORE "0193b0aa-0000-7000-8000-00000000feed"

enum {
    SIM_SERVERS_MAX = 40,  /* places in the list */
    SIM_MACHINES_MAX = 96, /* servers, ever */
    SIM_TICKETS_MAX = 20,  /* ticket servers */
    SIM_FLIGHT_MAX = 8,
    SIM_OPEN_MAX = 64,
    SIM_SESSIONS = 4, /* by cookie, in each pool */
    SIM_HOLDS = 8,    /* that are remembered */
};

enum sim_pool {
    SIM_TICKETS,
    SIM_FILES,
    SIM_POOLS,
};

struct sim_passenger {
    struct id request;
    enum verb verb;
    struct id order; /* of a confirm or release */
    int quantity;
    bool done;      /* in the store already */
    bool retry;     /* was chosen for before */
    uint64_t route; /* how its policy and session are drawn, the same for each try */
};

/* A server itself, whether or not a router lists it. */
struct sim_machine {
    char id[SERVER_SIZE];
    enum sim_pool pool;
    int64_t weight;
    int64_t sold, boot, commit;
};

/* A place in the router's list. */
struct sim_server {
    char id[SERVER_SIZE];
    size_t machine;
    enum sim_pool pool; /* SIM_POOLS: it has left */
    int64_t weight;
    int64_t told, boot, commit, pending, limit; /* as the router holds them */
    int64_t busy, workload, workload_at;
    struct routing_turn turns[2]; /* of purchases, of other requests */
    enum server_state state;
    uint64_t flight; /* open; 0: none */
    struct sim_passenger seats[SIM_FLIGHT_MAX];
    size_t count;
};

struct sim_sale {
    struct sale sale;
    char router[ID_TEXT_SIZE]; /* "" sold directly */
};

/* An order that is or was held. */
struct sim_order {
    struct order order;
    char router[ID_TEXT_SIZE];
};

/* A request that was forwarded and is not done. */
struct sim_request {
    struct id id;
    size_t server;
    enum sim_pool pool;
    uint64_t route;
    size_t asked[ROUTING_TRIES_MAX]; /* the machine that each try was given to */
    size_t tries;
};

/* A session by cookie. */
struct sim_session {
    size_t machine; /* + 1; 0: it is at none */
    unsigned age;   /* how many there were before it */
};

/* An order that is held. */
struct sim_hold {
    struct id order;
    int quantity; /* 0: it is not held any more */
    size_t row;   /* among the orders */
};

/* What several routers share. */
struct sim_world {
    uint64_t random;
    int64_t time;
    uint64_t requests;
    struct sim_machine machines[SIM_MACHINES_MAX];
    size_t machine_count;
    struct sim_session sessions[SIM_POOLS][SIM_SESSIONS];
    struct sim_hold holds[SIM_HOLDS];
    uint64_t held;        /* ever */
    struct buffer sales;  /* struct sim_sale */
    struct buffer orders; /* struct sim_order */
};

struct sim {
    struct sim_world world;
    size_t tickets, first; /* ticket servers, and all servers, that every router begins with */
    struct sim_server servers[SIM_SERVERS_MAX];
    size_t count;
    struct sim_request open[SIM_OPEN_MAX];
    size_t open_count;
    char router[ID_TEXT_SIZE];
    uint64_t n, flight;
    int64_t sold, wanted;
    struct buffer log; /* the lines */
};

/* So many ticket servers, and 3 servers of files; 18 where the ticket servers are not all listed. */
void sim_init(struct sim *sim, size_t tickets, uint64_t seed);
void sim_free(struct sim *sim);

/* `started`, and every server joins and comes up. */
void sim_start(struct sim *sim);

/* Another router starts, beside the one of `from`, which must not take a step of its own before it has the
 * world back. `to` is zeroed. */
void sim_start_beside(struct sim *to, struct sim *from);

/* Gives the world to the other router, which takes the next steps. */
void sim_pass(struct sim *to, struct sim *from);

/* So many steps: purchases, holds, confirms and releases by every policy, landings, lost and unsent flights, probes, direct sales; other
 * requests on routes with every policy and affinity, which end in every way, and are asked again elsewhere; reports of workload; servers
 * that come into every state, leave, and join again or for the first time; limits and steps of scaling. */
void sim_run(struct sim *sim, int steps);

/* So many steps of a router that takes nothing new: landings, requests that end, moves. */
void sim_drain(struct sim *sim, int steps);

/* A `state` line, as a rotation writes it; with a gap: some lines before it are not written. */
void sim_state(struct sim *sim, bool gap);

/* Settles every flight, ends every request, and `stopped`. */
void sim_stop(struct sim *sim);

/* Some last lines of forwarded requests are never written, nor anything else; flights stay open, some of
 * them decided. */
void sim_crash(struct sim *sim);

/* The list, valid until the next step; how many there are. */
size_t sim_sales(const struct sim *sim, const struct sim_sale **sales);
size_t sim_orders(const struct sim *sim, const struct sim_order **orders);

#endif
