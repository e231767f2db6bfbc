#include "balancer/pool/renewal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

static const int64_t interval = 20 * CLOCK_MILLISECOND;
static const int64_t drain_patience = 30 * CLOCK_SECOND; /* then its process finishes what it has */
static const int64_t end_patience = 40 * CLOCK_SECOND;   /* the master kills it after 30 */
static const int64_t ask_again = CLOCK_SECOND;
static const int64_t return_patience = 10 * CLOCK_SECOND;

static void ring(void *context)
{
    renewal_check(context, clock_monotonic());
}

void renewal_open(struct renewal *renewal, struct servers *servers, struct departures *departures,
                  struct loop *loop, const struct renewal_calls *calls)
{
    *renewal = (struct renewal){
        .servers = servers,
        .departures = departures,
        .loop = loop,
        .calls = *calls,
        .timer = {.ring = ring, .context = renewal},
        .detail = "There was none since this balancer's router began.",
    };
}

void renewal_close(struct renewal *renewal)
{
    loop_timer_forget(renewal->loop, &renewal->timer);
}

bool renewal_runs(const struct renewal *renewal)
{
    return renewal->phase != RENEWAL_RESTS;
}

static const char *present(const struct renewal *renewal)
{
    return renewal->ids[renewal->done];
}

static __attribute__((format(printf, 2, 3))) void tell(struct renewal *renewal, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(renewal->detail, sizeof renewal->detail, format, arguments);
    va_end(arguments);
}

static void rest(struct renewal *renewal, bool failed)
{
    renewal->phase = RENEWAL_RESTS;
    renewal->failed = failed;
    loop_timer_set(renewal->loop, &renewal->timer, 0);
    log_line("rolling restart: %s", renewal->detail);
}

/* Asked each time: somebody may drain it, or make it ready, at any moment of its turn. */
static bool is_drained(const struct renewal *renewal)
{
    return renewal->calls.drained(renewal->calls.context, present(renewal));
}

static void make_ready(struct renewal *renewal)
{
    if (!is_drained(renewal))
        servers_ready(renewal->servers, present(renewal), "rolling restart");
}

static void fail(struct renewal *renewal, const char *why)
{
    char id[SERVER_SIZE];
    snprintf(id, sizeof id, "%s", present(renewal));
    tell(renewal, "Stopped at %s, %zu of %zu done: %s", id, renewal->done, renewal->total, why);
    make_ready(renewal);
    rest(renewal, true);
}

/* --- the steps ---------------------------------------------------------------------------------- */

static void next(struct renewal *renewal);

static void ask(struct renewal *renewal, int64_t now)
{
    renewal->asked_at = now;
    renewal->calls.renew(renewal->calls.context, present(renewal));
}

/* It is empty, or its process may finish the rest. */
static void end_process(struct renewal *renewal)
{
    int64_t now = clock_monotonic();
    renewal->phase = RENEWAL_ENDS;
    renewal->deadline = now + end_patience;
    tell(renewal, "%s is started again.", present(renewal));
    ask(renewal, now);
}

static void drained(void *context, const struct departure_report *report)
{
    struct renewal *renewal = context;
    if (renewal->phase != RENEWAL_DRAINS || strcmp(report->id, present(renewal)) != 0)
        return; /* it was stopped meanwhile */
    if (report->end == DEPARTURE_CALLED_OFF)
        fail(renewal, "it was made ready by somebody else.");
    else
        end_process(renewal);
}

/* False where it is passed over: it has left, or is about to. */
static bool begin_server(struct renewal *renewal)
{
    struct server server;
    const char *id = present(renewal);
    const struct departure_wish wish = {
        .id = id,
        .kind = DEPARTURE_DRAIN,
        .deadline = clock_monotonic() + drain_patience,
        .why = "rolling restart",
        .done = drained,
        .context = renewal,
    };
    if (servers_find(renewal->servers, id, &server) == SERVER_NONE || server.health.leave)
        return false;
    renewal->start = server.start;
    servers_returning(renewal->servers, id);
    if (departures_begin(renewal->departures, &wish) != DEPARTURE_BEGUN) {
        fail(renewal, "too many servers are leaving already.");
        return true;
    }
    renewal->phase = RENEWAL_DRAINS;
    tell(renewal, "%s finishes what it has.", id);
    return true;
}

