#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/upstream/flight_parts.h"
#include "common/answer.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    AIR_MAX = 2,                /* flights: one that the store commits, one on its way there */
    SPARE_BODY_MAX = 128 << 10, /* kept of a spare flight's: as long as a full one's usually is */
};

static const int64_t pace = 20 * CLOCK_MILLISECOND;   /* so long a flight holds others back */
static const int64_t age_limit = CLOCK_SECOND;        /* of a flight, while others land */
static const int64_t lonely_limit = 2 * CLOCK_SECOND; /* of a flight, while no other is under way */
static const int64_t flight_timeout = 10 * CLOCK_SECOND; /* past every deadline on board */

struct flights *flights_open(struct servers *servers, struct upstream *upstream,
                             struct budget *budget, const struct flight_calls *calls)
{
    struct flights *flights = memory_new(sizeof *flights);
    flights->servers = servers;
    flights->upstream = upstream;
    flights->budget = budget;
    flights->calls = *calls;
    return flights;
}

static struct flight *flight_new(struct flights *flights, size_t server, uint64_t number)
{
    struct flight *flight = flights->spare;
    if (flight == NULL)
        flight = memory_new(sizeof *flight);
    else
        flights->spare = flight->next;
    flight->flights = flights;
    flight->number = number;
    flight->server = server;
    flight->tickets = 0;
    flight->count = 0;
    flight->unsent = 0;
    flight->call = NULL;
    flight->next = NULL;
    return flight;
}

void flight_put_back(struct flight *flight)
{
    buffer_rest(&flight->body, SPARE_BODY_MAX);
    flight->next = flight->flights->spare;
    flight->flights->spare = flight;
}

/* A further flight at the end of the lane. */
static struct flight *append_flight(struct flights *flights, size_t server, uint64_t number)
{
    struct lane *lane = &flights->lanes[server];
    struct flight *flight = flight_new(flights, server, number);
    if (lane->last == NULL)
        lane->first = flight;
    else
        lane->last->next = flight;
    lane->last = flight;
    flights->waiting++;
    return flight;
}

static struct flight *take_first(struct flights *flights, struct lane *lane)
{
    struct flight *flight = lane->first;
    lane->first = flight->next;
    if (lane->first == NULL) {
        lane->last = NULL;
        flights->loading[flight->server] = (struct loading){0};
    }
    flight->next = NULL;
    flights->waiting--;
    return flight;
}

void flights_board(struct flights *flights, size_t server, uint64_t number,
                   struct passenger *passenger)
{
    struct flight *flight = flights->lanes[server].last;
    if (flight == NULL || flight->number != number)
        flight = append_flight(flights, server, number);
    assert(flight->count < FLIGHT_ITEMS_MAX);
    passenger->flight = flight;
    passenger->seat = flight->count;
    flight->seats[flight->count++] = passenger;
    flight->tickets += purchase_quantity(&passenger->item.purchase);
}

bool flights_drop(struct passenger *passenger)
{
    struct flight *flight = passenger->flight;
    flight->seats[passenger->seat] = NULL;
    passenger->flight = NULL;
    return passenger->sent || flight->call != NULL;
}

struct loading *flights_loading(struct flights *flights)
{
    return flights->loading;
}

static void unload_waiting(struct flights *flights, struct lane *lane)
{
    while (lane->first != NULL)
        flight_unload(take_first(flights, lane));
}

static void count_outcome(struct settlement *settlement, const struct outcome *outcome)
{
    enum order_state state = outcome->sale.state;
    if (outcome->replayed)
        settlement->replayed++;
    else if (outcome->problem != PROBLEM_NONE)
        settlement->refused++;
    else if (state == ORDER_SOLD)
        settlement->sold++;
    else
        *(state == ORDER_RELEASED ? &settlement->freed : &settlement->held) += 1;
}

static void land(struct flight *flight, const struct figures *figures)
{
    struct flights *flights = flight->flights;
    struct settlement settlement = {
        .flight = flight->number, .released = flight->tickets, .unsent = (int64_t)flight->unsent};
    for (size_t i = 0; i < flight->count; i++)
        count_outcome(&settlement, &flights->outcomes[i]);
    servers_settle(flights->servers, flight->server, &settlement, figures);
    for (size_t i = 0; i < flight->count; i++) {
        struct passenger *passenger = flight->seats[i];
        if (passenger == NULL)
            continue;
        passenger->flight = NULL;
        answer_complete(&flights->outcomes[i], &passenger->item, figures);
        flight_doubt(passenger, &flights->outcomes[i]);
        flights->calls.decided(flights->calls.context, passenger, &flights->outcomes[i]);
    }
    flight_put_back(flight);
}

