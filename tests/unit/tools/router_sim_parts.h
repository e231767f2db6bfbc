/* What the parts of the simulated router share. Private to tests/unit/tools/router_sim*.c. */
#ifndef BOX_OFFICE_ROUTER_SIM_PARTS_H
#define BOX_OFFICE_ROUTER_SIM_PARTS_H

#include "tests/unit/tools/router_sim.h"

/* router_sim.c */
uint64_t sim_roll(struct sim *sim, uint64_t sides);
int64_t sim_tick(struct sim *sim);
struct id sim_next_request(struct sim *sim);
void sim_move(struct sim *sim, struct sim_server *server, enum server_state to, const char *why);
extern const char *const sim_pool_names[SIM_POOLS];

/* A server of the pool that is in the list, by lot; NULL where there is none. */
struct sim_server *sim_pick(struct sim *sim, enum sim_pool pool);

/* What the ticket server tells is held from now on. */
void sim_hear(struct sim *sim, struct sim_server *server);

/* The server dies with its flight, decided or not; its passengers go elsewhere. */
void sim_lose(struct sim *sim, struct sim_server *server);

/* router_sim_members.c: who is in the list, in which state. */
void sim_list(struct sim *sim, size_t machine); /* joins */
void sim_restart(struct sim *sim, struct sim_server *server);
void sim_member_step(struct sim *sim);

/* What a choice is made for: its route, policy and session follow from `route`, drawn by lot. */
struct sim_asking {
    enum sim_pool pool;
    uint64_t route;
    const struct id *request;
    enum verb verb;
    const struct id *order; /* of a confirm or release */
    int quantity;           /* 0: forwarded by itself */
    bool retry;
    const size_t *asked; /* machines that were asked in vain */
    size_t asked_count;
};

/* router_sim_choose.c: writes a choice, and what it changes of busy, credit, last and sessions; NULL where
 * nobody can take it, and for a purchase also where the flight has no room. */
struct sim_server *sim_choose(struct sim *sim, const struct sim_asking *asking);

/* router_sim_requests.c: forwarded requests, and reports of workload. */
void sim_forward(struct sim *sim);
void sim_finish(struct sim *sim, size_t open);
void sim_report(struct sim *sim);

#endif
