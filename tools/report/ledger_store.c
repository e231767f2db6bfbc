/* The ledger's second half: the store's sales, held against it. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tools/report/ledger.h"

/* A sale that came through a router, for which no choice of that server has been read yet. */
struct stray {
    struct id id;      /* the order's */
    struct id request; /* that sold it */
    uint32_t router, server, event;
    int32_t quantity;
    int64_t created_at;
};

/* --- one sale ---------------------------------------------------------------------------------- */

static struct where where(const struct ledger *ledger, uint32_t place)
{
    return findings_where(ledger->findings, place);
}

static void compare_purchase(struct ledger *ledger, const struct attempt *attempt,
                             const struct stray *sale, const char *request)
{
    if (attempt->quantity != sale->quantity)
        findings_broken(ledger->findings, CHECK_SALES, attempt->place,
                        "quantity=%" PRId32 " of request %s, but the store sold it %" PRId32
                        " tickets",
                        attempt->quantity, request, sale->quantity);
    if (attempt->event != sale->event)
        findings_broken(ledger->findings, CHECK_SALES, attempt->place,
                        "event=%s of request %s, but the store sold it tickets of another event",
                        names_text(&ledger->events, attempt->event), request);
}

/* A purchase is the order that it sells; a confirm sells the order it names; nothing else sells. */
static void compare(struct ledger *ledger, const struct attempt *attempt, const struct stray *sale)
{
    char request[ID_TEXT_SIZE], order[ID_TEXT_SIZE];
    const struct id *named = attempt->verb == VERB_CONFIRM ? &attempt->order : &attempt->request;
    id_format(&sale->request, request);
    id_format(&sale->id, order);
    if (attempt->verb == VERB_HOLD || attempt->verb == VERB_RELEASE)
        findings_broken(ledger->findings, CHECK_SALES, attempt->place,
                        "verb=%s of request %s, but the store sold tickets by it",
                        verb_name(attempt->verb), request);
    else if (!id_equal(named, &sale->id))
        findings_broken(
            ledger->findings, CHECK_SALES, attempt->place,
            "request %s is a %s of another order, but the store sold the order %s by it", request,
            verb_name(attempt->verb), order);
    else if (attempt->verb == VERB_PURCHASE)
        compare_purchase(ledger, attempt, sale, request);
}

/* Counts the sale for every flight that carried it to its server; false where none has yet. */
static bool match(struct ledger *ledger, const struct stray *sale)
{
    uint32_t latest = ledger_find(ledger, &sale->request);
    bool found = false;
    for (uint32_t at = latest; at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older) {
        struct ledger_flight *flight = ledger_flight(ledger, ledger_attempt(ledger, at)->flight);
        if (flight->server != sale->server || flight->router != sale->router)
            continue;
        flight->rows++;
        found = true;
    }
    for (uint32_t at = latest; found && at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older)
        compare(ledger, ledger_attempt(ledger, at), sale);
    ledger->findings->checked[CHECK_SALES] += found;
    return found;
}

void ledger_snapshot(struct ledger *ledger)
{
    ledger->snapshot = ledger->findings->lines;
}

void ledger_sale(struct ledger *ledger, const struct sale *sale, const char *router)
{
    uint32_t server = ledger_server_number(ledger, sale->server);
    ledger->sales++;
    if (!router[0]) {
        ledger->sales_direct++;
        ledger_server(ledger, server)->direct += sale->quantity;
        return;
    }
    struct stray stray = {
        .id = sale->id,
        .request = sale->request,
        .router = ledger_router_number(ledger, router),
        .server = server,
        .event = names_number(&ledger->events, sale->event),
        .quantity = sale->quantity,
        .created_at = sale->created_at,
    };
    if (match(ledger, &stray)) {
        ledger->sales_through++;
        ledger_server(ledger, server)->through += sale->quantity;
    } else {
        buffer_append(&ledger->strays, &stray, sizeof stray);
    }
}

void ledger_total(struct ledger *ledger, const char *server, int64_t tickets)
{
    ledger_server(ledger, ledger_server_number(ledger, server))->total = tickets;
}

/* --- the end ----------------------------------------------------------------------------------- */

