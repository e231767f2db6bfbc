#include "balancer/pool/scaler.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"

static const int64_t interval = 250 * CLOCK_MILLISECOND;
static const int64_t drain_patience = 30 * CLOCK_SECOND;
static const int64_t begin_patience = 5 * CLOCK_SECOND;
static const int64_t say_interval = 10 * CLOCK_SECOND; /* between lines ... */
static const int64_t say_again = 60 * CLOCK_SECOND;    /* ... and those of the same kind */

/* A message to the master may be lost, where it does not read for long. (It kills who does not end within
 * 30 s, so by now it would have said something.) */
static const int64_t ask_again = 60 * CLOCK_SECOND;

/* What one look at the servers shows. */
struct look {
    struct scale_sample sample;
    int64_t drained; /* of our own: by somebody ... */
    int64_t leaving; /* ... and those that are about to end */
    bool listed[OWN_SERVERS_MAX + 1];
    size_t last;   /* who would be retired: a number; 0: nobody */
    bool idle;     /* it serves nobody ... */
    int64_t up_at; /* ... else it came up then */
};

static void ring(void *context)
{
    scaler_check(context, clock_monotonic());
}

void scaler_open(struct scaler *scaler, const struct scaler_settings *settings)
{
    *scaler = (struct scaler){
        .settings = *settings,
        .timer = {.ring = ring, .context = scaler},
        .wanted = -1,
    };
}

void scaler_close(struct scaler *scaler)
{
    scaler->leads = false;
    loop_timer_forget(scaler->settings.loop, &scaler->timer);
}

void scaler_lead(struct scaler *scaler)
{
    const struct scale_rules *rules = &scaler->settings.rules;
    scaler->leads = rules->min < rules->max;
    scaler->led_at = clock_monotonic();
    if (scaler->leads)
        loop_timer_set(scaler->settings.loop, &scaler->timer, scaler->led_at + interval);
}

void scaler_lead_no_more(struct scaler *scaler)
{
    scaler->leads = false;
    loop_timer_set(scaler->settings.loop, &scaler->timer, 0);
}

/* --- asking ------------------------------------------------------------------------------------- */

static void ask(struct scaler *scaler, size_t number, enum scaler_asked what, int64_t now)
{
    const struct scaler_calls *calls = &scaler->settings.calls;
    char id[SERVER_SIZE];
    own_server_name(number, id);
    scaler->asked[number].what = what;
    scaler->asked[number].at = now;
    if (what == ASKED_START)
        calls->start(calls->context, id);
    else if (what == ASKED_RETIRE)
        calls->retire(calls->context, id);
}

/* --- looking ------------------------------------------------------------------------------------ */

