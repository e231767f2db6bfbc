#include "balancer/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "balancer/client/proxy.h"
#include "balancer/router.h"
#include "balancer/upstream/probe.h"
#include "balancer/worker.h"
#include "common/log.h"
#include "common/loop.h"

enum {
    PROCESSES_PER_SERVER = 2, /* connections to one that has died are closed up to a second late */
    SPARE = 64, /* standard streams, listeners, logs, what libraries open in passing */
};

/* A request that is forwarded has a connection of its own; and idle ones are kept. */
static int64_t proxied(const struct settings *settings)
{
    int64_t reads = settings->workers * PROXY_READS_MAX;
    bool any = settings->config.server_count > 0;
    int64_t requests = any || reads > settings->connections ? settings->connections : reads;
    return requests + settings->workers * EXCHANGE_KEPT_MAX;
}

int64_t descriptors_needed(const struct settings *settings)
{
    const int64_t per_server = settings->workers * WORKER_FLIGHT_CONNECTIONS + PROBE_CONNECTIONS;
    return settings->connections + proxied(settings) + settings->workers * WORKER_DESCRIPTORS +
           settings->servers_max * per_server * PROCESSES_PER_SERVER +
           (int64_t)settings->config.server_count * PROBE_CONNECTIONS + ROUTER_ADMIN_CONNECTIONS +
           SPARE;
}

void descriptors_raise(const struct settings *settings)
{
    const int64_t needed = descriptors_needed(settings);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < LOOP_WATCHES_MAX ? limit.rlim_max : LOOP_WATCHES_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
    if ((int64_t)limit.rlim_cur >= needed)
        return;
    die(EXIT_TROUBLE,
        "%" PRId64 " connections, %" PRId64 " servers and %" PRId64 " workers need %" PRId64
        " descriptors; %s %" PRId64 "; lower --connections, --servers or --workers",
        settings->connections, settings->servers_max, settings->workers, needed,
        limit.rlim_max < LOOP_WATCHES_MAX ? "raise `ulimit -Hn`, which is"
                                          : "a process can use at most",
        (int64_t)limit.rlim_cur);
}