/* Names the choices of a request that was sold by a server it was never given to. */
static void name_choices(struct ledger *ledger, const struct stray *sale, uint32_t latest)
{
    char id[ID_TEXT_SIZE];
    id_format(&sale->request, id);
    for (uint32_t at = latest; at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older) {
        const struct attempt *attempt = ledger_attempt(ledger, at);
        const struct ledger_flight *flight = ledger_flight(ledger, attempt->flight);
        findings_broken(
            ledger->findings, CHECK_SALES, attempt->place,
            "request %s was given to %s by router %s, but the store says it was sold by "
            "%s through %s",
            id, names_text(&ledger->servers, flight->server),
            names_text(&ledger->routers, flight->router),
            names_text(&ledger->servers, sale->server), names_text(&ledger->routers, sale->router));
    }
}

/* When it was sold is not known of a hold's confirm: nothing but its id tells. */
static bool beyond_end(struct ledger *ledger, const struct stray *sale)
{
    static const int64_t under_way = 15 * CLOCK_SECOND; /* the longest a confirm is, and more */
    bool purchase = id_equal(&sale->id, &sale->request);
    int64_t from = purchase ? sale->created_at : ledger_admitted_at(&sale->request);
    return ledger_beyond_end(ledger, sale->router, from, purchase ? from : from + under_way);
}

static void finish_stray(struct ledger *ledger, const struct stray *sale)
{
    struct ledger_server *server = ledger_server(ledger, sale->server);
    uint32_t latest = ledger_find(ledger, &sale->request);
    if (!ledger->known.data[sale->router] && latest == LEDGER_NONE) {
        ledger->sales_others++;
        server->others += sale->quantity;
        return;
    }
    ledger->sales_through++;
    server->through += sale->quantity;
    if (match(ledger, sale))
        return;
    if (ledger_in_window(ledger, sale->router, &sale->request)) {
        ledger->sales_before++;
        return;
    }
    if (latest == LEDGER_NONE && beyond_end(ledger, sale)) {
        ledger->sales_beyond++;
        return;
    }
    ledger->findings->checked[CHECK_SALES]++;
    if (latest != LEDGER_NONE) {
        name_choices(ledger, sale, latest);
        return;
    }
    char id[ID_TEXT_SIZE], time[CLOCK_TEXT_SIZE];
    id_format(&sale->request, id);
    clock_format(sale->created_at, time);
    findings_broken_store(ledger->findings, CHECK_SALES,
                          "the store: sale %s of %" PRId32
                          " tickets by %s at %s, through router %s, "
                          "has no choice in the log: its line is missing",
                          id, sale->quantity, names_text(&ledger->servers, sale->server), time,
                          names_text(&ledger->routers, sale->router));
}

/* Of what the settlement accounts for, so much is not known to the log, legally. */
static int64_t unseen(const struct ledger_flight *flight)
{
    int64_t told = flight->sold + flight->replayed + flight->refused + flight->lost +
                   flight->unsent + flight->held + flight->freed;
    return told > flight->count ? told - flight->count : 0;
}

/* A hold the flight made is in the store, and what it freed is released there. */
static void finish_done(struct ledger *ledger, const struct ledger_flight *flight)
{
    int64_t held = flight->held_rows + flight->held_else;
    if (flight->settled >= ledger->snapshot ||
        (flight->held <= held + unseen(flight) &&
         flight->freed <= flight->released_rows + unseen(flight)))
        return;
    findings_broken(ledger->findings, CHECK_SOLD, flight->settled,
                    "flight=%" PRIu64 " held=%" PRId64 " freed=%" PRId64
                    ", but of those it carried the store has %" PRId64
                    " as held by %s, and %" PRId64 " as released (choices from %s to %s)",
                    flight->number, flight->held, flight->freed, held,
                    names_text(&ledger->servers, flight->server), flight->released_rows,
                    where(ledger, flight->opened).text, where(ledger, flight->latest).text);
}

/* What the store has of those the flight carried was done by it, or by a flight whose answer was lost: of each
 * kind, and of all together. */
