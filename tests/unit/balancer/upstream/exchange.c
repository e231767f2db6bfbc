#include "balancer/upstream/exchange.h"

#include <string.h>

#include "balancer/upstream/exchange_parts.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/upstream/exchange_scene.h"

#define HELLO   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define REQUEST "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n"

static void answers_come_over_one_connection(void)
{
    scene_open();
    for (int i = 0; i < 3; i++) {
        struct visit *visit = visit_get();
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
        scene_until_heard(0, sizeof REQUEST - 1);
        CU_ASSERT_STRING_EQUAL(guest_heard(0), REQUEST);
        guest_says(0, HELLO);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->status, 200);
        CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "hello");
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        CU_ASSERT_EQUAL(visit->heads, 1);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    }
    CU_ASSERT_EQUAL(scene.guest_count, 1);
    scene_close();
}

static bool has_head(void *context)
{
    return ((const struct visit *)context)->heads > 0;
}

static void a_small_body_is_there_at_once(void)
{
    const char *body;
    size_t length;
    scene_open();
    struct visit *visit = visit_new();
    visit->lazy = true;
    visit_start(visit);
    CU_ASSERT_FALSE(exchange_whole(visit->exchange, &body, &length));
    guest_serves(0, "\r\n\r\n", HELLO);
    scene_until(has_head, visit);
    CU_ASSERT_FATAL(exchange_whole(visit->exchange, &body, &length));
    CU_ASSERT_EQUAL(length, 5);
    CU_ASSERT_EQUAL(memcmp(body, "hello", 5), 0);
    CU_ASSERT_STRING_EQUAL(exchange_error(visit->exchange), "");
    visit_close(visit);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    scene_close();
}

/* How a request and its answer leave their connection. */
static void what_is_not_clear_is_not_kept(void)
{
    static const struct {
        const char *answer;
        size_t kept;
    } rows[] = {
        {HELLO, 1},
        {"HTTP/1.1 204 No\r\n\r\n", 1},
        {"HTTP/1.1 100 Go on\r\n\r\n" HELLO, 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 1},
        {HELLO "H", 0},
        {HELLO HELLO, 0},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 0},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_open();
        struct visit *visit = visit_get();
        guest_serves(0, "\r\n\r\n", rows[i].answer);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), rows[i].kept);
        scene_close();
    }
}

static void a_head_has_no_body(void)
{
    scene_open();
    for (int i = 0; i < 2; i++) {
        struct visit *visit = visit_new();
        visit->request.method = "HEAD";
        visit_start(visit);
        guest_serves(0, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        CU_ASSERT_EQUAL(visit->body.length, 0);
        visit_close(visit);
    }
    CU_ASSERT_EQUAL(scene.guest_count, 1);
    scene_close();
}

static void the_end_of_the_connection_ends_a_body(void)
{
    scene_open();
    struct visit *visit = visit_get();
    guest_serves(0, "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhel");
    scene_until(has_head, visit);
    CU_ASSERT_EQUAL(visit->result, 0);
    guest_says(0, "lo");
    guest_leaves(0);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
    CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "hello");
    visit_close(visit);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
    scene_close();
}

static void keep_one(void)
{
    struct visit *visit = visit_get();
    size_t guest = scene.guest_count;
    guest_serves(guest, "\r\n\r\n", HELLO);
    scene_until_over(visit);
    visit_close(visit);
}

static bool none_is_kept(void *context)
{
    (void)context;
    return exchanges_kept(scene.exchanges) == 0;
}

static void an_idle_connection_that_speaks_or_ends_goes(void)
{
    scene_open();
    keep_one();
    guest_leaves(0);
    scene_until(none_is_kept, NULL);
    keep_one();
    guest_says(1, "H");
    scene_until(none_is_kept, NULL);
    keep_one();
    guest_resets(2);
    scene_until(none_is_kept, NULL);
    scene_close();
}

static void an_old_connection_goes(void)
{
    scene_open();
    keep_one();
    scene.exchanges->oldest->since -= (EXCHANGE_KEPT_SECONDS - 10) * CLOCK_SECOND;
    held_loop_turns(&scene.held, 10);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    scene.exchanges->oldest->since -= 10 * CLOCK_SECOND;
    scene_until(none_is_kept, NULL);
    scene_until_left(0);
    scene_close();
}

