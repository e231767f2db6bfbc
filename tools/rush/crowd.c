#include "tools/rush/crowd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/id.h"
#include "common/loop.h"
#include "tools/rush/arrivals.h"
#include "tools/rush/progress.h"

enum {
    PATIENCE_SECONDS = 10,
    SILENCE_SECONDS = 15,      /* nobody at all got a decision: the cluster is gone */
    REPEAT_MILLISECONDS = 100, /* before a key is sent again */
    REQUEST_SECONDS = 8,       /* longer than the cluster's own deadline */
    REQUEST_SIZE = 1024,
    LATE_MILLISECONDS = 1, /* after its moment: where a buyer comes at a rate */
};

/* One connection's worth of buyers, who come one after the other. */
struct place {
    struct crowd *crowd;
    struct caller *caller; /* owned */
    int64_t buyer;         /* the present one's number */
    int64_t began;         /* its first request; at a rate: when that was due */
    bool asking;           /* else it pauses, or there is none */
    struct place *next_free;
    struct loop_timer due; /* asking: gives up this answer; pausing: asks again */
};

struct crowd {
    const struct crowd_settings *settings;
    struct tally *tally;
    struct loop *loop;
    struct loop_timer draw;
    struct progress progress;
    struct place *places;      /* owned */
    struct arrivals *arrivals; /* owned; NULL: the next buyer comes when one has been answered */
    struct place *free;        /* places that wait for a buyer to come */
    int64_t begun, done;       /* buyers */
    int64_t decided_at;        /* when anybody was last sold to or refused */
    char run[ID_TEXT_SIZE];    /* makes this run's keys its own */
    char form[256];
};

static void place_ask(struct place *place)
{
    struct crowd *crowd = place->crowd;
    char request[REQUEST_SIZE];
    int length = snprintf(request, sizeof request,
                          "POST /purchases HTTP/1.1\r\nHost: %s\r\n"
                          "Idempotency-Key: rush-%s-%" PRId64 "\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          crowd->settings->destination.host, crowd->run, place->buyer,
                          strlen(crowd->form), crowd->form);
    place->asking = true;
    loop_timer_set(crowd->loop, &place->due, clock_monotonic() + REQUEST_SECONDS * CLOCK_SECOND);
    caller_send(place->caller, request, (size_t)length);
}

static void place_due(void *context)
{
    struct place *place = context;
    if (place->asking)
        caller_cut(place->caller, "no answer in time");
    else
        place_ask(place);
}

/* When the next buyer comes: at the rate's moment, or as soon as there is a place. */
static int64_t next_moment(const struct crowd *crowd, int64_t now)
{
    return crowd->arrivals != NULL ? arrivals_moment(crowd->arrivals, crowd->begun) : now;
}

/* The first that waits sets the timer; the others are taken when it rings. */
static void place_wait(struct place *place, int64_t moment)
{
    struct crowd *crowd = place->crowd;
    if (crowd->free == NULL)
        arrivals_ring_at(crowd->arrivals, moment);
    place->next_free = crowd->free;
    crowd->free = place;
}

/* The next buyer takes the place, where there is one, and once it comes. */
static void place_next(struct place *place)
{
    struct crowd *crowd = place->crowd;
    int64_t now = clock_monotonic();
    loop_timer_set(crowd->loop, &place->due, 0);
    if (crowd->begun == crowd->settings->buyers)
        return;
    int64_t moment = next_moment(crowd, now);
    if (moment > now) {
        place_wait(place, moment);
        return;
    }
    place->buyer = ++crowd->begun;
    place->began = moment;
    crowd->tally->late += now - moment > LATE_MILLISECONDS * CLOCK_MILLISECOND;
    place_ask(place);
}

