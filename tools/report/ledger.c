#include "tools/report/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

enum {
    FIRST_SLOTS = 1024,
};

struct window {
    uint32_t router;
    int64_t from, to;
};

/* A life that was ended by a crash: its last line, and until when more may have been made. */
struct end {
    uint32_t router;
    int64_t last, until;
};

static const int64_t clock_slack = CLOCK_SECOND; /* the wall clock may have been set back */

void ledger_init(struct ledger *ledger, struct findings *findings)
{
    *ledger = (struct ledger){.findings = findings, .snapshot = LEDGER_NONE};
}

void ledger_free(struct ledger *ledger)
{
    names_free(&ledger->servers);
    names_free(&ledger->routers);
    names_free(&ledger->events);
    names_free(&ledger->rules);
    buffer_free(&ledger->rule_counts);
    buffer_free(&ledger->attempts);
    buffer_free(&ledger->flights);
    buffer_free(&ledger->stats);
    buffer_free(&ledger->known);
    buffer_free(&ledger->windows);
    buffer_free(&ledger->ends);
    buffer_free(&ledger->strays);
    buffer_free(&ledger->holds);
    free(ledger->slots);
}

/* --- rules ------------------------------------------------------------------------------------- */

static int64_t *rule_count(const struct ledger *ledger, uint32_t rule)
{
    return (int64_t *)(void *)ledger->rule_counts.data + rule;
}

void ledger_rule(struct ledger *ledger, const struct routing_choice *choice, const char *server)
{
    static const int64_t none = 0;
    char text[2 * ROUTING_NAME_SIZE + SERVER_SIZE + 32];
    bool session = choice->affinity != AFFINITY_NONE;
    snprintf(text, sizeof text, "%s %s%s%s %s", choice->route, policy_name(choice->policy),
             session ? "/" : "", session ? affinity_name(choice->affinity) : "", server);
    uint32_t rule = names_number(&ledger->rules, text);
    while (ledger->rule_counts.length / sizeof none < ledger->rules.count)
        buffer_append(&ledger->rule_counts, &none, sizeof none);
    ++*rule_count(ledger, rule);
}

int64_t ledger_rule_count(const struct ledger *ledger, uint32_t rule)
{
    return *rule_count(ledger, rule);
}

/* --- scale ------------------------------------------------------------------------------------- */

void ledger_scale(struct ledger *ledger, const struct routing_scale *scale, int64_t time)
{
    struct ledger_scale *list = ledger->scales;
    size_t count =
        ledger->scale_count < LEDGER_SCALES_KEPT ? ledger->scale_count : LEDGER_SCALES_KEPT;
    size_t at = count;
    while (at > 0 && list[at - 1].time > time)
        at--;
    ledger->scale_count++;
    if (count == LEDGER_SCALES_KEPT && at == 0)
        return;
    if (count == LEDGER_SCALES_KEPT)
        memmove(&list[0], &list[1], --at * sizeof *list);
    else
        memmove(&list[at + 1], &list[at], (count - at) * sizeof *list);
    list[at] =
        (struct ledger_scale){time,           scale->from,   scale->to,  scale->up, scale->pending,
                              scale->waiting, scale->commit, scale->cpu, ""};
    snprintf(list[at].why, sizeof list[at].why, "%s", scale->why);
}

/* --- servers and routers ----------------------------------------------------------------------- */

uint32_t ledger_server_number(struct ledger *ledger, const char *server)
{
    uint32_t number = names_number(&ledger->servers, server);
    while (ledger->stats.length / sizeof(struct ledger_server) < ledger->servers.count) {
        const struct ledger_server none = {.total = -1, .told_place = LEDGER_NONE};
        buffer_append(&ledger->stats, &none, sizeof none);
    }
    return number;
}

struct ledger_server *ledger_server(struct ledger *ledger, uint32_t server)
{
    return (struct ledger_server *)(void *)ledger->stats.data + server;
}

uint32_t ledger_router_number(struct ledger *ledger, const char *router)
{
    uint32_t number = names_number(&ledger->routers, router);
    while (ledger->known.length < ledger->routers.count)
        buffer_add_char(&ledger->known, false);
    return number;
}

uint32_t ledger_router(struct ledger *ledger, const char *router)
{
    uint32_t number = ledger_router_number(ledger, router);
    ledger->known.data[number] = true;
    return number;
}

void ledger_window(struct ledger *ledger, uint32_t router, int64_t from, int64_t to)
{
    struct window window = {router, from, to};
    buffer_append(&ledger->windows, &window, sizeof window);
}

void ledger_crashed(struct ledger *ledger, uint32_t router, int64_t last, int64_t until)
{
    struct end end = {router, last, until};
    buffer_append(&ledger->ends, &end, sizeof end);
}