/* The server is out until a probe succeeds, and what waits for it is chosen anew. `refused`: for its store's sake, so
 * that the last one stays; else it is the server's own fault. */
static void fail(struct flight *flight, const char *why, bool refused)
{
    struct servers *servers = flight->flights->servers;
    char reason[ROUTING_WHY_SIZE];
    snprintf(reason, sizeof reason, "flight %llu: %.90s", (unsigned long long)flight->number, why);
    if (refused)
        servers_refused(servers, flight->server, flight->start, reason);
    else
        servers_failed(servers, flight->server, flight->start, reason);
}

static bool says(const struct upstream_answer *answer, enum problem problem)
{
    const char *code = problem_code(problem);
    return answer->answered && answer->status == problem_status(problem) && answer->length > 0 &&
           memmem(answer->body, answer->length, code, strlen(code)) != NULL;
}

/* Nothing of what was on board was decided. */
static bool turned_back(const struct upstream_answer *answer)
{
    return answer->answered && (answer->status == 503 || answer->status == 400) &&
           !says(answer, PROBLEM_OUTCOME_UNKNOWN);
}

/* What a ticket server says that can decide nothing now, though nothing is wrong with itself; NONE where it is
 * anything else, a 503 of who is no ticket server included. */
static enum problem refusal(const struct upstream_answer *answer)
{
    static const enum problem refusals[] = {PROBLEM_STORE_UNAVAILABLE, PROBLEM_OUTCOME_UNKNOWN,
                                            PROBLEM_OVERLOADED};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (says(answer, refusals[i]))
            return refusals[i];
    return PROBLEM_NONE;
}

static void not_landed(struct flight *flight, const struct upstream_answer *answer)
{
    struct flights *flights = flight->flights;
    struct lane *lane = &flights->lanes[flight->server];
    char why[ROUTING_WHY_SIZE];
    enum problem refused = refusal(answer);
    if (refused != PROBLEM_NONE)
        snprintf(why, sizeof why, "answered %u %s", answer->status, problem_code(refused));
    else if (says(answer, PROBLEM_FLIGHT_VERSION))
        snprintf(why, sizeof why, "it does not speak flights of version %d", FLIGHT_VERSION);
    else if (answer->answered)
        snprintf(why, sizeof why, "answered %u, or not as a flight is answered", answer->status);
    else
        snprintf(why, sizeof why, "%s", answer->error);
    fail(flight, why, refused != PROBLEM_NONE);
    if (turned_back(answer))
        flight_turn_back(flight);
    else if (!answer->sent)
        flight_unload(flight);
    else
        flight_lose(flight, !answer->answered);
    unload_waiting(flights, lane);
}

/* Whether every passenger was given an outcome of the kind that it asked for. */
static bool outcomes_fit(const struct flight *flight)
{
    size_t i = 0;
    while (i < flight->count &&
           (flight->seats[i] == NULL ||
            answer_fits(&flight->flights->outcomes[i], &flight->seats[i]->item)))
        i++;
    return i == flight->count;
}

/* A port may have passed to another server since: what that one tells is not this one's. */
static bool is_from(const struct figures *figures, const struct flight *flight)
{
    struct server server;
    return servers_get(flight->flights->servers, flight->server, &server) &&
           strcmp(server.id, figures->server) == 0;
}

static void flight_done(void *context, const struct upstream_answer *answer)
{
    struct flight *flight = context;
    struct flights *flights = flight->flights;
    struct figures figures;
    char error[JSON_ERROR_SIZE];
    flights->lanes[flight->server].air = NULL;
    flight->call = NULL;
    if (answer->answered && answer->status == 200 &&
        answer_parse(answer->body, answer->length, flight->count, &figures, flights->outcomes,
                     error) &&
        is_from(&figures, flight) && outcomes_fit(flight))
        land(flight, &figures);
    else
        not_landed(flight, answer);
}

/* Only those still on board leave; the others' choices are settled as unsent when it lands. */
static void close_doors(struct flight *flight)
{
    size_t taken = 0;
    for (size_t i = 0; i < flight->count; i++) {
        struct passenger *passenger = flight->seats[i];
        if (passenger == NULL)
            continue;
        passenger->seat = taken;
        flight->seats[taken++] = passenger;
    }
    flight->unsent = flight->count - taken;
    flight->count = taken;
}