/* Many at once; what is kept of them is bounded, and the last one kept is used first. */
static void open_and_serve(size_t count)
{
    for (size_t i = 0; i < count; i++)
        visit_get();
    scene_until_guests(count);
    for (size_t i = 0; i < count; i++)
        guest_serves(i, "\r\n\r\n", HELLO);
    for (size_t i = 0; i < count; i++) {
        scene_until_over(&scene.visits[i]);
        CU_ASSERT_EQUAL(scene.visits[i].result, EXCHANGE_ENDED);
        visit_close(&scene.visits[i]);
    }
}

static void a_hundred_at_once(void)
{
    scene_open();
    open_and_serve(100);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 100);
    struct visit *visit = visit_get();
    scene_turns(10);
    CU_ASSERT_STRING_EQUAL(guest_heard(99), REQUEST);
    visit_close(visit);
    scene_until_left(99);
    scene_close();
}

static void no_more_are_kept_than_allowed(void)
{
    scene_open();
    open_and_serve(EXCHANGE_KEPT_MAX + 3);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), EXCHANGE_KEPT_MAX);
    for (size_t i = 0; i < 3; i++)
        scene_until_left(i);
    scene_turns(3);
    CU_ASSERT_FALSE(scene.guests[3].closed);
    scene_close();
}

static void connections_are_of_one_address(void)
{
    scene_open();
    keep_one();
    struct visit *visit = visit_new();
    visit->request.address = "127.0.0.1:1";
    visit_start(visit);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->failure, EXCHANGE_CONNECT);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    scene_close();
}

static void one_that_is_ended_in_the_middle_is_closed(void)
{
    scene_open();
    visit_close(visit_get()); /* while it connects */
    struct visit *visit = visit_get();
    scene_until_heard(1, 5);
    visit_close(visit); /* without an answer */
    scene_until_left(1);
    visit = visit_get();
    guest_serves(2, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    scene_until(has_head, visit);
    visit_close(visit); /* within its body */
    scene_until_left(2);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
    scene_close();
}

static void callbacks_may_close_and_start(void)
{
    scene_open();
    struct visit *first = visit_new(), *second = visit_new(), *third = visit_new();
    first->close_in_head = true;
    first->next = second;
    second->close_in_readable = true;
    second->next = third;
    visit_start(first);
    guest_serves(0, "\r\n\r\n", HELLO);
    guest_serves(0, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    scene_until(has_head, second);
    guest_says(0, "hello");
    scene_until_guests(2);
    CU_ASSERT_EQUAL(second->readables, 1);
    guest_serves(1, "\r\n\r\n", HELLO);
    scene_until_over(third);
    visit_close(third);
    scene_close();
}

static void a_failure_may_start_the_next(void)
{
    scene_open();
    struct visit *first = visit_new(), *second = visit_new(), *third = visit_new();
    first->request.address = "nowhere";
    first->next = second;
    second->request.address = "127.0.0.1:1";
    second->next = third;
    visit_start(first);
    guest_serves(0, "\r\n\r\n", HELLO);
    scene_until_over(third);
    CU_ASSERT_EQUAL(first->failure, EXCHANGE_CONNECT);
    CU_ASSERT_EQUAL(second->failure, EXCHANGE_CONNECT);
    visit_close(third);
    struct visit *fourth = visit_new();
    fourth->request.address = "nowhere";
    visit_start(fourth);
    visit_close(fourth); /* before it is told */
    scene_turns(3);
    CU_ASSERT_EQUAL(fourth->failures, 0);
    scene_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("exchange", "answers come over one connection", answers_come_over_one_connection);
    suite_add("exchange", "a small body is there at once", a_small_body_is_there_at_once);
    suite_add("exchange", "what is not clear is not kept", what_is_not_clear_is_not_kept);
    suite_add("exchange", "a HEAD has no body", a_head_has_no_body);
    suite_add("exchange", "the end of the connection ends a body",
              the_end_of_the_connection_ends_a_body);
    suite_add("exchange", "an idle connection that speaks or ends goes",
              an_idle_connection_that_speaks_or_ends_goes);
    suite_add("exchange", "an old connection goes", an_old_connection_goes);
    suite_add("exchange", "a hundred at once", a_hundred_at_once);
    suite_add("exchange", "no more are kept than allowed", no_more_are_kept_than_allowed);
    suite_add("exchange", "connections are of one address", connections_are_of_one_address);
    suite_add("exchange", "one that is ended in the middle is closed",
              one_that_is_ended_in_the_middle_is_closed);
    suite_add("exchange", "callbacks may close and start", callbacks_may_close_and_start);
    suite_add("exchange", "a failure may start the next", a_failure_may_start_the_next);
}
