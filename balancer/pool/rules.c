#include "balancer/pool/rules.h"

#include "common/clock.h"

struct pool_rules pool_rules_default(bool tickets)
{
    struct pool_rules rules = {
        .check = tickets ? "/healthz" : NULL,
        .interval = 250 * CLOCK_MILLISECOND,
        .check_timeout = CLOCK_SECOND,
        .status_min = 200,
        .status_max = tickets ? 200 : 399,
        .rise = 1,
        .fall = 2,
        .eject_failures = 5,
        .eject_share = 500,
        .eject_requests = 20,
        .eject_pause = CLOCK_SECOND,
        .eject_pause_max = 60 * CLOCK_SECOND,
        .out_most = 500,
        .limit = tickets ? 512 : 1024,
        .slow_start = tickets ? 10 * CLOCK_SECOND : 0,
        .slow_from = tickets ? 32 : 16,
        .waiting = tickets ? 16384 : 1024,
        .retry_reserve = 1024,
        .retry_share = 200,
    };
    return rules;
}
