/* The sample payment provider against a cluster: late, twice, never, deaf; while ticket servers are killed, people pay
 * twice, and holds expire or are given up. In the end every charge bought tickets or is owed back, and nothing else
 * was sold. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "db/store.h"
#include "tests/cluster/provider.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/fake_shop.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    BUYERS = 240,
    PAYMENTS_MAX = 2 * BUYERS,
    OWED_MAX = PAYMENTS_MAX,
    KILL_EVERY = 40,  /* buyers */
    TWICE_EVERY = 12, /* buyers pay twice */
    LEAVE_EVERY = 9,  /* buyers give up what they have paid for */
    DECIDED_SECONDS = 30,
};

struct shop {
    struct cluster cluster;
    struct provider provider;
    struct client *client;
    struct payment payments[PAYMENTS_MAX];
    size_t count;
};

/* --- buying ------------------------------------------------------------------------------------ */

/* Asks until it is decided. False where nothing is left. */
static bool hold(struct shop *shop, int buyer, char id[ID_TEXT_SIZE])
{
    char key[40];
    struct response response = {0};
    struct query query = {.url = shop->cluster.url,
                          .path = "/holds",
                          .body = "event=demo&quantity=1&seconds=1",
                          .key = key};
    snprintf(key, sizeof key, "payments-buyer-%06d", buyer);
    bool held = provider_ask_decided(shop->client, &query, &response, DECIDED_SECONDS) &&
                response.status == 201 && provider_text(&response, "id", id, ID_TEXT_SIZE);
    CU_ASSERT(held || response.status == 409);
    response_free(&response);
    return held;
}

static void pay(struct shop *shop, const char *id)
{
    CU_ASSERT_FATAL(shop->count < PAYMENTS_MAX);
    provider_pay(&shop->provider, id, 2500, &shop->payments[shop->count++]);
}

/* Whatever the answer is: the confirm may have come before, or the hold have expired. */
static void leave(struct shop *shop, const char *id)
{
    char path[64];
    struct response response = {0};
    struct query query = {.url = shop->cluster.url, .method = "DELETE", .path = path};
    snprintf(path, sizeof path, "/holds/%s", id);
    CU_ASSERT(provider_ask_decided(shop->client, &query, &response, DECIDED_SECONDS));
    response_free(&response);
}

static void buy_one(struct shop *shop, int buyer)
{
    char id[ID_TEXT_SIZE];
    if (!hold(shop, buyer, id))
        return;
    pay(shop, id);
    if (buyer % TWICE_EVERY == 0)
        pay(shop, id);
    if (buyer % LEAVE_EVERY == 0)
        leave(shop, id);
}

static void kill_one(struct shop *shop, int turn)
{
    CU_ASSERT(cluster_look(&shop->cluster));
    const struct cluster_server *server = &shop->cluster.server[turn % 3];
    if (server->pid > 0)
        process_signal(server->pid, SIGKILL);
}

/* --- the books --------------------------------------------------------------------------------- */

struct owed_list {
    struct {
        struct id order;
        char reference[KEY_SIZE];
    } owed[OWED_MAX];
    size_t count;
};

static void note_owed(void *context, int64_t place_in_list, const struct owed *owed)
{
    struct owed_list *list = context;
    (void)place_in_list;
    CU_ASSERT_FATAL(list->count < OWED_MAX);
    list->owed[list->count].order = owed->order;
    memcpy(list->owed[list->count++].reference, owed->reference, sizeof owed->reference);
}

static bool is_owed(const struct owed_list *list, const struct id *order, const char *reference)
{
    for (size_t i = 0; i < list->count; i++)
        if (id_equal(&list->owed[i].order, order) &&
            strcmp(list->owed[i].reference, reference) == 0)
            return true;
    return false;
}

static void count_sold(void *context, int64_t place_in_list, const struct order *order)
{
    (void)place_in_list;
    *(size_t *)context += order->sale.state == ORDER_SOLD;
}

