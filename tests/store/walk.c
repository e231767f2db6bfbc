#include "tests/store/walk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"

enum {
    COPY_ONE =
        8, /* of so many restarts: making a copy and putting it back takes longer than a walk */
    AUDIT_EVERY = 10, /* steps: an audit takes longer than all else; and after the last one */
};

static const char *const servers[WALK_SELLERS] = {"server-1", "server-2"};

/* 2026-06-01: so that a walk is the same whenever it is taken. */
static const int64_t beginning = INT64_C(1780272000) * CLOCK_SECOND;

static uint32_t roll(struct walk *walk, uint32_t sides)
{
    return dice_roll(&walk->dice, sides);
}

static struct store *open_seller(struct walk *walk, size_t server)
{
    struct store *seller = fixture_seller(walk->fixture, servers[server]);
    if (walk->faults == NULL)
        fixture_hasten(walk->fixture, seller);
    return seller;
}

static void open_handles(struct walk *walk)
{
    for (size_t i = 0; i < WALK_SELLERS; i++)
        walk->sellers[i] = open_seller(walk, i);
    walk->reader = fixture_reader(walk->fixture);
}

static void close_handles(struct walk *walk)
{
    for (int i = 0; i < WALK_SELLERS; i++)
        store_close(walk->sellers[i]);
    store_close(walk->reader);
}

/* --- a batch -------------------------------------------------------------------------------- */

/* What the oracle answers to a basket. */
struct answers {
    struct decision *decisions;
    struct check_in *check_ins;
};

static struct answers ask_oracle(struct store_memory *memory, const char *server, int64_t now,
                                 const struct basket *basket)
{
    size_t n = basket->count;
    struct answers answers = {memory_new(n * sizeof *answers.decisions),
                              memory_new(n * sizeof *answers.check_ins)};
    memcpy(answers.decisions, basket->decisions, n * sizeof *answers.decisions);
    for (size_t i = 0; i < n; i++) {
        if (answers.decisions[i].check_in == NULL)
            continue;
        answers.check_ins[i] = basket->check_ins[i];
        answers.decisions[i].check_in = &answers.check_ins[i];
    }
    memory_decide(memory, server, now, answers.decisions, n);
    return answers;
}

static void free_answers(struct answers *answers)
{
    free(answers->decisions);
    free(answers->check_ins);
}

static void count_moves(struct walk *walk)
{
    const struct store_memory *memory = &walk->memory;
    for (size_t i = 0; i < memory->move_count; i++)
        walk->met->events[memory->moves[i].state == ORDER_EXPIRED ? MET_EXPIRED : MET_OFFERED]++;
    walk->met->events[MET_OFFERED_IN_PART] += (unsigned)memory->offered_in_part;
    walk->met->events[MET_OFFERED_WHAT_THE_BATCH_FREED] += (unsigned)memory->offered_last;
}

static void tell_items(const struct walk *walk, const struct basket *basket, const char *server)
{
    for (size_t i = 0; walk->told && i < basket->count; i++) {
        const struct item *item = &basket->items[i];
        char order[ID_TEXT_SIZE], request[ID_TEXT_SIZE];
        id_format(&item->order, order);
        id_format(&item->request, request);
        printf("    %s %s %s: %s/%s x%d by '%s' key %s%s, order %s%s%s, seconds %d, attempt %d\n",
               server, walk_verb(item->verb), request, item->purchase.event, item->purchase.tier,
               item->purchase.quantity, item->purchase.buyer, item->key,
               item->key_made ? " (made)" : "", order, item->wait ? ", waits" : "",
               item->deadline < walk->now ? ", past its deadline" : "", item->seconds,
               item->attempt);
    }
}

static void compare(struct walk *walk, const struct basket *basket, size_t server)
{
    struct answers answers = ask_oracle(&walk->memory, servers[server], walk->now, basket);
    walk_compare_outcomes(walk, basket, answers.decisions, answers.check_ins);
    walk_compare_moved(walk, walk->sellers[server]);
    count_moves(walk);
    free_answers(&answers);
}

