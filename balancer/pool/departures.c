#include "balancer/pool/departures.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* Requests end on the workers' threads, which tell nobody; so they are looked for. */
static const int64_t interval = 5 * CLOCK_MILLISECOND;

/* What was cut leaves as soon as the workers have given it up, each in its next turn. */
static const int64_t cut_patience = 5 * CLOCK_SECOND;

static void ring(void *context)
{
    struct departures *departures = context;
    departures_check(departures, clock_monotonic());
}

void departures_open(struct departures *departures, struct servers *servers, struct loop *loop)
{
    memset(departures, 0, sizeof *departures);
    departures->servers = servers;
    departures->loop = loop;
    departures->timer = (struct loop_timer){.ring = ring, .context = departures};
}

/* Takes it out of the list, then tells, so that another may begin. */
static void finish(struct departures *departures, size_t i, enum departure_end end, int64_t left,
                   int64_t now)
{
    struct departure departure = departures->list[i];
    departures->list[i] = departures->list[--departures->count];
    const struct departure_report report = {
        .id = departure.id,
        .end = end,
        .requests = departure.requests,
        .tickets = departure.tickets,
        .left = left,
        .took = now - departure.began,
    };
    departure.done(departure.context, &report);
}

void departures_close(struct departures *departures)
{
    size_t left = departures->count; /* not those that are begun while the others are called off */
    while (left-- > 0)
        finish(departures, left, DEPARTURE_CALLED_OFF, 0, clock_monotonic());
    loop_timer_forget(departures->loop, &departures->timer);
}

bool departures_has(const struct departures *departures, const char *id)
{
    for (size_t i = 0; i < departures->count; i++)
        if (strcmp(departures->list[i].id, id) == 0)
            return true;
    return false;
}

enum departure_begun departures_begin(struct departures *departures,
                                      const struct departure_wish *wish)
{
    struct server server;
    if (departures_has(departures, wish->id))
        return DEPARTURE_TWICE;
    if (departures->count == DEPARTURES_MAX)
        return DEPARTURE_FULL;
    size_t index = servers_find(departures->servers, wish->id, &server);
    if (index == SERVER_NONE)
        return DEPARTURE_UNKNOWN;
    struct departure *departure = &departures->list[departures->count++];
    *departure = (struct departure){
        .kind = wish->kind,
        .deadline = wish->deadline,
        .began = clock_monotonic(),
        .requests = server.busy,
        .tickets = server.pending,
        .index = index,
        .start = server.start,
        .done = wish->done,
        .context = wish->context,
    };
    snprintf(departure->id, sizeof departure->id, "%s", wish->id);
    if (wish->kind == DEPARTURE_LEAVE)
        servers_leave(departures->servers, wish->id, wish->why);
    else
        servers_drain(departures->servers, wish->id, wish->why);
    loop_timer_set(departures->loop, &departures->timer, departure->began);
    return DEPARTURE_BEGUN;
}

static void cut(struct departures *departures, struct departure *departure, int64_t now)
{
    char why[ROUTING_WHY_SIZE];
    snprintf(why, sizeof why, "not empty after %d ms",
             (int)((now - departure->began) / CLOCK_MILLISECOND));
    departure->cut = true;
    departure->deadline = now + cut_patience;
    servers_cut(departures->servers, departure->id, why);
}

/* Whether it has left, and one of its id has come, between two looks. */
static bool came_anew(const struct departure *departure, size_t index, const struct server *server)
{
    return departure->kind == DEPARTURE_LEAVE && !server->health.leave &&
           (index != departure->index || server->start != departure->start);
}

static void look(struct departures *departures, size_t i, int64_t now)
{
    struct departure *departure = &departures->list[i];
    struct server server;
    bool leaves = departure->kind == DEPARTURE_LEAVE;
    size_t index = servers_find(departures->servers, departure->id, &server);
    bool there = index != SERVER_NONE && !came_anew(departure, index, &server);
    bool wanted = there && (leaves ? server.health.leave : server.health.drain);
    if (there && !wanted)
        finish(departures, i, DEPARTURE_CALLED_OFF, server.busy, now);
    else if (!there)
        finish(departures, i, departure->cut ? DEPARTURE_CUT : DEPARTURE_EMPTY, 0, now);
    else if (!leaves && server.busy == 0 && server.pending == 0)
        finish(departures, i, DEPARTURE_EMPTY, 0, now);
    else if (now >= departure->deadline && leaves && !departure->cut)
        cut(departures, departure, now);
    else if (now >= departure->deadline)
        finish(departures, i, leaves ? DEPARTURE_CUT : DEPARTURE_LATE, server.busy, now);
}

void departures_check(struct departures *departures, int64_t now)
{
    for (size_t i = departures->count; i-- > 0;)
        look(departures, i, now);
    if (departures->count > 0)
        loop_timer_set(departures->loop, &departures->timer, now + interval);
}
