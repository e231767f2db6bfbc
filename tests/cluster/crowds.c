/* More than fits: connections beyond the limit, and headers that leave no room for an answer. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

enum {
    HOUSE = 16, /* connections that the balancer takes */
    ANSWER_SECONDS = 20,
    HEADERS_MAX = 9000,
    HEADERS_STEP = 173,
};

static const char get[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n\r\n";

static unsigned answered(int fd)
{
    struct raw_answer answer = {0};
    raw_receive(fd, &answer, false, ANSWER_SECONDS);
    buffer_free(&answer.bytes);
    return answer.status;
}

/* MHD stops listening at its limit, and began again only with some other event, which never came: when
 * a full house left at once, nobody was let in any more. */
static void a_full_house_leaves_at_once(void)
{
    int fd[HOUSE];
    struct cluster cluster;
    cluster_open_with(&cluster, 100, 1, (const char *const[]){"--connections", "16", NULL});
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < HOUSE; i++) {
            fd[i] = raw_connect(cluster.url);
            CU_ASSERT(raw_send(fd[i], get, strlen(get)));
            CU_ASSERT_EQUAL(answered(fd[i]), 200);
        }
        int outside = raw_connect(cluster.url);
        CU_ASSERT(raw_send(outside, get, strlen(get)));
        process_signal(cluster.router, SIGSTOP); /* so that it sees all of them leave in one go */
        for (int i = 0; i < HOUSE; i++)
            close(fd[i]);
        process_signal(cluster.router, SIGCONT);
        CU_ASSERT_EQUAL(answered(outside), 200);
        close(outside);
    }
    cluster_close(&cluster);
}

/* Buys with so many bytes of one header, or with so many headers. */
static unsigned buy(const struct cluster *cluster, size_t length, int headers)
{
    struct buffer request = {0};
    struct raw_answer answer = {0};
    buffer_add(&request, "POST /purchases HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\nCookie: ");
    memset(buffer_reserve(&request, length), 'a', length);
    request.length += length;
    for (int i = 0; i < headers; i++)
        buffer_printf(&request, "\r\nh%d: b", i);
    buffer_add(&request, "\r\n\r\nevent=demo");
    raw_exchange(cluster->url, request.data, request.length, &answer);
    buffer_free(&request);
    buffer_free(&answer.bytes);
    return answer.status;
}

/* Whatever a request's headers leave of the connection's memory: what is sold is answered. */
static void what_is_sold_is_answered(void)
{
    struct cluster cluster;
    int bought = 0, refused = 0;
    cluster_open(&cluster, 1000, 1);
    for (size_t length = 0; length < HEADERS_MAX; length += HEADERS_STEP) {
        unsigned status = buy(&cluster, length, 0);
        bought += status == 201;
        refused += status == 431;
    }
    for (int headers = 0; headers < 200; headers += 7) {
        unsigned status = buy(&cluster, 10, headers);
        bought += status == 201;
        refused += status == 431;
    }
    CU_ASSERT(bought > 20);
    CU_ASSERT(refused > 20);
    CU_ASSERT(cluster_quiet(&cluster));
    CU_ASSERT_EQUAL(cluster.server[0].told, bought);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("crowds", "a_full_house_leaves_at_once", a_full_house_leaves_at_once);
    suite_add("crowds", "what_is_sold_is_answered", what_is_sold_is_answered);
}
