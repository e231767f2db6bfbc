/* Flights: each opens with its first choice, and is settled once, with all that it carried. */
#include <inttypes.h>
#include <string.h>

#include "tools/report/replay_parts.h"

uint32_t *replay_open_list(const struct replay *replay, size_t *count)
{
    *count = replay->open.length / sizeof(uint32_t);
    return (uint32_t *)(void *)replay->open.data;
}

static struct ledger_flight *find_open(const struct replay *replay, uint64_t number,
                                       uint32_t *flight)
{
    size_t count;
    const uint32_t *list = replay_open_list(replay, &count);
    for (size_t i = count; i > 0; i--) {
        struct ledger_flight *found = ledger_flight(replay->ledger, list[i - 1]);
        if (found->number == number) {
            *flight = list[i - 1];
            return found;
        }
    }
    return NULL;
}

static void forget(struct replay *replay, uint32_t flight)
{
    size_t count;
    uint32_t *list = replay_open_list(replay, &count);
    for (size_t i = 0; i < count; i++) {
        if (list[i] == flight)
            list[i] = list[count - 1];
    }
    replay->open.length -= sizeof flight;
}

static uint32_t add_flight(struct replay *replay, uint64_t number, uint32_t server, uint32_t place)
{
    struct ledger_flight flight = {
        .number = number,
        .router = replay->router,
        .server = server,
        .opened = place,
        .begun = replay->line.time,
        .latest = place,
        .settled = LEDGER_NONE,
        .partial = number < replay->partial_below,
    };
    uint32_t added = ledger_flight_add(replay->ledger, &flight);
    buffer_append(&replay->open, &added, sizeof added);
    return added;
}

/* --- choices ----------------------------------------------------------------------------------- */

static uint32_t flight_of_choice(struct replay *replay, const struct replay_server *server,
                                 uint32_t place)
{
    uint64_t number = replay->line.choice.flight;
    struct findings *findings = replay_findings(replay);
    uint32_t found;
    struct ledger_flight *flight = find_open(replay, number, &found);
    if (flight) {
        if (flight->server != server->number)
            findings_broken(findings, CHECK_FLIGHTS, place,
                            "to=%s joins flight=%" PRIu64 ", which goes to %s since %s", server->id,
                            number, names_text(&replay->ledger->servers, flight->server),
                            replay_where(replay, flight->opened).text);
        flight->latest = place;
        return found;
    }
    if (number != replay->flight_next && number >= replay->partial_below)
        findings_broken(findings, CHECK_FLIGHTS, place,
                        "flight=%" PRIu64 " is not open, and flight=%" PRIu64
                        " is the next to open",
                        number, replay->flight_next);
    if (number >= replay->flight_next)
        replay->flight_next = number + 1;
    return add_flight(replay, number, server->number, place);
}

static void count_boarding(struct ledger_flight *flight, const struct routing_choice *choice)
{
    flight->count++;
    flight->tickets += choice->quantity;
    flight->holds += choice->verb == VERB_HOLD;
    flight->releases += choice->verb == VERB_RELEASE;
}

void replay_board(struct replay *replay, const struct replay_server *server, uint32_t place)
{
    const struct routing_choice *choice = &replay->line.choice;
    uint32_t flight = flight_of_choice(replay, server, place);
    struct attempt attempt = {
        .verb = choice->verb,
        .flight = flight,
        .event = LEDGER_NONE,
        .place = place,
        .quantity = choice->quantity,
    };
    if (choice->event != NULL)
        attempt.event = names_number(&replay->ledger->events, choice->event);
    count_boarding(ledger_flight(replay->ledger, flight), choice);
    bool known = choice->order == NULL || id_parse(choice->order, &attempt.order);
    if (id_parse(choice->request, &attempt.request) && known)
        ledger_attempt_add(replay->ledger, &attempt);
}

/* --- settlements ------------------------------------------------------------------------------- */

static uint32_t flight_of_settlement(struct replay *replay, const struct replay_server *server,
                                     uint32_t place)
{
    const struct routing_settled *settled = &replay->line.settled;
    struct findings *findings = replay_findings(replay);
    uint32_t found;
    const struct ledger_flight *flight = find_open(replay, settled->flight, &found);
    if (!flight && settled->flight >= replay->partial_below) {
        findings_broken(findings, CHECK_FLIGHTS, place,
                        "flight=%" PRIu64 " is not open: it was settled before, or its choices are "
                        "missing",
                        settled->flight);
        return LEDGER_NONE;
    }
    if (!flight)
        return add_flight(replay, settled->flight, server->number, place);
    if (flight->server != server->number)
        findings_broken(findings, CHECK_FLIGHTS, place,
                        "flight=%" PRIu64 " is settled by %s, but its choices went to %s (first at "
                        "%s)",
                        settled->flight, server->id,
                        names_text(&replay->ledger->servers, flight->server),
                        replay_where(replay, flight->opened).text);
    return found;
}

