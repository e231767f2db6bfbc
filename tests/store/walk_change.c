/* The events of a random walk, and what their organiser changes. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/walk.h"

static uint32_t roll(struct walk *walk, uint32_t sides)
{
    return dice_roll(&walk->dice, sides);
}

static enum problem make(struct walk *walk, struct change *change)
{
    enum store_result result = store_change(walk->sellers[0], change);
    if (result != STORE_DURABLE)
        walk_differ(walk, "a change: result %d, %s", result, store_error(walk->sellers[0]));
    return change->problem;
}

static int64_t around_now(struct walk *walk)
{
    int64_t bound = walk->now + ((int64_t)roll(walk, 400) - 200) * CLOCK_SECOND;
    return roll(walk, 2) == 0 ? 0 : bound;
}

/* An end before the beginning would be refused. */
static void choose_window(struct walk *walk, struct event_terms *terms)
{
    terms->sale_from = roll(walk, 3) == 0 ? around_now(walk) : 0;
    terms->sale_until = roll(walk, 3) == 0 ? around_now(walk) : 0;
    if (terms->sale_until <= terms->sale_from)
        terms->sale_until = 0;
}

/* --- making --------------------------------------------------------------------------------- */

static void make_event(struct walk *walk, const struct event_terms *terms,
                       const char *const *tier_names, size_t tiers)
{
    struct tier_terms made[2] = {0};
    for (size_t i = 0; i < tiers; i++) {
        struct memory_tier *tier =
            memory_add_tier(&walk->memory, terms->name, tier_names[i], 2 + roll(walk, 9),
                            100 * roll(walk, 30), 2 + roll(walk, 5));
        made[i] = tier->terms;
    }
    memory_event(&walk->memory, terms->name)->terms = *terms;
    struct change change = {.kind = CHANGE_EVENT_CREATE, .tiers = made, .tier_count = tiers};
    change.event = *terms;
    if (make(walk, &change) != PROBLEM_NONE)
        walk_differ(walk, "event %s: problem %d", terms->name, change.problem);
}

void walk_make_events(struct walk *walk)
{
    static const char *const tiers[] = {"standard", "stalls"};
    static const char *const names[] = {"demo", "opera", "fair"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct event_terms terms = {.zone = "Europe/Berlin", .title = "Größe ✓"};
        snprintf(terms.name, sizeof terms.name, "%s", names[i]);
        terms.starts_at = walk->now + 86400 * CLOCK_SECOND;
        terms.hold_seconds = 1 + roll(walk, 100);
        terms.waiting_list = i == 0 || roll(walk, 2) == 0;
        terms.buyer_limit = i == 1 ? 2 + roll(walk, 3) : 0;
        if (i == 2)
            choose_window(walk, &terms);
        make_event(walk, &terms, tiers, i == 1 ? 2 : 1);
    }
}

/* --- changing ------------------------------------------------------------------------------- */

static void change_event(struct walk *walk)
{
    struct memory_event *event = &walk->memory.events[roll(walk, 3)];
    struct event_terms *terms = &event->terms;
    struct change change = {.kind = CHANGE_EVENT};
    switch (roll(walk, 6)) {
    case 0:
        change.set = SET_CLOSED;
        terms->closed = !terms->closed && roll(walk, 2) == 0;
        break;
    case 1:
        change.set = SET_HOLD_SECONDS;
        terms->hold_seconds = 1 + roll(walk, 100);
        break;
    case 2:
        change.set = SET_WAITING_LIST;
        terms->waiting_list = !terms->waiting_list;
        break;
    case 3:
        change.set = SET_BUYER_LIMIT;
        terms->buyer_limit = roll(walk, 3) == 0 ? 0 : 1 + roll(walk, 5);
        break;
    default:
        change.set = SET_SALE_FROM | SET_SALE_UNTIL;
        choose_window(walk, terms);
    }
    change.event = *terms;
    if (make(walk, &change) != PROBLEM_NONE)
        walk_differ(walk, "a change of %s: problem %d", terms->name, change.problem);
}

static void change_capacity(struct walk *walk, struct memory_tier *tier, struct change *change)
{
    int64_t capacity = roll(walk, 14);
    int64_t taken = memory_tickets(&walk->memory, tier, ORDER_SOLD) +
                    memory_tickets(&walk->memory, tier, ORDER_HELD);
    struct tier_terms wanted = tier->terms;
    wanted.capacity = capacity;
    change->set = SET_CAPACITY;
    change->tiers = &wanted;
    enum problem problem = make(walk, change);
    enum problem expected = capacity < taken ? PROBLEM_CAPACITY_TAKEN : PROBLEM_NONE;
    if (problem != expected || (problem != PROBLEM_NONE && change->taken != taken))
        walk_differ(walk, "capacity %lld, taken %lld: problem %d, taken %lld", (long long)capacity,
                    (long long)taken, problem, (long long)change->taken);
    walk->met->events[MET_CAPACITY_TAKEN] += expected != PROBLEM_NONE;
    if (expected == PROBLEM_NONE)
        tier->terms.capacity = capacity;
}

static void change_tier(struct walk *walk)
{
    struct memory_tier *tier = &walk->memory.tiers[roll(walk, (uint32_t)walk->memory.tier_count)];
    struct change change = {.kind = CHANGE_TIER, .tiers = &tier->terms, .tier_count = 1};
    snprintf(change.event.name, sizeof change.event.name, "%s", tier->event);
    if (roll(walk, 2) == 0) {
        change_capacity(walk, tier, &change);
        return;
    }
    change.set = SET_PRICE | SET_LIMIT;
    tier->terms.price = 100 * roll(walk, 30);
    tier->terms.limit = 1 + roll(walk, 7);
    if (make(walk, &change) != PROBLEM_NONE)
        walk_differ(walk, "a change of %s: problem %d", tier->terms.name, change.problem);
}

void walk_change(struct walk *walk)
{
    if (roll(walk, 2) == 0)
        change_event(walk);
    else
        change_tier(walk);
}
