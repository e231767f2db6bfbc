/* The breakable server breaks in each way it is told, and is well again afterwards. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/breakable/manner.h"
#include "tests/lib/client.h"
#include "tests/lib/lone_server.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"

struct broken {
    struct cluster cluster;
    struct lone_server lone;
    int fd; /* a connection that was there before */
};

static const char well[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
static const char flight[] =
    "POST /flights HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    "Content-Length: 2\r\n\r\n{}";

static void broken_open(struct broken *broken)
{
    cluster_open(&broken->cluster, 100, 1);
    lone_open(&broken->lone, &broken->cluster, "lone-1", NULL);
    lone_add_front(&broken->lone);
    broken->fd = raw_connect(broken->lone.front.url);
    CU_ASSERT_FATAL(broken->fd >= 0);
}

static void broken_close(struct broken *broken)
{
    close(broken->fd);
    lone_close(&broken->lone);
    cluster_close(&broken->cluster);
}

/* Over a connection of its own: the status, 0 where there is no answer. */
static unsigned ask(const struct broken *broken, const char *request)
{
    struct raw_answer answer = {0};
    raw_exchange(broken->lone.front.url, request, strlen(request), &answer);
    buffer_free(&answer.bytes);
    return answer.status;
}

/* Over the connection that was there before, for up to a second. */
static unsigned ask_again(const struct broken *broken, bool *closed)
{
    struct raw_answer answer = {0};
    raw_send(broken->fd, well, strlen(well));
    raw_receive(broken->fd, &answer, false, 1);
    *closed = answer.closed;
    buffer_free(&answer.bytes);
    return answer.status;
}

static void passes_and_breaks(void)
{
    static const struct {
        const char *manner;
        unsigned health, flight;
    } cases[] = {
        {"pass", 200, 400},           {"error", 500, 500}, {"error-flights", 200, 500},
        {"garbage-flights", 200, 0},  {"closed", 0, 0},    {"half", 0, 0},
        {"half-flights", 200, 0},     {"reset", 0, 0},     {"slow 20", 200, 400},
        {"slow-flights 1", 200, 400}, {"pass", 200, 400},
    };
    struct broken broken;
    broken_open(&broken);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lone_behave(&broken.lone, cases[i].manner);
        unsigned health = ask(&broken, well), first = ask(&broken, flight);
        unsigned second = ask(&broken, flight); /* garbage is of two kinds */
        bool fine =
            health == cases[i].health && (first == cases[i].flight || second == cases[i].flight);
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: %u %u %u\n", cases[i].manner, health, first, second);
    }
    CU_ASSERT(lone_is_well(&broken.lone));
    broken_close(&broken);
}

static void cuts_whoever_was_connected(void)
{
    static const char *const manners[] = {"reset", "closed"};
    for (size_t i = 0; i < 2; i++) {
        struct broken broken;
        bool closed;
        broken_open(&broken);
        CU_ASSERT_EQUAL(ask_again(&broken, &closed), 200);
        lone_behave(&broken.lone, manners[i]);
        CU_ASSERT_EQUAL(ask_again(&broken, &closed), 0);
        CU_ASSERT(closed);
        CU_ASSERT_FALSE(lone_is_well(&broken.lone));
        lone_behave(&broken.lone, "pass");
        CU_ASSERT(lone_is_well(&broken.lone));
        broken_close(&broken);
    }
}

/* Who was not answered is not answered later, either. */
static void never_answers(void)
{
    struct broken broken;
    bool closed;
    broken_open(&broken);
    lone_behave(&broken.lone, "never");
    CU_ASSERT_EQUAL(ask_again(&broken, &closed), 0);
    lone_behave(&broken.lone, "pass");
    CU_ASSERT_EQUAL(ask_again(&broken, &closed), 0);
    CU_ASSERT_FALSE(closed);
    CU_ASSERT_EQUAL(ask(&broken, well), 200);
    broken_close(&broken);
}

static void answers_late(void)
{
    struct broken broken;
    broken_open(&broken);
    lone_behave(&broken.lone, "slow 300");
    int64_t begun = clock_monotonic();
    CU_ASSERT_EQUAL(ask(&broken, well), 200);
    CU_ASSERT(clock_monotonic() - begun >= 300 * CLOCK_MILLISECOND);
    broken_close(&broken);
}

/* As if it was gone itself: nobody answers in its place. */
static void shows_that_its_server_is_gone(void)
{
    struct broken broken;
    bool closed;
    broken_open(&broken);
    CU_ASSERT_EQUAL(ask_again(&broken, &closed), 200);
    lone_kill(&broken.lone);
    CU_ASSERT_EQUAL(ask_again(&broken, &closed), 0);
    CU_ASSERT(closed);
    CU_ASSERT_FALSE(lone_is_well(&broken.lone));
    lone_start(&broken.lone);
    CU_ASSERT(lone_await(&broken.lone));
    CU_ASSERT(lone_freeze(&broken.lone));
    CU_ASSERT_FALSE(lone_is_well(&broken.lone));
    lone_thaw(&broken.lone);
    CU_ASSERT(lone_await(&broken.lone));
    broken_close(&broken);
}

static void understands_its_orders(void)
{
    struct manner manner;
    CU_ASSERT(manner_parse("slow-flights 300", &manner));
    CU_ASSERT_EQUAL(manner.kind, MANNER_SLOW);
    CU_ASSERT(manner.flights);
    CU_ASSERT_EQUAL(manner.delay, 300);
    CU_ASSERT(manner_parse("closed", &manner));
    CU_ASSERT_EQUAL(manner.kind, MANNER_CLOSED);
    static const char *const wrong[] = {"",        "pas",        "passs",         "closed-flights",
                                        "slow",    "slow 70000", "reset-flights", "error 3",
                                        "never -", "slow 3x",    "slow -1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(manner_parse(wrong[i], &manner));
    CU_ASSERT_EQUAL(manner.kind, MANNER_CLOSED);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("breakable", "understands_its_orders", understands_its_orders);
    suite_add("breakable", "passes_and_breaks", passes_and_breaks);
    suite_add("breakable", "cuts_whoever_was_connected", cuts_whoever_was_connected);
    suite_add("breakable", "never_answers", never_answers);
    suite_add("breakable", "answers_late", answers_late);
    suite_add("breakable", "shows_that_its_server_is_gone", shows_that_its_server_is_gone);
}
