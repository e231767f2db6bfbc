/* What a balancer may open at once is counted from its settings, and had before it starts. */
#include "balancer/descriptors.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "balancer/client/proxy.h"
#include "common/loop.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/forked.h"

static struct settings settings_of(int64_t connections, int64_t servers, int64_t workers)
{
    return (struct settings){
        .connections = connections, .servers_max = servers, .workers = workers};
}

static void each_worker_reaches_each_server(void)
{
    struct settings least = settings_of(16, 1, 1), buyers = settings_of(4016, 1, 1),
                    servers = settings_of(16, 64, 1), workers = settings_of(16, 1, 16),
                    both = settings_of(16, 64, 16);
    int64_t base = descriptors_needed(&least);
    CU_ASSERT_EQUAL(descriptors_needed(&buyers) - base, 4000 + PROXY_READS_MAX - 16);
    CU_ASSERT(descriptors_needed(&servers) - base >= INT64_C(63) * 4);
    CU_ASSERT(descriptors_needed(&workers) - base >= INT64_C(15) * EXCHANGE_KEPT_MAX);
    CU_ASSERT(descriptors_needed(&both) - base >=
              INT64_C(15) * EXCHANGE_KEPT_MAX + INT64_C(16) * 64 * 2 - 4);
    CU_ASSERT(descriptors_needed(&both) - descriptors_needed(&servers) >
              descriptors_needed(&workers) - base);
}

/* Each client may have a request under way at a server of another pool, and each such server is checked. */
static void other_pools_cost_more(void)
{
    struct settings without = settings_of(4000, 3, 1), with = without;
    with.config.server_count = 10;
    int64_t more = descriptors_needed(&with) - descriptors_needed(&without);
    CU_ASSERT(more >= 4000 - PROXY_READS_MAX + 10);
}

struct start {
    struct settings settings;
    rlim_t hard; /* the limit that cannot be raised; 0: as it is */
};

/* As a login shell has it: little at first, more for who asks. */
static void start(void *context)
{
    const struct start *start = context;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (start->hard != 0)
        limit.rlim_max = start->hard;
    limit.rlim_cur = 256;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        _exit(1);
    descriptors_raise(&start->settings);
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("may open %llu\n", (unsigned long long)limit.rlim_cur);
    fflush(stdout);
}

static void what_may_be_had_is_taken(void)
{
    struct start few = {.settings = settings_of(100, 3, 1), .hard = 1500};
    struct forked forked = {0};
    forked_run(&forked, start, &few);
    CU_ASSERT_EQUAL(forked.status, FORKED_RETURNED);
    CU_ASSERT(forked_said(&forked, "may open 1500\n"));
    forked_free(&forked);
}

/* One descriptor less than needed is too few, and the line says how many. */
static void too_few_are_refused_with_the_number(void)
{
    struct start one_less = {.settings = settings_of(1000, 3, 2)};
    int64_t needed = descriptors_needed(&one_less.settings);
    char expected[64];
    struct forked forked = {0};
    snprintf(expected, sizeof expected, "need %lld descriptors", (long long)needed);
    one_less.hard = (rlim_t)needed;
    forked_run(&forked, start, &one_less);
    CU_ASSERT_EQUAL(forked.status, FORKED_RETURNED);
    one_less.hard--;
    forked_run(&forked, start, &one_less);
    CU_ASSERT_EQUAL(forked.status, 1);
    CU_ASSERT(forked_complained(&forked, expected));
    CU_ASSERT(forked_complained(&forked, "`ulimit -Hn`"));
    forked_free(&forked);
}

/* No limit helps where a loop cannot number them. */
static void more_than_a_loop_watches_is_refused(void)
{
    struct start all = {.settings = settings_of(60000, 64, 16)};
    struct forked forked = {0};
    CU_ASSERT(descriptors_needed(&all.settings) > LOOP_WATCHES_MAX);
    forked_run(&forked, start, &all);
    CU_ASSERT_EQUAL(forked.status, 1);
    CU_ASSERT(forked_complained(&forked, "lower --connections, --servers or --workers"));
    forked_free(&forked);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("descriptors", "each worker reaches each server", each_worker_reaches_each_server);
    suite_add("descriptors", "other pools cost more", other_pools_cost_more);
    suite_add("descriptors", "what may be had is taken", what_may_be_had_is_taken);
    suite_add("descriptors", "too few are refused with the number",
              too_few_are_refused_with_the_number);
    suite_add("descriptors", "more than a loop watches is refused",
              more_than_a_loop_watches_is_refused);
}
