/* When a worker that is told to end may. */
#include "balancer/worker.h"

#include "common/clock.h"
#include "tests/lib/suite.h"

static bool ends(enum worker_end how, size_t unanswered, int64_t seconds)
{
    const struct worker_rest rest = {.connections = 3,
                                     .unanswered = unanswered,
                                     .time = seconds * CLOCK_SECOND,
                                     .quiet = unanswered > 0 ? 0 : seconds * CLOCK_SECOND};
    return worker_may_end(how, &rest);
}

static void one_that_drains_answers_to_the_end(void)
{
    CU_ASSERT(worker_may_end(WORKER_DRAINS, &(struct worker_rest){0}));
    CU_ASSERT_FALSE(ends(WORKER_DRAINS, 0, 75));
    CU_ASSERT(ends(WORKER_DRAINS, 0, 76));
    CU_ASSERT_FALSE(ends(WORKER_DRAINS, 1, 76));
    CU_ASSERT_FALSE(ends(WORKER_DRAINS, 1, 3599));
    CU_ASSERT(ends(WORKER_DRAINS, 1, 3600));
}

static void one_that_stops_is_over_soon(void)
{
    CU_ASSERT(worker_may_end(WORKER_STOPS, &(struct worker_rest){0}));
    CU_ASSERT_FALSE(ends(WORKER_STOPS, 0, 0));
    CU_ASSERT(ends(WORKER_STOPS, 0, 1));
    CU_ASSERT_FALSE(ends(WORKER_STOPS, 1, 9));
    CU_ASSERT(ends(WORKER_STOPS, 1, 10));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("worker", "one that drains answers to the end", one_that_drains_answers_to_the_end);
    suite_add("worker", "one that stops is over soon", one_that_stops_is_over_soon);
}
