/* The rule for orders that stand in the store when a batch begins: their confirms, refunds and lines. */
#include <string.h>

#include "db/decide.h"
#include "tests/lib/suite.h"

enum {
    NOW = 1000000,
    MAX = 8,
};

/* One event with one tier, of which all that is not of an order added below is sold to somebody else. */
struct shop {
    struct item items[MAX];
    struct decision decisions[MAX];
    struct decide_item work[MAX];
    struct decide_order orders[2 * MAX];
    struct decide_event event;
    struct decide_tier tier;
    struct lookup keys;
    struct decide_batch batch;
};

static void shop_open(struct shop *shop, int64_t capacity, int64_t sold)
{
    memset(shop, 0, sizeof *shop);
    shop->event = (struct decide_event){
        .id = 1, .name = "demo", .tiers = 1, .hold_seconds = 60, .waiting_list = true};
    shop->tier = (struct decide_tier){.id = 1,
                                      .name = "standard",
                                      .currency = "EUR",
                                      .price = 100,
                                      .capacity = capacity,
                                      .limit = 10,
                                      .was = {.sold = sold, .next_number = 101},
                                      .line = LOOKUP_NONE,
                                      .line_end = LOOKUP_NONE,
                                      .line_whole = true};
    shop->batch = (struct decide_batch){.server = "server-1",
                                        .now = NOW,
                                        .decisions = shop->decisions,
                                        .items = shop->work,
                                        .events = &shop->event,
                                        .event_count = 1,
                                        .tiers = &shop->tier,
                                        .tier_count = 1,
                                        .orders = shop->orders,
                                        .keys = &shop->keys};
}

static void shop_close(struct shop *shop)
{
    lookup_free(&shop->keys);
}

/* An order that the store holds; its counts are those of the tier. */
static size_t add_order(struct shop *shop, enum order_state state, int quantity)
{
    size_t index = shop->batch.order_count++;
    shop->orders[index] = (struct decide_order){.row = (int64_t)index + 1,
                                                .buyer = LOOKUP_NONE,
                                                .item = LOOKUP_NONE,
                                                .behind = LOOKUP_NONE,
                                                .id = id_make(),
                                                .was_held = true,
                                                .was = {.state = state, .quantity = quantity}};
    shop->tier.was.sold += state == ORDER_SOLD ? quantity : 0;
    shop->tier.was.held += state == ORDER_HELD ? quantity : 0;
    if (state == ORDER_WAITING) {
        shop->tier.was.waiting++;
        shop->tier.line = shop->tier.line_end = index;
    }
    return index;
}

static struct item *ask(struct shop *shop, enum verb verb, const char *key, size_t order)
{
    size_t i = shop->batch.count++;
    struct item *item = &shop->items[i];
    *item = (struct item){
        .verb = verb, .request = id_make(), .attempt = 1, .admitted = NOW, .deadline = NOW};
    strcpy(item->key, key);
    if (verb == VERB_PURCHASE)
        strcpy(item->purchase.event, "demo");
    shop->decisions[i] = (struct decision){.item = item, .router = ""};
    item_fingerprint(item, shop->decisions[i].fingerprint);
    shop->work[i] = (struct decide_item){
        .order = order, .buyer = LOOKUP_NONE, .ticket = LOOKUP_NONE, .subject = LOOKUP_NONE};
    return item;
}

static void expect(const struct shop *shop, size_t i, enum problem problem, bool replayed)
{
    CU_ASSERT_EQUAL(shop->decisions[i].outcome.problem, problem);
    CU_ASSERT_EQUAL(shop->decisions[i].outcome.replayed, replayed);
}

static void waited_for_is_not_free(void)
{
    struct shop shop;
    shop_open(&shop, 10, 8);
    size_t sold = add_order(&shop, ORDER_SOLD, 2), waits = add_order(&shop, ORDER_WAITING, 5);
    ask(&shop, VERB_REFUND, "r", sold);
    ask(&shop, VERB_PURCHASE, "p", LOOKUP_NONE);
    for (int times = 0; times < 2; times++) { /* decided again, it comes out the same */
        decide(&shop.batch);
        expect(&shop, 0, PROBLEM_NONE, false);
        expect(&shop, 1, PROBLEM_SOLD_OUT, false);
        CU_ASSERT_EQUAL(shop.decisions[1].outcome.remaining, 0);
        CU_ASSERT_EQUAL(shop.orders[waits].now.state, ORDER_HELD);
        CU_ASSERT_EQUAL(shop.orders[waits].now.quantity, 2);
        CU_ASSERT_EQUAL(shop.orders[waits].now.amount, 200);
        CU_ASSERT_EQUAL(shop.tier.now.sold, 8);
        CU_ASSERT_EQUAL(shop.tier.now.held, 2);
        CU_ASSERT_EQUAL(shop.tier.now.waiting, 0);
    }
    shop_close(&shop);
}

