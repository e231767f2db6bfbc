#include "tests/lib/fake_shop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/item.h"
#include "common/thread.h"
#include "tests/lib/suite.h"

enum {
    CONNECTIONS_MAX = 512,
    BODY_MAX = 4096,
};

/* How many it says are sold. */
static int64_t counted(const struct fake_shop *shop)
{
    if (shop->sold == 0)
        return 0;
    if (shop->fault == SHOP_FORGETS_A_SALE)
        return shop->sold - 1;
    return shop->fault == SHOP_HAS_OTHER_BUYERS ? shop->capacity : shop->sold;
}

static void append_counts(const struct fake_shop *shop, struct buffer *body)
{
    int64_t sold = counted(shop);
    buffer_printf(body,
                  "{\"event\":\"demo\",\"tiers\":[{\"tier\":\"standard\",\"capacity\":%" PRId64
                  ",\"sold\":%" PRId64 ",\"held\":0,\"remaining\":%" PRId64 "}]}",
                  shop->capacity, sold, shop->capacity - sold);
}

/* How many it sells before it says sold out. */
static int64_t supply(const struct fake_shop *shop)
{
    if (shop->fault == SHOP_OVERSELLS)
        return shop->capacity + 2;
    if (shop->fault == SHOP_REFUSES_TOO_EARLY || shop->fault == SHOP_HAS_OTHER_BUYERS)
        return shop->capacity - 2;
    return shop->capacity;
}

static struct outcome decide(struct fake_shop *shop)
{
    struct outcome outcome = {.problem = PROBLEM_SOLD_OUT};
    if (shop->fault == SHOP_WANTS_NAMES)
        outcome.problem = PROBLEM_BUYER_REQUIRED;
    if (shop->fault == SHOP_WANTS_NAMES || shop->sold == supply(shop))
        return outcome;
    shop->sold++;
    outcome = (struct outcome){.sale = {.event = "demo",
                                        .tier = "standard",
                                        .currency = "EUR",
                                        .server = "server-1",
                                        .id = id_make(),
                                        .quantity = 1,
                                        .first_number = shop->sold}};
    if (shop->fault == SHOP_SELLS_NUMBERS_TWICE)
        outcome.sale.first_number = shop->sold / 2 + 1;
    if (shop->fault == SHOP_SELLS_TOO_MANY_AT_ONCE)
        outcome.sale.quantity = 2;
    return outcome;
}

static void handle(void *context, struct http_request *request)
{
    struct fake_shop *shop = context;
    struct http_reply reply = {.status = 200};
    struct buffer body = {0};
    if (strcmp(http_method(request), "GET") == 0) {
        append_counts(shop, &body);
    } else if (shop->fault == SHOP_NAMES_NO_TICKET) {
        reply.status = 409;
        buffer_add(&body, "{\"code\":\"already_checked_in\",\"gate\":\"North\","
                          "\"checked_in_at\":\"2031-03-20T19:00:00.000000Z\"}");
    } else {
        struct outcome outcome = decide(shop);
        const struct item item = {.purchase = {.event = "demo"}};
        reply.status = outcome_status(&outcome, &item);
        if (shop->fault == SHOP_TALKS_NONSENSE)
            buffer_add(&body, "<p>Thank you!</p>");
        else
            outcome_append(&body, &outcome, &item);
    }
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}

static void look(void *context)
{
    struct fake_shop *shop = context;
    if (atomic_load(&shop->ending))
        loop_stop(shop->loop);
}

static void *run(void *argument)
{
    struct fake_shop *shop = argument;
    loop_run(shop->loop);
    return NULL;
}

void fake_shop_open(struct fake_shop *shop)
{
    char address[ADDRESS_SIZE];
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, address);
    snprintf(shop->url, sizeof shop->url, "http://%s", address);
    shop->loop = loop_open();
    struct http_settings settings = {.listen_fd = fd,
                                     .connections_max = CONNECTIONS_MAX,
                                     .connection_memory = 32768,
                                     .body_max = BODY_MAX,
                                     .handler = handle,
                                     .context = shop};
    shop->server = http_open(shop->loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shop->server);
    loop_each_turn(shop->loop, look, shop);
    thread_start(&shop->thread, "fake shop", run, shop);
}

void fake_shop_close(struct fake_shop *shop)
{
    atomic_store(&shop->ending, true);
    loop_wake(shop->loop);
    thread_join(shop->thread);
    http_close(shop->server);
    loop_close(shop->loop);
}
