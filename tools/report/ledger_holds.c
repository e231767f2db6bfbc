/* The ledger's third part: the store's holds, held against the choices.
 *
 * A hold's row says which server and router held it only until it is sold; then, who sold it. It never says who
 * released it: that is taken from when it was released, where one release alone asked for it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tools/report/ledger.h"

void ledger_hold(struct ledger *ledger, const struct order *order, const char *router)
{
    const struct sale *sale = &order->sale;
    struct ledger_hold hold = {
        .id = sale->id,
        .created_at = sale->created_at,
        .changed_at = order->changed_at,
        .server = ledger_server_number(ledger, sale->server),
        .router = router[0] ? ledger_router_number(ledger, router) : LEDGER_NONE,
        .event = names_number(&ledger->events, sale->event),
        .quantity = sale->quantity,
        .state = sale->state,
    };
    buffer_append(&ledger->holds, &hold, sizeof hold);
}

static struct ledger_hold *holds(const struct ledger *ledger, size_t *count)
{
    *count = ledger->holds.length / sizeof(struct ledger_hold);
    return (struct ledger_hold *)(void *)ledger->holds.data;
}

static bool is_sold(const struct ledger_hold *hold)
{
    return hold->state == ORDER_SOLD || hold->state == ORDER_REFUNDED;
}

/* --- holds ------------------------------------------------------------------------------------- */

/* Whose figures are of fewer tickets than were asked for may have waited in line. */
static void compare(struct ledger *ledger, const struct attempt *attempt,
                    const struct ledger_hold *hold, const char *id)
{
    if (attempt->verb != VERB_HOLD)
        findings_broken(ledger->findings, CHECK_HOLDS, attempt->place,
                        "request %s is a %s, but the store held tickets by it", id,
                        verb_name(attempt->verb));
    else if (attempt->event != hold->event || attempt->quantity < hold->quantity)
        findings_broken(ledger->findings, CHECK_HOLDS, attempt->place,
                        "request %s asked to hold %" PRId32 " tickets of %s, but the store held "
                        "%" PRId32 " of %s by it",
                        id, attempt->quantity, names_text(&ledger->events, attempt->event),
                        hold->quantity, names_text(&ledger->events, hold->event));
}

/* Counts the hold for the flights that carried it; false where none of them can have made it. */
static bool match(struct ledger *ledger, const struct ledger_hold *hold, uint32_t latest)
{
    bool found = false, once = ledger_attempt(ledger, latest)->older == LEDGER_NONE;
    for (uint32_t at = latest; at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older) {
        struct ledger_flight *flight = ledger_flight(ledger, ledger_attempt(ledger, at)->flight);
        if (!is_sold(hold) && (flight->server != hold->server || flight->router != hold->router))
            continue;
        if (is_sold(hold) && !once)
            flight->held_else++;
        else
            flight->held_rows++;
        found = true;
    }
    return found;
}

static void name_choices(struct ledger *ledger, const struct ledger_hold *hold, uint32_t latest,
                         const char *id)
{
    for (uint32_t at = latest; at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older) {
        const struct attempt *attempt = ledger_attempt(ledger, at);
        const struct ledger_flight *flight = ledger_flight(ledger, attempt->flight);
        findings_broken(
            ledger->findings, CHECK_HOLDS, attempt->place,
            "request %s was given to %s by router %s, but the store says it was held by "
            "%s through %s",
            id, names_text(&ledger->servers, flight->server),
            names_text(&ledger->routers, flight->router),
            names_text(&ledger->servers, hold->server),
            hold->router == LEDGER_NONE ? "none" : names_text(&ledger->routers, hold->router));
    }
}

