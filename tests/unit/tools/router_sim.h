/* A small router and its ticket servers, simulated: writes a valid routing log, with the sales that go
 * with it. Deterministic for a seed. One thread. */
#ifndef BOX_OFFICE_ROUTER_SIM_H
#define BOX_OFFICE_ROUTER_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/outcome.h"
#include "common/routing_line.h"

#define SIM_STORE "0193b0aa-0000-7000-8000-00000000feed"

enum {
    SIM_SERVERS_MAX = 20,
    SIM_FLIGHT_MAX = 8,
};

struct sim_passenger {
    struct id request;
    int quantity;
    bool sold;  /* in the store already */
    bool retry; /* was chosen for before */
};

struct sim_server {
    char id[SERVER_SIZE];
    int64_t real_sold, real_boot, real_commit;  /* of the ticket server itself */
    int64_t told, boot, commit, pending, limit; /* as the router holds them */
    enum server_state state;
    uint64_t last, last_read;
    uint64_t flight; /* open; 0: none */
    struct sim_passenger seats[SIM_FLIGHT_MAX];
    size_t count;
};

struct sim_sale {
    struct sale sale;
    char router[ID_TEXT_SIZE]; /* "" sold directly */
};

struct sim {
    uint64_t random;
    struct sim_server servers[SIM_SERVERS_MAX];
    size_t count;
    char router[ID_TEXT_SIZE];
    uint64_t n, flight;
    int64_t time, sold;
    uint64_t requests;
    struct buffer log;   /* the lines */
    struct buffer sales; /* struct sim_sale */
};

void sim_init(struct sim *sim, size_t servers, uint64_t seed);
void sim_free(struct sim *sim);

/* `started`, and every server joins and comes up. */
void sim_start(struct sim *sim);

/* So many steps: purchases, reads, landings, lost and unsent flights, probes, direct sales, servers that
 * go down and come back. */
void sim_run(struct sim *sim, int steps);

/* A `state` line, as a rotation writes it; with a gap: some lines before it are not written. */
void sim_state(struct sim *sim, bool gap);

/* Settles every flight, and `stopped`. */
void sim_stop(struct sim *sim);

/* Nothing more is written; flights stay open, some of them decided. */
void sim_crash(struct sim *sim);

/* A copy of the list; how many there are. */
size_t sim_sales(const struct sim *sim, const struct sim_sale **sales);

#endif
