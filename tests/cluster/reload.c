/* SIGHUP under load: a router with another configuration takes over, and no buyer notices; or nothing changes,
 * and a line says why. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/cluster/market.h"
#include "tests/lib/audit.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

/* --- the configuration ---------------------------------------------------------------------------- */

static void a_reload_changes_the_configuration(void)
{
    struct market market;
    market_open(&market, "reload", market_purchases);
    CU_ASSERT_EQUAL(market_get(&market, "/events/demo"), 404);
    files_write(market.cluster.config, market_reads, strlen(market_reads));
    market_signal(&market, SIGHUP);
    market_expect_another(&market, market.cluster.router);
    market_expect_one_router(&market);
    CU_ASSERT_EQUAL(market_get(&market, "/events/demo"), 200);
    /* a router that is started again goes by it, too */
    pid_t router = market.cluster.router;
    files_write(market.cluster.config, market_wrong, strlen(market_wrong));
    market_end_load(&market);
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(&market.cluster, router));
    CU_ASSERT_EQUAL(market_get(&market, "/events/demo"), 200);
    market_settle(&market);
}

static void a_wrong_file_changes_nothing(void)
{
    struct market market;
    char text[2 * FILES_PATH_SIZE];
    market_open(&market, "wrong-reload", market_reads);
    files_write(market.cluster.config, market_wrong, strlen(market_wrong));
    market_signal(&market, SIGHUP);
    snprintf(text, sizeof text, "the reload is refused: %s:2: no pool is named \"files\"",
             market.cluster.config);
    market_expect(&market, text);
    market_expect_the_same(&market, market.cluster.router);
    unlink(market.cluster.config);
    market_signal(&market, SIGHUP);
    market_expect(&market, "the reload is refused: cannot read");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "the upgrade is refused: cannot read");
    files_write(market.cluster.config, market_wrong, strlen(market_wrong));
    market_signal(&market, SIGUSR2); /* it is the new program that reads it */
    market_expect(&market, "balancer exited with status 1");
    market_expect_the_same(&market, market.cluster.router);
    CU_ASSERT_EQUAL(market_get(&market, "/events/demo"), 200);
    market_close(&market);
}

/* --- a handover that fails ------------------------------------------------------------------------- */

static void a_new_router_may_die(void)
{
    struct market market;
    market_open_slow(&market, "new-dies");
    market_signal(&market, SIGHUP);
    pid_t before = market.cluster.router;
    pid_t newcomer = market_newcomer(&market);
    process_signal(market.cluster.master.pid, SIGHUP);
    market_expect(&market, "the reload is refused: a handover is under way");
    process_signal(newcomer, SIGKILL);
    market_expect(&market, "the reload is refused: the new router killed by signal 9");
    market_expect_the_same(&market, before);
    market_signal(&market, SIGHUP); /* the next one lives */
    market_expect_another(&market, before);
    market_close(&market);
}

static void a_new_router_may_hang(void)
{
    struct market market;
    market_open_slow(&market, "new-hangs");
    market_signal(&market, SIGUSR2);
    pid_t before = market.cluster.router;
    market_expect(&market, "upgraded in place");
    process_signal(market_newcomer(&market), SIGSTOP);
    market_expect(&market,
                  "the upgrade is refused: the new router did not come to serve within 10 s");
    market_expect_the_same(&market, before);
    market_close(&market);
}

/* The one that serves dies while another is about to: both are started, and one is left. */
static void the_old_router_may_die(void)
{
    struct market market;
    market_open_slow(&market, "old-dies");
    market_end_load(&market);
    market_signal(&market, SIGHUP);
    pid_t before = market.cluster.router;
    market_newcomer(&market);
    process_signal(before, SIGKILL);
    market_expect(&market, "has taken over");
    market_expect_one_router(&market);
    CU_ASSERT(cluster_router_restarted(&market.cluster, before));
    market_settle(&market);
}

static void a_handover_may_be_stopped(void)
{
    struct market market;
    market_open_slow(&market, "stopped");
    market_signal(&market, SIGHUP);
    market_newcomer(&market);
    cluster_stop(&market.cluster, SIGTERM);
    load_end(&market.load); /* some were refused, none was lost */
    audit_exact(&market.cluster, &market.load);
    client_close(market.client);
    market_free(&market);
}

enum {
    DRAINING_MAX = 8,
};

/* An idle connection to the router that serves. The one before may still have taken it, and says so. */
static int keep_connection(struct market *market)
{
    static const char request[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n\r\n";
    for (;;) {
        struct raw_answer answer = {0};
        int fd = raw_connect(market->cluster.url);
        CU_ASSERT_FATAL(fd >= 0 && raw_send(fd, request, sizeof request - 1));
        raw_receive(fd, &answer, false, MARKET_SECONDS);
        CU_ASSERT_EQUAL_FATAL(answer.status, 200);
        bool last = memmem(answer.bytes.data, answer.head, "Connection: close", 17) != NULL;
        buffer_free(&answer.bytes);
        if (!last)
            return fd;
        close(fd);
    }
}

/* Each is kept by a client that is idle. */
static void only_so_many_drain(void)
{
    struct market market;
    int idle[DRAINING_MAX];
    market_open(&market, "many", market_reads);
    market_end_load(&market);
    for (int i = 0; i < DRAINING_MAX; i++) {
        idle[i] = keep_connection(&market);
        market_signal(&market, SIGHUP);
        CU_ASSERT(cluster_router_restarted(&market.cluster, market.cluster.router));
    }
    market_signal(&market, SIGHUP);
    market_expect(&market, "the reload is refused: too many routers are draining");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "the upgrade is refused: too many routers are draining");
    for (int i = 0; i < DRAINING_MAX; i++)
        close(idle[i]);
    market_expect_one_router(&market);
    market_settle(&market);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("reload", "a_reload_changes_the_configuration", a_reload_changes_the_configuration);
    suite_add("reload", "a_wrong_file_changes_nothing", a_wrong_file_changes_nothing);
    suite_add("reload", "a_new_router_may_die", a_new_router_may_die);
    suite_add("reload", "a_new_router_may_hang", a_new_router_may_hang);
    suite_add("reload", "the_old_router_may_die", the_old_router_may_die);
    suite_add("reload", "a_handover_may_be_stopped", a_handover_may_be_stopped);
    suite_add("reload", "only_so_many_drain", only_so_many_drain);
}