static bool ask(struct walk *walk, struct basket *basket, size_t server)
{
    enum store_result result = basket_decide(basket, walk->sellers[server]);
    if (result != STORE_DURABLE)
        walk_differ(walk, "result %d: %s", result, store_error(walk->sellers[server]));
    return result == STORE_DURABLE;
}

static void decide_batch(struct walk *walk)
{
    struct basket basket = {0};
    size_t server = roll(walk, WALK_SELLERS);
    walk_fill(walk, &basket);
    tell_items(walk, &basket, servers[server]);
    if (ask(walk, &basket, server))
        compare(walk, &basket, server);
    basket_free(&basket);
}

/* --- the clock ------------------------------------------------------------------------------ */

static void set_time(struct walk *walk, int64_t now)
{
    walk->now = now;
    clock_stop(now);
}

/* Right before, or exactly when, some hold expires. */
static void step_to_an_expiry(struct walk *walk)
{
    const struct store_memory *memory = &walk->memory;
    if (memory->order_count == 0)
        return;
    const struct sale *sale = &memory->orders[roll(walk, (uint32_t)memory->order_count)].sale;
    if (sale->state == ORDER_HELD && sale->expires_at > walk->hours)
        set_time(walk, sale->expires_at - roll(walk, 2));
}

static void step_clock(struct walk *walk)
{
    int64_t back = walk->now - roll(walk, 30) * CLOCK_SECOND;
    switch (roll(walk, 8)) {
    case 0:
        walk->met->events[MET_CLOCK_BACK]++;
        set_time(walk, back > walk->hours ? back : walk->hours);
        break;
    case 1:
        walk->met->events[MET_HOUR]++;
        set_time(walk, walk->now + 2 * STORE_REFUSAL_SECONDS * CLOCK_SECOND);
        walk->hours = walk->now;
        break;
    case 2:
    case 3:
    case 4:
        step_to_an_expiry(walk);
        break;
    default:
        set_time(walk, walk->now + roll(walk, 60) * CLOCK_SECOND + roll(walk, 1000));
    }
}

/* --- endings -------------------------------------------------------------------------------- */

static void reopen(struct walk *walk)
{
    size_t server = roll(walk, WALK_SELLERS);
    store_close(walk->sellers[server]);
    walk->sellers[server] = open_seller(walk, server);
}

/* The elder one of two under one id changes nothing any more. */
static void fence(struct walk *walk)
{
    struct basket basket = {0};
    size_t server = roll(walk, WALK_SELLERS);
    struct store *elder = walk->sellers[server];
    walk->sellers[server] = open_seller(walk, server);
    walk_fill(walk, &basket);
    tell_items(walk, &basket, "elder");
    enum store_result result = basket_decide(&basket, elder);
    if (result != STORE_FENCED)
        walk_differ(walk, "the elder of two: result %d", result);
    walk->met->events[MET_FENCED]++;
    basket_free(&basket);
    store_close(elder);
}

/* What a child is to die of. */
static struct death {
    struct basket *basket;
    enum fixture_moment moment;
    int steps;
} death;

static int decide_and_die(struct fixture *fixture, int number, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open_seller(fixture->url, servers[number], error);
    (void)parent;
    if (store == NULL)
        return 1;
    fixture_die_at(fixture, store, death.moment, death.steps);
    return basket_decide(death.basket, store) == STORE_DURABLE ? 0 : 1;
}

/* Whether the store holds exactly what this oracle does. */
static bool holds(struct walk *walk, const struct store_memory *memory)
{
    struct walk probe = *walk;
    probe.memory = *memory;
    probe.why[0] = '\0';
    walk_compare_state(&probe);
    return probe.why[0] == '\0';
}