static void finish_stored(struct ledger *ledger, const struct ledger_flight *flight)
{
    int64_t doubtful = flight->replayed + flight->lost + flight->unsent;
    int64_t done = flight->sold + flight->held + flight->freed;
    int64_t stored = flight->rows + flight->held_rows + flight->released_here;
    if (flight->held_rows <= flight->held + doubtful &&
        flight->released_here <= flight->freed + doubtful && stored <= done + doubtful)
        return;
    findings_broken(
        ledger->findings, CHECK_SOLD, flight->settled,
        "flight=%" PRIu64 " sold=%" PRId64 " held=%" PRId64 " freed=%" PRId64 " and %" PRId64
        " in doubt, but of those it carried the store has %" PRId64 " as sold by %s, %" PRId64
        " as held, and %" PRId64 " as released meanwhile (choices from %s to %s)",
        flight->number, flight->sold, flight->held, flight->freed, doubtful, flight->rows,
        names_text(&ledger->servers, flight->server), flight->held_rows, flight->released_here,
        where(ledger, flight->opened).text, where(ledger, flight->latest).text);
}

/* A sale the flight made is in the store, under a request it carried, by its server. A sale in the store
 * under such a request was made by it, or by a flight whose answer was lost. */
static void finish_flight(struct ledger *ledger, const struct ledger_flight *flight)
{
    if (flight->settled == LEDGER_NONE)
        return;
    int64_t possible = flight->sold + flight->replayed + flight->lost + flight->unsent;
    ledger->findings->checked[CHECK_SOLD]++;
    bool before = flight->settled < ledger->snapshot;
    if (before && flight->sold > flight->rows + unseen(flight))
        findings_broken(ledger->findings, CHECK_SOLD, flight->settled,
                        "flight=%" PRIu64 " sold=%" PRId64
                        " purchases, but of those it carried the "
                        "store holds only %" PRId64 " as sold by %s (its choices: from %s to %s)",
                        flight->number, flight->sold, flight->rows,
                        names_text(&ledger->servers, flight->server),
                        where(ledger, flight->opened).text, where(ledger, flight->latest).text);
    if (flight->rows > possible)
        findings_broken(
            ledger->findings, CHECK_SOLD, flight->settled,
            "flight=%" PRIu64 " accounts for %" PRId64 " purchases that may be sold, but "
            "of those it carried the store holds %" PRId64 " as sold by %s",
            flight->number, possible, flight->rows, names_text(&ledger->servers, flight->server));
    finish_done(ledger, flight);
    finish_stored(ledger, flight);
}

static void note_beyond(struct ledger *ledger)
{
    if (ledger->sales_beyond + ledger->holds_beyond > 0)
        findings_note(ledger->findings,
                      "%" PRIu64 " sales and %" PRIu64 " holds were made after the last line of a "
                      "router that ended by a crash, up to %" PRId64 " ms behind it: their lines "
                      "were lost with the power, had no room, or were cut off",
                      ledger->sales_beyond, ledger->holds_beyond,
                      ledger->beyond_by / CLOCK_MILLISECOND);
}

static void finish_server(struct ledger *ledger, uint32_t number)
{
    const struct ledger_server *server = ledger_server(ledger, number);
    int64_t total = server->total < 0 ? 0 : server->total;
    if (server->told_place != LEDGER_NONE && server->told > total)
        findings_broken(ledger->findings, CHECK_FIGURES, server->told_place,
                        "%s told=%" PRId64 ", but in the store it has sold %" PRId64 " tickets",
                        names_text(&ledger->servers, number), server->told, total);
}

void ledger_finish(struct ledger *ledger)
{
    const struct stray *strays = (const struct stray *)(const void *)ledger->strays.data;
    for (size_t i = 0; i < ledger->strays.length / sizeof *strays; i++)
        finish_stray(ledger, &strays[i]);
    ledger_finish_holds(ledger);
    note_beyond(ledger);
    for (uint32_t i = 0; i < ledger->flights.length / sizeof(struct ledger_flight); i++)
        finish_flight(ledger, ledger_flight(ledger, i));
    for (uint32_t i = 0; i < ledger->servers.count; i++)
        finish_server(ledger, i);
}
