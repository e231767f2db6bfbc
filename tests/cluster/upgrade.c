/* SIGUSR2 under load: the program on disk takes over in place, and no buyer notices; or nothing changes, and a
 * line says why. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/cluster/market.h"
#include "tests/lib/audit.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    UPGRADES = 10,
    KEPT = 8,  /* connections that are idle while the router is replaced */
    AFTER = 4, /* further routers, until those connections are used again */
};

static size_t descriptors_of(pid_t pid)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

struct descriptors {
    pid_t pid;
    size_t count;
};

static bool has_as_many(void *context)
{
    const struct descriptors *descriptors = context;
    return descriptors_of(descriptors->pid) == descriptors->count;
}

/* --- the program ---------------------------------------------------------------------------------- */

static void ten_upgrades_in_a_row(void)
{
    struct market market;
    market_open(&market, "upgrades", market_reads);
    pid_t master = market.cluster.master.pid;
    struct descriptors before = {master, descriptors_of(master)};
    for (int i = 0; i < UPGRADES; i++) {
        market_signal(&market, SIGUSR2);
        market_expect_another(&market, market.cluster.router);
    }
    CU_ASSERT(process_alive(master));
    market_expect_one_router(&market);
    CU_ASSERT(wait_until(has_as_many, &before, MARKET_SECONDS));
    market_close(&market);
}

/* What it has taken over, it looks after. */
static void an_upgraded_master_restarts_what_dies(void)
{
    struct market market;
    struct cluster *cluster = &market.cluster;
    market_open(&market, "restarts", market_reads);
    market_signal(&market, SIGUSR2);
    market_expect_another(&market, cluster->router);
    for (size_t i = 0; i < 3; i++) {
        pid_t pid = cluster->server[i].pid;
        process_signal(pid, SIGKILL);
        CU_ASSERT(cluster_restarted(cluster, i, pid));
    }
    market_end_load(&market);
    pid_t router = cluster->router;
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(cluster, router));
    market_settle(&market);
}

static void a_broken_program_is_refused(void)
{
    struct market market;
    struct cluster *cluster = &market.cluster;
    market_open_own(&market, "broken");
    market_put_script(&market, "balancer", "#!/bin/sh\nexit 3\n");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "balancer exited with status 3");
    market_put_script(&market, "balancer", "#!/bin/sh\nexit 0\n");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "balancer does not say that it could take over");
    market_put_script(&market, "balancer", "#!/bin/sh\nkill -SEGV $$\n");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "balancer killed by signal 11");
    market_put_script(&market, "balancer", "#!/nonexistent\n");
    market_signal(&market, SIGUSR2);
    market_expect(&market, "balancer exited with status 1");
    char path[FILES_PATH_SIZE];
    files_path(path, market.dir, "balancer");
    unlink(path);
    market_signal(&market, SIGUSR2);
    market_expect(&market, "balancer cannot be run: No such file");
    market_expect_the_same(&market, cluster->router);
    market_copy_program(&market, "balancer");
    market_signal(&market, SIGUSR2);
    market_expect_another(&market, cluster->router);
    market_end_load(&market);
    client_close(market.client);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, 0), PROCESS_RUNNING);
    kill(cluster->master.pid, SIGTERM);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, MARKET_SECONDS), 0);
    CU_ASSERT(process_none_left(MARKET_SECONDS));
    audit_exact(cluster, &market.load);
    market_free(&market);
}

/* A server that cannot be started does not hold up the others, is told of, and is tried again. */
static void a_crash_loop_is_told(void)
{
    struct market market;
    struct cluster *cluster = &market.cluster;
    market_open_own(&market, "loop");
    CU_ASSERT_FATAL(cluster_look(cluster));
    pid_t pid = cluster->server[1].pid;
    market_put_script(&market, "ticket_server", "#!/bin/sh\nexit 3\n");
    process_signal(pid, SIGKILL);
    market_expect(&market, "server-2 has ended 5 times in a row: exited with status 3");
    market_copy_program(&market, "ticket_server");
    CU_ASSERT(cluster_restarted(cluster, 1, pid));
    market_close(&market);
}

/* --- kept connections ------------------------------------------------------------------------------ */

static void buy(int fd, const char *key, const char *connection)
{
    char request[512];
    struct raw_answer answer = {0};
    int length = snprintf(request, sizeof request,
                          "POST /purchases HTTP/1.1\r\nHost: x\r\nIdempotency-Key: %s\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: 10\r\n\r\nevent=demo",
                          key);
    CU_ASSERT(raw_send(fd, request, (size_t)length));
    raw_receive(fd, &answer, false, MARKET_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 201);
    bool closes = memmem(answer.bytes.data, answer.head, "Connection: close", 17) != NULL;
    CU_ASSERT_EQUAL(closes, strcmp(connection, "close") == 0);
    buffer_free(&answer.bytes);
}

/* Its next request comes to the router that has the connection, which answers it, and says that it was the
 * last; then that router has nobody left. One that has sent half a request is answered, too. */
static void a_kept_connection_is_answered(void)
{
    static const char head[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n";
    struct market market;
    struct raw_answer answer = {0};
    char key[LOAD_KEY_SIZE];
    int fd[KEPT];
    market_open(&market, "kept", market_reads);
    for (int i = 0; i < KEPT; i++) {
        fd[i] = raw_connect(market.cluster.url);
        snprintf(key, sizeof key, "kept-connection-%d-one", i);
        buy(fd[i], key, "keep-alive");
    }
    int half = raw_connect(market.cluster.url), silent = raw_connect(market.cluster.url);
    CU_ASSERT(raw_send(half, head, strlen(head)));
    for (int i = 0; i <= AFTER; i++) {
        market_signal(&market, SIGUSR2);
        market_expect_another(&market, market.cluster.router);
    }
    CU_ASSERT(raw_send(half, "\r\n", 2));
    raw_receive(half, &answer, false, MARKET_SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    for (int i = 0; i < KEPT; i++) {
        snprintf(key, sizeof key, "kept-connection-%d-two", i);
        buy(fd[i], key, "close");
        close(fd[i]);
    }
    buy(silent, "kept-connection-that-was-silent", "close");
    close(silent);
    close(half);
    buffer_free(&answer.bytes);
    market_expect_one_router(&market);
    market_end_load(&market);
    client_close(market.client);
    cluster_stop(&market.cluster, SIGTERM);
    audit_clean(&market.cluster, &market.load);
    market_free(&market);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("upgrade", "ten_upgrades_in_a_row", ten_upgrades_in_a_row);
    suite_add("upgrade", "an_upgraded_master_restarts_what_dies",
              an_upgraded_master_restarts_what_dies);
    suite_add("upgrade", "a_broken_program_is_refused", a_broken_program_is_refused);
    suite_add("upgrade", "a_crash_loop_is_told", a_crash_loop_is_told);
    suite_add("upgrade", "a_kept_connection_is_answered", a_kept_connection_is_answered);
}
