/* The rule by tables: each row is one purchase of a batch and what must come of it. */
#include "db/decide.h"

#include <string.h>

#include "tests/lib/suite.h"

enum {
    NOW = 1000000,
    ROWS_MAX = 16,
};

/* The events of the table: 0 `demo` with one tier, 1 `opera` with two, 2 none, 3 without tiers. */
enum {
    DEMO,
    OPERA,
    CIRCUS,
    BARE,
};

/* What the store knows of the row's key. */
enum known {
    UNKNOWN,
    KNOWN_SALE,
    KNOWN_REFUSAL,
    KNOWN_OTHER, /* a sale of another content */
};

struct row {
    size_t event;
    const char *tier;
    int quantity;
    const char *key;
    bool made;
    int attempt;
    int64_t deadline;
    enum known known;
    /* expected */
    enum problem problem;
    bool replayed;
    enum decide_write write;
    int64_t figure; /* first number of a sale, remaining of SOLD_OUT, limit of OVER_LIMIT */
};

struct bench {
    struct item items[ROWS_MAX];
    struct decision decisions[ROWS_MAX];
    struct decide_item work[ROWS_MAX];
    struct decide_event events[4];
    struct decide_tier tiers[3];
    struct decide_order orders[2 * ROWS_MAX];
    struct lookup keys;
    struct decide_batch batch;
};

static void set_tier(struct decide_tier *tier, const char *name, int64_t capacity, int64_t sold,
                     int64_t held)
{
    *tier = (struct decide_tier){.id = 1,
                                 .currency = "EUR",
                                 .price = 100,
                                 .capacity = capacity,
                                 .limit = 10,
                                 .was = {.sold = sold, .held = held, .next_number = 101},
                                 .line = LOOKUP_NONE,
                                 .line_end = LOOKUP_NONE,
                                 .line_whole = true};
    strcpy(tier->name, name);
}

/* demo/standard has 10 left, opera/stalls 5, opera/circle 3 (2 of 10 held, 5 sold). */
static void bench_set(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->events[DEMO] = (struct decide_event){.id = 1, .first_tier = 0, .tiers = 1};
    bench->events[OPERA] = (struct decide_event){.id = 2, .first_tier = 1, .tiers = 2};
    bench->events[BARE] = (struct decide_event){.id = 4, .first_tier = 3, .tiers = 0};
    set_tier(&bench->tiers[0], "standard", 100, 90, 0);
    set_tier(&bench->tiers[1], "stalls", 5, 0, 0);
    set_tier(&bench->tiers[2], "circle", 10, 5, 2);
    bench->batch = (struct decide_batch){.server = "server-1",
                                         .now = NOW,
                                         .decisions = bench->decisions,
                                         .items = bench->work,
                                         .events = bench->events,
                                         .event_count = 4,
                                         .tiers = bench->tiers,
                                         .tier_count = 3,
                                         .orders = bench->orders,
                                         .keys = &bench->keys};
}

static void set_known(struct bench *bench, size_t i, enum known known)
{
    struct decide_item *work = &bench->work[i];
    work->order = work->buyer = work->ticket = LOOKUP_NONE;
    if (known == UNKNOWN)
        return;
    work->known = true;
    memcpy(work->fingerprint, bench->decisions[i].fingerprint, FINGERPRINT_SIZE);
    if (known == KNOWN_OTHER)
        work->fingerprint[0] ^= 1;
    if (known == KNOWN_REFUSAL) {
        work->refused = PROBLEM_SOLD_OUT;
        work->remaining = 4;
        return;
    }
    work->order = bench->batch.order_count++;
    bench->orders[work->order] = (struct decide_order){
        .event = DEMO, .buyer = LOOKUP_NONE, .item = LOOKUP_NONE, .was = {.first_number = 77}};
}

static void bench_add(struct bench *bench, const struct row *row)
{
    static const char *const names[] = {"demo", "opera", "circus", "bare"};
    size_t i = bench->batch.count++;
    struct item *item = &bench->items[i];
    struct decision *decision = &bench->decisions[i];
    memset(decision, 0x5a, sizeof *decision);
    item->request = id_make();
    strcpy(item->key, row->key);
    item->key_made = row->made;
    item->attempt = row->attempt;
    item->deadline = row->deadline;
    strcpy(item->purchase.event, names[row->event]);
    strcpy(item->purchase.tier, row->tier);
    item->purchase.quantity = row->quantity;
    decision->item = item;
    purchase_fingerprint(&item->purchase, decision->fingerprint);
    bench->work[i].event = row->event;
    set_known(bench, i, row->known);
}

static int64_t figure(const struct outcome *outcome)
{
    if (outcome->problem == PROBLEM_NONE)
        return outcome->sale.first_number;
    return outcome->problem == PROBLEM_SOLD_OUT ? outcome->remaining : outcome->limit;
}

