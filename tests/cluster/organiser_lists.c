/* Lists of any length: pages that give each order once, and an export that takes the memory of a page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "db/store.h"
#include "tests/cluster/organiser.h"
#include "tests/growth/footprint.h"
#include "tests/lib/suite.h"

enum {
    LISTED = 2500,
    EXPORTED = 40000, /* and as many before */
    CAPACITY = 100000,
    PEAK_MORE = 1 << 10, /* KiB; the second half of the export has 6 MiB */
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true; /* what is freed is kept for a while */
#else
static const bool is_sanitized = false;
#endif

static struct organiser box;

/* Sells so many, each to a buyer of his own, by a server of nobody's. */
static void fill(int orders)
{
    static struct item items[STORE_BATCH_MAX];
    static struct decision decisions[STORE_BATCH_MAX];
    char error[STORE_ERROR_SIZE];
    struct figures figures;
    struct store *store = store_open_seller(box.cluster.store, "filler", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    for (int done = 0; done < orders;) {
        size_t count = 0;
        for (; count < STORE_BATCH_MAX && done < orders; count++, done++) {
            struct item *item = &items[count];
            *item = (struct item){.key_made = true, .attempt = 1, .admitted = clock_now()};
            item->request = id_make();
            id_format(&item->request, item->key);
            item->deadline = item->admitted + 60 * CLOCK_SECOND;
            strcpy(item->purchase.event, "demo");
            snprintf(item->purchase.buyer, BUYER_SIZE, "=buyer, \"%06d\"", done);
            decisions[count] = (struct decision){.item = item, .router = ""};
            item_fingerprint(item, decisions[count].fingerprint);
        }
        CU_ASSERT_EQUAL_FATAL(store_decide(store, decisions, count, &figures), STORE_DURABLE);
        CU_ASSERT_EQUAL(decisions[0].outcome.problem, PROBLEM_NONE);
    }
    store_close(store);
}

static void note_buyers(const char *text, const char *before, bool *seen, int count, int *found)
{
    for (const char *at = text; (at = strstr(at, before)) != NULL; at += strlen(before)) {
        int buyer = atoi(at + strlen(before));
        CU_ASSERT_FATAL(buyer >= 0 && buyer < count);
        CU_ASSERT_FALSE(seen[buyer]);
        seen[buyer] = true;
        ++*found;
    }
}

/* The path of the next page; "" where this was the last. */
static void next_page(char path[512])
{
    char link[512] = "";
    path[0] = '\0';
    if (!response_header(&box.answer, "Link", link, sizeof link))
        return;
    CU_ASSERT_PTR_NOT_NULL(strstr(link, ">; rel=\"next\""));
    CU_ASSERT_EQUAL_FATAL(link[0], '<');
    snprintf(path, 512, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
}

/* Sales in between come behind, and move nothing. */
static void pages_give_each_order_once(void)
{
    static bool seen[LISTED];
    char path[512] = "/events/demo/orders?limit=400";
    int found = 0, pages = 0;
    memset(seen, 0, sizeof seen);
    organiser_open(&box, CAPACITY);
    fill(LISTED);
    for (; path[0] != '\0'; pages++) {
        CU_ASSERT_EQUAL_FATAL(organiser_ask(&box, "GET", path, NULL), 200);
        note_buyers(buffer_text(&box.answer.body), "\"buyer\":\"=buyer, \\\"", seen, LISTED,
                    &found);
        next_page(path);
        organiser_buy(&box, "event=demo&quantity=1", 201, "");
    }
    CU_ASSERT_EQUAL(found, LISTED);
    CU_ASSERT_EQUAL(pages, 7);
    organiser_expect(&box, "GET", "/events/demo/orders?limit=0", NULL, 422, "limit must be");
    organiser_expect(&box, "GET", "/events/demo/orders?after=x", NULL, 400, "Link");
    organiser_expect(&box, "GET", "/events/nope/orders", NULL, 404, "no_such_event");
    organiser_close(&box);
}

static void events_come_in_pages(void)
{
    char body[160], path[512] = "/events?limit=2";
    int found = 0;
    organiser_open(&box, 10);
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body,
                 "{\"name\":\"e%d\",\"tiers\":[{\"name\":\"a\",\"price\":0,\"currency\":\"EUR\","
                 "\"capacity\":1}]}",
                 i);
        organiser_expect(&box, "POST", "/events", body, 201, "");
    }
    box.token = NULL; /* anybody may read these */
    for (; path[0] != '\0'; found++) {
        CU_ASSERT_EQUAL_FATAL(organiser_ask(&box, "GET", path, NULL), 200);
        next_page(path);
    }
    CU_ASSERT_EQUAL(found, 3); /* six of them, and the last page is full */
    organiser_close(&box);
}

static int64_t peak_of_all(void)
{
    int64_t peak = 0;
    struct footprint footprint;
    CU_ASSERT_FATAL(cluster_look(&box.cluster));
    for (size_t i = 0; i < box.cluster.count; i++)
        if (footprint_take(box.cluster.server[i].pid, &footprint))
            peak += footprint.peak;
    return peak;
}

/* Each server gets its turns. */
static void export_often(void)
{
    for (int i = 0; i < 4; i++)
        organiser_expect(&box, "GET", "/events/demo/orders.csv", NULL, 200, "order,event,tier");
}

/* What the database keeps in memory it has after the first half; twice as much then takes no more. */
static void an_export_takes_the_memory_of_a_page(void)
{
    static bool seen[EXPORTED];
    int found = 0;
    memset(seen, 0, sizeof seen);
    organiser_open(&box, CAPACITY);
    fill(EXPORTED);
    export_often();
    note_buyers(buffer_text(&box.answer.body), ",\"'=buyer, \"\"", seen, EXPORTED, &found);
    CU_ASSERT_EQUAL(found, EXPORTED);
    int64_t before = peak_of_all();
    fill(EXPORTED);
    export_often();
    CU_ASSERT(is_sanitized || peak_of_all() - before < PEAK_MORE);
    organiser_close(&box);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("organiser_lists", "pages_give_each_order_once", pages_give_each_order_once);
    suite_add("organiser_lists", "events_come_in_pages", events_come_in_pages);
    suite_add("organiser_lists", "an_export_takes_the_memory_of_a_page",
              an_export_takes_the_memory_of_a_page);
}