static void paid_once(void)
{
    struct shop shop;
    shop_open(&shop, 10, 0);
    size_t held = add_order(&shop, ORDER_HELD, 2);
    ask(&shop, VERB_CONFIRM, "first", held);
    ask(&shop, VERB_CONFIRM, "first", held);
    ask(&shop, VERB_CONFIRM, "second", held);
    ask(&shop, VERB_CONFIRM, "second", held);
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_NONE, false);
    expect(&shop, 1, PROBLEM_NONE, true);
    expect(&shop, 2, PROBLEM_ALREADY_PAID, false);
    expect(&shop, 3, PROBLEM_ALREADY_PAID, true);
    CU_ASSERT_EQUAL(shop.work[2].write, DECIDE_OWED);
    CU_ASSERT_EQUAL(shop.work[3].write, DECIDE_NOTHING);
    CU_ASSERT_EQUAL(shop.orders[held].now.owed, 1);
    CU_ASSERT_EQUAL(shop.decisions[1].outcome.sale.first_number, 101);
    CU_ASSERT_EQUAL(shop.tier.taken, 2);
    shop_close(&shop);
}

/* Two holds expire; somebody buys what the first one's payment came too late for. */
static void paid_late(void)
{
    struct shop shop;
    shop_open(&shop, 5, 0);
    size_t first = add_order(&shop, ORDER_HELD, 3), second = add_order(&shop, ORDER_HELD, 2);
    shop.orders[first].due = shop.orders[second].due = true;
    ask(&shop, VERB_PURCHASE, "p", LOOKUP_NONE)->purchase.quantity = 3;
    ask(&shop, VERB_CONFIRM, "first", first);
    ask(&shop, VERB_CONFIRM, "second", second);
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_NONE, false);
    expect(&shop, 1, PROBLEM_HOLD_EXPIRED, false);
    CU_ASSERT_TRUE(shop.decisions[1].outcome.stored);
    expect(&shop, 2, PROBLEM_NONE, false);
    CU_ASSERT_TRUE(shop.decisions[2].outcome.late);
    CU_ASSERT_EQUAL(shop.tier.now.sold, 5);
    CU_ASSERT_EQUAL(shop.tier.now.held, 0);
    shop_close(&shop);
}

/* What is due and was left for the next batch may be what is asked for. */
static void overdue_is_not_sold_out(void)
{
    struct shop shop;
    shop_open(&shop, 1, 1);
    shop.event.overdue = true;
    size_t expired = add_order(&shop, ORDER_EXPIRED, 1);
    ask(&shop, VERB_PURCHASE, "p", LOOKUP_NONE);
    ask(&shop, VERB_CONFIRM, "c", expired);
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_OVERLOADED, false);
    expect(&shop, 1, PROBLEM_OVERLOADED, false);
    CU_ASSERT_EQUAL(shop.work[1].write, DECIDE_NOTHING);
    shop_close(&shop);
}

/* What a buyer has too many of may be what is due and was left for the next batch. */
static void overdue_is_not_the_limit(void)
{
    struct shop shop;
    struct decide_buyer buyer = {.name = "ann", .was = 1};
    shop_open(&shop, 10, 0);
    shop.batch.buyers = &buyer;
    shop.batch.buyer_count = 1;
    shop.event.overdue = true;
    shop.event.buyer_limit = 1;
    size_t expired = add_order(&shop, ORDER_EXPIRED, 1);
    shop.orders[expired].buyer = 0;
    struct item *item = ask(&shop, VERB_PURCHASE, "p", LOOKUP_NONE);
    strcpy(item->purchase.buyer, "ann");
    item->key_made = false;
    shop.work[0].buyer = 0;
    ask(&shop, VERB_CONFIRM, "c", expired);
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_OVERLOADED, false);
    expect(&shop, 1, PROBLEM_OVERLOADED, false);
    CU_ASSERT_EQUAL(shop.work[0].write, DECIDE_NOTHING);
    CU_ASSERT_EQUAL(shop.work[1].write, DECIDE_NOTHING);
    shop.event.overdue = false;
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_BUYER_LIMIT, false);
    expect(&shop, 1, PROBLEM_HOLD_EXPIRED, false);
    shop_close(&shop);
}

static void owed_no_more_than_so_often(void)
{
    struct shop shop;
    shop_open(&shop, 10, 0);
    size_t released = add_order(&shop, ORDER_RELEASED, 2);
    shop.orders[released].was.owed = STORE_OWED_MAX - 1;
    ask(&shop, VERB_CONFIRM, "last", released);
    ask(&shop, VERB_CONFIRM, "one more", released);
    decide(&shop.batch);
    expect(&shop, 0, PROBLEM_HOLD_RELEASED, false);
    expect(&shop, 1, PROBLEM_OVERLOADED, false);
    CU_ASSERT_FALSE(shop.decisions[1].outcome.stored);
    shop_close(&shop);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("decide line", "what somebody waits for is not free", waited_for_is_not_free);
    suite_add("decide orders", "paid once", paid_once);
    suite_add("decide orders", "paid late", paid_late);
    suite_add("decide orders", "overdue is not sold out", overdue_is_not_sold_out);
    suite_add("decide orders", "overdue is not the limit", overdue_is_not_the_limit);
    suite_add("decide orders", "owed no more than so often", owed_no_more_than_so_often);
}
