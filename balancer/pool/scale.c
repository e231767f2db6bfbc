#include "balancer/pool/scale.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

enum {
    SAMPLES_NEEDED = 4, /* in a window */
    FLAP_QUIETS = 2,    /* load that is back within so many times the quiet came back at once */
    CALM_QUIETS = 2,    /* so many times the longest quiet without a step out is calm */
    PER_PERCENT = 10,   /* per mille */
};

/* Larger figures are nonsense, and products of these are no trouble. */
static const int64_t figure_max = INT64_C(1) << 30;

/* One kind of figure over the window: its average, the middle one, which no single spike moves, and the one
 * that at most a quarter exceed. */
struct spread {
    int64_t average, middle, high;
};

/* What the window shows. `demand`: tickets pending and purchases waiting. */
struct view {
    struct spread demand, pending, waiting, commit, cpu, work;
};

struct scale_rules scale_rules_default(int64_t min, int64_t max, int64_t limit)
{
    struct scale_rules rules = {
        .min = min,
        .max = max,
        .window = 2 * CLOCK_SECOND,
        .cool = 2 * CLOCK_SECOND,
        .quiet = 10 * CLOCK_SECOND,
        .quiet_max = 80 * CLOCK_SECOND,
        .patience = 10 * CLOCK_SECOND,
        .pending = 32,
        .cpu = 700,
        .commit = 50 * CLOCK_MILLISECOND,
    };
    if (limit / 2 < rules.pending)
        rules.pending = limit < 2 ? 1 : limit / 2;
    return rules;
}

/* --- the window -------------------------------------------------------------------------------- */

static int64_t bounded(int64_t figure, int64_t most)
{
    return figure < 0 ? 0 : figure < most ? figure : most;
}

static struct scale_sample sensible(const struct scale_sample *sample)
{
    return (struct scale_sample){
        .time = sample->time,
        .servers = bounded(sample->servers, ROUTING_SERVERS_MAX),
        .missing = bounded(sample->missing, ROUTING_SERVERS_MAX),
        .up = bounded(sample->up, ROUTING_SERVERS_MAX),
        .pending = bounded(sample->pending, figure_max),
        .waiting = bounded(sample->waiting, figure_max),
        .commit = bounded(sample->commit, figure_max),
        .cpu = bounded(sample->cpu, figure_max),
        .work = bounded(sample->work, figure_max),
    };
}

static void begin_window(struct scale *scale, int64_t now)
{
    scale->count = 0;
    scale->since = now;
    scale->quiet = false;
}

static void forget(struct scale *scale, size_t count)
{
    scale->count -= count;
    memmove(scale->samples, scale->samples + count, scale->count * sizeof *scale->samples);
}

/* Figures from before those that were missing came back say little, and those from before a step's servers
 * did say nothing. But one that comes and goes does not keep the window from ever being full. */
static bool all_are_back(const struct scale *scale, const struct scale_rules *rules,
                         const struct scale_sample *last, const struct scale_sample *now)
{
    return last->missing > 0 && now->missing == 0 &&
           (scale->back_at == 0 || now->time - scale->back_at >= rules->patience);
}

/* Where nobody looked for a while, what was seen before says nothing of now. */
static void take(struct scale *scale, const struct scale_rules *rules,
                 const struct scale_sample *sample)
{
    size_t old = 0;
    const struct scale_sample *last = scale->count > 0 ? &scale->samples[scale->count - 1] : NULL;
    bool back = last != NULL && all_are_back(scale, rules, last, sample);
    if (back)
        scale->back_at = sample->time;
    if (last == NULL || sample->time < last->time || sample->time - last->time > rules->window ||
        back)
        begin_window(scale, sample->time);
    while (old < scale->count && sample->time - scale->samples[old].time > rules->window)
        old++;
    if (old == 0 && scale->count == SCALE_SAMPLES)
        old = 1;
    forget(scale, old);
    scale->samples[scale->count++] = *sample;
    if (sample->missing > 0 && !scale->missing)
        scale->missing_since = sample->time;
    scale->missing = sample->missing > 0;
}

