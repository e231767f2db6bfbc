/* Servers and readers: figures, boots and fences, and what is read back. */
#include <string.h>

#include "tests/store/fixture.h"

static void expect_figures(struct store *store, int64_t boot, int64_t commit, int64_t sold)
{
    struct figures figures;
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.boot, boot);
    CU_ASSERT_EQUAL(figures.commit, commit);
    CU_ASSERT_EQUAL(figures.sold, sold);
    CU_ASSERT_STRING_EQUAL(figures.store, store_id(store));
}

static void figures_count_tickets(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct figures figures;
    store_figures(store, &figures);
    CU_ASSERT_STRING_EQUAL(figures.server, "server-1");
    expect_figures(store, 1, 0, 0);
    buy(store, "the-key-of-a-client", 3);
    expect_figures(store, 1, 1, 3);
    buy(store, NULL, 2);
    expect_figures(store, 1, 2, 5);
    buy(store, "the-key-of-a-client", 3);
    store_figures(store, &figures);
    CU_ASSERT_EQUAL(figures.sold, 5);
    store_close(store);
    store = fixture_seller(fixture, "server-1");
    expect_figures(store, 2, 0, 5);
    store_close(store);
}

static void figures_are_those_of_one_server(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    for (int i = 0; i < 5; i++) {
        buy(a, NULL, 1);
        buy(b, NULL, 2);
    }
    expect_figures(a, 1, 5, 5);
    expect_figures(b, 1, 5, 10);
    store_close(a);
    store_close(b);
}

/* The database keeps totals per event and tier; a server's is their sum. */
static void figures_sum_up_events(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 10);
    fixture_tier(fixture, 2, "opera", 2, "circle", 10);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_ask(&basket, NULL, "demo", "", 1);
    basket_ask(&basket, NULL, "opera", "stalls", 2);
    basket_ask(&basket, NULL, "opera", "circle", 4);
    basket_settle(&basket, store);
    expect_figures(store, 1, 1, 7);
    store_close(store);
    store = fixture_seller(fixture, "server-1");
    expect_figures(store, 2, 0, 7);
    basket_free(&basket);
    store_close(store);
}

static void elder_process_is_fenced(struct fixture *fixture)
{
    struct store *elder = fixture_seller(fixture, "server-1");
    struct store *other = fixture_seller(fixture, "server-2");
    CU_ASSERT_EQUAL(buy(elder, NULL, 1).problem, PROBLEM_NONE);
    struct store *younger = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 1);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(basket_decide(&basket, elder), STORE_FENCED);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(elder), "server-1"));
    CU_ASSERT_EQUAL(basket_decide(&basket, younger), STORE_DURABLE);
    CU_ASSERT_EQUAL(buy(other, NULL, 1).problem, PROBLEM_NONE);
    basket_free(&basket);
    store_close(elder);
    store_close(younger);
    store_close(other);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 3);
}

static void failed_batch_changes_no_figures(struct fixture *fixture)
{
    struct store *elder = fixture_seller(fixture, "server-1");
    buy(elder, NULL, 2);
    store_close(fixture_seller(fixture, "server-1"));
    struct basket basket = {0};
    basket_add(&basket, NULL, 1);
    CU_ASSERT_EQUAL(basket_decide(&basket, elder), STORE_FENCED);
    expect_figures(elder, 1, 1, 2);
    basket_free(&basket);
    store_close(elder);
}

struct seen {
    size_t count;
    struct tier_counts tiers[8];
    struct server_total servers[8];
    struct store_sale_row sales[8];
    char routers[8][ID_TEXT_SIZE], keys[8][KEY_SIZE];
};

static void see_tier(void *context, const struct tier_counts *tier)
{
    struct seen *seen = context;
    if (seen->count < 8)
        seen->tiers[seen->count] = *tier;
    seen->count++;
}

static void see_server(void *context, const struct server_total *total)
{
    struct seen *seen = context;
    if (seen->count < 8)
        seen->servers[seen->count] = *total;
    seen->count++;
}

static void see_sale(void *context, const struct store_sale_row *row)
{
    struct seen *seen = context;
    if (seen->count < 8) {
        seen->sales[seen->count] = *row;
        strcpy(seen->routers[seen->count], row->router);
        strcpy(seen->keys[seen->count], row->key);
    }
    seen->count++;
}

