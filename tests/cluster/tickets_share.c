/* Many who look at their tickets all the time, while others buy. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/thread.h"
#include "tests/cluster/gate.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    LOOKERS = 12, /* threads */
    EACH = 10,    /* connections of one */
    ORDER = 1000, /* tickets of the purchase that they look at */
    PURCHASES = 500,
    LOOKS = 25, /* purchases between two looks at the servers' states */
    ANSWER_SECONDS = 20,
};

static const int64_t bound = CLOCK_SECOND / 2; /* which 99 of 100 purchases keep */

struct crowd {
    struct cluster cluster;
    char path[GATE_PATH_SIZE]; /* of the purchase */
    atomic_bool ends;
    atomic_int shown, refused, other; /* answers: 200, 429, neither */
    pthread_t thread[LOOKERS];
};

static void ask(const struct crowd *crowd, int fd, int turn)
{
    char request[2 * GATE_PATH_SIZE];
    int length = snprintf(request, sizeof request, "GET %s/tickets%s HTTP/1.1\r\nHost: x\r\n\r\n",
                          crowd->path, turn % 2 == 0 ? ".html" : "");
    CU_ASSERT(raw_send(fd, request, (size_t)length));
}

static void count_answer(struct crowd *crowd, int fd)
{
    struct raw_answer answer = {0};
    raw_receive(fd, &answer, false, ANSWER_SECONDS);
    bool refused = answer.status == 429 &&
                   strstr(raw_body(&answer), "\"too_many_requests\"") != NULL &&
                   strstr(buffer_text(&answer.bytes), "\r\nRetry-After: 1\r\n") != NULL;
    atomic_fetch_add(answer.status == 200 ? &crowd->shown
                     : refused            ? &crowd->refused
                                          : &crowd->other,
                     1);
    buffer_free(&answer.bytes);
}

static void *look(void *context)
{
    struct crowd *crowd = context;
    int fd[EACH];
    for (int i = 0; i < EACH; i++)
        fd[i] = raw_connect(crowd->cluster.url);
    while (!crowd->ends) {
        for (int i = 0; i < EACH; i++)
            ask(crowd, fd[i], i);
        for (int i = 0; i < EACH; i++)
            count_answer(crowd, fd[i]);
    }
    for (int i = 0; i < EACH; i++)
        close(fd[i]);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void expect_all_up(struct crowd *crowd)
{
    CU_ASSERT(cluster_look(&crowd->cluster));
    for (size_t i = 0; i < crowd->cluster.count; i++)
        CU_ASSERT_STRING_EQUAL(crowd->cluster.server[i].state, "up");
}

/* One buyer after the other; how long the slowest but one of a hundred took. */
static int64_t buy(struct crowd *crowd, size_t purchases)
{
    struct client *client = client_open();
    struct bought bought;
    int64_t took[PURCHASES] = {0};
    for (size_t i = 0; i < purchases; i++) {
        int64_t began = clock_monotonic();
        CU_ASSERT(client_buy(client, crowd->cluster.url, "event=demo", NULL, &bought));
        took[i] = clock_monotonic() - began;
        CU_ASSERT_EQUAL(bought.status, 201);
        if (i % LOOKS == 0)
            expect_all_up(crowd);
    }
    client_close(client);
    qsort(took, purchases, sizeof *took, compare);
    return took[purchases - 1 - purchases / 100];
}

struct sight {
    struct gate gate;
    char path[2 * GATE_PATH_SIZE];
};

static bool is_refused(void *context)
{
    struct sight *sight = context;
    return gate_ask(&sight->gate, "GET", sight->path, NULL) == 429;
}

/* Whichever way tickets are looked at, all have one share. */
static void expect_shared(struct crowd *crowd)
{
    static const char *const below[] = {"/tickets", "/tickets.html", "/tickets/7.svg"};
    struct sight sight;
    gate_open(&sight.gate, &crowd->cluster, "South");
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        snprintf(sight.path, sizeof sight.path, "%s%s", crowd->path, below[i]);
        CU_ASSERT(wait_until(is_refused, &sight, ANSWER_SECONDS));
    }
    gate_close(&sight.gate);
}

static void purchases_go_on(void)
{
    static struct crowd crowd;
    struct gate gate;
    cluster_open(&crowd.cluster, PURCHASES, 2);
    gate_open(&gate, &crowd.cluster, "Office");
    gate_make_event(&gate, "large");
    gate_buy_of(&gate, "large", ORDER, crowd.path);
    gate_close(&gate);
    crowd.ends = false;
    crowd.shown = crowd.refused = crowd.other = 0;
    for (int i = 0; i < LOOKERS; i++)
        thread_start(&crowd.thread[i], "looker", look, &crowd);
    int64_t slow = buy(&crowd, (size_t)load_scaled(PURCHASES));
    expect_shared(&crowd);
    crowd.ends = true;
    for (int i = 0; i < LOOKERS; i++)
        pthread_join(crowd.thread[i], NULL);
    printf("  purchases: p99 %lld ms; tickets: %d shown, %d refused\n",
           (long long)(slow / CLOCK_MILLISECOND), crowd.shown, crowd.refused);
    CU_ASSERT(slow < bound);
    CU_ASSERT(crowd.shown > 0);
    CU_ASSERT(crowd.refused > 0);
    CU_ASSERT_EQUAL(crowd.other, 0);
    expect_all_up(&crowd);
    cluster_close(&crowd.cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ticket_share", "purchases_go_on", purchases_go_on);
}