static void next(struct renewal *renewal)
{
    while (renewal->done < renewal->total && !begin_server(renewal))
        renewal->done++;
    if (renewal->done < renewal->total)
        return;
    tell(renewal, "All of them were started again.");
    rest(renewal, false);
}

/* --- from outside ------------------------------------------------------------------------------- */

bool renewal_begin(struct renewal *renewal, char why[RENEWAL_DETAIL_SIZE])
{
    struct server server;
    size_t total = 0;
    if (renewal_runs(renewal)) {
        snprintf(why, RENEWAL_DETAIL_SIZE, "A rolling restart is under way already.");
        return false;
    }
    for (size_t i = 0; total < OWN_SERVERS_MAX && servers_get(renewal->servers, i, &server); i++)
        if (server.state != SERVER_LEFT && server.source == SOURCE_MASTER && !server.health.leave)
            memcpy(renewal->ids[total++], server.id, sizeof server.id);
    if (total == 0) {
        snprintf(why, RENEWAL_DETAIL_SIZE, "No ticket server was started by this balancer.");
        return false;
    }
    if (departures_has(renewal->departures, renewal->ids[0])) {
        snprintf(why, RENEWAL_DETAIL_SIZE, "%s is being drained already.", renewal->ids[0]);
        return false;
    }
    renewal->total = total;
    renewal->done = 0;
    renewal->failed = false;
    loop_timer_set(renewal->loop, &renewal->timer, clock_monotonic() + interval);
    next(renewal);
    return true;
}

void renewal_stop(struct renewal *renewal, const char *why)
{
    if (renewal_runs(renewal))
        fail(renewal, why);
}

/* Its process has ended: what it is wanted for, and where a limit begins, is as for any that joins. */
static void look_for_end(struct renewal *renewal, const struct server *server, int64_t now)
{
    if (server->start == renewal->start && server->pid != 0) {
        if (now >= renewal->deadline)
            fail(renewal, "its process did not end.");
        else if (now - renewal->asked_at >= ask_again)
            ask(renewal, now);
        return;
    }
    make_ready(renewal);
    renewal->phase = RENEWAL_RETURNS;
    renewal->deadline = now + return_patience;
}

static void look_for_return(struct renewal *renewal, const struct server *server, int64_t now)
{
    bool back = server->state == SERVER_UP || server->state == SERVER_OVERLOADED ||
                (server->state == SERVER_DRAINING && is_drained(renewal));
    if (back) {
        renewal->done++;
        next(renewal);
    } else if (now >= renewal->deadline) {
        fail(renewal, "it did not come up again within 10 s.");
    }
}

void renewal_check(struct renewal *renewal, int64_t now)
{
    struct server server;
    if (!renewal_runs(renewal))
        return;
    loop_timer_set(renewal->loop, &renewal->timer, now + interval);
    if (servers_find(renewal->servers, present(renewal), &server) == SERVER_NONE) {
        renewal->done++;
        next(renewal);
        return;
    }
    if (renewal->phase == RENEWAL_ENDS)
        look_for_end(renewal, &server, now);
    else if (renewal->phase == RENEWAL_RETURNS)
        look_for_return(renewal, &server, now);
    if (renewal_runs(renewal)) /* purchases wait for it, should there be no other */
        servers_returning(renewal->servers, present(renewal));
}

void renewal_print(const struct renewal *renewal, struct buffer *out)
{
    buffer_printf(out, "{\"running\":%s,\"failed\":%s,\"done\":%zu,\"total\":%zu,\"detail\":",
                  renewal_runs(renewal) ? "true" : "false", renewal->failed ? "true" : "false",
                  renewal->done, renewal->total);
    json_append(out, renewal->detail);
    buffer_add_char(out, '}');
}
