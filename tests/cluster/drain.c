/* SIGTERM and SIGINT under load: what was accepted is answered, then everything is gone. */
#include <signal.h>
#include <unistd.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    CAPACITY = 10000000,
    SALES = 300,
};

/* Buyers have no patience and forget what was refused: so the store holds exactly the sales that were
 * acknowledged, if and only if no accepted purchase went unanswered. */
static void drains(int signal, const char *prefix)
{
    struct cluster cluster;
    cluster_open(&cluster, CAPACITY, 3);
    struct load load = {.url = {cluster.url}, .urls = 1, .threads = 32, .prefix = prefix};
    load_begin(&load);
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(SALES)));
    cluster_stop(&cluster, signal);
    load_end(&load);
    audit_exact(&cluster, &load);
    cluster_start_again(&cluster);
    audit_repeats(&cluster, &load);
    cluster_close(&cluster);
    load_free(&load);
}

static void terminated(void)
{
    drains(SIGTERM, "drain-terminated");
}

/* As Ctrl-C does, the signal goes to the whole group. */
static void interrupted(void)
{
    drains(SIGINT, "drain-interrupted");
}

/* Buyers who leave without waiting for the answer, some of them with half a request sent. */
static void buyers_leave(const char *url, int count)
{
    static const char request[] = "POST /purchases HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                  "application/x-www-form-urlencoded\r\nContent-Length: "
                                  "10\r\n\r\nevent=demo";
    for (int i = 0; i < count; i++) {
        int fd = raw_connect(url);
        CU_ASSERT(raw_send(fd, request, sizeof request - (i % 4 == 0 ? 5 : 1)));
        close(fd);
    }
}

/* Nobody else suffers from them, and the end does not wait for them. */
static void with_those_who_leave(void)
{
    struct cluster cluster;
    cluster_open(&cluster, CAPACITY, 3);
    struct load load = {.url = {cluster.url}, .urls = 1, .threads = 8, .prefix = "drain-leavers"};
    load_begin(&load);
    buyers_leave(cluster.url, load_scaled(300));
    buyers_leave(cluster.server[0].url, load_scaled(100));
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(SALES)));
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    buyers_leave(cluster.url, load_scaled(100));
    cluster_stop(&cluster, SIGTERM);
    audit_clean(&cluster, &load);
    cluster_close(&cluster);
    load_free(&load);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("drain", "terminated", terminated);
    suite_add("drain", "interrupted", interrupted);
    suite_add("drain", "with_those_who_leave", with_those_who_leave);
}
