/* What a ticket server must bear from whoever reaches it past the balancer. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/item.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    ITEMS = 40,
    LONG_BODY = 16 * 1024,
};

static const char json[] = "Content-Type: application/json\r\n";

static struct cluster cluster;

static void open_cluster(void)
{
    cluster_open(&cluster, 1000, 1);
    CU_ASSERT(cluster_look(&cluster));
}

static int64_t sold(void)
{
    struct client *client = client_open();
    int64_t tickets = client_sold(client, cluster.url);
    client_close(client);
    return tickets;
}

static unsigned post(const char *path, const char *body, size_t length)
{
    struct buffer request = {0};
    struct raw_answer answer = {0};
    buffer_printf(&request, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", path,
                  json, length);
    buffer_append(&request, body, length);
    raw_exchange(cluster.server[0].url, request.data, request.length, &answer);
    buffer_free(&request);
    buffer_free(&answer.bytes);
    return answer.status;
}

static struct item new_item(void)
{
    struct item item = {.key_made = true, .attempt = 1, .admitted = clock_now()};
    item.request = id_make();
    id_format(&item.request, item.key);
    item.deadline = item.admitted + 60 * CLOCK_SECOND;
    strcpy(item.purchase.event, "demo");
    item.purchase.quantity = 1;
    return item;
}

/* A flight of purchases with ids of their own, but that of the item `again` repeats the item `once`. */
static unsigned post_flight(size_t once, size_t again)
{
    struct buffer body = {0};
    char router[ID_TEXT_SIZE];
    struct id id = id_make(), repeated = id_make();
    id_format(&id, router);
    flight_begin(&body, router);
    for (size_t i = 0; i < ITEMS; i++) {
        struct item item = new_item();
        if (i == once || i == again)
            item.request = repeated;
        id_format(&item.request, item.key);
        item_append(&body, &item);
    }
    flight_end(&body);
    unsigned status = post("/flights", body.data, body.length);
    buffer_free(&body);
    return status;
}

static void a_request_named_twice_is_refused(void)
{
    open_cluster();
    CU_ASSERT_EQUAL(post_flight(0, 1), 400);
    CU_ASSERT_EQUAL(post_flight(0, ITEMS - 1), 400);
    CU_ASSERT_EQUAL(post_flight(ITEMS - 2, ITEMS - 1), 400);
    CU_ASSERT_EQUAL(sold(), 0);
    CU_ASSERT_EQUAL(post_flight(0, 0), 200);
    CU_ASSERT_EQUAL(sold(), ITEMS);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void only_flights_may_be_long(void)
{
    static char body[FLIGHT_BYTES_MAX + 1];
    memset(body, ' ', sizeof body);
    open_cluster();
    CU_ASSERT_EQUAL(post("/purchases", body, LONG_BODY), 400);
    CU_ASSERT_EQUAL(post("/purchases", body, LONG_BODY + 1), 413);
    CU_ASSERT_EQUAL(post("/events", body, LONG_BODY + 1), 413);
    CU_ASSERT_EQUAL(post("/nothing", body, LONG_BODY + 1), 413);
    CU_ASSERT_EQUAL(post("/flights", body, FLIGHT_BYTES_MAX), 400);
    CU_ASSERT_EQUAL(post("/flights", body, FLIGHT_BYTES_MAX + 1), 413);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("hostile flights", "a request named twice is refused",
              a_request_named_twice_is_refused);
    suite_add("hostile flights", "only flights may be long", only_flights_may_be_long);
}
