/* Who leaves in the middle of a request is gone at once, not when some time limit finds out. */
#include "common/farewell.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/common/http_case.h"

enum {
    CLIENTS = 40,
    TURNS_AT_REST = 20,
    GONE_SECONDS = 8, /* the shortest limit that would end such a connection is longer */
};

static struct http_case test;

static bool nobody_here(void *context)
{
    const struct http_case *case_here = context;
    return http_connections(case_here->server) == 0;
}

static void expect_nobody(void)
{
    held_loop_hold(&test.held);
    CU_ASSERT(held_loop_until(&test.held, nobody_here, &test, GONE_SECONDS));
    held_loop_free(&test.held);
}

/* The loop stands still meanwhile, so that it hears of the bytes and the end together. */
static void say_and_leave(const char *bytes)
{
    int fd[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fd[i] = raw_connect(test.url);
    held_loop_hold(&test.held);
    for (int i = 0; i < CLIENTS; i++) {
        CU_ASSERT(raw_send(fd[i], bytes, strlen(bytes)));
        close(fd[i]);
    }
    held_loop_free(&test.held);
    expect_nobody();
}

static void half_a_request_is_gone_with_its_client(void)
{
    static const char *const halves[] = {
        "P",
        "POST /here HTTP/1.1\r\nHo",
        "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
        "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabcd",
        "POST /here HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "",
    };
    http_case_open(&test, 1000);
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++)
        say_and_leave(halves[i]);
    CU_ASSERT_EQUAL(test.handled, 0);
    http_case_close(&test);
}

/* More than a buffer holds is read in several turns; the end comes after the last. */
static void the_end_waits_for_what_is_unread(void)
{
    static const char head[] =
        "POST /here HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n";
    static char half[60000];
    memset(half, 'a', sizeof half - 1);
    memcpy(half, head, sizeof head - 1);
    http_case_open(&test, 1000);
    say_and_leave(half);
    http_case_close(&test);
}

/* Half a request after a whole one, on the same connection. */
static void a_second_half_request_is_gone_too(void)
{
    static const char whole[] = "GET /whole HTTP/1.1\r\nHost: x\r\n\r\n", half[] = "GET /ha";
    struct raw_answer answer = {0};
    http_case_open(&test, 1000);
    for (int i = 0; i < CLIENTS; i++) {
        int fd = raw_connect(test.url);
        CU_ASSERT(raw_send(fd, whole, strlen(whole)));
        raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
        CU_ASSERT_EQUAL(answer.status, 200);
        held_loop_hold(&test.held);
        CU_ASSERT(raw_send(fd, half, strlen(half)));
        close(fd);
        held_loop_free(&test.held);
    }
    expect_nobody();
    buffer_free(&answer.bytes);
    http_case_close(&test);
}

/* The turns of a loop until its timer rings. */
struct turns {
    struct loop_timer timer;
    unsigned count;
    bool over;
};

static void count_turn(void *context)
{
    struct turns *turns = context;
    turns->count += !turns->over;
}

static void end_count(void *context)
{
    struct turns *turns = context;
    turns->over = true;
}

static bool counted(void *context)
{
    const struct turns *turns = context;
    return turns->over;
}

/* With the loop held: how often it turns in a fifth of a second. */
static unsigned turns_meanwhile(void)
{
    struct turns turns = {.timer = {.ring = end_count, .context = &turns}};
    loop_each_turn(test.held.loop, count_turn, &turns);
    loop_timer_set(test.held.loop, &turns.timer, clock_monotonic() + CLOCK_SECOND / 5);
    CU_ASSERT(held_loop_until(&test.held, counted, &turns, GONE_SECONDS));
    loop_no_turn(test.held.loop, count_turn, &turns);
    loop_timer_forget(test.held.loop, &turns.timer);
    return turns.count;
}

/* Whose request is being answered may leave: that costs nothing meanwhile, and the answer goes into the
 * void. */
static void who_is_being_served_may_leave(void)
{
    static const char hold[] = "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n";
    http_case_open(&test, 1000);
    int fd = raw_connect(test.url);
    CU_ASSERT(raw_send(fd, hold, strlen(hold)));
    http_case_until_kept(&test, 1);
    close(fd);
    held_loop_hold(&test.held);
    held_loop_turns(&test.held, 5);
    CU_ASSERT(turns_meanwhile() < TURNS_AT_REST);
    http_case_answer(&test);
    held_loop_free(&test.held);
    expect_nobody();
    http_case_close(&test);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("farewell", "half a request is gone with its client",
              half_a_request_is_gone_with_its_client);
    suite_add("farewell", "the end waits for what is unread", the_end_waits_for_what_is_unread);
    suite_add("farewell", "a second half request is gone too", a_second_half_request_is_gone_too);
    suite_add("farewell", "who is being served may leave", who_is_being_served_may_leave);
}
