#include "balancer/pool/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* An ejection is forgotten, and the next pause is short again, when the server has been good for as long as
 * its last pause, and for this long. */
static const int64_t good_for = 10 * CLOCK_SECOND;

void health_joined(struct server_health *health)
{
    struct server_health before = *health;
    *health = (struct server_health){
        .drain = before.drain,
        .leave = before.leave,
        .cut = before.cut,
        .ejected_until = before.ejected_until,
        .pause = before.pause,
        .returns_until = before.returns_until,
    };
}

/* --- checks ------------------------------------------------------------------------------------ */

static bool check_passed(struct server_health *health, const struct pool_rules *rules, int64_t now)
{
    health->failed = 0;
    health->passed++;
    if (!health->heard || health->passed >= rules->rise)
        health->alive = health->heard = true;
    bool repaired = health->failed_since && health->passed >= rules->rise;
    if (!health->ejected || (!repaired && now < health->ejected_until))
        return false;
    health_readmit(health);
    return true;
}

static void check_failed(struct server_health *health, const struct pool_rules *rules)
{
    health->passed = 0;
    health->failed++;
    health->refused = health->refused || !health->heard;
    health->failed_since = health->failed_since || health->ejected;
    if (health->failed >= rules->fall)
        health->alive = false;
}

bool health_checked(struct server_health *health, const struct pool_rules *rules, bool passed,
                    int64_t now)
{
    if (passed)
        return check_passed(health, rules, now);
    check_failed(health, rules);
    return false;
}

/* --- what it reports --------------------------------------------------------------------------- */

/* Recovered: all are below four fifths of what is too much. */
static bool is_calm(int64_t value, int64_t threshold)
{
    return threshold == 0 || value <= threshold - threshold / 5;
}

void health_reported(struct server_health *health, const struct pool_rules *rules,
                     const struct server_report *report, char over[ROUTING_WHY_SIZE])
{
    const struct {
        int64_t value, threshold;
        const char *what, *unit;
    } figures[] = {
        {report->cpu, rules->cpu, "cpu", "per mille"},
        {report->memory, rules->memory, "memory", "MiB"},
        {report->network, rules->network, "network", "bytes/s"},
        {report->commit, rules->commit, "a commit takes", "us"},
    };
    bool calm = true;
    over[0] = '\0';
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        int64_t value = figures[i].value, threshold = figures[i].threshold;
        calm = calm && is_calm(value, threshold);
        if (threshold > 0 && value > threshold && over[0] == '\0')
            snprintf(over, ROUTING_WHY_SIZE, "%s %" PRId64 " %s, more than %" PRId64,
                     figures[i].what, value, figures[i].unit, threshold);
    }
    if (over[0] != '\0')
        health->overloaded = true;
    else if (calm)
        health->overloaded = false;
}

/* --- requests ---------------------------------------------------------------------------------- */

/* Two halves stand for a window that slides. */
static void count_request(struct server_health *health, bool failed, int64_t now)
{
    struct health_half *half = &health->halves[0];
    if (now - half->since >= RULES_WINDOW) {
        memset(health->halves, 0, sizeof health->halves);
        half->since = now;
    } else if (now - half->since >= RULES_WINDOW / 2) {
        health->halves[1] = *half;
        *half = (struct health_half){.since = now};
    }
    half->requests++;
    half->failures += failed;
}

static void forget_requests(struct server_health *health)
{
    health->lost = 0;
    memset(health->halves, 0, sizeof health->halves);
}

bool health_request(struct server_health *health, const struct pool_rules *rules, bool failed,
                    int64_t now, char why[ROUTING_WHY_SIZE])
{
    count_request(health, failed, now);
    health->lost = failed ? health->lost + 1 : 0;
    if (!failed || rules->eject_failures == 0 || health->ejected)
        return false;
    int64_t requests = health->halves[0].requests + health->halves[1].requests;
    int64_t failures = health->halves[0].failures + health->halves[1].failures;
    if (health->lost >= rules->eject_failures)
        snprintf(why, ROUTING_WHY_SIZE, "%" PRId64 " requests in a row failed", health->lost);
    else if (requests >= rules->eject_requests && failures * 1000 >= rules->eject_share * requests)
        snprintf(why, ROUTING_WHY_SIZE, "%" PRId64 " of %" PRId64 " requests failed", failures,
                 requests);
    else
        return false;
    return true;
}

void health_eject(struct server_health *health, const struct pool_rules *rules, int64_t now)
{
    int64_t forgotten = health->pause > good_for ? health->pause : good_for;
    bool again = health->pause > 0 && now - health->ejected_until < forgotten;
    health->pause = again ? health->pause * 2 : rules->eject_pause;
    if (health->pause > rules->eject_pause_max)
        health->pause = rules->eject_pause_max;
    health->ejected = true;
    health->failed_since = false;
    health->ejected_until = now + health->pause;
    forget_requests(health);
}

void health_readmit(struct server_health *health)
{
    health->ejected = false;
    health->failed_since = false;
}

void health_lost(struct server_health *health)
{
    health->alive = false;
    health->passed = 0;
    health->refused = health->refused || !health->heard;
}

/* --- what it adds up to ------------------------------------------------------------------------ */

bool health_on_trial(const struct server_health *health)
{
    return health->ejected || (!health->alive && health->lost > 0);
}

bool health_out(const struct server_health *health)
{
    return health->alive && !health->drain && (health->overloaded || health->ejected);
}

enum server_state health_state(const struct server_health *health, bool empty)
{
    if (health->leave && empty)
        return SERVER_LEFT;
    if (health->cut || health->gone)
        return SERVER_DOWN;
    if (!health->alive)
        return health->heard ? SERVER_DOWN : SERVER_JOINING;
    if (health->drain)
        return SERVER_DRAINING;
    if (health->ejected)
        return SERVER_EJECTED;
    return health->overloaded ? SERVER_OVERLOADED : SERVER_UP;
}

bool health_hopeful(const struct server_health *health, enum server_state state, int64_t now)
{
    return (state == SERVER_JOINING && !health->refused) || now < health->returns_until;
}
