/* What is sold, refused and counted, one purchase at a time and in batches. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

static void sells_one(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct item *item = basket_add(&basket, "a-client-made-key", 2);
    strcpy(item->purchase.buyer, "Zoë <zoe@example.org>");
    int64_t before = clock_now();
    basket_settle(&basket, store);
    int64_t after = clock_now();
    const struct outcome *outcome = basket_outcome(&basket, 0);
    const struct sale *sale = &outcome->sale;
    CU_ASSERT_EQUAL(outcome->problem, PROBLEM_NONE);
    CU_ASSERT_TRUE(outcome->stored);
    CU_ASSERT_FALSE(outcome->replayed);
    CU_ASSERT_EQUAL(outcome->remaining, 0);
    CU_ASSERT_EQUAL(outcome->limit, 0);
    CU_ASSERT_TRUE(id_equal(&sale->id, &basket.items[0].request));
    CU_ASSERT_STRING_EQUAL(sale->event, "demo");
    CU_ASSERT_STRING_EQUAL(sale->tier, "standard");
    CU_ASSERT_STRING_EQUAL(sale->buyer, "Zoë <zoe@example.org>");
    CU_ASSERT_STRING_EQUAL(sale->server, "server-1");
    CU_ASSERT_STRING_EQUAL(sale->currency, "EUR");
    CU_ASSERT_EQUAL(sale->quantity, 2);
    CU_ASSERT_EQUAL(sale->first_number, 1);
    CU_ASSERT_EQUAL(sale->amount, 5000);
    CU_ASSERT(sale->created_at >= before && sale->created_at <= after);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2);
}

static void absent_quantity_is_one(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = buy(store, NULL, 0);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(outcome.sale.quantity, 1);
    CU_ASSERT_EQUAL(outcome.sale.amount, 2500);
    store_close(store);
}

static void numbers_have_no_gap(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    int64_t next = 1;
    for (int round = 0; round < 4; round++) {
        struct basket basket = {0};
        for (int i = 0; i < 20; i++)
            basket_add(&basket, NULL, 1 + (i + round) % 10);
        basket_settle(&basket, store);
        for (size_t i = 0; i < basket.count; i++) {
            CU_ASSERT_EQUAL(basket_outcome(&basket, i)->sale.first_number, next);
            next += basket.items[i].purchase.quantity;
        }
        basket_free(&basket);
    }
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), next - 1);
}

/* Capacity 5. The refused ask for more than is left; those after them still get what is there. */
static void sells_out_exactly(struct fixture *fixture)
{
    static const struct {
        int quantity;
        enum problem problem;
        int64_t remaining;
    } rows[] = {{3, PROBLEM_NONE, 0},     {3, PROBLEM_SOLD_OUT, 2}, {2, PROBLEM_NONE, 0},
                {1, PROBLEM_SOLD_OUT, 0}, {5, PROBLEM_SOLD_OUT, 0}, {0, PROBLEM_SOLD_OUT, 0}};
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        basket_add(&basket, NULL, rows[i].quantity);
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->problem, rows[i].problem);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->remaining, rows[i].remaining);
    }
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 5);
}

static void last_ticket_is_sold_once(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    CU_ASSERT_EQUAL(buy(a, NULL, 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(b, NULL, 1).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(a, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(a);
    store_close(b);
}

static void nothing_to_sell(struct fixture *fixture)
{
    fixture_tier(fixture, 1, "empty", 1, "only", 0);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_ask(&basket, NULL, "empty", "only", 1);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->remaining, 0);
    basket_free(&basket);
    store_close(store);
}

static void held_tickets_are_not_sold(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    hold(store, NULL, 7);
    struct outcome outcome = buy(store, NULL, 4);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(outcome.remaining, 3);
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

static void order_limit_is_kept(struct fixture *fixture)
{
    fixture_sql(fixture, "UPDATE tiers SET order_limit = 4");
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = buy(store, NULL, 5);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_OVER_LIMIT);
    CU_ASSERT_EQUAL(outcome.limit, 4);
    CU_ASSERT_FALSE(outcome.stored);
    CU_ASSERT_EQUAL(buy(store, NULL, 4).problem, PROBLEM_NONE);
    store_close(store);
}

static void free_tickets_cost_nothing(struct fixture *fixture)
{
    fixture_sql(fixture, "UPDATE tiers SET price = 0");
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).sale.amount, 0);
    store_close(store);
}

