#include "balancer/upstream/upstream.h"

#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/upstream/fake_server.h"
#include "tests/unit/common/held_loop.h"

enum {
    CALLS_MAX = 4,
    SECONDS_MAX = 20,
};

/* Calls to one server, and what became of the last of them. */
struct switchboard {
    struct held_loop held;
    struct fake_server fake;
    struct upstream *upstream;
    unsigned done;
    struct upstream_answer answer; /* without its texts */
    struct buffer body, error;
};

static struct switchboard board;

static void on_done(void *context, const struct upstream_answer *answer)
{
    CU_ASSERT_PTR_EQUAL(context, &board);
    board.done++;
    board.answer = *answer;
    buffer_clear(&board.body);
    buffer_append(&board.body, answer->body, answer->length);
    buffer_clear(&board.error);
    buffer_add(&board.error, answer->error);
}

static void open_board(enum fake_manner manner)
{
    memset(&board, 0, sizeof board);
    held_loop_open(&board.held);
    fake_server_open(&board.fake, board.held.loop, "server-1");
    board.fake.manner = manner;
    board.upstream = upstream_open(board.held.loop, 2);
}

static void close_board(void)
{
    upstream_close(board.upstream);
    fake_server_close(&board.fake);
    held_loop_close(&board.held);
    buffer_free(&board.body);
    buffer_free(&board.error);
}

/* What most calls have in common. */
static struct upstream_request a_read(void)
{
    return (struct upstream_request){.address = board.fake.address,
                                     .path = "/events",
                                     .timeout = 10 * CLOCK_SECOND,
                                     .answer_max = 4096,
                                     .done = on_done,
                                     .context = &board};
}

static bool are_done(void *context)
{
    return board.done >= *(const unsigned *)context;
}

static void until_done(unsigned done)
{
    CU_ASSERT(held_loop_until(&board.held, are_done, &done, SECONDS_MAX));
    CU_ASSERT_EQUAL(board.done, done);
}

static bool are_asked(void *context)
{
    return board.fake.requests >= *(const unsigned *)context;
}

static void until_asked(unsigned requests)
{
    CU_ASSERT(held_loop_until(&board.held, are_asked, &requests, SECONDS_MAX));
}

static void an_answer_comes_whole(void)
{
    open_board(FAKE_ANSWERS);
    struct upstream_request request = a_read();
    for (unsigned i = 1; i <= 3; i++) {
        upstream_send(board.upstream, &request);
        CU_ASSERT_EQUAL(board.done, i - 1); /* never from within upstream_send */
        until_done(i);
        CU_ASSERT(board.answer.answered && board.answer.sent);
        CU_ASSERT_EQUAL(board.answer.status, 200);
        CU_ASSERT_STRING_EQUAL(buffer_text(&board.body), "{\"read\":\"server-1\"}");
        CU_ASSERT_STRING_EQUAL(buffer_text(&board.error), "");
    }
    CU_ASSERT_STRING_EQUAL(buffer_text(&board.fake.request_line), "GET /events HTTP/1.1");
    CU_ASSERT(board.fake.connections[0].fd >= 0); /* one connection, kept */
    CU_ASSERT(board.fake.connections[1].fd < 0);
    close_board();
}

static void a_body_is_posted(void)
{
    open_board(FAKE_ANSWERS);
    struct upstream_request request = a_read();
    request.body = "{\"a\":1}";
    request.length = 7;
    upstream_send(board.upstream, &request);
    until_done(1);
    CU_ASSERT_STRING_EQUAL(buffer_text(&board.fake.request_line), "POST /events HTTP/1.1");
    request.body = NULL;
    upstream_send(board.upstream, &request);
    until_done(2);
    CU_ASSERT_STRING_EQUAL(buffer_text(&board.fake.request_line), "GET /events HTTP/1.1");
    close_board();
}

static void an_answer_that_is_too_long_is_none(void)
{
    open_board(FAKE_ANSWERS);
    struct upstream_request request = a_read();
    request.answer_max = sizeof "{\"read\":\"server-1\"}" - 1;
    upstream_send(board.upstream, &request);
    until_done(1);
    CU_ASSERT(board.answer.answered);
    request.answer_max--;
    upstream_send(board.upstream, &request);
    until_done(2);
    CU_ASSERT_FALSE(board.answer.answered);
    CU_ASSERT(board.answer.sent);
    CU_ASSERT(board.error.length > 0);
    close_board();
}

static void nobody_listens_and_nothing_is_sent(void)
{
    open_board(FAKE_ANSWERS);
    fake_server_die(&board.fake);
    struct upstream_request request = a_read();
    upstream_send(board.upstream, &request);
    until_done(1);
    CU_ASSERT_FALSE(board.answer.answered);
    CU_ASSERT_FALSE(board.answer.sent);
    CU_ASSERT(board.error.length > 0);
    close_board();
}

static void silence_has_an_end(void)
{
    open_board(FAKE_HOLDS);
    struct upstream_request request = a_read();
    request.timeout = 100 * CLOCK_MILLISECOND;
    int64_t begun = clock_monotonic();
    upstream_send(board.upstream, &request);
    until_done(1);
    int64_t passed = clock_monotonic() - begun;
    CU_ASSERT(passed >= 90 * CLOCK_MILLISECOND && passed < 5 * CLOCK_SECOND);
    CU_ASSERT_FALSE(board.answer.answered);
    CU_ASSERT(board.answer.sent);
    close_board();
}

static void more_calls_than_connections_wait(void)
{
    open_board(FAKE_HOLDS);
    struct upstream_request request = a_read();
    for (int i = 0; i < CALLS_MAX; i++)
        upstream_send(board.upstream, &request);
    until_asked(2);
    held_loop_turns(&board.held, 10);
    CU_ASSERT_EQUAL(board.fake.requests, 2);
    board.fake.manner = FAKE_ANSWERS;
    fake_server_release(&board.fake);
    until_done(CALLS_MAX);
    CU_ASSERT_EQUAL(board.fake.requests, CALLS_MAX);
    close_board();
}

static void a_call_that_is_ended_is_not_heard_of(void)
{
    open_board(FAKE_HOLDS);
    struct upstream_request request = a_read();
    struct call *call = upstream_send(board.upstream, &request);
    until_asked(1);
    upstream_cancel(call);
    call = upstream_send(board.upstream, &request);
    upstream_cancel(call); /* before it left */
    board.fake.manner = FAKE_ANSWERS;
    upstream_send(board.upstream, &request);
    until_done(1);
    CU_ASSERT_EQUAL(board.answer.status, 200);
    close_board();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("upstream", "an answer comes whole", an_answer_comes_whole);
    suite_add("upstream", "a body is posted", a_body_is_posted);
    suite_add("upstream", "an answer that is too long is none", an_answer_that_is_too_long_is_none);
    suite_add("upstream", "nobody listens and nothing is sent", nobody_listens_and_nothing_is_sent);
    suite_add("upstream", "silence has an end", silence_has_an_end);
    suite_add("upstream", "more calls than connections wait", more_calls_than_connections_wait);
    suite_add("upstream", "a call that is ended is not heard of",
              a_call_that_is_ended_is_not_heard_of);
}
