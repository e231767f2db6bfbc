#include "tests/store/basket.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* --- adding --------------------------------------------------------------------------------- */

static void make_room(struct basket *basket)
{
    if (basket->count < basket->room)
        return;
    basket->room = basket->room == 0 ? 16 : 2 * basket->room;
    basket->items = realloc(basket->items, basket->room * sizeof *basket->items);
    basket->check_ins = realloc(basket->check_ins, basket->room * sizeof *basket->check_ins);
    basket->decisions = realloc(basket->decisions, basket->room * sizeof *basket->decisions);
    CU_ASSERT_FATAL(basket->items != NULL && basket->check_ins != NULL &&
                    basket->decisions != NULL);
}

struct item *basket_ask(struct basket *basket, const char *key, const char *event, const char *tier,
                        int quantity)
{
    make_room(basket);
    struct item *item = &basket->items[basket->count++];
    *item = (struct item){.request = id_make(), .key_made = key == NULL, .attempt = 1};
    item->admitted = clock_now();
    item->deadline = item->admitted + BASKET_SECONDS * CLOCK_SECOND;
    id_format(&item->request, item->key);
    if (key != NULL)
        snprintf(item->key, sizeof item->key, "%s", key);
    snprintf(item->purchase.event, sizeof item->purchase.event, "%s", event);
    snprintf(item->purchase.tier, sizeof item->purchase.tier, "%s", tier);
    item->purchase.quantity = quantity;
    return item;
}

struct item *basket_add(struct basket *basket, const char *key, int quantity)
{
    return basket_ask(basket, key, "demo", "", quantity);
}

struct item *basket_hold(struct basket *basket, const char *key, const char *buyer, int quantity)
{
    struct item *item = basket_add(basket, key, quantity);
    item->verb = VERB_HOLD;
    snprintf(item->purchase.buyer, sizeof item->purchase.buyer, "%s", buyer);
    return item;
}

struct item *basket_wait(struct basket *basket, const char *key, const char *buyer, int quantity)
{
    struct item *item = basket_hold(basket, key, buyer, quantity);
    item->wait = true;
    return item;
}

static struct item *follow(struct basket *basket, enum verb verb, const struct id *order,
                           const char *key, const char *event)
{
    struct item *item = basket_ask(basket, key, event, "", 0);
    item->verb = verb;
    item->order = *order;
    return item;
}

struct item *basket_confirm(struct basket *basket, const struct id *order, const char *reference)
{
    return follow(basket, VERB_CONFIRM, order, reference, "");
}

struct item *basket_release(struct basket *basket, const struct id *order)
{
    return follow(basket, VERB_RELEASE, order, NULL, "");
}

struct item *basket_refund(struct basket *basket, const struct id *order)
{
    return follow(basket, VERB_REFUND, order, NULL, "demo");
}

struct item *basket_check_in(struct basket *basket, const char *key, int64_t number,
                             const char *gate)
{
    struct item *item = basket_ask(basket, key, "demo", "standard", 0);
    struct check_in *check_in = &basket->check_ins[basket->count - 1];
    item->verb = VERB_CHECK_IN;
    *check_in = (struct check_in){.number = number};
    snprintf(check_in->gate, sizeof check_in->gate, "%s", gate);
    return item;
}

struct item *basket_tidy(struct basket *basket, const char *event)
{
    struct item *item = basket_ask(basket, NULL, event, "", 0);
    item->verb = VERB_TIDY;
    return item;
}

/* --- deciding ------------------------------------------------------------------------------- */

void basket_prepare(struct basket *basket)
{
    for (size_t i = 0; i < basket->count; i++) {
        struct decision *decision = &basket->decisions[i];
        memset(decision, 0x5a, sizeof *decision); /* what is not filled in shows */
        decision->item = &basket->items[i];
        decision->router = "";
        decision->check_in = basket->items[i].verb == VERB_CHECK_IN ? &basket->check_ins[i] : NULL;
        item_fingerprint(&basket->items[i], decision->fingerprint);
    }
}

enum store_result basket_decide(struct basket *basket, struct store *store)
{
    struct figures figures;
    basket_prepare(basket);
    return store_decide(store, basket->decisions, basket->count, &figures);
}

void basket_settle(struct basket *basket, struct store *store)
{
    enum store_result result = basket_decide(basket, store);
    if (result != STORE_DURABLE)
        printf("  %s\n", store_error(store));
    CU_ASSERT_EQUAL_FATAL(result, STORE_DURABLE);
}

const struct outcome *basket_outcome(const struct basket *basket, size_t i)
{
    return &basket->decisions[i].outcome;
}

void basket_clear(struct basket *basket)
{
    basket->count = 0;
}

void basket_free(struct basket *basket)
{
    free(basket->items);
    free(basket->check_ins);
    free(basket->decisions);
    memset(basket, 0, sizeof *basket);
}

/* --- one at a time -------------------------------------------------------------------------- */

static struct outcome only_outcome(struct basket *basket, struct store *store)
{
    basket_settle(basket, store);
    struct outcome outcome = *basket_outcome(basket, 0);
    basket_free(basket);
    return outcome;
}

struct outcome buy(struct store *store, const char *key, int quantity)
{
    struct basket basket = {0};
    basket_add(&basket, key, quantity);
    return only_outcome(&basket, store);
}

struct outcome buy_as(struct store *store, const char *buyer, int quantity)
{
    struct basket basket = {0};
    struct item *item = basket_add(&basket, NULL, quantity);
    snprintf(item->purchase.buyer, sizeof item->purchase.buyer, "%s", buyer);
    return only_outcome(&basket, store);
}

struct outcome hold(struct store *store, const char *key, int quantity)
{
    struct basket basket = {0};
    basket_hold(&basket, key, "", quantity);
    return only_outcome(&basket, store);
}

struct outcome hold_as(struct store *store, const char *buyer, int quantity)
{
    struct basket basket = {0};
    basket_hold(&basket, NULL, buyer, quantity);
    return only_outcome(&basket, store);
}

struct outcome wait_for(struct store *store, const char *key, int quantity)
{
    struct basket basket = {0};
    basket_wait(&basket, key, "", quantity);
    return only_outcome(&basket, store);
}

struct outcome confirm(struct store *store, const struct id *order, const char *reference)
{
    struct basket basket = {0};
    basket_confirm(&basket, order, reference);
    return only_outcome(&basket, store);
}

struct outcome release(struct store *store, const struct id *order)
{
    struct basket basket = {0};
    basket_release(&basket, order);
    return only_outcome(&basket, store);
}

struct outcome refund(struct store *store, const struct id *order)
{
    struct basket basket = {0};
    basket_refund(&basket, order);
    return only_outcome(&basket, store);
}

struct outcome let_in(struct store *store, const char *key, int64_t number, const char *gate,
                      struct check_in *told)
{
    struct basket basket = {0};
    basket_check_in(&basket, key, number, gate);
    basket_settle(&basket, store);
    struct outcome outcome = *basket_outcome(&basket, 0);
    if (told != NULL)
        *told = basket.check_ins[0];
    basket_free(&basket);
    return outcome;
}

void tidy(struct store *store, const char *event)
{
    struct basket basket = {0};
    basket_tidy(&basket, event);
    basket_settle(&basket, store);
    basket_free(&basket);
}