static void dear_tickets_add_up(struct fixture *fixture)
{
    fixture_sql(fixture, "UPDATE tiers SET price = 1000000000000, order_limit = 1000");
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 1000).sale.amount, INT64_C(1000000000000000));
    store_close(store);
}

static void tiers_are_told_apart(struct fixture *fixture)
{
    static const struct {
        const char *event, *tier;
        int quantity;
        enum problem problem;
        int64_t first;
    } rows[] = {
        {"opera", "stalls", 2, PROBLEM_NONE, 1},
        {"opera", "circle", 3, PROBLEM_NONE, 1},
        {"opera", "stalls", 2, PROBLEM_NONE, 3},
        {"demo", "", 2, PROBLEM_NONE, 1},
        {"opera", "", 1, PROBLEM_TIER_REQUIRED, 0},
        {"opera", "box", 1, PROBLEM_NO_SUCH_TIER, 0},
        {"opera", "standard", 1, PROBLEM_NO_SUCH_TIER, 0},
        {"circus", "", 1, PROBLEM_NO_SUCH_EVENT, 0},
        {"circus", "stalls", 1, PROBLEM_NO_SUCH_EVENT, 0},
        {"Opera", "stalls", 1, PROBLEM_NO_SUCH_EVENT, 0},
        {"opera", "circle", 3, PROBLEM_SOLD_OUT, 0},
        {"bare", "", 1, PROBLEM_NO_SUCH_TIER, 0},
        {"bare", "x", 1, PROBLEM_NO_SUCH_TIER, 0},
        {"demo", "standard", 1, PROBLEM_NONE, 3},
    };
    fixture_tier(fixture, 2, "opera", 1, "stalls", 100);
    fixture_tier(fixture, 2, "opera", 2, "circle", 5);
    fixture_sql(fixture, "INSERT INTO events (event, name) VALUES (3, 'bare')");
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        basket_ask(&basket, NULL, rows[i].event, rows[i].tier, rows[i].quantity);
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct outcome *outcome = basket_outcome(&basket, i);
        CU_ASSERT_EQUAL(outcome->problem, rows[i].problem);
        CU_ASSERT_EQUAL(outcome->sale.first_number, rows[i].first);
        CU_ASSERT_EQUAL(outcome->stored, rows[i].problem == PROBLEM_NONE);
    }
    CU_ASSERT_STRING_EQUAL(basket_outcome(&basket, 3)->sale.tier, "standard");
    basket_free(&basket);
    store_close(store);
}

static void longest_texts_are_kept(struct fixture *fixture)
{
    char key[KEY_SIZE], buyer[BUYER_SIZE], name[NAME_SIZE];
    memset(key, '~', sizeof key - 1);
    memset(buyer, 'b', sizeof buyer - 1);
    memset(name, 'n', sizeof name - 1);
    key[sizeof key - 1] = buyer[sizeof buyer - 1] = name[sizeof name - 1] = '\0';
    fixture_tier(fixture, 2, name, 1, name, 10);
    struct store *store = fixture_seller(fixture, "a-server-of-thirty-two-bytes-0-9");
    struct basket basket = {0};
    for (int round = 0; round < 2; round++) {
        basket_clear(&basket);
        strcpy(basket_ask(&basket, key, name, name, 1)->purchase.buyer, buyer);
        basket_settle(&basket, store);
        const struct outcome *outcome = basket_outcome(&basket, 0);
        CU_ASSERT_EQUAL(outcome->replayed, round == 1);
        CU_ASSERT_STRING_EQUAL(outcome->sale.event, name);
        CU_ASSERT_STRING_EQUAL(outcome->sale.tier, name);
        CU_ASSERT_STRING_EQUAL(outcome->sale.buyer, buyer);
        CU_ASSERT_STRING_EQUAL(outcome->sale.server, "a-server-of-thirty-two-bytes-0-9");
    }
    basket_free(&basket);
    store_close(store);
}

