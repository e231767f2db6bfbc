/* Exactly 128 and 256 connections that are ready at the same moment: libmicrohttpd's own event thread
 * stops dead there (daemon.c: epoll_wait is called again with the blocking timeout), so nothing of ours
 * may run in that mode. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    CONNECTIONS_MAX = 256,
    ANSWER_SECONDS = 30,
};

static const char get[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n\r\n";
static const char buy[] = "POST /purchases HTTP/1.1\r\nHost: x\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: 10\r\n\r\nevent=demo";

static void expect_answers(const int *fd, int count, unsigned status)
{
    int answered = 0;
    struct raw_answer answer = {0};
    for (int i = 0; i < count; i++) {
        raw_receive(fd[i], &answer, false, answered == i ? ANSWER_SECONDS : 1);
        answered += answer.status == status;
    }
    CU_ASSERT_EQUAL(answered, count);
    buffer_free(&answer.bytes);
}

/* The process is stopped while the requests are written, so all are ready when it goes on. */
static void ask_at_once(const int *fd, int count, pid_t pid, const char *request)
{
    process_signal(pid, SIGSTOP);
    for (int i = 0; i < count; i++)
        CU_ASSERT(raw_send(fd[i], request, strlen(request)));
    process_signal(pid, SIGCONT);
}

/* A first answer on each connection, so that all are accepted before they are counted. */
static void answers_all(const char *url, pid_t pid, int count)
{
    int fd[CONNECTIONS_MAX] = {0};
    for (int i = 0; i < count; i++)
        fd[i] = raw_connect(url);
    for (int i = 0; i < count; i++)
        CU_ASSERT(raw_send(fd[i], get, sizeof get - 1));
    expect_answers(fd, count, 200);
    ask_at_once(fd, count, pid, get);
    expect_answers(fd, count, 200);
    ask_at_once(fd, count, pid, buy);
    expect_answers(fd, count, 201);
    for (int i = 0; i < count; i++)
        close(fd[i]);
}

static void all_are_answered(void)
{
    struct cluster cluster;
    cluster_open(&cluster, 10000, 2);
    for (int count = 128; count <= 256; count += 128) {
        answers_all(cluster.url, cluster.router, count);
        CU_ASSERT(cluster_quiet(&cluster));
        answers_all(cluster.server[0].url, cluster.server[0].pid, count);
        CU_ASSERT(cluster_quiet(&cluster));
    }
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ready_at_once", "all_are_answered", all_are_answered);
}