/* A hold that no choice is known of. */
static void finish_unknown(struct ledger *ledger, const struct ledger_hold *hold, const char *id)
{
    char time[CLOCK_TEXT_SIZE];
    if (is_sold(hold) || hold->router == LEDGER_NONE || !ledger->known.data[hold->router] ||
        ledger_in_window(ledger, hold->router, &hold->id))
        return;
    if (ledger_beyond_end(ledger, hold->router, hold->created_at, hold->created_at)) {
        ledger->holds_beyond++;
        return;
    }
    clock_format(hold->created_at, time);
    ledger->findings->checked[CHECK_HOLDS]++;
    findings_broken_store(ledger->findings, CHECK_HOLDS,
                          "the store: hold %s of %" PRId32
                          " tickets by %s at %s, through router %s, "
                          "has no choice in the log: its line is missing",
                          id, hold->quantity, names_text(&ledger->servers, hold->server), time,
                          names_text(&ledger->routers, hold->router));
}

static void finish_hold(struct ledger *ledger, const struct ledger_hold *hold)
{
    char id[ID_TEXT_SIZE];
    uint32_t latest = ledger_find(ledger, &hold->id);
    id_format(&hold->id, id);
    if (latest == LEDGER_NONE) {
        finish_unknown(ledger, hold, id);
        return;
    }
    ledger->findings->checked[CHECK_HOLDS]++;
    if (match(ledger, hold, latest))
        for (uint32_t at = latest; at != LEDGER_NONE; at = ledger_attempt(ledger, at)->older)
            compare(ledger, ledger_attempt(ledger, at), hold, id);
    else if (hold->router == LEDGER_NONE || !ledger_in_window(ledger, hold->router, &hold->id))
        name_choices(ledger, hold, latest, id);
}

/* --- releases ---------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct ledger_hold *x = a, *y = b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

/* The order that the attempt would release, if it is released; else NULL. */
static struct ledger_hold *released_by(const struct ledger *ledger, const struct attempt *attempt)
{
    size_t count;
    struct ledger_hold *list = holds(ledger, &count), key = {.id = attempt->order};
    if (attempt->verb != VERB_RELEASE || count == 0)
        return NULL;
    struct ledger_hold *hold = bsearch(&key, list, count, sizeof *list, by_id);
    return hold != NULL && hold->state == ORDER_RELEASED ? hold : NULL;
}

/* Released by the only one who asked for it, while that was under way: it was done by it. */
static void finish_release(const struct ledger *ledger, struct ledger_flight *flight,
                           const struct ledger_hold *hold)
{
    flight->released_rows++;
    flight->released_here += hold->releases == 1 && hold->changed_at >= flight->begun &&
                             hold->changed_at <= flight->over &&
                             !ledger_missing(ledger, flight->begun, flight->over);
}

/* At a ticket server itself, or through another router: nothing tells which. */
static void note_unasked(struct ledger *ledger)
{
    size_t count, unasked = 0;
    const struct ledger_hold *list = holds(ledger, &count);
    for (size_t i = 0; i < count; i++)
        unasked += list[i].state == ORDER_RELEASED && list[i].releases == 0 &&
                   ledger_find(ledger, &list[i].id) != LEDGER_NONE;
    if (unasked > 0)
        findings_note(ledger->findings,
                      "%zu hold%s released, but no choice of these logs asked for that: it was "
                      "asked directly, through another router, or a choice is not what it was",
                      unasked, unasked == 1 ? " was" : "s were");
}

static void finish_releases(struct ledger *ledger)
{
    size_t count = ledger->attempts.length / sizeof(struct attempt);
    for (uint32_t i = 0; i < count; i++) {
        struct ledger_hold *hold = released_by(ledger, ledger_attempt(ledger, i));
        if (hold != NULL)
            hold->releases++;
    }
    note_unasked(ledger);
    for (uint32_t i = 0; i < count; i++) {
        const struct attempt *attempt = ledger_attempt(ledger, i);
        const struct ledger_hold *hold = released_by(ledger, attempt);
        if (hold != NULL)
            finish_release(ledger, ledger_flight(ledger, attempt->flight), hold);
    }
}

void ledger_finish_holds(struct ledger *ledger)
{
    size_t count;
    struct ledger_hold *list = holds(ledger, &count);
    for (size_t i = 0; i < count; i++)
        finish_hold(ledger, &list[i]);
    if (count == 0)
        return;
    qsort(list, count, sizeof *list, by_id);
    finish_releases(ledger);
}
