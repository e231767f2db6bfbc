/* A rush on holds: many more buyers than tickets, a third of whom never pay, while ticket servers are killed.
 * What expires is sold to others: in the end all is sold, once, and nothing is stranded. */
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    BUYERS = 5000,
    TICKETS = 1000,
    SERVERS = 3,
    THREADS = 32,
    HOLD_TIME = 1,           /* seconds */
    STRANDED_SECONDS = 2,    /* after the last expiry, nothing may be left */
    RUSH_SECONDS = 120,      /* it must be over by then */
    PAUSE_MILLISECONDS = 20, /* before a buyer asks again */
    PATH_SIZE = ID_TEXT_SIZE + 24,
};

/* All fields but the cluster: under the lock. */
struct rush {
    struct cluster cluster;
    int buyers, tickets;
    struct lock lock;
    int *queue; /* owned: buyers who have no ticket yet, a ring of `buyers` */
    int first, waiting;
    int *attempts;    /* owned; of each buyer */
    struct load sold; /* only its list of sales */
    int abandoned;    /* holds that nobody paid */
    int owed;         /* payments that came too late, and were told so */
    int failed;
    char failure[160];
    int64_t last_expiry, done_at; /* wall clock */
};

static int take_buyer(struct rush *rush)
{
    int buyer = -1;
    lock_take(&rush->lock);
    if (rush->waiting > 0 && rush->done_at == 0) {
        buyer = rush->queue[rush->first];
        rush->first = (rush->first + 1) % rush->buyers;
        rush->waiting--;
        rush->attempts[buyer]++;
    }
    lock_drop(&rush->lock);
    return buyer;
}

static void come_again(struct rush *rush, int buyer)
{
    lock_take(&rush->lock);
    rush->queue[(rush->first + rush->waiting++) % rush->buyers] = buyer;
    lock_wait_until(&rush->lock, clock_monotonic() + PAUSE_MILLISECONDS * CLOCK_MILLISECOND);
    lock_drop(&rush->lock);
}

static void fail(struct rush *rush, const char *what, struct response *answer)
{
    lock_take(&rush->lock);
    if (rush->failed++ == 0)
        snprintf(rush->failure, sizeof rush->failure, "%s: %ld %.120s", what, answer->status,
                 buffer_text(&answer->body));
    lock_drop(&rush->lock);
}

/* Asks until the cluster has decided. */
static void ask(struct rush *rush, struct client *client, const struct query *query,
                struct response *answer)
{
    int64_t until = clock_monotonic() + RUSH_SECONDS * CLOCK_SECOND;
    while ((!client_ask(client, query, answer) || answer->status == 503) &&
           clock_monotonic() < until) {
        lock_take(&rush->lock);
        lock_wait_until(&rush->lock, clock_monotonic() + PAUSE_MILLISECONDS * CLOCK_MILLISECOND);
        lock_drop(&rush->lock);
    }
}

/* A text member of the answer; "" where there is none. */
static void member(const struct response *answer, const char *name, char *out, size_t size)
{
    cJSON *json = cJSON_ParseWithLength(answer->body.data, answer->body.length);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    snprintf(out, size, "%s", text == NULL ? "" : text);
    cJSON_Delete(json);
}

static void keep_sale(struct rush *rush, const char *key, const struct bought *bought)
{
    lock_take(&rush->lock);
    load_keep(&rush->sold, key, bought);
    if (rush->sold.sold == (size_t)rush->tickets)
        rush->done_at = clock_now();
    lock_drop(&rush->lock);
}

static void pay(struct rush *rush, struct client *client, int buyer, const char *hold,
                const char *key)
{
    char path[PATH_SIZE], form[32];
    struct response answer = {0};
    struct bought bought;
    snprintf(path, sizeof path, "/holds/%s/confirm", hold);
    snprintf(form, sizeof form, "payment=paid-by-%d", buyer);
    ask(rush, client, &(struct query){.url = rush->cluster.url, .path = path, .body = form},
        &answer);
    if (answer.status == 201 && bought_read(&answer, &bought)) {
        keep_sale(rush, key, &bought);
    } else if (answer.status == 410) {
        lock_take(&rush->lock);
        rush->owed++;
        lock_drop(&rush->lock);
    } else {
        fail(rush, "confirm", &answer);
    }
    response_free(&answer);
}