/* Takes the oracle that holds what the store does now, and that answers a repeat alike. */
static bool takes(struct walk *walk, struct store_memory *memory, const struct basket *basket,
                  size_t server)
{
    struct walk probe = *walk;
    memory_clone(&probe.memory, memory);
    probe.why[0] = '\0';
    compare(&probe, basket, server);
    if (probe.why[0] != '\0' && walk->why[0] == '\0')
        snprintf(walk->why, sizeof walk->why, "%.400s (after a death)", probe.why);
    if (probe.why[0] != '\0') {
        memory_free(&probe.memory);
        return false;
    }
    memory_free(&walk->memory);
    walk->memory = probe.memory;
    walk->why[0] = '\0';
    return true;
}

/* The batch was decided or not, all of it; then it is asked for again. Where the state does not tell
 * (nothing but refusals was stored, or nothing at all), the answers do. */
static void find_out(struct walk *walk, struct basket *basket, size_t server, bool died)
{
    struct store_memory after;
    memory_clone(&after, &walk->memory);
    basket_prepare(basket);
    struct answers answers = ask_oracle(&after, servers[server], walk->now, basket);
    free_answers(&answers);
    bool undecided = holds(walk, &walk->memory), decided = holds(walk, &after);
    if (!undecided && !decided) {
        walk_differ(walk, "a batch whose process died was decided in part");
    } else if (ask(walk, basket, server)) {
        if (decided && takes(walk, &after, basket, server))
            walk->met->events[MET_DEAD_DECIDED] += died;
        else if (undecided && takes(walk, &walk->memory, basket, server))
            walk->met->events[MET_DEAD_UNDECIDED] += died;
    }
    memory_free(&after);
}

static void die(struct walk *walk)
{
    struct basket basket = {0};
    struct child child;
    size_t server = roll(walk, WALK_SELLERS);
    walk_fill(walk, &basket);
    death = (struct death){&basket, roll(walk, FIXTURE_MOMENTS), 1 + (int)roll(walk, 2000)};
    tell_items(walk, &basket, "dying");
    close_handles(walk);
    child_start(&child, decide_and_die, walk->fixture, (int)server);
    child_open_gate();
    int status = child_wait(&child);
    if (walk->faults != NULL)
        walk->faults->adopt();
    open_handles(walk);
    if (status > 0)
        walk_differ(walk, "a child could not decide");
    else
        find_out(walk, &basket, server, status < 0);
    basket_free(&basket);
}

/* --- copies --------------------------------------------------------------------------------- */

/* With what was decided meanwhile undone. */
static void go_back(struct walk *walk)
{
    struct walk_copy copy;
    walk_back_up(walk, &copy);
    for (uint32_t batches = roll(walk, 4); batches > 0 && walk->why[0] == '\0'; batches--)
        decide_batch(walk);
    close_handles(walk);
    walk_put_back(walk, &copy);
    open_handles(walk);
}

/* --- faults --------------------------------------------------------------------------------- */

static void cut(struct walk *walk)
{
    for (int i = 0; i < WALK_SELLERS; i++)
        walk->faults->abandon(walk->sellers[i]);
    walk->faults->abandon(walk->reader);
    walk->faults->cut(roll(walk, 9));
    open_handles(walk);
    walk->met->events[MET_CUT]++;
}

/* The seller's process ends, and another one takes its place; or the power fails, too. */
static void end_seller(struct walk *walk, size_t server)
{
    if (roll(walk, 2) == 0) {
        cut(walk);
        return;
    }
    walk->faults->abandon(walk->sellers[server]);
    walk->sellers[server] = open_seller(walk, server);
}