/* Exactly one of: it bought the tickets, it is owed back, it was never charged. True where it bought them. */
static bool judge_payment(struct store *store, const struct owed_list *list,
                          const struct payment *payment)
{
    struct id id;
    struct order order;
    CU_ASSERT_FATAL(id_parse(payment->hold, &id));
    CU_ASSERT_EQUAL(store_read_hold(store, &id, &order), STORE_FOUND);
    bool bought = order.sale.state == ORDER_SOLD && strcmp(order.payment, payment->reference) == 0;
    bool owed = is_owed(list, &id, payment->reference);
    bool fair = bought == (strcmp(payment->state, "paid") == 0) &&
                owed == (strcmp(payment->state, "refunded") == 0);
    CU_ASSERT(fair);
    if (!fair)
        printf("  %s of %s is %s; sold %d, owed %d\n", payment->reference, payment->hold,
               payment->state, bought, owed);
    return bought;
}

static void judge_books(struct shop *shop)
{
    char error[STORE_ERROR_SIZE];
    static struct owed_list list;
    size_t bought = 0, sold = 0;
    struct store *store = store_open_reader(shop->cluster.store, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    list.count = 0;
    CU_ASSERT_EQUAL(store_list_owed(store, "demo", 0, STORE_PAGE_MAX, note_owed, &list),
                    STORE_FOUND);
    for (size_t i = 0; i < shop->count; i++)
        bought += judge_payment(store, &list, &shop->payments[i]);
    CU_ASSERT_EQUAL(store_list_orders(store, "demo", 0, STORE_PAGE_MAX, count_sold, &sold),
                    STORE_FOUND);
    CU_ASSERT_EQUAL(sold, bought);
    CU_ASSERT(bought > 0);
    store_close(store);
}

/* --- tests ------------------------------------------------------------------------------------- */

/* `options` of the provider, NULL at the end. */
static void open_shop(struct shop *shop, int64_t capacity, const char *const *options)
{
    *shop = (struct shop){.client = client_open()};
    cluster_open(&shop->cluster, capacity, 3);
    provider_open(&shop->provider, &shop->cluster, options);
}

static void close_shop(struct shop *shop)
{
    provider_settle(&shop->provider, shop->payments, shop->count);
    CU_ASSERT(cluster_quiet(&shop->cluster));
    judge_books(shop);
    provider_close(&shop->provider);
    audit_clean(&shop->cluster, NULL);
    client_close(shop->client);
    cluster_close(&shop->cluster);
}

static void sell(const char *const *options, int kill_every)
{
    static struct shop shop;
    int buyers = load_scaled(BUYERS);
    open_shop(&shop, buyers / 2 + 1, options);
    for (int i = 1; i <= buyers; i++) {
        buy_one(&shop, i);
        if (kill_every > 0 && i % kill_every == 0)
            kill_one(&shop, i / kill_every);
    }
    close_shop(&shop);
}

static void each_is_paid_or_given_back(void)
{
    sell((const char *const[]){"--late", "2500", "--twice", "30", "--never", "10", "--lost", "30",
                               "--seed", "6", NULL},
         0);
}

static void the_same_while_servers_are_killed(void)
{
    sell((const char *const[]){"--late", "2500", "--twice", "30", "--never", "10", "--lost", "30",
                               "--seed", "7", NULL},
         load_scaled(KILL_EVERY) + 1);
}

static void a_provider_at_its_best(void)
{
    sell((const char *const[]){NULL}, 0);
}

static void told_twice_at_once(void)
{
    sell((const char *const[]){"--twice", "100", NULL}, 0);
}

/* The demonstration, as `make pay-demo` runs it. */
static void the_demonstration(void)
{
    struct cluster cluster;
    struct process process;
    struct buffer out = {0};
    cluster_open(&cluster, load_scaled(100), 3);
    const char *argv[] = {"payments", "--listen", "127.0.0.1:0", "--shop",  cluster.url, "--buyers",
                          "60",       "--late",   "1500",        "--twice", "20",        "--never",
                          "20",       "--lost",   "20",          NULL};
    process_run(&process, cluster.dir, argv, 0);
    files_read(process.out, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "charged = sold + given back: yes"));
    buffer_free(&out);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* What cannot be demonstrated is said at once, and is no success. */
static void expect_trouble(const char *url, const char *directory, const char *sentence)
{
    struct process process;
    struct buffer err = {0};
    const char *argv[] = {"payments", "--listen", "127.0.0.1:0", "--shop",
                          url,        "--buyers", "20",          NULL};
    process_run(&process, directory, argv, 1);
    files_read(process.err, &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&err), sentence));
    files_read(process.out, &err);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&err), "yes"));
    buffer_free(&err);
}

