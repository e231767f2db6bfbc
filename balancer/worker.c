#include "balancer/worker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/client/fit.h"
#include "balancer/client/proxy.h"
#include "balancer/client/purchases.h"
#include "common/clock.h"
#include "common/http.h"
#include "common/log.h"

enum {
    BODY_BYTES_MAX = 16 * 1024,
    CONNECTION_MEMORY = 16 * 1024, /* MHD clears all of it for every request: no more than needed */
};

static const int64_t check_interval = 50 * CLOCK_MILLISECOND;

/* What its clients may expect of a worker that ends. */
static const struct patience_at_end {
    int64_t accepts; /* what comes later is refused, so that ... */
    int64_t limit;   /* ... by now idle clients have gone, ... */
    int64_t far;     /* ... and by now those that are being answered have to */
    int64_t quiet;   /* idle clients may still send for so long */
} at_end[] = {
    /* libmicrohttpd closes idle connections; a request that begins just before then has come by here */
    [WORKER_DRAINS] = {(HTTP_IDLE_SECONDS + HTTP_REQUEST_SECONDS) * CLOCK_SECOND,
                       (HTTP_IDLE_SECONDS + HTTP_REQUEST_SECONDS + 6) * CLOCK_SECOND,
                       WORKER_DRAIN_SECONDS *CLOCK_SECOND, INT64_MAX},
    [WORKER_STOPS] = {4 * CLOCK_SECOND, 10 * CLOCK_SECOND, 10 * CLOCK_SECOND, CLOCK_SECOND / 2},
};

struct worker {
    struct worker_settings settings; /* fixed at start */
    pthread_t thread;
    struct loop *loop;     /* fixed at start; only loop_wake is called from other threads */
    atomic_int end;        /* enum worker_end; 0: it works. Set by other threads */
    atomic_bool ended;     /* read by others, as is the next */
    atomic_size_t waiting; /* purchases, as of the last turn */

    /* the worker's thread only */
    struct upstream *flight_upstream;
    struct exchanges *exchanges;
    struct http_server *http;
    struct purchases *purchases;
    struct proxy *proxy;
    struct loop_timer check;
    enum worker_end ending; /* what it knows of `end` ... */
    int64_t ending_since;   /* ... and since when */
    int64_t busy_at;        /* when it was last seen with something to do */
};

/* What the proxy takes is passed on as it comes; a purchase for a flight, and what is refused, is taken whole. */
static bool is_streamed(void *context, struct http_request *request)
{
    const struct worker *worker = context;
    const struct route *route = visit_route(worker->settings.gate, request);
    return route != NULL && !visit_flies(route, request) && fits_route(request, route);
}

static bool is_too_late(const struct worker *worker)
{
    return worker->ending != 0 &&
           clock_monotonic() - worker->ending_since > at_end[worker->ending].accepts;
}

/* The way in: which request is whose. */
static void accept_request(void *context, struct http_request *request)
{
    struct worker *worker = context;
    struct visit visit = {0};
    if (is_too_late(worker))
        http_refuse(request, PROBLEM_NO_SERVER, "This balancer is being stopped.", NULL);
    else if (!visit_begin(worker->settings.gate, request, &visit))
        return;
    else if (visit_flies(visit.route, request))
        purchases_accept(worker->purchases, request, &visit);
    else
        proxy_accept(worker->proxy, request, &visit);
}

/* At once, so that new clients are another router's, if there is one. */
static void heed_end(struct worker *worker)
{
    enum worker_end ending = (enum worker_end)atomic_load(&worker->end);
    if (worker->ending == ending)
        return;
    worker->ending = ending;
    worker->ending_since = clock_monotonic();
    http_quiesce(worker->http);
}

/* It is over when nobody is connected, or whoever still is has had nothing to say for a while. */
bool worker_may_end(enum worker_end how, const struct worker_rest *rest)
{
    const struct patience_at_end *patience = &at_end[how];
    return rest->connections == 0 || rest->quiet >= patience->quiet ||
           (rest->unanswered == 0 && rest->time >= patience->limit) || rest->time >= patience->far;
}

static void check_end(struct worker *worker, int64_t now)
{
    int64_t since = worker->ending_since;
    struct worker_rest rest = {.connections = http_connections(worker->http),
                               .unanswered = http_unanswered(worker->http),
                               .time = now - since};
    if (rest.unanswered > 0)
        worker->busy_at = now;
    rest.quiet = now - (worker->busy_at > since ? worker->busy_at : since);
    if (worker_may_end(worker->ending, &rest))
        loop_stop(worker->loop);
}

static void check(void *context)
{
    struct worker *worker = context;
    int64_t now = clock_monotonic();
    purchases_check(worker->purchases);
    proxy_check(worker->proxy);
    if (worker->ending != 0)
        check_end(worker, now);
    loop_timer_set(worker->loop, &worker->check, now + check_interval);
}

static void turn(void *context)
{
    struct worker *worker = context;
    heed_end(worker);
    proxy_turn(worker->proxy);
    purchases_turn(worker->purchases);
    atomic_store_explicit(&worker->waiting, purchases_waiting(worker->purchases),
                          memory_order_relaxed);
}

static void *run(void *context)
{
    struct worker *worker = context;
    loop_run(worker->loop);
    http_close(worker->http);
    purchases_close(worker->purchases);
    proxy_close(worker->proxy);
    upstream_close(worker->flight_upstream);
    exchanges_close(worker->exchanges);
    atomic_store(&worker->ended, true);
    loop_wake(worker->settings.owner);
    return NULL;
}

struct worker *worker_start(const struct worker_settings *settings)
{
    struct worker *worker = memory_new(sizeof *worker);
    worker->settings = *settings;
    worker->loop = loop_open();
    worker->flight_upstream = upstream_open(worker->loop, WORKER_FLIGHT_CONNECTIONS);
    worker->exchanges = exchanges_open(worker->loop);
    worker->purchases =
        purchases_open(worker->loop, settings->gate, settings->log, worker->flight_upstream,
                       settings->waiting_max, settings->workers);
    worker->proxy = proxy_open(settings->gate, worker->exchanges, settings->workers);
    loop_each_turn(worker->loop, turn, worker);
    struct http_settings http = {
        .listen_fd = settings->listen_fd,
        .connections_max = settings->connections_max,
        .body_max = BODY_BYTES_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .handler = accept_request,
        .streams = is_streamed,
        .context = worker,
    };
    worker->http = http_open(worker->loop, &http);
    if (worker->http == NULL)
        return NULL;
    worker->check.ring = check;
    worker->check.context = worker;
    loop_timer_set(worker->loop, &worker->check, clock_monotonic() + check_interval);
    char name[16];
    snprintf(name, sizeof name, "worker-%u", settings->number);
    thread_start(&worker->thread, name, run, worker);
    return worker;
}

void worker_wake(struct worker *worker)
{
    loop_wake(worker->loop);
}

size_t worker_waiting(const struct worker *worker)
{
    return atomic_load_explicit(&worker->waiting, memory_order_relaxed);
}

void worker_end(struct worker *worker, enum worker_end how)
{
    atomic_store(&worker->end, (int)how);
    loop_wake(worker->loop);
}

bool worker_ended(const struct worker *worker)
{
    return atomic_load(&worker->ended);
}

void worker_join(struct worker *worker)
{
    thread_join(worker->thread);
}

void worker_free(struct worker *worker)
{
    loop_close(worker->loop);
    free(worker);
}
