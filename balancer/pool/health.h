/* What is known of a server's health, and the state that follows from it: the one state machine.
 *
 * Facts come in by the functions below; health_state says what they add up to. Pure but for what it is
 * given: the caller has the lock, and tells the time (clock_monotonic()). */
#ifndef BOX_OFFICE_HEALTH_STATE_H
#define BOX_OFFICE_HEALTH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "balancer/pool/rules.h"
#include "common/routing_line.h"

/* What a ticket server says of its workload; zeros where it says nothing. */
struct server_report {
    int64_t cpu;     /* per mille of a processor */
    int64_t memory;  /* resident MiB */
    int64_t network; /* bytes a second */
    int64_t commit;  /* microseconds, of late */
};

/* Requests of one half of RULES_WINDOW. */
struct health_half {
    int64_t since;
    int64_t requests, failures;
};

/* Zeroed: it has just joined. */
struct server_health {
    bool drain, leave, cut; /* what somebody wants; each includes those before */
    bool gone;              /* its process has ended */
    bool heard;             /* it has passed a check since it joined */
    bool refused;           /* … and failed one: nobody counts on it in a moment */
    bool alive;             /* it can be reached, as far as is known */
    bool overloaded;
    int64_t passed, failed; /* checks in a row */
    int64_t lost;           /* requests in a row that it failed in */
    struct health_half halves[2];
    bool ejected;
    bool failed_since;     /* a check has failed since it was ejected */
    int64_t ejected_until; /* of its last ejection, as is the next */
    int64_t pause;
    int64_t returns_until; /* its process is being replaced; 0: it is not */
};

/* A process was started: what is wanted of it stays, and how long its last pause was; all else is forgotten. */
void health_joined(struct server_health *health);

/* A check has ended. True where it was passed after an ejection and ends it. */
bool health_checked(struct server_health *health, const struct pool_rules *rules, bool passed,
                    int64_t now);

/* What it reports. `over` says what is too much, or is "". */
void health_reported(struct server_health *health, const struct pool_rules *rules,
                     const struct server_report *report, char over[ROUTING_WHY_SIZE]);

/* A request to it is over. True where it has failed in so many that it should be ejected; `why` says in how
 * many. */
bool health_request(struct server_health *health, const struct pool_rules *rules, bool failed,
                    int64_t now, char why[ROUTING_WHY_SIZE]);

/* Ejects it: for a pause, which doubles where the last ejection was not long ago. */
void health_eject(struct server_health *health, const struct pool_rules *rules, int64_t now);
void health_readmit(struct server_health *health);

/* It cannot be reached: so found a request, not a check. */
void health_lost(struct server_health *health);

/* Whether it has failed in requests, so that being well is not enough: it must show that it can serve. */
bool health_on_trial(const struct server_health *health);

/* Whether it counts among those that are out though they answer. */
bool health_out(const struct server_health *health);

/* The state that all this adds up to. `empty`: nothing is under way there. */
enum server_state health_state(const struct server_health *health, bool empty);

/* Whether it may well be up in a moment, so that purchases should wait for it. */
bool health_hopeful(const struct server_health *health, enum server_state state, int64_t now);

#endif