/* A flight all of whose choices are in the log must account for exactly them; another for no fewer. */
static bool accounts(const struct ledger_flight *flight, int64_t here, int64_t told)
{
    return flight->partial ? told >= here : told == here;
}

/* Only holds are held, only what was held is freed, and neither holds nor releases are sold. */
static void prove_verbs(struct replay *replay, const struct ledger_flight *flight, uint32_t place)
{
    const struct routing_settled *line = &replay->line.settled;
    int64_t sellers = flight->count - flight->holds - flight->releases;
    if (flight->partial ||
        (line->sold <= sellers && line->held <= flight->holds && line->freed <= flight->releases))
        return;
    findings_broken(replay_findings(replay), CHECK_FLIGHTS, place,
                    "flight=%" PRIu64 " sold=%" PRId64 " held=%" PRId64 " freed=%" PRId64
                    ", but carried %" PRId64 " purchases and confirms, %" PRId64
                    " holds and %" PRId64 " releases (choices from %s to %s)",
                    line->flight, line->sold, line->held, line->freed, sellers, flight->holds,
                    flight->releases, replay_where(replay, flight->opened).text,
                    replay_where(replay, flight->latest).text);
}

static void prove_settlement(struct replay *replay, const struct ledger_flight *flight,
                             uint32_t place)
{
    const struct routing_settled *line = &replay->line.settled;
    struct findings *findings = replay_findings(replay);
    const char *least = flight->partial ? "at least " : "";
    int64_t count = routing_settled_count(line);
    if (!accounts(flight, flight->tickets, line->released))
        findings_broken(findings, CHECK_FLIGHTS, place,
                        "flight=%" PRIu64 " released=%" PRId64 ", but %s%" PRId64
                        " tickets were asked of it (choices from %s to %s)",
                        line->flight, line->released, least, flight->tickets,
                        replay_where(replay, flight->opened).text,
                        replay_where(replay, flight->latest).text);
    if (!accounts(flight, flight->count, count))
        findings_broken(
            findings, CHECK_FLIGHTS, place,
            "flight=%" PRIu64 " accounts for %" PRId64
            " purchases and the like, but carried %s%" PRId64 " (choices from %s to %s)",
            line->flight, count, least, flight->count, replay_where(replay, flight->opened).text,
            replay_where(replay, flight->latest).text);
}

static void apply_settlement(struct replay *replay, uint32_t number, uint32_t place)
{
    const struct routing_settled *line = &replay->line.settled;
    struct ledger_flight *flight = ledger_flight(replay->ledger, number);
    flight->sold = line->sold;
    flight->replayed = line->replayed;
    flight->refused = line->refused;
    flight->lost = line->lost;
    flight->unsent = line->unsent;
    flight->held = line->held;
    flight->freed = line->freed;
    flight->over = replay->line.time;
    flight->settled = place;
    forget(replay, number);
}

/* Its purchases are no longer under way. */
static void release_busy(struct replay *replay, struct replay_server *server, uint32_t place)
{
    const struct routing_settled *line = &replay->line.settled;
    int64_t count = routing_settled_count(line);
    if (count > server->busy)
        findings_broken(replay_findings(replay), CHECK_FLIGHTS, place,
                        "%" PRId64 " purchases are settled, but only %" PRId64
                        " requests are under way at %s",
                        count, server->busy, server->id);
    server->busy -= count < server->busy ? count : server->busy;
    server->busy_at = place;
}

void replay_settled(struct replay *replay, uint32_t place)
{
    const struct routing_settled *line = &replay->line.settled;
    struct findings *findings = replay_findings(replay);
    struct replay_server *server = replay_server(replay, line->server);
    findings->checked[CHECK_FLIGHTS]++;
    if (!server) {
        findings_broken(findings, CHECK_FLIGHTS, place, "settled by %s, which is not in the list",
                        line->server);
        return;
    }
    uint32_t flight = flight_of_settlement(replay, server, place);
    if (flight != LEDGER_NONE) {
        prove_settlement(replay, ledger_flight(replay->ledger, flight), place);
        prove_verbs(replay, ledger_flight(replay->ledger, flight), place);
        apply_settlement(replay, flight, place);
    }
    if (line->released > server->pending)
        findings_broken(findings, CHECK_FLIGHTS, place,
                        "released=%" PRId64 ", but only %" PRId64 " are pending at %s",
                        line->released, server->pending, server->id);
    server->pending -= line->released < server->pending ? line->released : server->pending;
    server->released_at = place;
    release_busy(replay, server, place);
    replay->sold += line->sold;
    replay_figures(replay, server, &(struct replay_figures){line->boot, line->commit, line->told},
                   place);
}