static void batches_of_any_size(struct fixture *fixture)
{
    static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 64, 255, 256, 257, 1000, STORE_BATCH_MAX};
    struct store *store = fixture_seller(fixture, "server-1");
    int64_t sold = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct basket basket = {0};
        for (size_t i = 0; i < sizes[s]; i++)
            basket_add(&basket, NULL, 1);
        basket_settle(&basket, store);
        for (size_t i = 0; i < sizes[s]; i++)
            CU_ASSERT_EQUAL(basket_outcome(&basket, i)->sale.first_number, ++sold);
        basket_free(&basket);
    }
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), sold);
}

static void empty_batch_is_durable(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_DURABLE);
    basket_free(&basket);
    store_close(store);
}

static void many_events_in_one_batch(struct fixture *fixture)
{
    struct basket basket = {0};
    char name[16];
    for (int event = 2; event < 60; event++) {
        snprintf(name, sizeof name, "event-%d", event);
        fixture_tier(fixture, event, name, 1, "only", 2);
    }
    for (int i = 0; i < 3 * 60; i++) {
        snprintf(name, sizeof name, "event-%d", i % 60);
        basket_ask(&basket, NULL, name, "", 1);
    }
    struct store *store = fixture_seller(fixture, "server-1");
    basket_settle(&basket, store);
    for (size_t i = 0; i < basket.count; i++) {
        enum problem expected = i / 60 < 2 ? PROBLEM_NONE : PROBLEM_SOLD_OUT;
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->problem,
                        i % 60 < 2 ? PROBLEM_NO_SUCH_EVENT : expected);
    }
    basket_free(&basket);
    store_close(store);
}

/* Two items of the same request id under two keys cannot both be written. */
static void spoilt_item_spoils_no_other(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct figures figures;
    for (int i = 0; i < 9; i++) {
        char key[32];
        snprintf(key, sizeof key, "a-key-of-a-buyer-%d", i);
        basket_add(&basket, key, 2);
    }
    basket.items[6].request = basket.items[2].request;
    basket_settle(&basket, store);
    for (size_t i = 0; i < 9; i++)
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->problem,
                        i == 6 ? PROBLEM_STORE_UNAVAILABLE : PROBLEM_NONE);
    CU_ASSERT_FALSE(basket_outcome(&basket, 6)->stored);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 8)->sale.first_number, 15);
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 16);
    CU_ASSERT_EQUAL(figures.commit, 1);
    basket_free(&basket);
    store_close(store);
}

/* The database itself refuses to sell more than there is, whatever a seller believes. */
static void database_refuses_to_oversell(struct fixture *fixture)
{
    fixture_on_insert(fixture, "tickets", "true", "UPDATE tiers SET held = capacity - sold");
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_STORE_UNAVAILABLE);
    fixture_on_insert_no_more(fixture, "tickets");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_NONE);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 3);
}

static const struct fixture_case cases[] = {
    {"sells one", 10, sells_one},
    {"an absent quantity is one", 10, absent_quantity_is_one},
    {"numbers have no gap", 1000, numbers_have_no_gap},
    {"sells out exactly", 5, sells_out_exactly},
    {"the last ticket is sold once", 1, last_ticket_is_sold_once},
    {"nothing to sell", 0, nothing_to_sell},
    {"held tickets are not sold", 10, held_tickets_are_not_sold},
    {"the order limit is kept", 100, order_limit_is_kept},
    {"free tickets cost nothing", 10, free_tickets_cost_nothing},
    {"dear tickets add up", 1000, dear_tickets_add_up},
    {"tiers are told apart", 10, tiers_are_told_apart},
    {"the longest texts are kept", 10, longest_texts_are_kept},
    {"batches of any size", 10000, batches_of_any_size},
    {"an empty batch is durable", 10, empty_batch_is_durable},
    {"many events in one batch", 0, many_events_in_one_batch},
    {"a spoilt item spoils no other", 100, spoilt_item_spoils_no_other},
    {"the database refuses to oversell", 10, database_refuses_to_oversell},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store selling", cases, sizeof cases / sizeof *cases);
}
