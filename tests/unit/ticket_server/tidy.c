#include "ticket_server/tidy.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/held_loop.h"
#include "tests/unit/ticket_server/place.h"

enum {
    SECONDS_MAX = 60,
};

/* A ticket server without HTTP. */
static struct shop {
    struct place place;
    struct held_loop held;
    struct catalog *catalog;
    struct seller *seller;
    struct tidy *tidy;
    bool done;
} shop;

static void never_stalled(void *context, pid_t owner)
{
    (void)context;
    (void)owner;
}

static void collect(void *context)
{
    (void)context;
    seller_collect(shop.seller);
}

static void shop_open(void)
{
    char error[STORE_ERROR_SIZE] = "";
    place_open(&shop.place, 10);
    held_loop_open(&shop.held);
    shop.catalog = catalog_open(shop.place.url, error);
    const struct seller_settings settings = {
        .store = store_open_seller(shop.place.url, "server-1", error),
        .log = decision_log_open(shop.place.directory, "server-1", error),
        .loop = shop.held.loop,
        .stalled = never_stalled};
    CU_ASSERT_FATAL(shop.catalog != NULL && settings.store != NULL && settings.log != NULL);
    shop.seller = seller_open(&settings);
    shop.tidy = tidy_open(&(struct tidy_settings){shop.held.loop, shop.catalog, shop.seller});
    loop_each_turn(shop.held.loop, collect, NULL);
}

static void shop_close(void)
{
    tidy_rest(shop.tidy);
    seller_close(shop.seller);
    tidy_close(shop.tidy);
    loop_no_turn(shop.held.loop, collect, NULL);
    catalog_close(shop.catalog);
    held_loop_close(&shop.held);
    place_close(&shop.place);
}

static void decided(struct job *job)
{
    (void)job;
    shop.done = true;
}

static bool is_decided(void *context)
{
    (void)context;
    return shop.done;
}

/* Holds tickets for a second. */
static struct id hold_for_a_second(void)
{
    struct item item = place_item(2);
    item.verb = VERB_HOLD;
    item.seconds = 1;
    struct decision decision = {.item = &item, .router = ""};
    item_fingerprint(&item, decision.fingerprint);
    struct job job = {.decisions = &decision, .count = 1, .done = decided};
    shop.done = false;
    CU_ASSERT_FATAL(seller_submit(shop.seller, &job));
    CU_ASSERT_FATAL(held_loop_until(&shop.held, is_decided, NULL, SECONDS_MAX));
    CU_ASSERT_EQUAL(decision.outcome.problem, PROBLEM_NONE);
    return item.request;
}

static bool has_expired(void *context)
{
    struct order order = {0};
    return store_read_hold(catalog_store(shop.catalog), context, &order) == STORE_FOUND &&
           order.sale.state == ORDER_EXPIRED;
}

static bool is_logged(void *context)
{
    struct buffer log = {0};
    files_read(shop.place.log, &log);
    bool found = strstr(buffer_text(&log), context) != NULL;
    buffer_free(&log);
    return found;
}

/* It has a line in the decision log; who looked, and found nothing to do, has none. */
static void what_is_due_is_done(void)
{
    char to_expired[] = " to=expired event=demo", hold_line[] = " verb=hold ",
         tidy_line[] = "verb=tidy";
    shop_open();
    struct id hold = hold_for_a_second();
    CU_ASSERT(held_loop_until(&shop.held, has_expired, &hold, SECONDS_MAX));
    CU_ASSERT(held_loop_until(&shop.held, is_logged, to_expired, SECONDS_MAX));
    CU_ASSERT(is_logged(hold_line));
    CU_ASSERT_FALSE(is_logged(tidy_line));
    shop_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("tidy", "what is due is done", what_is_due_is_done);
}
