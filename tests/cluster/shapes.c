/* Clusters of other shapes than the default one sell as exactly, and their logs prove it. */
#include <signal.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

/* Sells out with twice as many buyers as it takes, all kinds of quantities among them. */
static void sells_out(int servers, const char *const *options, const char *prefix)
{
    struct cluster cluster;
    int capacity = load_scaled(2000);
    cluster_open_with(&cluster, capacity, servers, options);
    struct load load = {
        .url = {cluster.url}, .urls = 1, .threads = 32, .buyers = capacity, .prefix = prefix};
    load_begin(&load);
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    CU_ASSERT_EQUAL(load.tickets, capacity);
    audit_exact(&cluster, &load);
    audit_repeats(&cluster, &load);
    cluster_stop(&cluster, SIGTERM);
    audit_exact(&cluster, &load);
    cluster_close(&cluster);
    load_free(&load);
}

static void one_server(void)
{
    sells_out(1, (const char *const[]){NULL}, "one-server");
}

/* More than a log line lists. */
static void many_servers(void)
{
    sells_out(ROUTING_CANDIDATES_MAX + 4, (const char *const[]){NULL}, "many-servers");
}

/* Each with a loop of its own, but one order of all choices. */
static void many_workers(void)
{
    sells_out(3, (const char *const[]){"--workers", "4", NULL}, "many-workers");
}

/* Rotated again and again, and the oldest thrown away: the report begins at a state line. */
static void small_logs(void)
{
    sells_out(3, (const char *const[]){"--log-size", "20000", NULL}, "small-logs");
}

/* Purchases have to wait for a free connection, and for a flight. */
static void few_connections(void)
{
    sells_out(2, (const char *const[]){"--connections", "16", NULL}, "few-connections");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("shapes", "one_server", one_server);
    suite_add("shapes", "many_servers", many_servers);
    suite_add("shapes", "many_workers", many_workers);
    suite_add("shapes", "small_logs", small_logs);
    suite_add("shapes", "few_connections", few_connections);
}