static bool window_is_full(const struct scale *scale, const struct scale_rules *rules)
{
    return scale->count >= SAMPLES_NEEDED &&
           scale->samples[scale->count - 1].time - scale->since >= rules->window;
}

static void insert(int64_t *sorted, size_t count, int64_t figure)
{
    size_t at = count;
    for (; at > 0 && sorted[at - 1] > figure; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = figure;
}

static int64_t demand_of(const struct scale_sample *sample)
{
    return sample->pending + sample->waiting;
}

static int64_t pending_of(const struct scale_sample *sample)
{
    return sample->pending;
}

static int64_t waiting_of(const struct scale_sample *sample)
{
    return sample->waiting;
}

static int64_t commit_of(const struct scale_sample *sample)
{
    return sample->commit;
}

static int64_t cpu_of(const struct scale_sample *sample)
{
    return sample->cpu;
}

static int64_t work_of(const struct scale_sample *sample)
{
    return sample->work;
}

static struct spread spread_of(const struct scale *scale,
                               int64_t (*figure)(const struct scale_sample *sample))
{
    int64_t sorted[SCALE_SAMPLES] = {0}, sum = 0;
    size_t count = 0;
    do { /* there is at least the latest */
        int64_t one = figure(&scale->samples[count]);
        insert(sorted, count, one);
        sum += one;
    } while (++count < scale->count);
    return (struct spread){
        .average = sum / (int64_t)count,
        .middle = sorted[count / 2],
        .high = sorted[count - 1 - count / 4],
    };
}

static struct view view_of(const struct scale *scale)
{
    return (struct view){
        .demand = spread_of(scale, demand_of),
        .pending = spread_of(scale, pending_of),
        .waiting = spread_of(scale, waiting_of),
        .commit = spread_of(scale, commit_of),
        .cpu = spread_of(scale, cpu_of),
        .work = spread_of(scale, work_of),
    };
}

/* --- what it says ------------------------------------------------------------------------------ */

static __attribute__((format(printf, 2, 3))) void say(struct scale *scale, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(scale->why, sizeof scale->why, format, arguments);
    va_end(arguments);
}

static double seconds(int64_t time)
{
    return (double)time / (double)CLOCK_SECOND;
}

static int64_t at_least_one(int64_t number)
{
    return number > 0 ? number : 1;
}

static const char *plural(int64_t number)
{
    return number == 1 ? "" : "s";
}

/* Percent of a processor at each server. */
static int64_t busy_percent(const struct view *view, int64_t up)
{
    return view->work.average / at_least_one(up) / PER_PERCENT;
}

/* --- out --------------------------------------------------------------------------------------- */

/* How many servers would bring the load back to the rules. */
struct need {
    int64_t pending, cpu; /* by either rule */
    bool room;            /* purchases wait for it */
};

static int64_t servers_for(int64_t load, int64_t each)
{
    return load / each + (load % each > 0);
}

static struct need need_of(const struct view *view, const struct scale_rules *rules)
{
    return (struct need){
        .pending = servers_for(view->demand.middle, rules->pending),
        .cpu = servers_for(view->work.middle, rules->cpu),
        .room = view->waiting.middle > 0,
    };
}

static bool more_needed(const struct need *need, int64_t up)
{
    return need->pending > up || need->cpu > up || need->room;
}

/* The servers do little, and wait for what they share. */
static bool store_is_slow(const struct view *view, const struct scale_rules *rules, int64_t up)
{
    return view->commit.middle >= rules->commit && view->work.middle * 2 < rules->cpu * up;
}

static void say_load(struct scale *scale, const struct scale_rules *rules, const struct view *view,
                     const struct need *need, int64_t up)
{
    double window = seconds(rules->window);
    if (need->cpu > up && need->cpu >= need->pending)
        say(scale,
            "%" PRId64 " %% of a processor at each of %" PRId64 " server%s for %g s, more than "
            "%" PRId64 " %%",
            busy_percent(view, up), up, plural(up), window, rules->cpu / PER_PERCENT);
    else if (need->pending > up)
        say(scale,
            "%" PRId64 " tickets pending and %" PRId64 " purchases waiting at %" PRId64
            " server%s for %g s, more than %" PRId64 " each",
            view->pending.average, view->waiting.average, up, plural(up), window, rules->pending);
    else
        say(scale, "%" PRId64 " purchases waiting for room at %" PRId64 " server%s for %g s",
            view->waiting.average, up, plural(up), window);
}

static void say_missing(struct scale *scale, const struct scale_sample *now)
{
    say(scale, "%" PRId64 " of %" PRId64 " server%s not up for %g s", now->missing, now->servers,
        plural(now->servers),
        seconds((now->time - scale->missing_since) / CLOCK_MILLISECOND * CLOCK_MILLISECOND));
}

static bool cooled(const struct scale *scale, const struct scale_rules *rules, int64_t now)
{
    return scale->steps == 0 || now - scale->last_step >= rules->cool;
}

/* Servers that do not come up are waited for: until those that were missing before the last step, and those
 * that it started, have had their time. Where more are missing than up, what keeps them keeps others too. */
static bool waits_for_missing(const struct scale *scale, const struct scale_rules *rules,
                              const struct scale_sample *now)
{
    bool stepped = scale->outs > 0 && scale->last_out > scale->missing_since;
    int64_t since = stepped ? scale->last_out : scale->missing_since;
    return now->missing > 0 && (now->missing > now->up || now->time - since < rules->patience);
}

/* At most as many again as there are, so that one window of nonsense does not start them all. */
static int64_t servers_out(const struct scale_rules *rules, const struct scale_sample *now,
                           const struct need *need)
{
    int64_t more = (need->pending > need->cpu ? need->pending : need->cpu) - now->up;
    int64_t most = at_least_one(now->servers - now->missing);
    more = at_least_one(more < most ? more : most);
    return bounded(now->servers + more, rules->max);
}

static enum scale_verdict decide_out(struct scale *scale, const struct scale_rules *rules,
                                     const struct scale_sample *now, const struct view *view,
                                     const struct need *need)
{
    say_load(scale, rules, view, need, now->up);
    bool full = now->servers >= rules->max;
    if (waits_for_missing(scale, rules, now) || (full && now->missing > 0)) {
        say_missing(scale, now);
        return SCALE_MISSING;
    }
    if (full)
        return SCALE_FULL;
    if (store_is_slow(view, rules, now->up)) {
        say(scale,
            "commits take %" PRId64 " ms at %" PRId64 " %% of a processor: the store is slow",
            view->commit.average / CLOCK_MILLISECOND, busy_percent(view, now->up));
        return SCALE_STORE;
    }
    return cooled(scale, rules, now->time) ? SCALE_OUT : SCALE_COOLS;
}

/* --- in ---------------------------------------------------------------------------------------- */

/* Those that would be left. One that does not serve is not missed. */
static int64_t servers_left(const struct scale_sample *now)
{
    return now->missing > 0 ? now->up : now->up - 1;
}

static bool fits_fewer(const struct scale_rules *rules, const struct scale_sample *now,
                       const struct view *view)
{
    int64_t left = servers_left(now);
    return now->servers > rules->min && left > 0 && view->waiting.high == 0 &&
           view->demand.high * 2 <= left * rules->pending &&
           view->work.high * 2 <= left * rules->cpu;
}

static void watch_quiet(struct scale *scale, const struct scale_rules *rules,
                        const struct scale_sample *now, const struct view *view)
{
    bool quiet = fits_fewer(rules, now, view);
    if (quiet && !scale->quiet)
        scale->quiet_since = scale->samples[0].time;
    scale->quiet = quiet;
}

static bool quiet_enough(const struct scale *scale, const struct scale_rules *rules,
                         const struct scale_sample *now)
{
    if (!scale->quiet || now->time - scale->quiet_since < scale->pause)
        return false;
    return now->missing == 0 || now->time - scale->missing_since >= rules->patience;
}

static enum scale_verdict decide_in(struct scale *scale, const struct scale_rules *rules,
                                    const struct scale_sample *now, const struct view *view)
{
    bool enough = quiet_enough(scale, rules, now);
    if (now->missing > 0 && !enough) {
        say_missing(scale, now);
        return SCALE_MISSING;
    }
    if (!enough) {
        say(scale, "%" PRId64 " tickets pending at %" PRId64 " server%s", view->pending.average,
            now->up, plural(now->up));
        return SCALE_FITS;
    }
    say(scale,
        "%" PRId64 " tickets pending and %" PRId64 " %% of a processor at each of %" PRId64
        " server%s for %g s: %" PRId64 " would have room for twice that",
        view->pending.average / at_least_one(now->up), busy_percent(view, now->up), now->up,
        plural(now->up), seconds(scale->pause), servers_left(now));
    return SCALE_IN;
}

/* --- all together ------------------------------------------------------------------------------ */

/* What holds whatever the load; the number there should be, or -1. */
static int64_t within_bounds(struct scale *scale, const struct scale_rules *rules,
                             const struct scale_sample *now)
{
    if (now->servers < rules->min) {
        say(scale, "%" PRId64 " server%s, fewer than the minimum of %" PRId64, now->servers,
            plural(now->servers), rules->min);
        return rules->min;
    }
    if (now->servers > rules->max) {
        say(scale, "%" PRId64 " server%s, more than the maximum of %" PRId64, now->servers,
            plural(now->servers), rules->max);
        return now->servers - 1;
    }
    if (now->servers == 0 && now->up == 0 && rules->max > 0) {
        say(scale, "no server is there");
        return 1;
    }
    return -1;
}

static enum scale_verdict decide(struct scale *scale, const struct scale_rules *rules,
                                 const struct scale_sample *now, const struct view *view,
                                 int64_t *to)
{
    struct need need = need_of(view, rules);
    enum scale_verdict verdict;
    *to = within_bounds(scale, rules, now);
    if (*to >= 0 && !cooled(scale, rules, now->time))
        return SCALE_COOLS;
    if (*to >= 0)
        return *to > now->servers ? SCALE_OUT : SCALE_IN;
    if (!window_is_full(scale, rules)) {
        say(scale, "the window has just begun");
        return SCALE_WATCHES;
    }
    watch_quiet(scale, rules, now, view);
    if (more_needed(&need, now->up)) {
        *to = servers_out(rules, now, &need);
        return decide_out(scale, rules, now, view, &need);
    }
    verdict = decide_in(scale, rules, now, view);
    *to = now->servers - 1;
    return verdict;
}

/* Load that was back at once after a step in shows that it came too early. */
static void note_step(struct scale *scale, const struct scale_rules *rules, enum scale_verdict step,
                      int64_t now)
{
    bool after_in = scale->steps > 0 && scale->last == SCALE_IN;
    bool calm = scale->outs == 0 || now - scale->last_out >= CALM_QUIETS * rules->quiet_max;
    if (step == SCALE_OUT && after_in && now - scale->last_step < FLAP_QUIETS * scale->pause)
        scale->pause *= 2;
    else if (step == SCALE_IN && after_in && calm)
        scale->pause /= 2;
    if (scale->pause > rules->quiet_max)
        scale->pause = rules->quiet_max;
    if (scale->pause < rules->quiet)
        scale->pause = rules->quiet;
    scale->last = step;
    scale->last_step = now;
    scale->steps++;
    if (step == SCALE_OUT) {
        scale->last_out = now;
        scale->outs++;
        scale->back_at = 0;
    }
    begin_window(scale, now);
}

bool scale_add(struct scale *scale, const struct scale_rules *rules,
               const struct scale_sample *sample, struct routing_scale *step)
{
    struct scale_sample now = sensible(sample);
    struct view view;
    int64_t to;
    if (scale->pause == 0)
        scale->pause = rules->quiet;
    take(scale, rules, &now);
    view = view_of(scale);
    scale->verdict = decide(scale, rules, &now, &view, &to);
    if (scale->verdict != SCALE_OUT && scale->verdict != SCALE_IN)
        return false;
    *step = (struct routing_scale){
        .from = now.servers,
        .to = to,
        .up = now.up,
        .pending = view.pending.average,
        .waiting = view.waiting.average,
        .commit = view.commit.average,
        .cpu = view.cpu.average,
        .why = scale->why,
    };
    note_step(scale, rules, scale->verdict, now.time);
    return true;
}
