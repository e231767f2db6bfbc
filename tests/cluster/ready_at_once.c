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
#include "tests/lib/wait.h"

enum {
    CONNECTIONS_MAX = 256,
    ANSWER_SECONDS = 30,
};

static const char get[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n\r\n";
static const char buy[] = "POST /purchases HTTP/1.1\r\nHost: x\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: 10\r\n\r\nevent=demo";

static void send_all(const int *fd, int count, const char *request)
{
    int sent = 0;
    for (int i = 0; i < count; i++)
        sent += raw_send(fd[i], request, strlen(request));
    CU_ASSERT_EQUAL(sent, count);
}

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
    send_all(fd, count, request);
    process_signal(pid, SIGCONT);
}

/* A first answer on each connection, so that all are accepted before they are counted. */
static void answers_all(const char *url, pid_t pid, int count)
{
    int fd[CONNECTIONS_MAX] = {0};
    for (int i = 0; i < count; i++)
        fd[i] = raw_connect(url);
    send_all(fd, count, get);
    expect_answers(fd, count, 200);
    ask_at_once(fd, count, pid, get);
    expect_answers(fd, count, 200);
    ask_at_once(fd, count, pid, buy);
    expect_answers(fd, count, 201);
    for (int i = 0; i < count; i++)
        close(fd[i]);
}

static void by_a_balancer(void)
{
    struct cluster cluster;
    cluster_open(&cluster, 10000, 2);
    for (int count = 128; count <= 256; count += 128) {
        answers_all(cluster.url, cluster.router, count);
        CU_ASSERT(cluster_quiet(&cluster));
    }
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

struct alone {
    struct process process;
    char url[CLUSTER_URL_SIZE];
};

static bool sells(void *context)
{
    static const char label[] = "sells on ";
    struct alone *alone = context;
    struct buffer text = {0};
    files_read(alone->process.err, &text);
    const char *at = strstr(buffer_text(&text), label);
    if (at != NULL)
        snprintf(alone->url, sizeof alone->url, "http://%.*s",
                 (int)strcspn(at + sizeof label - 1, " \n"), at + sizeof label - 1);
    bool whole = at != NULL && strchr(at, '\n') != NULL;
    buffer_free(&text);
    return whole;
}

/* Alone, because a balancer's probes would wake it. */
static void by_a_ticket_server(void)
{
    char dir[FILES_PATH_SIZE], store[FILES_PATH_SIZE + 16];
    struct alone alone;
    files_directory(dir);
    snprintf(store, sizeof store, "sqlite:%s/t.db", dir);
    const char *init[] = {"ticket_server", "--init", "--demo", "10000", "--store", store, NULL};
    const char *serve[] = {"ticket_server", "--listen",  "127.0.0.1:0", "--store",
                           store,           "--log-dir", dir,           NULL};
    process_run(&alone.process, dir, init, 0);
    process_start(&alone.process, dir, serve);
    CU_ASSERT_FATAL(wait_until(sells, &alone, ANSWER_SECONDS));
    for (int count = 128; count <= 256; count += 128)
        answers_all(alone.url, alone.process.pid, count);
    process_signal(alone.process.pid, SIGTERM);
    CU_ASSERT_EQUAL(process_wait(&alone.process, ANSWER_SECONDS), 0);
    files_remove(dir);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("ready_at_once", "by_a_balancer", by_a_balancer);
    suite_add("ready_at_once", "by_a_ticket_server", by_a_ticket_server);
}