static void fail_batch(struct walk *walk)
{
    struct basket basket = {0};
    size_t server = roll(walk, WALK_SELLERS);
    walk_fill(walk, &basket);
    tell_items(walk, &basket, "failing");
    walk->faults->fail(roll(walk, 64), 1 + (int)(roll(walk, 2) * roll(walk, 10)));
    enum store_result result = basket_decide(&basket, walk->sellers[server]);
    bool met = walk->faults->mend();
    if (result == STORE_DURABLE) {
        compare(walk, &basket, server);
    } else if (!met) {
        walk_differ(walk, "result %d without a fault: %s", result,
                    store_error(walk->sellers[server]));
    } else if (result == STORE_REFUSED) {
        walk->met->events[MET_REFUSED]++;
        if (roll(walk, 2) == 0)
            cut(walk);
        if (!holds(walk, &walk->memory))
            walk_differ(walk, "a batch that was refused has changed something");
        else if (ask(walk, &basket, server))
            compare(walk, &basket, server);
    } else {
        walk->met->events[MET_UNKNOWN]++;
        if (result == STORE_UNKNOWN)
            end_seller(walk, server);
        find_out(walk, &basket, server, false);
    }
    basket_free(&basket);
}

/* --- walking -------------------------------------------------------------------------------- */

struct due {
    struct walk *walk;
    bool seen[MEMORY_EVENTS_MAX];
};

static void note_due(void *context, const char *event)
{
    struct due *due = context;
    for (size_t i = 0; i < due->walk->memory.event_count; i++)
        due->seen[i] |= strcmp(due->walk->memory.events[i].terms.name, event) == 0;
}

static void compare_due(struct walk *walk)
{
    struct due due = {.walk = walk};
    if (store_each_due(walk->reader, walk->now, note_due, &due) != STORE_FOUND)
        walk_differ(walk, "what is due: %s", store_error(walk->reader));
    for (size_t i = 0; i < walk->memory.event_count; i++) {
        const struct memory_event *event = &walk->memory.events[i];
        bool expected = memory_is_due(&walk->memory, event, walk->now);
        walk->met->events[MET_DUE] += expected;
        if (due.seen[i] != expected)
            walk_differ(walk, "something is due in %s: %d", event->terms.name, due.seen[i]);
    }
}

static void step(struct walk *walk, int number)
{
    uint32_t kind = roll(walk, walk->faults != NULL ? 36 : 32);
    if (walk->told)
        printf("  step %d, kind %u, now %lld\n", number, kind, (long long)(walk->now - beginning));
    if (kind < 20)
        decide_batch(walk);
    else if (kind < 26)
        step_clock(walk);
    else if (kind < 29)
        walk_change(walk);
    else if (kind == 29 && roll(walk, COPY_ONE) == 0)
        go_back(walk);
    else if (kind == 29)
        reopen(walk);
    else if (kind == 30)
        fence(walk);
    else if (kind == 31)
        die(walk);
    else if (kind < 35)
        fail_batch(walk);
    else
        cut(walk);
    if (walk->why[0] == '\0')
        compare_due(walk);
    if (walk->why[0] == '\0')
        walk_compare_state(walk);
    if (walk->why[0] == '\0' && number % AUDIT_EVERY == 0)
        walk_audit(walk);
}

int walk_run(struct fixture *fixture, uint64_t seed, struct walk_met *met, bool told,
             char why[WALK_WHY_SIZE])
{
    struct walk *walk = memory_new(sizeof *walk);
    int failed = 0;
    *walk = (struct walk){.fixture = fixture, .seed = seed, .met = met, .told = told};
    walk->faults = fixture_faults(fixture);
    if (walk->faults != NULL)
        walk->faults->install(seed);
    fixture_renew(fixture, 0);
    walk->dice = dice_new(seed);
    set_time(walk, beginning);
    walk->hours = beginning;
    open_handles(walk);
    walk_make_events(walk);
    for (int i = 1; i <= WALK_STEPS && failed == 0; i++) {
        if (walk->why[0] == '\0')
            step(walk, i);
        if (walk->why[0] != '\0')
            failed = i;
    }
    close_handles(walk);
    if (walk->faults != NULL)
        walk->faults->remove();
    memory_free(&walk->memory);
    snprintf(why, WALK_WHY_SIZE, "%s", walk->why);
    free(walk);
    return failed;
}