static void no_demonstration_without_tickets(void)
{
    struct shop shop;
    struct response response = {0};
    char id[ID_TEXT_SIZE];
    open_shop(&shop, 1, (const char *const[]){NULL});
    struct query query = {.url = shop.cluster.url, .path = "/holds", .body = "event=demo"};
    CU_ASSERT(provider_ask_decided(shop.client, &query, &response, DECIDED_SECONDS));
    CU_ASSERT(provider_text(&response, "id", id, sizeof id));
    expect_trouble(shop.cluster.url, shop.cluster.dir, "nobody got a hold: no tickets left; `make");
    pay(&shop, id);
    provider_settle(&shop.provider, shop.payments, shop.count);
    expect_trouble(shop.cluster.url, shop.cluster.dir,
                   "nobody can get a hold: no tickets left; `make reset`");
    expect_trouble("http://127.0.0.1:1", shop.cluster.dir, "start one with `make run`");
    response_free(&response);
    close_shop(&shop);
}

/* They begin as soon as it has told where it listens. */
static bool is_buying(void *context)
{
    const struct process *process = context;
    struct buffer out = {0};
    files_read(process->out, &out);
    bool buying = strstr(buffer_text(&out), "payments http://") != NULL;
    buffer_free(&out);
    return buying;
}

/* A demonstration that goes on for long: most buyers find nothing, and come again and again. */
static void start_long(struct process *process, const char *url, const char *directory)
{
    const char *argv[] = {"payments", "--listen", "127.0.0.1:0", "--shop",
                          url,        "--buyers", "500",         NULL};
    process_start(process, directory, argv);
    CU_ASSERT(wait_until(is_buying, process, DECIDED_SECONDS));
}

static void expect_no_comparison(struct process *process, const char *sentence)
{
    struct buffer text = {0};
    CU_ASSERT_EQUAL(process_wait(process, DECIDED_SECONDS), 1);
    files_read(process->err, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), sentence));
    files_read(process->out, &text);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&text), "charged ="));
    buffer_free(&text);
}

static void what_is_interrupted_is_not_compared(void)
{
    struct cluster cluster;
    struct process process;
    cluster_open(&cluster, 10, 2);
    start_long(&process, cluster.url, cluster.dir);
    process_signal(process.pid, SIGINT);
    expect_no_comparison(&process, "interrupted: not comparable\n");
    cluster_close(&cluster);
}

static void a_shop_that_goes_is_not_waited_for(void)
{
    struct process process;
    struct fake_shop shop = {.fault = SHOP_REFUSES_TOO_EARLY, .capacity = 3};
    char dir[FILES_PATH_SIZE];
    files_directory(dir);
    fake_shop_open(&shop);
    start_long(&process, shop.url, dir);
    fake_shop_close(&shop);
    expect_no_comparison(&process, "did not answer for 10 s: not comparable\n");
    files_remove(dir);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("payments", "a_provider_at_its_best", a_provider_at_its_best);
    suite_add("payments", "told_twice_at_once", told_twice_at_once);
    suite_add("payments", "each_is_paid_or_given_back", each_is_paid_or_given_back);
    suite_add("payments", "the_same_while_servers_are_killed", the_same_while_servers_are_killed);
    suite_add("payments", "the_demonstration", the_demonstration);
    suite_add("payments", "no_demonstration_without_tickets", no_demonstration_without_tickets);
    suite_add("payments", "what_is_interrupted_is_not_compared",
              what_is_interrupted_is_not_compared);
    suite_add("payments", "a_shop_that_goes_is_not_waited_for", a_shop_that_goes_is_not_waited_for);
}