/* Buyers come. Those for whom no place is free take the next that becomes so. */
static void arrive(void *context)
{
    struct crowd *crowd = context;
    int64_t now = clock_monotonic();
    while (crowd->free != NULL && next_moment(crowd, now) <= now) {
        struct place *place = crowd->free;
        crowd->free = place->next_free;
        place_next(place);
    }
    if (crowd->free != NULL)
        arrivals_ring_at(crowd->arrivals, next_moment(crowd, now));
}

static void place_answered(void *context, unsigned status, const char *body, size_t length)
{
    struct place *place = context;
    struct crowd *crowd = place->crowd;
    int64_t now = clock_monotonic();
    place->asking = false;
    if ((status == 0 || status == 503) && now - place->began < PATIENCE_SECONDS * CLOCK_SECOND) {
        tally_repeat(crowd->tally, status, body, length);
        loop_timer_set(crowd->loop, &place->due, now + REPEAT_MILLISECONDS * CLOCK_MILLISECOND);
        return;
    }
    if (status != 0 && status != 503)
        crowd->decided_at = now;
    tally_add(crowd->tally, status, body, length, crowd->settings->quantity, now - place->began);
    crowd->done++;
    if (crowd->done == crowd->settings->buyers)
        loop_stop(crowd->loop);
    place_next(place);
}

static void draw(void *context)
{
    struct crowd *crowd = context;
    int64_t now = clock_monotonic();
    progress_draw(&crowd->progress, crowd->done, crowd->tally->sold);
    loop_timer_set(crowd->loop, &crowd->draw, now + crowd->progress.every);
    if (now - crowd->decided_at > SILENCE_SECONDS * CLOCK_SECOND)
        loop_stop(crowd->loop);
}

/* Those who are still waiting, or never came, when the cluster is gone. */
static void turn_away(struct crowd *crowd)
{
    static const char why[] = "cluster gone";
    for (int64_t i = crowd->done; i < crowd->settings->buyers; i++)
        tally_add(crowd->tally, 0, why, sizeof why - 1, crowd->settings->quantity, 0);
}

static void crowd_open(struct crowd *crowd)
{
    const struct crowd_settings *settings = crowd->settings;
    struct id run = id_make();
    id_format(&run, crowd->run);
    snprintf(crowd->form, sizeof crowd->form, "event=%s&quantity=%d%s%s", settings->event,
             settings->quantity, settings->tier != NULL ? "&tier=" : "",
             settings->tier != NULL ? settings->tier : "");
    crowd->draw = (struct loop_timer){.ring = draw, .context = crowd};
    crowd->loop = loop_open();
    crowd->places = memory_new((size_t)settings->connections * sizeof *crowd->places);
    for (int64_t i = 0; i < settings->connections; i++) {
        struct place *place = &crowd->places[i];
        place->crowd = crowd;
        place->due = (struct loop_timer){.ring = place_due, .context = place};
        place->caller = caller_open(crowd->loop, &settings->destination, place_answered, place);
    }
}

static void crowd_close(struct crowd *crowd)
{
    if (crowd->arrivals != NULL)
        arrivals_close(crowd->arrivals);
    for (int64_t i = 0; i < crowd->settings->connections; i++)
        caller_close(crowd->places[i].caller);
    loop_close(crowd->loop);
    free(crowd->places);
}

int64_t crowd_run(const struct crowd_settings *settings, struct tally *tally)
{
    struct crowd crowd = {.settings = settings, .tally = tally};
    crowd_open(&crowd);
    progress_open(&crowd.progress, settings->buyers);
    int64_t began = clock_monotonic();
    crowd.decided_at = began;
    draw(&crowd);
    if (settings->rate > 0)
        crowd.arrivals = arrivals_open(crowd.loop, settings->rate, arrive, &crowd);
    for (int64_t i = 0; i < settings->connections; i++)
        place_next(&crowd.places[i]);
    loop_run(crowd.loop);
    int64_t took = clock_monotonic() - began;
    progress_close(&crowd.progress, crowd.done, tally->sold);
    turn_away(&crowd);
    crowd_close(&crowd);
    return took;
}
