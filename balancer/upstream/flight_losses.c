#include <assert.h>

#include "balancer/upstream/flight_parts.h"
#include "common/log.h"

enum {
    DEATHS_MAX = 3, /* servers that may die while they decide a purchase */
    TURNS_MAX = 8,  /* servers that may turn it away */
};

/* Gives every passenger still on board back, to be chosen anew. */
static void return_passengers(struct flight *flight)
{
    const struct flight_calls *calls = &flight->flights->calls;
    for (size_t i = 0; i < flight->count; i++) {
        struct passenger *passenger = flight->seats[i];
        if (passenger == NULL)
            continue;
        passenger->flight = NULL;
        calls->returned(calls->context, passenger);
    }
}

void flight_unload(struct flight *flight)
{
    struct settlement settlement = {.flight = flight->number,
                                    .released = flight->tickets,
                                    .unsent = (int64_t)(flight->count + flight->unsent)};
    servers_settle(flight->flights->servers, flight->server, &settlement, NULL);
    return_passengers(flight);
    flight_put_back(flight);
}

/* Of a hold's confirm or release, whatever the order's state says is said of earlier servers too. */
static bool by_state(const struct passenger *passenger, enum problem problem)
{
    return verb_names_order(passenger->item.verb) && problem_status(problem) < 500;
}

void flight_doubt(const struct passenger *passenger, struct outcome *outcome)
{
    bool certain = outcome->stored || outcome->problem == PROBLEM_NONE ||
                   outcome->problem == PROBLEM_KEY_REUSED || by_state(passenger, outcome->problem);
    if (passenger->sent && !certain)
        outcome->problem = PROBLEM_OUTCOME_UNKNOWN;
}

static void turn_away(struct flight *flight, struct passenger *passenger)
{
    const struct flight_calls *calls = &flight->flights->calls;
    struct outcome refused = {.problem = PROBLEM_STORE_UNAVAILABLE};
    flight_doubt(passenger, &refused);
    calls->decided(calls->context, passenger, &refused);
}

void flight_turn_back(struct flight *flight)
{
    bool others = servers_any_but(flight->flights->servers, flight->server);
    for (size_t i = 0; i < flight->count; i++) {
        struct passenger *passenger = flight->seats[i];
        if (passenger == NULL ||
            (++passenger->turns < TURNS_MAX && others && budget_spend(flight->flights->budget)))
            continue;
        flight->seats[i] = NULL;
        passenger->flight = NULL;
        turn_away(flight, passenger);
    }
    flight_unload(flight);
}

static void log_deaths(const struct passenger *passenger, const char *what)
{
    char request[ID_TEXT_SIZE];
    id_format(&passenger->item.request, request);
    log_line("%u servers died with %s %s on board; %s", passenger->deaths,
             verb_name(passenger->item.verb), request, what);
}

/* From now on servers are only asked what became of it: an item past its deadline is answered with the
 * outcome its key has, and is not decided where it has none. */
static void only_look_up(struct passenger *passenger)
{
    log_deaths(passenger, "it is not tried again, only looked up");
    passenger->item.deadline = passenger->item.admitted;
}

static void give_up(const struct flight *flight, struct passenger *passenger)
{
    const struct flight_calls *calls = &flight->flights->calls;
    struct outcome unknown = {.problem = PROBLEM_OUTCOME_UNKNOWN};
    calls->decided(calls->context, passenger, &unknown);
}

/* A purchase that kills its server must not kill one after the other: a flight lost that way is
 * repeated in halves, then its purchases one by one. */
static void share_blame(struct flight *flight, struct passenger *passenger)
{
    passenger->deaths++;
    passenger->room = passenger->deaths == 1 ? (flight->count + 1) / 2 : 1;
    if (passenger->deaths == DEATHS_MAX)
        only_look_up(passenger);
}

/* Whether somebody else is asked what became of it. */
static bool may_ask_again(struct flight *flight, struct passenger *passenger, bool death)
{
    if (!death)
        return budget_spend(flight->flights->budget);
    share_blame(flight, passenger);
    if (passenger->deaths <= DEATHS_MAX)
        return true;
    log_deaths(passenger, "its outcome is not known"); /* even looking it up killed a server */
    return false;
}

void flight_lose(struct flight *flight, bool death)
{
    struct settlement settlement = {.flight = flight->number,
                                    .released = flight->tickets,
                                    .lost = (int64_t)flight->count,
                                    .unsent = (int64_t)flight->unsent};
    servers_settle(flight->flights->servers, flight->server, &settlement, NULL);
    for (size_t i = 0; i < flight->count; i++) {
        struct passenger *passenger = flight->seats[i];
        if (passenger == NULL)
            continue;
        passenger->sent = true;
        passenger->item.attempt++;
        if (may_ask_again(flight, passenger, death))
            continue;
        flight->seats[i] = NULL;
        passenger->flight = NULL;
        give_up(flight, passenger);
    }
    return_passengers(flight);
    flight_put_back(flight);
}