static bool serves(const struct server *server)
{
    return server->state == SERVER_UP || server->state == SERVER_OVERLOADED;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void consider(struct look *look, size_t number, bool idle, int64_t up_at)
{
    bool later = look->last == 0 || (idle && !look->idle) ||
                 (idle == look->idle &&
                  (up_at > look->up_at || (up_at == look->up_at && number > look->last)));
    if (!later)
        return;
    look->last = number;
    look->idle = idle;
    look->up_at = up_at;
}

static void look_at_own(struct look *look, struct scaler *scaler, const struct server *server)
{
    size_t number = own_server_number(server->id);
    if (number == 0)
        return;
    look->listed[number] = true;
    if (scaler->asked[number].what == ASKED_START)
        scaler->asked[number].what = ASKED_NOTHING;
    if (server->health.leave || scaler->asked[number].what == ASKED_RETIRE) {
        look->leaving++;
        return;
    }
    if (server->health.drain) {
        look->drained++;
        return;
    }
    look->sample.servers++;
    look->sample.missing += !serves(server);
    consider(look, number, !serves(server), server->up_at);
}

static void look_at(struct look *look, struct scaler *scaler, const struct server *server)
{
    struct scale_sample *sample = &look->sample;
    if (server->pool != POOL_TICKETS || server->state == SERVER_LEFT || server->state == SERVER_NEW)
        return;
    sample->pending += server->pending;
    if (serves(server)) {
        sample->up++;
        sample->work += server->report.cpu;
        sample->cpu = larger(sample->cpu, server->report.cpu);
        sample->commit = larger(sample->commit, server->report.commit);
    }
    if (server->source == SOURCE_MASTER)
        look_at_own(look, scaler, server);
}

/* Those that are not in the list yet, or not any more, and are the master's to start or end. */
static void look_at_asked(struct look *look, struct scaler *scaler, int64_t now)
{
    for (size_t i = 1; i <= OWN_SERVERS_MAX; i++) {
        enum scaler_asked what = scaler->asked[i].what;
        if (what == ASKED_NOTHING)
            continue;
        if (now - scaler->asked[i].at >= ask_again)
            ask(scaler, i, what, now);
        if (look->listed[i])
            continue;
        if (what != ASKED_START) {
            look->leaving++;
            continue;
        }
        look->sample.servers++;
        look->sample.missing++;
        consider(look, i, true, INT64_MAX);
    }
}

static void look_around(struct look *look, struct scaler *scaler, int64_t now)
{
    const struct scaler_calls *calls = &scaler->settings.calls;
    struct server server;
    for (size_t i = 0; servers_get(scaler->settings.servers, i, &server); i++)
        look_at(look, scaler, &server);
    look_at_asked(look, scaler, now);
    look->sample.time = now;
    if (calls->waiting != NULL)
        look->sample.waiting = calls->waiting(calls->context);
}

/* --- acting ------------------------------------------------------------------------------------- */

static void start_servers(struct scaler *scaler, const struct look *look, int64_t count,
                          int64_t now)
{
    for (size_t i = 1; count > 0 && (int64_t)i <= scaler->settings.rules.max; i++)
        if (!look->listed[i] && scaler->asked[i].what == ASKED_NOTHING) {
            ask(scaler, i, ASKED_START, now);
            count--;
        }
}

static void departed(void *context, const struct departure_report *report)
{
    struct scaler *scaler = context;
    size_t number = own_server_number(report->id);
    bool gone = report->end == DEPARTURE_EMPTY || report->end == DEPARTURE_CUT;
    scaler->asked[number].what = ASKED_NOTHING;
    if (gone && scaler->leads)
        ask(scaler, number, ASKED_RETIRE, clock_monotonic());
}

static void retire_last(struct scaler *scaler, const struct look *look, int64_t now)
{
    char id[SERVER_SIZE];
    own_server_name(look->last, id);
    const struct departure_wish wish = {
        .id = id,
        .kind = DEPARTURE_LEAVE,
        .deadline = now + drain_patience,
        .why = "no longer needed",
        .done = departed,
        .context = scaler,
    };
    if (!look->listed[look->last])
        ask(scaler, look->last, ASKED_RETIRE, now);
    else if (departures_begin(scaler->settings.departures, &wish) == DEPARTURE_BEGUN)
        ask(scaler, look->last, ASKED_DEPART, now);
}

/* Those that somebody drained are wanted as before. */
static void write_step(struct scaler *scaler, const struct look *look,
                       const struct routing_scale *step)
{
    struct routing_scale line = *step;
    line.from += look->drained;
    line.to += look->drained;
    scaler->wanted = line.to;
    servers_scaled(scaler->settings.servers, &line);
}

/* A departure was called off, or the master had one that nobody knew of. */
static void follow_others(struct scaler *scaler, const struct look *look)
{
    const struct scale_sample *now = &look->sample;
    struct routing_scale found = {.from = scaler->wanted - look->drained,
                                  .to = now->servers,
                                  .up = now->up,
                                  .pending = now->pending,
                                  .waiting = now->waiting,
                                  .commit = now->commit,
                                  .cpu = now->cpu,
                                  .why = "so many are there, not by scaling"};
    if (scaler->wanted >= 0 && found.from != found.to)
        write_step(scaler, look, &found);
}

static void act(struct scaler *scaler, const struct look *look, const struct routing_scale *step,
                int64_t now)
{
    write_step(scaler, look, step);
    log_line("scaling from %" PRId64 " to %" PRId64 " ticket servers: %s", step->from, step->to,
             step->why);
    if (step->to > step->from)
        start_servers(scaler, look, step->to - step->from, now);
    else if (look->last != 0)
        retire_last(scaler, look, now);
}

/* What keeps it from a step, where that lasts: once, and again from time to time. */
static void say(struct scaler *scaler, int64_t now)
{
    static const char *const why[] = {
        [SCALE_MISSING] = "they are waited for",
        [SCALE_STORE] = "more servers would not help",
        [SCALE_FULL] = "there may be no more",
    };
    const struct scale *scale = &scaler->scale;
    int64_t silence = scale->verdict == scaler->said ? say_again : say_interval;
    bool lasts = scale->verdict == SCALE_STORE || scale->verdict == SCALE_FULL ||
                 (scale->verdict == SCALE_MISSING &&
                  now - scale->missing_since >= scaler->settings.rules.patience);
    if (!lasts || (scaler->said_at != 0 && now - scaler->said_at < silence))
        return;
    scaler->said = scale->verdict;
    scaler->said_at = now;
    log_line("scaling: %s: %s", scale->why, why[scale->verdict]);
}

/* The master starts the first ones by itself, one after the other. */
static bool is_beginning(const struct scaler *scaler, const struct look *look, int64_t now)
{
    return look->sample.servers < scaler->settings.rules.min &&
           now - scaler->led_at < begin_patience;
}

void scaler_check(struct scaler *scaler, int64_t now)
{
    struct scale_rules rules = scaler->settings.rules;
    struct look look = {0};
    struct routing_scale step;
    if (!scaler->leads)
        return;
    loop_timer_set(scaler->settings.loop, &scaler->timer, now + interval);
    if (scaler->settings.renewal != NULL && renewal_runs(scaler->settings.renewal))
        return;
    look_around(&look, scaler, now);
    if (is_beginning(scaler, &look, now))
        return;
    follow_others(scaler, &look);
    rules.max = larger(rules.max - look.drained - look.leaving, 0); /* their names are taken */
    if (rules.min > rules.max)
        rules.min = rules.max;
    if (scale_add(&scaler->scale, &rules, &look.sample, &step))
        act(scaler, &look, &step, now);
    say(scaler, now);
}

void scaler_retired(struct scaler *scaler, const char *id)
{
    size_t number = own_server_number(id);
    struct server server;
    if (number != 0)
        scaler->asked[number].what = ASKED_NOTHING;
    if (servers_find(scaler->settings.servers, id, &server) == SERVER_NONE ||
        server.source != SOURCE_MASTER)
        return;
    servers_leave(scaler->settings.servers, id, "retired");
    servers_gone(scaler->settings.servers, id, "retired");
}
