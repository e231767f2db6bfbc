/* One key, one outcome: repeats, reuse, stored refusals and deadlines. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

static const char key_a[] = "key-of-a-client-a";
static const char key_b[] = "key-of-a-client-b";

static void expect_same_sale(const struct outcome *first, const struct outcome *again)
{
    CU_ASSERT_EQUAL(again->problem, PROBLEM_NONE);
    CU_ASSERT_TRUE(again->replayed);
    CU_ASSERT_TRUE(again->stored);
    CU_ASSERT_TRUE(id_equal(&again->sale.id, &first->sale.id));
    CU_ASSERT_STRING_EQUAL(again->sale.event, first->sale.event);
    CU_ASSERT_STRING_EQUAL(again->sale.tier, first->sale.tier);
    CU_ASSERT_STRING_EQUAL(again->sale.server, first->sale.server);
    CU_ASSERT_STRING_EQUAL(again->sale.currency, first->sale.currency);
    CU_ASSERT_EQUAL(again->sale.quantity, first->sale.quantity);
    CU_ASSERT_EQUAL(again->sale.first_number, first->sale.first_number);
    CU_ASSERT_EQUAL(again->sale.amount, first->sale.amount);
    CU_ASSERT_EQUAL(again->sale.created_at, first->sale.created_at);
}

static void repeat_gets_the_first_answer(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome first = buy(store, key_a, 2);
    struct outcome again = buy(store, key_a, 2);
    CU_ASSERT_FALSE(first.replayed);
    expect_same_sale(&first, &again);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2);
}

static void another_server_knows_the_key(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    struct outcome first = buy(a, key_a, 1);
    struct outcome again = buy(b, key_a, 1);
    expect_same_sale(&first, &again);
    CU_ASSERT_STRING_EQUAL(again.sale.server, "server-1");
    store_close(a);
    store_close(b);
}

static void key_outlives_the_process(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome first = buy(store, key_a, 3);
    store_close(store);
    store = fixture_seller(fixture, "server-1");
    struct outcome again = buy(store, key_a, 3);
    expect_same_sale(&first, &again);
    store_close(store);
}

static void repeat_within_a_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, key_a, 2);
    basket_add(&basket, key_b, 2);
    basket_add(&basket, key_a, 2);
    basket_add(&basket, key_a, 2);
    basket_settle(&basket, store);
    expect_same_sale(basket_outcome(&basket, 0), basket_outcome(&basket, 2));
    expect_same_sale(basket_outcome(&basket, 0), basket_outcome(&basket, 3));
    CU_ASSERT_FALSE(basket_outcome(&basket, 1)->replayed);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 4);
}

static void made_keys_repeat_alike(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 2);
    basket_settle(&basket, store);
    struct outcome first = *basket_outcome(&basket, 0);
    basket.items[0].attempt = 2;
    basket_settle(&basket, store);
    expect_same_sale(&first, basket_outcome(&basket, 0));
    basket_free(&basket);
    store_close(store);
}

/* A flight may come twice, as it was sent: libcurl sends again where a connection turns out to be dead.
 * What was sold is said again, and what is new beside it is sold. */
static void made_keys_come_twice(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct outcome first[3];
    for (int i = 0; i < 3; i++)
        basket_add(&basket, NULL, 2);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++)
        first[i] = *basket_outcome(&basket, i);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++)
        expect_same_sale(&first[i], basket_outcome(&basket, i));
    basket_add(&basket, NULL, 1);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 3; i++)
        expect_same_sale(&first[i], basket_outcome(&basket, i));
    CU_ASSERT_EQUAL(basket_outcome(&basket, 3)->problem, PROBLEM_NONE);
    CU_ASSERT_FALSE(basket_outcome(&basket, 3)->replayed);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 7);
}

/* Nobody is told "sold out", or "too late", who has a ticket. */
static void made_key_is_known_whatever_comes(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 2);
    basket_settle(&basket, store);
    struct outcome first = *basket_outcome(&basket, 0);
    basket_settle(&basket, store); /* all are gone now */
    expect_same_sale(&first, basket_outcome(&basket, 0));
    basket.items[0].deadline = clock_now() - CLOCK_SECOND;
    basket_settle(&basket, store);
    expect_same_sale(&first, basket_outcome(&basket, 0));
    fixture_sql(fixture, "UPDATE tiers SET order_limit = 1, capacity = 100");
    basket.items[0].deadline = clock_now() + CLOCK_SECOND;
    basket_settle(&basket, store);
    expect_same_sale(&first, basket_outcome(&basket, 0));
    basket_free(&basket);
    store_close(store);
}

