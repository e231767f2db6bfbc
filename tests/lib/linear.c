#include "tests/lib/linear.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"

enum {
    QUANTITIES = LINEAR_QUANTITY_MAX + 1,
    TRIED_MAX = 1 << 19, /* ways to fill gaps that are looked at, before it is too hard */
    TRIED_ROOM = 1 << 20,
};

#define NEVER INT64_MAX

/* A read, or all purchases of one key: it happened once, in one state. */
struct event {
    int64_t before, after;           /* tickets sold; the same unless it is a sale */
    int64_t from, until;             /* when it may have happened */
    const struct operation *first;   /* why not earlier */
    const struct operation *last;    /* why not later; NULL: nobody was answered */
    const struct operation *outcome; /* what was answered, if anything */
};

/* A gap that could not be filled after so many of the unanswered purchases were used. */
struct tried {
    size_t next; /* the event behind the gap, plus one; 0: a free place */
    uint32_t used[QUANTITIES];
};

struct checker {
    const struct operation *operations;
    int64_t capacity;
    struct event *events; /* owned; the answered ones in their order, then the unanswered */
    size_t answered;
    struct event *open[QUANTITIES]; /* the unanswered by quantity, those that began first first */
    uint32_t open_count[QUANTITIES];
    uint32_t used[QUANTITIES];
    struct tried *tried; /* owned; a hash table of TRIED_ROOM */
    size_t tried_count;
    size_t deepest; /* how far the search came; what does not rest on a guess counts more */
    struct verdict verdict;
};

/* Where the search stands. */
struct stand {
    size_t next; /* event */
    int64_t sold;
    int64_t time;                  /* the earliest moment that is left */
    const struct operation *since; /* why not earlier; NULL: it is the beginning */
    bool guessed;                  /* that one was only tried, to fill a gap */
};

static int describe(char *text, size_t size, const struct operation *operation, size_t index)
{
    static const char *const words[] = {"a read:", "sold from number",
                                        "sold out, remaining:", "no answer"};
    int length = snprintf(text, size, "[%zu] %s", index, words[operation->kind]);
    if (operation->kind != OPERATION_UNKNOWN)
        length +=
            snprintf(text + length, size - (size_t)length, " %lld", (long long)operation->told);
    if (operation->kind != OPERATION_READ)
        length += snprintf(text + length, size - (size_t)length, ", key %.40s, quantity %d",
                           operation->key, operation->quantity);
    return length + snprintf(text + length, size - (size_t)length, ", %lld to %lld",
                             (long long)operation->begun, (long long)operation->ended);
}

/* Notes a contradiction, unless the search came further on another way. False. */
static bool deny(struct checker *checker, size_t depth, const char *why, const struct operation *a,
                 const struct operation *b)
{
    struct verdict *verdict = &checker->verdict;
    const struct operation *const part[2] = {a, b};
    if (verdict->result == LINEAR_TOO_HARD ||
        (verdict->result == LINEAR_NO && depth <= checker->deepest))
        return false;
    checker->deepest = depth;
    *verdict = (struct verdict){.result = LINEAR_NO};
    int length = snprintf(verdict->why, sizeof verdict->why, "%s", why);
    for (size_t i = 0; i < 2; i++) {
        if (part[i] == NULL || (i == 1 && a == b))
            continue;
        size_t index = (size_t)(part[i] - checker->operations);
        verdict->part[verdict->count++] = index;
        length += snprintf(verdict->why + length, sizeof verdict->why - (size_t)length, "\n    ");
        length +=
            describe(verdict->why + length, sizeof verdict->why - (size_t)length, part[i], index);
    }
    return false;
}

static void must_be(const struct operation *operation)
{
    bool read = operation->kind == OPERATION_READ;
    assert(operation->begun <= operation->ended || operation->kind == OPERATION_UNKNOWN);
    assert(read || (operation->quantity >= 1 && operation->quantity <= LINEAR_QUANTITY_MAX));
    (void)read;
}

