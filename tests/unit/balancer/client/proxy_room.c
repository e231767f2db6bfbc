#include <string.h>
#include <unistd.h>

#include "balancer/client/proxy.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/client/counter.h"

/* Who finds no room at any server: how he waits, and until when. */

enum {
    BODY_LENGTH = 100000, /* more than is kept for a repeat, and than a socket is read at once */
};

static void set_manner(enum fake_manner manner)
{
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = counter.fakes[1].manner = manner;
    held_loop_free(&counter.held);
}

/* Both servers have all that they may, of which one request each. */
static void open_full(int fds[2], const struct pool_rules *rules)
{
    counter_open_files(rules);
    set_manner(FAKE_HOLDS);
    for (unsigned i = 0; i < 2; i++) {
        fds[i] = counter_send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        counter_hold_at(i + 1);
        held_loop_free(&counter.held);
    }
    for (size_t i = 0; i < 2; i++) {
        counter_hold_at_server(i, 1);
        held_loop_free(&counter.held);
    }
}

static bool waits(void *context)
{
    return proxy_waiting(counter.proxy) == *(const size_t *)context;
}

/* Holds the loop once so many wait. */
static void hold_waiting(size_t count)
{
    held_loop_hold(&counter.held);
    CU_ASSERT(held_loop_until(&counter.held, waits, &count, COUNTER_SECONDS));
}

static void release(size_t server)
{
    counter.fakes[server].manner = FAKE_ANSWERS;
    fake_server_release(&counter.fakes[server]);
}

static void expect_answered(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(counter_receive(fds[i]), 200);
}

static const struct pool_rules narrow = {.limit = 1, .waiting = 3, .retry_reserve = 10};

static void who_finds_no_room_waits_in_order(void)
{
    int fds[5];
    open_full(fds, &narrow);
    for (unsigned i = 2; i < 5; i++) {
        char request[64];
        snprintf(request, sizeof request, "GET /%u HTTP/1.1\r\nHost: a\r\n\r\n", i);
        fds[i] = counter_send(request);
        hold_waiting(i - 1);
        held_loop_free(&counter.held);
    }
    hold_waiting(3);
    fake_server_release(&counter.fakes[0]); /* which holds what comes then */
    held_loop_free(&counter.held);
    counter_hold_at_server(0, 2);
    CU_ASSERT_STRING_EQUAL(buffer_text(&counter.fakes[0].request_line), "GET /2 HTTP/1.1");
    CU_ASSERT_EQUAL(proxy_waiting(counter.proxy), 2);
    fake_server_release(&counter.fakes[1]);
    held_loop_free(&counter.held);
    counter_hold_at_server(1, 2);
    CU_ASSERT_STRING_EQUAL(buffer_text(&counter.fakes[1].request_line), "GET /3 HTTP/1.1");
    release(0);
    release(1);
    held_loop_free(&counter.held);
    expect_answered(fds, 5);
    counter_close();
}

static void only_so_many_may_wait(void)
{
    int fds[6];
    open_full(fds, &narrow);
    for (unsigned i = 2; i < 6; i++) {
        fds[i] = counter_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        counter_hold_at(i + 1);
        held_loop_free(&counter.held);
    }
    CU_ASSERT_EQUAL(counter_receive(fds[5]), 503);
    CU_ASSERT(counter_body_has("\"code\":\"overloaded\""));
    CU_ASSERT(counter_head_has("\r\nRetry-After: 1\r\n"));
    held_loop_hold(&counter.held);
    release(0);
    release(1);
    held_loop_free(&counter.held);
    expect_answered(fds, 5);
    counter_close();
}