/* Each row differs from the first purchase in one field. */
static void other_content_is_refused(struct fixture *fixture)
{
    static const struct {
        const char *tier, *buyer;
        int quantity;
        enum problem problem;
    } rows[] = {
        {"", "", 1, PROBLEM_NONE},          {"", "", 2, PROBLEM_KEY_REUSED},
        {"", "", 0, PROBLEM_KEY_REUSED},    {"standard", "", 1, PROBLEM_KEY_REUSED},
        {"", "me", 1, PROBLEM_KEY_REUSED},  {"nowhere", "", 1, PROBLEM_KEY_REUSED},
        {"", "", 1000, PROBLEM_KEY_REUSED},
    };
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, key_a, 1).problem, PROBLEM_NONE);
    struct basket basket = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct item *item = basket_ask(&basket, key_a, "demo", rows[i].tier, rows[i].quantity);
        strcpy(item->purchase.buyer, rows[i].buyer);
    }
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->problem, rows[i].problem);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->replayed, rows[i].problem == PROBLEM_NONE);
    }
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
}

static void other_content_within_a_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, key_a, 1);
    basket_add(&basket, key_a, 2);
    basket_add(&basket, key_a, 1);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_KEY_REUSED);
    CU_ASSERT_FALSE(basket_outcome(&basket, 1)->stored);
    CU_ASSERT_TRUE(basket_outcome(&basket, 2)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void keys_belong_to_their_event(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "only", 10);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_ask(&basket, key_a, "demo", "", 1);
    basket_ask(&basket, key_a, "opera", "", 1);
    basket_ask(&basket, key_a, "circus", "", 1);
    basket_ask(&basket, key_a, "opera", "", 1);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_NONE);
    CU_ASSERT_FALSE(basket_outcome(&basket, 1)->replayed);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 2)->problem, PROBLEM_NO_SUCH_EVENT);
    CU_ASSERT_TRUE(basket_outcome(&basket, 3)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void keys_are_told_apart_by_case(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_FALSE(buy(store, "KEY-of-a-client-a", 1).replayed);
    CU_ASSERT_FALSE(buy(store, "key-of-a-client-a", 1).replayed);
    CU_ASSERT_FALSE(buy(store, "key-of-a-client-a%", 1).replayed);
    store_close(store);
}

/* Tickets come back after a refusal: a slow server must not sell what another refused. */
static void client_key_stays_refused(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome first = buy(store, key_a, 3);
    CU_ASSERT_EQUAL(first.problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(first.remaining, 2);
    CU_ASSERT_TRUE(first.stored);
    CU_ASSERT_FALSE(first.replayed);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    struct outcome again = buy(store, key_a, 3);
    CU_ASSERT_EQUAL(again.problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(again.remaining, 2);
    CU_ASSERT_TRUE(again.stored);
    CU_ASSERT_TRUE(again.replayed);
    CU_ASSERT_EQUAL(buy(store, key_a, 1).problem, PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(buy(store, key_b, 3).problem, PROBLEM_NONE);
    store_close(store);
}

static void made_key_may_try_again(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 3);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_FALSE(basket_outcome(&basket, 0)->stored);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_NONE);
    CU_ASSERT_FALSE(basket_outcome(&basket, 0)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void retried_made_key_stays_refused(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 3)->attempt = 2;
    basket_settle(&basket, store);
    CU_ASSERT_TRUE(basket_outcome(&basket, 0)->stored);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    basket.items[0].attempt = 1; /* the slow first server */
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_TRUE(basket_outcome(&basket, 0)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void refusals_repeat_within_a_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, key_a, 3);
    basket_add(&basket, NULL, 3);
    strcpy(basket_add(&basket, NULL, 3)->key, basket.items[1].key);
    basket_add(&basket, key_a, 3);
    basket_settle(&basket, store);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->problem, PROBLEM_SOLD_OUT);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->stored, i == 0 || i == 3);
        CU_ASSERT_EQUAL(basket_outcome(&basket, i)->replayed, i == 3);
    }
    basket_free(&basket);
    store_close(store);
}

/* 400s, 404s and 422s are never stored: put right, the same key buys. */
static void other_refusals_are_not_stored(struct fixture *fixture)
{
    static const struct {
        const char *event, *tier;
        int quantity;
        enum problem problem;
    } rows[] = {
        {"opera", "", 1, PROBLEM_TIER_REQUIRED},
        {"opera", "box", 1, PROBLEM_NO_SUCH_TIER},
        {"opera", "stalls", 11, PROBLEM_OVER_LIMIT},
    };
    fixture_tier(fixture, 2, "opera", 1, "stalls", 100);
    fixture_tier(fixture, 2, "opera", 2, "circle", 100);
    struct store *store = fixture_seller(fixture, "server-1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct basket basket = {0};
        char key[32];
        snprintf(key, sizeof key, "a-key-of-a-client-%zu", i);
        basket_ask(&basket, key, rows[i].event, rows[i].tier, rows[i].quantity);
        basket_ask(&basket, key, "opera", "stalls", 1);
        basket_settle(&basket, store);
        CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, rows[i].problem);
        CU_ASSERT_FALSE(basket_outcome(&basket, 0)->stored);
        CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_NONE);
        CU_ASSERT_FALSE(basket_outcome(&basket, 1)->replayed);
        basket_free(&basket);
    }
    store_close(store);
}