static struct event event_of(const struct operation *operation, int64_t capacity)
{
    bool answered = operation->kind != OPERATION_UNKNOWN;
    struct event event = {
        .from = operation->begun,
        .until = answered ? operation->ended : NEVER,
        .first = operation,
        .last = answered ? operation : NULL,
        .outcome = answered ? operation : NULL,
    };
    must_be(operation);
    if (operation->kind == OPERATION_READ)
        event.before = operation->told;
    else if (operation->kind == OPERATION_SOLD)
        event.before = operation->told - 1;
    else if (operation->kind == OPERATION_SOLD_OUT)
        event.before = capacity - operation->told;
    event.after = event.before + (operation->kind == OPERATION_SOLD ? operation->quantity : 0);
    return event;
}

static int by_key(const void *a, const void *b)
{
    const struct operation *x = ((const struct event *)a)->first;
    const struct operation *y = ((const struct event *)b)->first;
    if (x->kind == OPERATION_READ || y->kind == OPERATION_READ)
        return (y->kind == OPERATION_READ) - (x->kind == OPERATION_READ);
    return strcmp(x->key, y->key);
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* The answered before the unanswered; those by state, in one state the sale last, then by when they
 * began; these by quantity, then by when they began. */
static int by_state(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if ((x->outcome == NULL) != (y->outcome == NULL))
        return x->outcome == NULL ? 1 : -1;
    if (x->outcome == NULL && x->first->quantity != y->first->quantity)
        return order(x->first->quantity, y->first->quantity);
    if (x->outcome == NULL || (x->before == y->before && x->after == y->after))
        return order(x->from, y->from);
    return x->before != y->before ? order(x->before, y->before) : order(x->after, y->after);
}

/* One event of two that have the same key. */
static bool join(struct checker *checker, struct event *event, const struct event *other)
{
    if (event->outcome != NULL && other->outcome != NULL &&
        (event->outcome->kind != other->outcome->kind ||
         event->outcome->told != other->outcome->told))
        return deny(checker, 0, "one key, two outcomes", event->outcome, other->outcome);
    if (event->first->quantity != other->first->quantity)
        return deny(checker, 0, "one key, two quantities", event->first, other->first);
    if (event->outcome == NULL) {
        event->outcome = other->outcome;
        event->before = other->before;
        event->after = other->after;
    }
    if (other->from < event->from) {
        event->from = other->from;
        event->first = other->first;
    }
    if (other->until < event->until) {
        event->until = other->until;
        event->last = other->last;
    }
    return true;
}

/* Events of the operations: how many; 0 where a key has two outcomes. */
static size_t gather(struct checker *checker, size_t count)
{
    struct event *events = checker->events;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        events[i] = event_of(&checker->operations[i], checker->capacity);
    qsort(events, count, sizeof *events, by_key);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || events[i].first->kind == OPERATION_READ ||
            by_key(&events[kept - 1], &events[i]) != 0)
            events[kept++] = events[i];
        else if (!join(checker, &events[kept - 1], &events[i]))
            return 0;
    }
    qsort(events, kept, sizeof *events, by_state);
    return kept;
}

static void divide(struct checker *checker, size_t count)
{
    while (checker->answered < count && checker->events[checker->answered].outcome != NULL)
        checker->answered++;
    for (size_t i = checker->answered; i < count; i++) {
        int quantity = checker->events[i].first->quantity;
        if (checker->open_count[quantity]++ == 0)
            checker->open[quantity] = &checker->events[i];
    }
}

/* What is wrong whatever the order. */
static bool possible(struct checker *checker)
{
    for (size_t i = 0; i < checker->answered; i++) {
        const struct event *event = &checker->events[i];
        const struct operation *told = event->outcome;
        if (event->before < 0 || event->before > checker->capacity)
            return deny(checker, 0, "no such state", told, NULL);
        if (event->after > checker->capacity)
            return deny(checker, 0, "oversold", told, NULL);
        if (told->kind == OPERATION_SOLD_OUT && told->told >= told->quantity)
            return deny(checker, 0, "refused, though enough was left", told, NULL);
    }
    return true;
}

/* --- the search ---------------------------------------------------------------------------- */