static void expect_rows(const struct bench *bench, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct outcome *outcome = &bench->decisions[i].outcome;
        bool stored = rows[i].replayed || rows[i].write != DECIDE_NOTHING;
        bool same = outcome->problem == rows[i].problem && outcome->replayed == rows[i].replayed &&
                    bench->work[i].write == rows[i].write && outcome->stored == stored &&
                    figure(outcome) == rows[i].figure;
        if (!same)
            printf("  row %zu: problem %d, replayed %d, write %d, figure %lld\n", i,
                   outcome->problem, outcome->replayed, (int)bench->work[i].write,
                   (long long)figure(outcome));
        CU_ASSERT_TRUE(same);
    }
}

/* Decided again, a batch has the same outcomes. */
static void decide_rows(struct bench *bench, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bench_add(bench, &rows[i]);
    for (int times = 0; times < 2; times++) {
        decide(&bench->batch);
        expect_rows(bench, rows, count);
    }
    lookup_free(&bench->keys);
}

static void in_time(void)
{
    static const struct row rows[] = {
        {DEMO, "", 2, "a", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {DEMO, "standard", 3, "b", false, 1, NOW + 1, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE,
         103},
        {DEMO, "", 1, "c", true, 1, NOW - 1, UNKNOWN, PROBLEM_EXPIRED, false, DECIDE_NOTHING, 0},
        {DEMO, "", 0, "d", true, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 106},
        {DEMO, "", 11, "e", true, 1, NOW, UNKNOWN, PROBLEM_OVER_LIMIT, false, DECIDE_NOTHING, 10},
        {DEMO, "", 5, "f", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING, 4},
        {DEMO, "", 5, "g", true, 2, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL, 4},
        {DEMO, "", 5, "h", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL, 4},
        {DEMO, "", 4, "i", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 107},
        {DEMO, "", 1, "j", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING, 0},
    };
    struct bench bench;
    bench_set(&bench);
    decide_rows(&bench, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_EQUAL(bench.tiers[0].taken, 10);
    CU_ASSERT_EQUAL(bench.events[DEMO].refused, 2);
    CU_ASSERT_EQUAL(bench.decisions[1].outcome.sale.amount, 300);
    CU_ASSERT_EQUAL(bench.decisions[1].outcome.sale.created_at, NOW);
    CU_ASSERT_STRING_EQUAL(bench.decisions[0].outcome.sale.tier, "standard");
}

static void tiers(void)
{
    static const struct row rows[] = {
        {OPERA, "stalls", 5, "a", true, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {OPERA, "stalls", 1, "b", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING,
         0},
        {OPERA, "circle", 4, "c", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING,
         3},
        {OPERA, "circle", 3, "d", true, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {OPERA, "", 1, "e", true, 1, NOW, UNKNOWN, PROBLEM_TIER_REQUIRED, false, DECIDE_NOTHING, 0},
        {OPERA, "box", 1, "f", true, 1, NOW, UNKNOWN, PROBLEM_NO_SUCH_TIER, false, DECIDE_NOTHING,
         0},
        {OPERA, "standard", 1, "g", true, 1, NOW, UNKNOWN, PROBLEM_NO_SUCH_TIER, false,
         DECIDE_NOTHING, 0},
        {CIRCUS, "", 1, "h", false, 2, NOW, UNKNOWN, PROBLEM_NO_SUCH_EVENT, false, DECIDE_NOTHING,
         0},
        {CIRCUS, "x", 1, "h", false, 2, NOW, UNKNOWN, PROBLEM_NO_SUCH_EVENT, false, DECIDE_NOTHING,
         0},
        {BARE, "", 1, "i", false, 2, NOW, UNKNOWN, PROBLEM_NO_SUCH_TIER, false, DECIDE_NOTHING, 0},
        {CIRCUS, "", 1, "j", true, 1, NOW - 1, UNKNOWN, PROBLEM_EXPIRED, false, DECIDE_NOTHING, 0},
    };
    struct bench bench;
    bench_set(&bench);
    decide_rows(&bench, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_EQUAL(bench.tiers[0].taken, 0);
}

static void known_keys(void)
{
    static const struct row rows[] = {
        {DEMO, "", 1, "a", false, 1, NOW, KNOWN_SALE, PROBLEM_NONE, true, DECIDE_NOTHING, 77},
        {DEMO, "", 1, "b", false, 1, NOW, KNOWN_REFUSAL, PROBLEM_SOLD_OUT, true, DECIDE_NOTHING, 4},
        {DEMO, "", 1, "c", false, 1, NOW, KNOWN_OTHER, PROBLEM_KEY_REUSED, false, DECIDE_NOTHING,
         0},
        {DEMO, "", 1, "d", false, 1, NOW - 1, KNOWN_SALE, PROBLEM_NONE, true, DECIDE_NOTHING, 77},
        {DEMO, "", 1, "e", true, 3, NOW - 1, KNOWN_REFUSAL, PROBLEM_SOLD_OUT, true, DECIDE_NOTHING,
         4},
        {DEMO, "", 1, "f", false, 1, NOW - 1, KNOWN_OTHER, PROBLEM_KEY_REUSED, false,
         DECIDE_NOTHING, 0},
        {DEMO, "nowhere", 99, "g", false, 1, NOW, KNOWN_SALE, PROBLEM_NONE, true, DECIDE_NOTHING,
         77},
        {DEMO, "", 1, "h", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
    };
    struct bench bench;
    bench_set(&bench);
    decide_rows(&bench, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_EQUAL(bench.tiers[0].taken, 1);
}

static void keys_within_a_batch(void)
{
    static const struct row rows[] = {
        {DEMO, "", 2, "a", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {DEMO, "", 2, "a", false, 1, NOW, UNKNOWN, PROBLEM_NONE, true, DECIDE_NOTHING, 101},
        {DEMO, "", 3, "a", false, 1, NOW, UNKNOWN, PROBLEM_KEY_REUSED, false, DECIDE_NOTHING, 0},
        {DEMO, "", 2, "a", true, 2, NOW - 1, UNKNOWN, PROBLEM_NONE, true, DECIDE_NOTHING, 101},
        {OPERA, "stalls", 2, "a", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {DEMO, "", 10, "b", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL, 8},
        {DEMO, "", 10, "b", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, true, DECIDE_NOTHING, 8},
        {DEMO, "", 10, "c", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING, 8},
        {DEMO, "", 10, "c", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING, 8},
        {DEMO, "", 10, "c", true, 2, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL, 8},
        {DEMO, "", 1, "d", false, 1, NOW - 1, UNKNOWN, PROBLEM_EXPIRED, false, DECIDE_NOTHING, 0},
        {DEMO, "", 1, "d", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 103},
        {CIRCUS, "", 1, "a", false, 1, NOW, UNKNOWN, PROBLEM_NO_SUCH_EVENT, false, DECIDE_NOTHING,
         0},
    };
    struct bench bench;
    bench_set(&bench);
    decide_rows(&bench, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_EQUAL(bench.tiers[0].taken, 3);
    CU_ASSERT_EQUAL(bench.tiers[1].taken, 2);
    CU_ASSERT_TRUE(id_equal(&bench.decisions[1].outcome.sale.id, &bench.items[0].request));
}

static void room_for_refusals(void)
{
    static const struct row rows[] = {
        {OPERA, "stalls", 6, "a", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL,
         5},
        {OPERA, "stalls", 6, "b", false, 1, NOW, UNKNOWN, PROBLEM_STORE_UNAVAILABLE, false,
         DECIDE_NOTHING, 0},
        {OPERA, "stalls", 6, "a", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, true, DECIDE_NOTHING,
         5},
        {OPERA, "stalls", 6, "c", true, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_NOTHING,
         5},
        {OPERA, "stalls", 6, "c", true, 2, NOW, UNKNOWN, PROBLEM_STORE_UNAVAILABLE, false,
         DECIDE_NOTHING, 0},
        {OPERA, "stalls", 5, "b", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {DEMO, "", 9, "d", false, 1, NOW, UNKNOWN, PROBLEM_NONE, false, DECIDE_SALE, 101},
        {DEMO, "", 9, "e", false, 1, NOW, UNKNOWN, PROBLEM_SOLD_OUT, false, DECIDE_REFUSAL, 1},
    };
    struct bench bench;
    bench_set(&bench);
    bench.events[OPERA].refusals = STORE_REFUSALS_MAX - 1;
    decide_rows(&bench, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_EQUAL(bench.events[OPERA].refused, 1);
    CU_ASSERT_EQUAL(bench.events[DEMO].refused, 1);
}

static void lookup_tells_apart(void)
{
    enum {
        MEMBERS = 18, /* six texts in three scopes */
    };
    static const char *const texts[] = {"", "a", "b", "ab", "ba", "aa"};
    struct lookup lookup = {0};
    for (int round = 0; round < 3; round++) {
        lookup_begin(&lookup, MEMBERS);
        for (size_t i = 0; i < MEMBERS; i++) {
            CU_ASSERT_EQUAL(lookup_find(&lookup, i % 3, texts[i / 3]), LOOKUP_NONE);
            lookup_add(&lookup, i % 3, texts[i / 3], i);
        }
        for (size_t i = 0; i < MEMBERS; i++)
            CU_ASSERT_EQUAL(lookup_find(&lookup, i % 3, texts[i / 3]), i);
        CU_ASSERT_EQUAL(lookup_find(&lookup, 3, "a"), LOOKUP_NONE);
    }
    lookup_begin(&lookup, 0);
    CU_ASSERT_EQUAL(lookup_find(&lookup, 0, "a"), LOOKUP_NONE);
    lookup_free(&lookup);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("decide", "in time", in_time);
    suite_add("decide", "tiers", tiers);
    suite_add("decide", "known keys", known_keys);
    suite_add("decide", "keys within a batch", keys_within_a_batch);
    suite_add("decide", "room for refusals", room_for_refusals);
    suite_add("decide", "lookup tells apart", lookup_tells_apart);
}