/* A choice is written before its flight leaves, so what is made of it is later. */
bool ledger_beyond_end(struct ledger *ledger, uint32_t router, int64_t from, int64_t to)
{
    const struct end *ends = (const struct end *)(const void *)ledger->ends.data;
    for (size_t i = 0; i < ledger->ends.length / sizeof *ends; i++)
        if (ends[i].router == router && to >= ends[i].last - clock_slack && from <= ends[i].until) {
            int64_t behind = from - ends[i].last;
            if (behind > ledger->beyond_by)
                ledger->beyond_by = behind;
            return true;
        }
    return false;
}

/* A UUIDv7 begins with 48 bits of milliseconds. */
int64_t ledger_admitted_at(const struct id *request)
{
    int64_t milliseconds = 0;
    for (size_t i = 0; i < 6; i++)
        milliseconds = milliseconds << 8 | request->bytes[i];
    return milliseconds * CLOCK_MILLISECOND;
}

bool ledger_in_window(const struct ledger *ledger, uint32_t router, const struct id *request)
{
    const struct window *windows = (const struct window *)(const void *)ledger->windows.data;
    int64_t time = ledger_admitted_at(request);
    for (size_t i = 0; i < ledger->windows.length / sizeof *windows; i++) {
        if (windows[i].router == router && time >= windows[i].from && time <= windows[i].to)
            return true;
    }
    return false;
}

bool ledger_missing(const struct ledger *ledger, int64_t from, int64_t to)
{
    static const int64_t under_way = 15 * CLOCK_SECOND; /* the longest a request is, and more */
    const struct window *windows = (const struct window *)(const void *)ledger->windows.data;
    for (size_t i = 0; i < ledger->windows.length / sizeof *windows; i++)
        if (windows[i].from <= to && windows[i].to + under_way >= from)
            return true;
    return false;
}

/* --- flights and attempts ---------------------------------------------------------------------- */

uint32_t ledger_flight_add(struct ledger *ledger, const struct ledger_flight *flight)
{
    uint32_t number = (uint32_t)(ledger->flights.length / sizeof *flight);
    buffer_append(&ledger->flights, flight, sizeof *flight);
    return number;
}

struct ledger_flight *ledger_flight(const struct ledger *ledger, uint32_t flight)
{
    return (struct ledger_flight *)(void *)ledger->flights.data + flight;
}

struct attempt *ledger_attempt(const struct ledger *ledger, uint32_t attempt)
{
    return (struct attempt *)(void *)ledger->attempts.data + attempt;
}

/* The last eight bytes of an id are its own; their bits are spread (murmur3's finalizer), since nothing
 * but our own router's habit makes them random. */
static uint64_t hash(const struct id *id)
{
    uint64_t value;
    memcpy(&value, id->bytes + 8, sizeof value);
    value = (value ^ value >> 33) * UINT64_C(0xff51afd7ed558ccd);
    value = (value ^ value >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

static uint32_t *find_slot(const struct ledger *ledger, const struct id *request)
{
    uint64_t mask = ledger->slot_count - 1, at = hash(request) & mask;
    while (ledger->slots[at] != 0 &&
           !id_equal(&ledger_attempt(ledger, ledger->slots[at] - 1)->request, request))
        at = (at + 1) & mask;
    return &ledger->slots[at];
}

uint32_t ledger_find(const struct ledger *ledger, const struct id *request)
{
    uint32_t slot = ledger->slots ? *find_slot(ledger, request) : 0;
    return slot ? slot - 1 : LEDGER_NONE;
}

static void grow_slots(struct ledger *ledger)
{
    uint32_t *old = ledger->slots;
    uint64_t old_count = ledger->slot_count;
    ledger->slot_count = old_count ? old_count * 2 : FIRST_SLOTS;
    ledger->slots = memory_new(ledger->slot_count * sizeof *ledger->slots);
    for (uint64_t i = 0; i < old_count; i++) {
        if (old[i])
            *find_slot(ledger, &ledger_attempt(ledger, old[i] - 1)->request) = old[i];
    }
    free(old);
}

void ledger_attempt_add(struct ledger *ledger, const struct attempt *attempt)
{
    uint32_t number = (uint32_t)(ledger->attempts.length / sizeof *attempt);
    if (((uint64_t)number + 1) * 3 > ledger->slot_count * 2)
        grow_slots(ledger);
    buffer_append(&ledger->attempts, attempt, sizeof *attempt);
    uint32_t *slot = find_slot(ledger, &attempt->request);
    ledger_attempt(ledger, number)->older = *slot ? *slot - 1 : LEDGER_NONE;
    *slot = number + 1;
}