static void abandon(struct rush *rush, struct response *answer)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t expires_at;
    member(answer, "expires_at", text, sizeof text);
    if (!clock_parse(text, &expires_at)) {
        fail(rush, "expires_at", answer);
        return;
    }
    lock_take(&rush->lock);
    rush->abandoned++;
    if (expires_at > rush->last_expiry)
        rush->last_expiry = expires_at;
    lock_drop(&rush->lock);
}

static void visit(struct rush *rush, struct client *client, int buyer)
{
    char key[LOAD_KEY_SIZE], form[64], hold[ID_TEXT_SIZE];
    struct response answer = {0};
    snprintf(key, sizeof key, "hold-rush-%06d-%06d", buyer, rush->attempts[buyer]);
    snprintf(form, sizeof form, "event=demo&seconds=%d&buyer=buyer-%d", HOLD_TIME, buyer);
    ask(rush, client,
        &(struct query){.url = rush->cluster.url, .path = "/holds", .body = form, .key = key},
        &answer);
    if (answer.status == 201 && buyer % 3 == 0) {
        abandon(rush, &answer);
    } else if (answer.status == 201) {
        member(&answer, "id", hold, sizeof hold);
        pay(rush, client, buyer, hold, key);
    } else if (answer.status == 409) {
        come_again(rush, buyer);
    } else {
        fail(rush, "hold", &answer);
    }
    response_free(&answer);
}

static void *buy(void *argument)
{
    struct rush *rush = argument;
    struct client *client = client_open();
    for (int buyer; (buyer = take_buyer(rush)) >= 0;)
        visit(rush, client, buyer);
    client_close(client);
    return NULL;
}

static bool is_over(void *context)
{
    struct rush *rush = context;
    lock_take(&rush->lock);
    bool over = rush->done_at != 0 || rush->failed > 0;
    lock_drop(&rush->lock);
    return over;
}

/* One ticket server each second, until all is sold. */
static void kill_in_turn(struct rush *rush)
{
    int kills = 0;
    while (!wait_until(is_over, rush, 1) && kills < RUSH_SECONDS) {
        CU_ASSERT_FATAL(cluster_look(&rush->cluster));
        pid_t pid = rush->cluster.server[kills++ % SERVERS].pid;
        if (pid > 0)
            process_signal(pid, SIGKILL);
    }
    printf("  %d servers killed\n", kills);
    CU_ASSERT(kills > 0);
}

static void rush_open(struct rush *rush)
{
    *rush = (struct rush){.buyers = load_scaled(BUYERS), .tickets = load_scaled(TICKETS)};
    cluster_open(&rush->cluster, rush->tickets, SERVERS);
    lock_init(&rush->lock);
    rush->queue = memory_new((size_t)rush->buyers * sizeof *rush->queue);
    rush->attempts = memory_new((size_t)rush->buyers * sizeof *rush->attempts);
    rush->waiting = rush->buyers;
    for (int i = 0; i < rush->buyers; i++)
        rush->queue[i] = i;
}

static void rush_close(struct rush *rush)
{
    cluster_close(&rush->cluster);
    lock_free(&rush->lock);
    free(rush->queue);
    free(rush->attempts);
    free(rush->sold.sales);
}

static void all_is_sold_once(void)
{
    struct rush rush;
    pthread_t threads[THREADS];
    rush_open(&rush);
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], "buyer", buy, &rush);
    kill_in_turn(&rush);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    CU_ASSERT_EQUAL(rush.failed, 0);
    if (rush.failed > 0)
        printf("  %d failed: %s\n", rush.failed, rush.failure);
    printf("  %zu sold; %d holds expired unpaid, %d payments came too late\n", rush.sold.sold,
           rush.abandoned, rush.owed);
    CU_ASSERT_EQUAL(rush.sold.sold, (size_t)rush.tickets);
    CU_ASSERT(rush.abandoned > 0);
    CU_ASSERT(rush.done_at < rush.last_expiry + STRANDED_SECONDS * CLOCK_SECOND);
    CU_ASSERT(cluster_all_up(&rush.cluster));
    audit_exact(&rush.cluster, &rush.sold);
    rush_close(&rush);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("hold_rush", "all_is_sold_once", all_is_sold_once);
}
