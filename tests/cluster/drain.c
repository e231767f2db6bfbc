/* SIGTERM and SIGINT under load: what was accepted is answered, then everything is gone. */
#include <signal.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

enum {
    CAPACITY = 10000000,
    SALES = 300,
};

/* Buyers have no patience and forget what was refused: so the store holds exactly the sales that were
 * acknowledged, if and only if no accepted purchase went unanswered. */
static void drains(int signal, const char *prefix)
{
    struct cluster cluster;
    cluster_open(&cluster, CAPACITY, 3);
    struct load load = {.url = {cluster.url}, .urls = 1, .threads = 32, .prefix = prefix};
    load_begin(&load);
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(SALES)));
    cluster_stop(&cluster, signal);
    load_end(&load);
    audit_exact(&cluster, &load);
    cluster_start_again(&cluster);
    audit_repeats(&cluster, &load);
    cluster_close(&cluster);
    load_free(&load);
}

static void terminated(void)
{
    drains(SIGTERM, "drain-terminated");
}

/* As Ctrl-C does, the signal goes to the whole group. */
static void interrupted(void)
{
    drains(SIGINT, "drain-interrupted");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("drain", "terminated", terminated);
    suite_add("drain", "interrupted", interrupted);
}
