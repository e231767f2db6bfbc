/* Numbers after a copy was put back, into either engine and in the place of whatever was there: no ticket's is given
 * twice, not even one of a sale that was undone; and orders, events and payments owed go on behind those there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/changes.h"
#include "tests/store/peek.h"

enum {
    BATCHES = 6,
    BATCH = 9,
    LIMIT = 3, /* tickets in an order, at most */
    PAGE = 100,
    GIVEN_MAX = 4096,
};

/* All that was ever sold of a store and of its copies. */
struct sold {
    int64_t given[GIVEN_MAX]; /* numbers of tickets */
    size_t count;
};

/* What a store holds, as its lists tell it. */
struct held {
    size_t orders;
    int64_t last; /* place in the list */
};

static void note(struct sold *sold, const struct outcome *outcome)
{
    const struct sale *sale = &outcome->sale;
    expect_problem(outcome, PROBLEM_NONE);
    for (int64_t i = 0; i < sale->quantity && sold->count < GIVEN_MAX; i++)
        sold->given[sold->count++] = sale->first_number + i;
}

static void pay_twice(struct store *one, struct store *other, struct sold *sold)
{
    struct outcome held = hold(one, NULL, LIMIT);
    struct outcome paid = confirm(other, &held.sale.id, "paid"),
                   again = confirm(one, &held.sale.id, "again");
    expect_problem(&again, PROBLEM_ALREADY_PAID);
    note(sold, &paid);
}

static void make_an_event(struct store *store)
{
    static int events;
    char name[NAME_SIZE];
    struct tier_terms tier = tier_terms("standard", 10);
    snprintf(name, sizeof name, "gala-%d", ++events);
    struct change event = event_change(name, &tier, 1);
    CU_ASSERT_EQUAL(changed(store, &event), PROBLEM_NONE);
}

/* By two sellers in turn, so that each draws numbers while the other has some. Returns how many orders there are more. */
static size_t sell(struct fixture *fixture, struct sold *sold)
{
    struct store *sellers[] = {fixture_seller(fixture, "server-1"),
                               fixture_seller(fixture, "server-2")};
    struct basket basket = {0};
    fixture_hasten(fixture, sellers[0]);
    fixture_hasten(fixture, sellers[1]);
    for (int i = 0; i < BATCHES; i++) {
        for (int j = 0; j < BATCH; j++)
            basket_add(&basket, NULL, 1 + j % LIMIT);
        basket_settle(&basket, sellers[i % 2]);
        for (size_t j = 0; j < BATCH; j++)
            note(sold, basket_outcome(&basket, j));
        basket_clear(&basket);
    }
    basket_free(&basket);
    for (int i = 0; i < 2; i++)
        pay_twice(sellers[i], sellers[1 - i], sold);
    make_an_event(sellers[0]);
    store_close(sellers[0]);
    store_close(sellers[1]);
    return BATCHES * BATCH + 2;
}

/* --- what is there ------------------------------------------------------------------------------ */

static void count_order(void *context, int64_t place, const struct order *order)
{
    struct held *held = context;
    (void)order;
    CU_ASSERT(place > held->last);
    held->last = place;
    held->orders++;
}

/* Orders behind this place. */
static struct held list(struct fixture *fixture, int64_t after)
{
    struct held held = {.last = after};
    struct store *reader = fixture_reader(fixture);
    size_t before;
    do {
        before = held.orders;
        bool found =
            store_list_orders(reader, "demo", held.last, PAGE, count_order, &held) == STORE_FOUND;
        if (!found)
            printf("  %s\n", store_error(reader));
        CU_ASSERT(found);
    } while (held.orders > before);
    store_close(reader);
    return held;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* So many orders, one behind the other; the audit clean; and no ticket was ever given twice. */
static void expect_sound(struct fixture *fixture, struct sold *sold, size_t orders)
{
    char sentence[512] = "";
    CU_ASSERT_EQUAL(list(fixture, 0).orders, orders);
    CU_ASSERT_EQUAL(fixture_broken(fixture, sentence), 0);
    if (sentence[0] != '\0')
        printf("  %s\n", sentence);
    CU_ASSERT(sold->count < GIVEN_MAX);
    qsort(sold->given, sold->count, sizeof *sold->given, by_number);
    for (size_t i = 1; i < sold->count; i++)
        CU_ASSERT(sold->given[i] > sold->given[i - 1]);
}

/* --- copies ------------------------------------------------------------------------------------- */

static void back_up(const struct fixture *fixture, const struct fixture *at, const char *name,
                    char copy[FIXTURE_URL_SIZE])
{
    char error[STORE_ERROR_SIZE] = "";
    snprintf(copy, FIXTURE_URL_SIZE, "%s/%s.db", at->directory, name);
    bool done = store_backup(fixture->url, copy, NULL, NULL, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
}

static void put_back(const struct fixture *fixture, const char *copy)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store_restored restored;
    bool done = store_restore(fixture->url, copy, NULL, NULL, &restored, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
}

/* Into a store that is ahead of the copy; into one of the other engine that is behind it, and then ahead; and back into
 * a fresh one. */
static void are_given_once(struct fixture *fixture)
{
    static struct sold sold;
    struct fixture other;
    char first[FIXTURE_URL_SIZE], second[FIXTURE_URL_SIZE], third[FIXTURE_URL_SIZE];
    sold.count = 0;
    fixture_open_other(&other, fixture, 3);
    size_t orders = sell(fixture, &sold);
    back_up(fixture, &other, "first", first);
    sell(fixture, &sold);
    for (int i = 0; i < 2; i++) {
        put_back(fixture, first);
        expect_sound(fixture, &sold, orders + sell(fixture, &sold));
    }
    orders = list(fixture, 0).orders;
    back_up(fixture, &other, "second", second);
    for (int i = 0; i < 2; i++) {
        put_back(&other, second);
        expect_sound(&other, &sold, orders + sell(&other, &sold));
    }
    orders = list(&other, 0).orders;
    back_up(&other, &other, "third", third);
    fixture_renew(fixture, 3);
    put_back(fixture, third);
    expect_sound(fixture, &sold, orders + sell(fixture, &sold));
    fixture_close(&other);
}

/* Whoever has read up to the end of what is undone finds all that is sold from then on. */
static void follow_what_is_replaced(struct fixture *fixture)
{
    static struct sold sold;
    char copy[FIXTURE_URL_SIZE];
    sold.count = 0;
    sell(fixture, &sold);
    back_up(fixture, fixture, "copy", copy);
    sell(fixture, &sold);
    int64_t last = list(fixture, 0).last;
    put_back(fixture, copy);
    CU_ASSERT_EQUAL(list(fixture, last).orders, 0);
    size_t orders = sell(fixture, &sold);
    CU_ASSERT_EQUAL(list(fixture, last).orders, orders);
}

static const struct fixture_case both[] = {
    {"are given once, whatever is put back", 100000, are_given_once},
};

static const struct fixture_case of_postgresql[] = {
    {"of orders follow those replaced", 100000, follow_what_is_replaced},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add("store numbers", both, sizeof both / sizeof *both);
    fixture_add_on("postgresql", "store numbers", of_postgresql,
                   sizeof of_postgresql / sizeof *of_postgresql);
}