static void pass(struct stand *stand, const struct event *event)
{
    if (event->from > stand->time || stand->since == NULL) {
        stand->time = event->from;
        stand->since = event->first;
        stand->guessed = event->outcome == NULL;
    }
}

/* Gives the next event, which happened in the present state, the earliest moment; false where that is
 * past its last one. Events of one state that do not change it come in the order in which they began,
 * so that none waits for another. */
static bool settle(struct checker *checker, struct stand *stand)
{
    const struct event *event = &checker->events[stand->next];
    if (stand->since != NULL && event->until < stand->time)
        return deny(checker, 2 * stand->next + (stand->guessed ? 1 : 2),
                    "the second ended before the first began, but saw a later state", stand->since,
                    event->last);
    pass(stand, event);
    stand->sold = event->after;
    stand->next++;
    return true;
}

static struct tried *place_of(struct checker *checker, size_t next)
{
    uint64_t hash = next;
    for (size_t i = 1; i < QUANTITIES; i++)
        hash = (hash ^ checker->used[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    for (size_t at = (hash >> 32) % TRIED_ROOM;; at = (at + 1) % TRIED_ROOM) {
        struct tried *tried = &checker->tried[at];
        if (tried->next == 0 || (tried->next == next + 1 &&
                                 memcmp(tried->used, checker->used, sizeof tried->used) == 0))
            return tried;
    }
}

/* False where this was tried before, or too much was. */
static bool try_first(struct checker *checker, size_t next)
{
    if (checker->tried == NULL)
        checker->tried = memory_new(TRIED_ROOM * sizeof *checker->tried);
    struct tried *tried = place_of(checker, next);
    if (tried->next != 0)
        return false;
    if (checker->tried_count == TRIED_MAX) {
        checker->verdict = (struct verdict){.result = LINEAR_TOO_HARD,
                                            .why = "too many purchases without an answer"};
        return false;
    }
    checker->tried_count++;
    tried->next = next + 1;
    memcpy(tried->used, checker->used, sizeof tried->used);
    return true;
}

static bool search(struct checker *checker, struct stand stand);

/* Nobody was told of the next tickets: a purchase without an answer must have taken them. */
static bool fill_gap(struct checker *checker, const struct stand *stand)
{
    const struct event *next = &checker->events[stand->next];
    bool fits = false;
    if (!try_first(checker, stand->next))
        return false;
    for (size_t i = 1; i < QUANTITIES; i++) {
        if (checker->used[i] == checker->open_count[i] || stand->sold + (int64_t)i > next->before)
            continue;
        struct stand filled = *stand;
        fits = true;
        pass(&filled, &checker->open[i][checker->used[i]]);
        filled.sold += (int64_t)i;
        checker->used[i]++;
        if (search(checker, filled))
            return true;
        checker->used[i]--;
    }
    if (!fits)
        deny(checker, 2 * stand->next + 1,
             "tickets were sold before this that nobody can have bought", next->outcome, NULL);
    return false;
}

/* Whether there are moments for all events from here on. */
static bool search(struct checker *checker, struct stand stand)
{
    while (stand.next < checker->answered) {
        const struct event *event = &checker->events[stand.next];
        if (event->before > stand.sold)
            return fill_gap(checker, &stand);
        if (event->before < stand.sold)
            return deny(checker, 2 * stand.next + 2, "the second is in the midst of the first",
                        checker->events[stand.next - 1].outcome, event->outcome);
        if (!settle(checker, &stand))
            return false;
    }
    return true;
}

struct verdict linear_check(const struct operation *operations, size_t count, int64_t capacity)
{
    struct checker checker = {.operations = operations, .capacity = capacity};
    checker.events = memory_new((count + 1) * sizeof *checker.events);
    size_t events = gather(&checker, count);
    divide(&checker, events);
    if (checker.verdict.result == LINEAR_YES && possible(&checker) &&
        search(&checker, (struct stand){.next = 0}))
        checker.verdict = (struct verdict){.result = LINEAR_YES};
    free(checker.events);
    free(checker.tried);
    return checker.verdict;
}