static void write_body(struct flight *flight)
{
    buffer_clear(&flight->body);
    flight_begin(&flight->body, flight->flights->servers->router);
    for (size_t i = 0; i < flight->count; i++)
        item_append(&flight->body, &flight->seats[i]->item);
    flight_end(&flight->body);
    assert(flight->body.length <= FLIGHT_BYTES_MAX);
}

static void depart(struct flight *flight)
{
    struct flights *flights = flight->flights;
    struct server server;
    servers_get(flights->servers, flight->server, &server);
    close_doors(flight);
    if (flight->count == 0 || !server_state_alive(server.state)) {
        flight_unload(flight);
        return;
    }
    write_body(flight);
    flight->start = server.start;
    flight->departed = clock_monotonic();
    flight->elsewhere = servers_landed_elsewhere(flights->servers, flight->server);
    struct upstream_request request = {
        .address = server.address,
        .path = "/flights",
        .body = flight->body.data,
        .length = flight->body.length,
        .timeout = flight_timeout,
        .answer_max = FLIGHT_BYTES_MAX,
        .done = flight_done,
        .context = flight,
    };
    flights->lanes[flight->server].air = flight;
    flight->call = upstream_send(flights->upstream, &request);
}

/* Whoever has waited longest leaves next. */
static struct lane *next_to_depart(struct flights *flights)
{
    struct lane *next = NULL;
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++) {
        struct lane *lane = &flights->lanes[i];
        if (lane->first != NULL && lane->air == NULL &&
            (next == NULL || lane->first->number < next->first->number))
            next = lane;
    }
    return next;
}

/* Those that have been in the air for long do not count: they hang, or the store is slow. */
static unsigned in_the_air(const struct flights *flights, int64_t now)
{
    unsigned count = 0;
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++) {
        const struct flight *air = flights->lanes[i].air;
        count += air != NULL && now - air->departed < pace;
    }
    return count;
}

void flights_depart(struct flights *flights)
{
    unsigned air = flights->waiting > 0 ? in_the_air(flights, clock_monotonic()) : 0;
    while (flights->waiting > 0 && air < AIR_MAX) {
        struct lane *lane = next_to_depart(flights);
        if (lane == NULL)
            return;
        depart(take_first(flights, lane));
        air += lane->air != NULL;
    }
}

/* A flight that is older than a second: its server hangs, if the others leave it behind; else the store
 * itself is slow and all wait, to their deadlines. Where the others have nothing to do, because all that
 * comes goes to the one that has sold the fewest and hangs, they are given a try after two. */
static const char *hangs(struct flights *flights, const struct flight *flight)
{
    int64_t age = clock_monotonic() - flight->departed;
    if (age < age_limit)
        return NULL;
    if (servers_left_behind(flights->servers, flight->server, flight->elsewhere))
        return "no answer within a second, while others answer";
    if (age >= lonely_limit && servers_idle_elsewhere(flights->servers, flight->server))
        return "no answer within two seconds, while others have nothing to do";
    return NULL;
}

static void check_age(struct flights *flights, struct flight *flight)
{
    const char *why = hangs(flights, flight);
    if (why == NULL)
        return;
    upstream_cancel(flight->call);
    flights->lanes[flight->server].air = NULL;
    fail(flight, why, false);
    flight_lose(flight, false);
}

void flights_check(struct flights *flights)
{
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++) {
        struct lane *lane = &flights->lanes[i];
        struct server server;
        if (lane->air != NULL)
            check_age(flights, lane->air);
        if (lane->first != NULL && servers_get(flights->servers, i, &server) &&
            !server_state_alive(server.state))
            unload_waiting(flights, lane);
    }
}

void flights_close(struct flights *flights)
{
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++) {
        struct flight *air = flights->lanes[i].air;
        if (air != NULL) {
            upstream_cancel(air->call);
            flights->lanes[i].air = NULL;
            flight_lose(air, false);
        }
        unload_waiting(flights, &flights->lanes[i]);
    }
    while (flights->spare != NULL) {
        struct flight *flight = flights->spare;
        flights->spare = flight->next;
        buffer_free(&flight->body);
        free(flight);
    }
    free(flights);
}