static void reads_tiers_in_order(struct fixture *fixture)
{
    static const char *const expected[][2] = {
        {"ballet", "a"}, {"demo", "standard"}, {"opera", "circle"}, {"opera", "stalls"}};
    fixture_tier(fixture, 2, "opera", 1, "stalls", 100);
    fixture_tier(fixture, 2, "opera", 2, "circle", 5);
    fixture_tier(fixture, 3, "ballet", 1, "a", 7);
    fixture_sql(fixture, "UPDATE tiers SET order_limit = 3 WHERE name = 'circle'");
    struct basket basket = {0};
    struct store *store = fixture_seller(fixture, "server-1");
    basket_ask(&basket, NULL, "opera", "circle", 1)->verb = VERB_HOLD;
    basket_settle(&basket, store);
    basket_free(&basket);
    store_close(store);
    store = fixture_reader(fixture);
    struct seen seen = {0};
    CU_ASSERT_EQUAL(store_read_tiers(store, NULL, see_tier, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL_FATAL(seen.count, 4);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_STRING_EQUAL(seen.tiers[i].event, expected[i][0]);
        CU_ASSERT_STRING_EQUAL(seen.tiers[i].tier, expected[i][1]);
    }
    CU_ASSERT_EQUAL(seen.tiers[2].capacity, 5);
    CU_ASSERT_EQUAL(seen.tiers[2].held, 1);
    CU_ASSERT_EQUAL(seen.tiers[2].limit, 3);
    CU_ASSERT_EQUAL(seen.tiers[1].price, 2500);
    CU_ASSERT_EQUAL(seen.tiers[1].limit, STORE_ORDER_LIMIT);
    CU_ASSERT_STRING_EQUAL(seen.tiers[1].currency, "EUR");
    seen.count = 0;
    CU_ASSERT_EQUAL(store_read_tiers(store, "opera", see_tier, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL(seen.count, 2);
    seen.count = 0;
    CU_ASSERT_EQUAL(store_read_tiers(store, "circus", see_tier, &seen), STORE_ABSENT);
    CU_ASSERT_EQUAL(seen.count, 0);
    store_close(store);
}

static void reads_no_events(struct fixture *fixture)
{
    struct store *store = fixture_reader(fixture);
    struct seen seen = {0};
    CU_ASSERT_EQUAL(store_read_tiers(store, NULL, see_tier, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL(store_each_sale(store, see_sale, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL(store_each_server(store, see_server, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL(seen.count, 0);
    store_close(store);
}

/* What an answered purchase changed, every later read shows, whichever handle reads. */
static void reads_what_was_answered(struct fixture *fixture)
{
    struct store *reader = fixture_reader(fixture);
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    for (int i = 1; i <= 20; i++) {
        struct outcome outcome = buy(i % 2 == 0 ? a : b, NULL, 1);
        struct store *const handles[] = {reader, a, b};
        for (size_t h = 0; h < 3; h++) {
            struct sale sale;
            struct seen seen = {0};
            store_read_tiers(handles[h], "demo", see_tier, &seen);
            CU_ASSERT_EQUAL(seen.tiers[0].sold, i);
            CU_ASSERT_EQUAL(store_read_sale(handles[h], "demo", &outcome.sale.id, &sale),
                            STORE_FOUND);
            CU_ASSERT_EQUAL(sale.first_number, i);
        }
    }
    store_close(reader);
    store_close(a);
    store_close(b);
}

static void reads_a_sale(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "only", 10);
    struct store *store = fixture_seller(fixture, "server-1");
    struct outcome outcome = buy(store, NULL, 4);
    struct sale sale;
    memset(&sale, 0x5a, sizeof sale);
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &outcome.sale.id, &sale), STORE_FOUND);
    CU_ASSERT_TRUE(id_equal(&sale.id, &outcome.sale.id));
    CU_ASSERT_STRING_EQUAL(sale.event, "demo");
    CU_ASSERT_STRING_EQUAL(sale.tier, "standard");
    CU_ASSERT_STRING_EQUAL(sale.buyer, "");
    CU_ASSERT_STRING_EQUAL(sale.server, "server-1");
    CU_ASSERT_EQUAL(sale.quantity, 4);
    CU_ASSERT_EQUAL(sale.amount, 10000);
    CU_ASSERT_EQUAL(sale.created_at, outcome.sale.created_at);
    CU_ASSERT_EQUAL(store_read_sale(store, "opera", &outcome.sale.id, &sale), STORE_ABSENT);
    CU_ASSERT_EQUAL(store_read_sale(store, "circus", &outcome.sale.id, &sale), STORE_ABSENT);
    outcome.sale.id = id_make();
    CU_ASSERT_EQUAL(store_read_sale(store, "demo", &outcome.sale.id, &sale), STORE_ABSENT);
    store_close(store);
}

static void reads_every_sale(struct fixture *fixture)
{
    static const char router[] = "0193b0aa-0000-7000-8000-000000000001";
    fixture_tier(fixture, 2, "ballet", 1, "only", 10);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    struct figures figures;
    basket_add(&basket, "the-first-of-the-keys", 1);
    basket_ask(&basket, "the-second-of-the-keys", "ballet", "", 2);
    basket_add(&basket, "the-third-of-the-keys", 99);
    basket_add(&basket, "the-fourth-of-the-keys", 3);
    basket_settle(&basket, store);
    basket_add(&basket, "the-fifth-of-the-keys", 1);
    basket.decisions[4] = basket.decisions[0];
    basket.decisions[4].item = &basket.items[4];
    basket.decisions[4].router = router;
    CU_ASSERT_EQUAL(store_decide(store, &basket.decisions[4], 1, &figures), STORE_DURABLE);
    struct seen seen = {0};
    CU_ASSERT_EQUAL(store_each_sale(store, see_sale, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL_FATAL(seen.count, 4);
    static const char *const keys[] = {"the-first-of-the-keys", "the-second-of-the-keys",
                                       "the-fourth-of-the-keys", "the-fifth-of-the-keys"};
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_STRING_EQUAL(seen.keys[i], keys[i]);
        CU_ASSERT_STRING_EQUAL(seen.routers[i], i == 3 ? router : "");
    }
    CU_ASSERT_STRING_EQUAL(seen.sales[1].sale.event, "ballet");
    CU_ASSERT_STRING_EQUAL(seen.sales[1].sale.tier, "only");
    CU_ASSERT_EQUAL(seen.sales[2].sale.quantity, 3);
    basket_free(&basket);
    store_close(store);
}

static void reads_every_server(struct fixture *fixture)
{
    struct store *b = fixture_seller(fixture, "server-2");
    struct store *a = fixture_seller(fixture, "server-1");
    store_close(b);
    b = fixture_seller(fixture, "server-2");
    buy(b, NULL, 7);
    struct seen seen = {0};
    CU_ASSERT_EQUAL(store_each_server(a, see_server, &seen), STORE_FOUND);
    CU_ASSERT_EQUAL_FATAL(seen.count, 2);
    CU_ASSERT_STRING_EQUAL(seen.servers[0].server, "server-1");
    CU_ASSERT_EQUAL(seen.servers[0].boot, 1);
    CU_ASSERT_EQUAL(seen.servers[0].sold, 0);
    CU_ASSERT_STRING_EQUAL(seen.servers[1].server, "server-2");
    CU_ASSERT_EQUAL(seen.servers[1].boot, 2);
    CU_ASSERT_EQUAL(seen.servers[1].sold, 7);
    store_close(a);
    store_close(b);
}

static void making_twice_keeps_the_store(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    struct store *store = fixture_seller(fixture, "server-1");
    char id[ID_TEXT_SIZE];
    strcpy(id, store_id(store));
    buy(store, NULL, 3);
    CU_ASSERT_TRUE(store_init(fixture->url, 500, &made, error));
    CU_ASSERT_FALSE(made.created);
    CU_ASSERT_FALSE(made.demo_created);
    CU_ASSERT_EQUAL(made.tickets, 3);
    CU_ASSERT_STRING_EQUAL(made.id, id);
    buy(store, NULL, 3);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 6);
}

static void demo_comes_where_nothing_is(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), -1);
    CU_ASSERT_TRUE(store_init(fixture->url, 3, &made, error));
    CU_ASSERT_TRUE(made.demo_created);
    CU_ASSERT_FALSE(made.created);
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, NULL, 3).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

static void urls_and_names_are_checked(struct fixture *fixture)
{
    static const char *const urls[] = {
        "", "sqlite", "sqlite:", "tickets.db", "mysql://x", "SQLITE:x"};
    static const char *const names[] = {"", "Server 1", "server_1",
                                        "a-server-of-thirty-three-bytes-00"};
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    char aside[STORE_PLACE_SIZE];
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        error[0] = '\0';
        CU_ASSERT_FALSE(store_init(urls[i], 1, &made, error));
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "sqlite:PATH"));
        CU_ASSERT_PTR_NULL(store_open_seller(urls[i], "server-1", error));
        CU_ASSERT_PTR_NULL(store_open_reader(urls[i], error));
        CU_ASSERT_FALSE(store_reset(urls[i], aside, error));
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CU_ASSERT_PTR_NULL(store_open_seller(fixture->url, names[i], error));
}

static const struct fixture_case cases[] = {
    {"figures count tickets", 100, figures_count_tickets},
    {"figures are those of one server", 100, figures_are_those_of_one_server},
    {"figures sum up events", 100, figures_sum_up_events},
    {"an elder process is fenced", 100, elder_process_is_fenced},
    {"a failed batch changes no figures", 100, failed_batch_changes_no_figures},
    {"reads tiers in order", 100, reads_tiers_in_order},
    {"reads no events", 0, reads_no_events},
    {"reads what was answered", 100, reads_what_was_answered},
    {"reads a sale", 100, reads_a_sale},
    {"reads every sale", 100, reads_every_sale},
    {"reads every server", 100, reads_every_server},
    {"making twice keeps the store", 100, making_twice_keeps_the_store},
    {"the demo comes where nothing is", 0, demo_comes_where_nothing_is},
    {"urls and names are checked", 10, urls_and_names_are_checked},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store servers", cases, sizeof cases / sizeof *cases);
}
