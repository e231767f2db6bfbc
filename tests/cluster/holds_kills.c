/* Holds while ticket servers and the router are killed: whoever paid has tickets, what nobody paid for comes
 * free, once. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/thread.h"
#include "tests/cluster/holder.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    BUYERS = 8,       /* at once */
    KILLS = 6,        /* of servers; the router goes with every third */
    CAPACITY = 500,   /* fewer than are wanted, so that what expires is wanted by others */
    SECONDS_MAX = 60, /* that a buyer asks again for, and that all of them may take */
};

/* What one buyer did. */
struct buyer {
    pthread_t thread;
    const char *url;
    int number;
    int paid;    /* and has tickets */
    int in_vain; /* paid for what had expired and was gone: owed back */
    int gave_up; /* released */
    int wrong;   /* answers that there must not be */
};

static struct cluster cluster;
static struct buyer buyers[BUYERS];
static atomic_bool ending;

static bool is_passing(const struct held *held)
{
    return held->status == 0 || held->status >= 500;
}

static bool in_time(int64_t start)
{
    return clock_monotonic() - start < SECONDS_MAX * CLOCK_SECOND;
}

/* Asks until there is an answer, with the same key. */
static void hold_surely(struct client *client, struct buyer *buyer, int turn, struct held *held)
{
    char key[64];
    int64_t start = clock_monotonic();
    snprintf(key, sizeof key, "held-under-fire-%d-%d", buyer->number, turn);
    do
        holder_hold(client, buyer->url, "event=demo&seconds=1", key, held);
    while (is_passing(held) && in_time(start));
}

static void pay_surely(struct client *client, struct buyer *buyer, const char *id)
{
    struct held sold;
    int64_t start = clock_monotonic();
    do
        holder_confirm(client, buyer->url, id, id, &sold);
    while (is_passing(&sold) && in_time(start));
    buyer->paid += sold.status == 201;
    buyer->in_vain += sold.status == 410 && sold.owed;
    buyer->wrong += sold.status != 201 && !(sold.status == 410 && sold.owed);
}

static void release_surely(struct client *client, struct buyer *buyer, const char *id)
{
    struct held released;
    int64_t start = clock_monotonic();
    do
        holder_release(client, buyer->url, id, &released);
    while (is_passing(&released) && in_time(start));
    buyer->gave_up += released.status == 200;
    buyer->wrong += released.status != 200 && released.status != 410;
}

/* A third pays, a third gives up, a third forgets. */
static void *buy(void *context)
{
    struct buyer *buyer = context;
    struct client *client = client_open();
    for (int turn = 0; !atomic_load(&ending); turn++) {
        struct held held;
        hold_surely(client, buyer, turn, &held);
        buyer->wrong += held.status != 201 && held.status != 409;
        if (held.status != 201)
            continue;
        if (turn % 3 == 0)
            pay_surely(client, buyer, held.id);
        else if (turn % 3 == 1)
            release_surely(client, buyer, held.id);
    }
    client_close(client);
    return NULL;
}

static void begin_buyers(void)
{
    atomic_store(&ending, false);
    for (int i = 0; i < BUYERS; i++) {
        buyers[i] = (struct buyer){.url = cluster.url, .number = i};
        thread_start(&buyers[i].thread, "buyer", buy, &buyers[i]);
    }
}

static struct buyer end_buyers(void)
{
    struct buyer all = {0};
    for (int i = 0; i < BUYERS; i++) {
        thread_join(buyers[i].thread);
        all.paid += buyers[i].paid;
        all.in_vain += buyers[i].in_vain;
        all.gave_up += buyers[i].gave_up;
        all.wrong += buyers[i].wrong;
    }
    return all;
}

static bool nothing_held(void *context)
{
    return holder_count(context, cluster.url, "held") == 0;
}

/* Each server in turn; `router`: and that, too. */
static void kill_meanwhile(bool router)
{
    for (size_t i = 0; i < KILLS; i++) {
        CU_ASSERT(cluster_look(&cluster));
        pid_t pid = cluster.server[i % 3].pid, before = cluster.router;
        process_signal(pid, SIGKILL);
        CU_ASSERT(cluster_restarted(&cluster, i % 3, pid));
        if (!router || i % 3 > 0)
            continue;
        process_signal(before, SIGKILL);
        CU_ASSERT(cluster_router_restarted(&cluster, before));
    }
    atomic_store(&ending, true);
}

static void under_fire(bool router)
{
    struct client *client = client_open();
    cluster_open(&cluster, CAPACITY, 3);
    begin_buyers();
    kill_meanwhile(router);
    struct buyer all = end_buyers();
    CU_ASSERT_EQUAL(all.wrong, 0);
    CU_ASSERT(all.paid > 0 && all.gave_up > 0);
    CU_ASSERT(cluster_quiet(&cluster));
    CU_ASSERT(wait_until(nothing_held, client, SECONDS_MAX));
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "sold"), all.paid);
    CU_ASSERT_EQUAL(holder_count(client, cluster.url, "remaining"), CAPACITY - all.paid);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void servers_are_killed(void)
{
    under_fire(false);
}

static void the_router_is_killed_too(void)
{
    under_fire(true);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("holds_kills", "servers are killed", servers_are_killed);
    suite_add("holds_kills", "the router is killed, too", the_router_is_killed_too);
}