static void who_leaves_frees_his_place(void)
{
    int fds[4];
    open_full(fds, &narrow);
    fds[2] = counter_send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    hold_waiting(1);
    held_loop_free(&counter.held);
    fds[3] = counter_send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    hold_waiting(2);
    held_loop_free(&counter.held);
    close(fds[2]);
    hold_waiting(1);
    fake_server_release(&counter.fakes[0]);
    held_loop_free(&counter.held);
    counter_hold_at_server(0, 2);
    CU_ASSERT_STRING_EQUAL(buffer_text(&counter.fakes[0].request_line), "GET /3 HTTP/1.1");
    release(0);
    release(1);
    held_loop_free(&counter.held);
    expect_answered(fds, 2);
    expect_answered(fds + 3, 1);
    counter_close();
}

/* Its body is not read meanwhile, and comes whole in the end. */
static void who_waits_waits_with_his_body(void)
{
    int fds[3];
    struct buffer request = {0};
    buffer_printf(&request, "POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                  BODY_LENGTH);
    size_t head = request.length;
    for (int i = 0; i < BODY_LENGTH; i++)
        buffer_add_char(&request, (char)('a' + i % 26));
    open_full(fds, &narrow);
    fds[2] = raw_connect(counter.url);
    CU_ASSERT(raw_send(fds[2], request.data, head + 10));
    hold_waiting(1);
    held_loop_free(&counter.held);
    CU_ASSERT(raw_send(fds[2], request.data + head + 10, BODY_LENGTH - 10));
    held_loop_hold(&counter.held);
    held_loop_turns(&counter.held, 10);
    CU_ASSERT_EQUAL(counter.fakes[0].requests + counter.fakes[1].requests, 2);
    release(0);
    held_loop_free(&counter.held);
    counter_hold_at_server(0, 2);
    CU_ASSERT_EQUAL(counter.fakes[0].body.length, BODY_LENGTH);
    CU_ASSERT_EQUAL(memcmp(counter.fakes[0].body.data, request.data + head, BODY_LENGTH), 0);
    release(1);
    held_loop_free(&counter.held);
    expect_answered(fds, 3);
    buffer_free(&request);
    counter_close();
}

static void nobody_waits_longer_than_a_purchase(void)
{
    int fds[3];
    open_full(fds, &narrow);
    int64_t begun = clock_monotonic();
    fds[2] = counter_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CU_ASSERT_EQUAL(counter_receive(fds[2]), 503);
    CU_ASSERT(counter_body_has("No server had room for this in time."));
    CU_ASSERT(counter_head_has("\r\nRetry-After: 1\r\n"));
    int64_t passed = clock_monotonic() - begun;
    CU_ASSERT(passed >= 5 * CLOCK_SECOND && passed < 7 * CLOCK_SECOND);
    held_loop_hold(&counter.held);
    release(0);
    release(1);
    held_loop_free(&counter.held);
    expect_answered(fds, 2);
    counter_close();
}

static void without_a_server_nobody_waits_on(void)
{
    int fds[3];
    open_full(fds, &narrow);
    fds[2] = counter_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hold_waiting(1);
    for (size_t i = 0; i < 2; i++)
        servers_failed(&counter.servers, i, counter.servers.list[i].start, "for a test");
    held_loop_turns(&counter.held, 1);
    CU_ASSERT_EQUAL(proxy_waiting(counter.proxy), 0);
    release(0);
    release(1);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_receive(fds[2]), 503);
    CU_ASSERT(counter_body_has("\"code\":\"no_server\""));
    expect_answered(fds, 2);
    counter_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy room", "who finds no room waits in order", who_finds_no_room_waits_in_order);
    suite_add("proxy room", "only so many may wait", only_so_many_may_wait);
    suite_add("proxy room", "who leaves frees his place", who_leaves_frees_his_place);
    suite_add("proxy room", "who waits, waits with his body", who_waits_waits_with_his_body);
    suite_add("proxy room", "nobody waits longer than a purchase",
              nobody_waits_longer_than_a_purchase);
    suite_add("proxy room", "without a server nobody waits on", without_a_server_nobody_waits_on);
}