static void late_items_are_dropped(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, key_a, 1)->deadline = clock_now() - 1;
    basket_add(&basket, key_b, 1);
    basket_settle(&basket, store);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 0)->problem, PROBLEM_EXPIRED);
    CU_ASSERT_FALSE(basket_outcome(&basket, 0)->stored);
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_NONE);
    basket_free(&basket);
    CU_ASSERT_FALSE(buy(store, key_a, 1).replayed);
    store_close(store);
}

static void late_item_of_a_known_key_is_answered(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome first = buy(store, key_a, 1);
    struct basket basket = {0};
    basket_add(&basket, key_a, 1)->deadline = clock_now() - CLOCK_SECOND;
    basket_add(&basket, key_a, 2)->deadline = clock_now() - CLOCK_SECOND;
    basket_settle(&basket, store);
    expect_same_sale(&first, basket_outcome(&basket, 0));
    CU_ASSERT_EQUAL(basket_outcome(&basket, 1)->problem, PROBLEM_KEY_REUSED);
    basket_free(&basket);
    store_close(store);
}

static void refuse_many(struct store *store, size_t n)
{
    struct basket basket = {0};
    char key[32];
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, "refused-purchase-%zu", i);
        basket_add(&basket, key, 9);
    }
    basket_settle(&basket, store);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_TRUE(basket_outcome(&basket, i)->stored);
    basket_free(&basket);
}

static void refusals_are_kept_an_hour(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    refuse_many(store, 3);
    fixture_sql(fixture, "UPDATE decisions SET created_at = created_at - %lld",
                (long long)(STORE_REFUSAL_SECONDS - FIXTURE_SECONDS) * CLOCK_SECOND);
    CU_ASSERT_TRUE(buy(store, "refused-purchase-0", 9).replayed);
    fixture_sql(fixture,
                "UPDATE decisions SET created_at = created_at - %lld"
                " WHERE key = 'refused-purchase-1'",
                (long long)(FIXTURE_SECONDS + 1) * CLOCK_SECOND);
    fixture_sql(fixture, "UPDATE tiers SET capacity = 100");
    CU_ASSERT_EQUAL(buy(store, "refused-purchase-1", 9).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, "refused-purchase-2", 9).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

/* A batch does not pay for all the refusals of a rush, but batch by batch they go. */
static void old_refusals_go_in_portions(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    refuse_many(store, 500);
    fixture_sql(fixture, "UPDATE decisions SET created_at = created_at - %lld",
                (long long)(2 * STORE_REFUSAL_SECONDS) * CLOCK_SECOND);
    int batches = 0;
    while (buy(store, "refused-purchase-499", 9).replayed && batches < 500)
        batches++;
    CU_ASSERT(batches > 0 && batches < 50);
    store_close(store);
}

/* The count is set behind the store's back: a million rows would take their time. */
static void no_room_for_refusals(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    fixture_sql(fixture, "UPDATE events SET refusals = %d", STORE_REFUSALS_MAX - 1);
    CU_ASSERT_EQUAL(buy(store, key_a, 9).problem, PROBLEM_SOLD_OUT);
    struct outcome outcome = buy(store, key_b, 9);
    CU_ASSERT_EQUAL(outcome.problem, PROBLEM_STORE_UNAVAILABLE);
    CU_ASSERT_FALSE(outcome.stored);
    CU_ASSERT_TRUE(buy(store, key_a, 9).replayed);
    CU_ASSERT_EQUAL(buy(store, NULL, 9).problem, PROBLEM_SOLD_OUT);
    CU_ASSERT_EQUAL(buy(store, key_b, 1).problem, PROBLEM_NONE);
    fixture_sql(fixture, "UPDATE events SET refusals = 1");
    store_close(store);
}

static const struct fixture_case cases[] = {
    {"a repeat gets the first answer", 10, repeat_gets_the_first_answer},
    {"another server knows the key", 10, another_server_knows_the_key},
    {"a key outlives the process", 10, key_outlives_the_process},
    {"a repeat within a batch", 10, repeat_within_a_batch},
    {"made keys repeat alike", 10, made_keys_repeat_alike},
    {"made keys come twice", 100, made_keys_come_twice},
    {"a made key is known, whatever comes", 2, made_key_is_known_whatever_comes},
    {"other content is refused", 10, other_content_is_refused},
    {"other content within a batch", 10, other_content_within_a_batch},
    {"keys belong to their event", 10, keys_belong_to_their_event},
    {"keys are told apart by case", 10, keys_are_told_apart_by_case},
    {"a client's key stays refused", 2, client_key_stays_refused},
    {"a made key may try again", 2, made_key_may_try_again},
    {"a retried made key stays refused", 2, retried_made_key_stays_refused},
    {"refusals repeat within a batch", 2, refusals_repeat_within_a_batch},
    {"other refusals are not stored", 10, other_refusals_are_not_stored},
    {"late items are dropped", 10, late_items_are_dropped},
    {"a late item of a known key is answered", 10, late_item_of_a_known_key_is_answered},
    {"refusals are kept an hour", 2, refusals_are_kept_an_hour},
    {"old refusals go in portions", 2, old_refusals_go_in_portions},
    {"no room for refusals", 2, no_room_for_refusals},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store keys", cases, sizeof cases / sizeof *cases);
}
