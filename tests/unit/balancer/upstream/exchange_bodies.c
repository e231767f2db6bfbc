#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/upstream/exchange_scene.h"

enum {
    LARGE = 10 << 20,
};

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct visit *visit_upload(size_t length, bool chunked)
{
    struct visit *visit = visit_new();
    visit->request.method = "POST";
    visit->request.repeatable = false;
    visit->request.has_body = true;
    visit->request.body_length = chunked ? EXCHANGE_CHUNKED : (int64_t)length;
    visit->to_upload = length;
    visit_start(visit);
    return visit;
}

static bool is_pattern(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != scene_pattern(i))
            return false;
    return true;
}

/* Takes chunks apart, in place; how much they held. */
static size_t unchunk(char *bytes, size_t length)
{
    char *at = bytes, *out = bytes;
    for (;;) {
        char *end;
        size_t size = strtoul(at, &end, 16);
        CU_ASSERT_FATAL(end > at && end + 2 + size + 2 <= bytes + length);
        CU_ASSERT(memcmp(end, "\r\n", 2) == 0 && memcmp(end + 2 + size, "\r\n", 2) == 0);
        memmove(out, end + 2, size);
        out += size;
        at = end + 2 + size + 2;
        if (size == 0)
            break;
    }
    CU_ASSERT_PTR_EQUAL(at, bytes + length);
    return (size_t)(out - bytes);
}

static char *body_heard(size_t guest, size_t *length)
{
    struct buffer *in = &scene.guests[guest].in;
    char *body = strstr((char *)(uintptr_t)buffer_text(in), "\r\n\r\n");
    CU_ASSERT_FATAL(body != NULL);
    *length = in->length - (size_t)(body + 4 - in->data);
    return body + 4;
}

static void a_small_request_is_sent_as_it_is(void)
{
    static const struct {
        size_t length;
        bool chunked;
        const char *due;
    } rows[] = {
        {0, false, "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
        {5, false, "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nahovc"},
        {5, true,
         "POST /a?b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nahovc\r\n0\r\n\r\n"},
        {0, true, "POST /a?b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };
    scene_open();
    for (int i = 0; i < 8; i++) { /* over a fresh connection and a kept one */
        struct visit *visit = visit_upload(rows[i % 4].length, rows[i % 4].chunked);
        scene_turns(3);
        if (i > 0)
            CU_ASSERT_EQUAL(scene.guests[0].in.length, 0); /* nothing before its body */
        visit_write(visit);
        scene_until_heard(0, strlen(rows[i % 4].due));
        CU_ASSERT_STRING_EQUAL(guest_heard(0), rows[i % 4].due);
        guest_says(0, HELLO);
        scene_until_over(visit);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    }
    scene_close();
}

static bool is_stuck(void *context)
{
    const struct visit *visit = context;
    static size_t before;
    bool stuck = before == visit->uploaded;
    before = visit->uploaded;
    scene_turns(10);
    return stuck && before == visit->uploaded;
}

static bool is_uploaded(void *context)
{
    return ((const struct visit *)context)->to_upload == 0;
}

static void a_large_body_waits_for_its_server(void)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        size_t length;
        scene_open();
        scene.no_reading = true;
        struct visit *visit = visit_upload(LARGE, chunked);
        CU_ASSERT(visit->uploaded == 0);
        visit_write(visit);
        CU_ASSERT(visit->uploaded <= EXCHANGE_BUFFER); /* it has no connection yet */
        scene_until(is_stuck, visit);
        CU_ASSERT(visit->to_upload > 0);
        scene.no_reading = false;
        scene_until(is_uploaded, visit);
        scene_until_heard(0, LARGE);
        scene_turns(20);
        char *body = body_heard(0, &length);
        if (chunked)
            length = unchunk(body, length);
        CU_ASSERT_EQUAL(length, LARGE);
        CU_ASSERT(is_pattern(body, length));
        guest_says(0, HELLO);
        scene_until_over(visit);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
        scene_close();
    }
}

/* The server's side of a download, as long as it is. */
static char *download(size_t length, bool chunked, size_t *total)
{
    struct buffer all = {0};
    buffer_add(&all, "HTTP/1.1 200 OK\r\n");
    if (!chunked)
        buffer_printf(&all, "Content-Length: %zu\r\n\r\n", length);
    else
        buffer_add(&all, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0, size = 1; at < length; at += size, size = size * 5 % 70001) {
        size = size < length - at ? size : length - at;
        if (chunked)
            buffer_printf(&all, "%zX;x=y\r\n", size);
        for (size_t i = 0; i < size; i++)
            buffer_add_char(&all, scene_pattern(at + i));
        if (chunked)
            buffer_add(&all, "\r\n");
    }
    if (chunked)
        buffer_add(&all, "0\r\nA: b\r\n\r\n");
    *total = all.length;
    return all.data;
}

static void a_large_answer_comes_whole(void)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        size_t total;
        char *answer = download(LARGE, chunked, &total);
        scene_open();
        struct visit *visit = visit_get();
        guest_serves(0, "\r\n\r\n", "");
        guest_says_bytes(0, answer, total);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        CU_ASSERT_EQUAL(visit->body.length, LARGE);
        CU_ASSERT(is_pattern(visit->body.data, visit->body.length));
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
        scene_close();
        free(answer);
    }
}

static void count_turn(void *context)
{
    ++*(unsigned *)context;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

/* While its reader waits, the server cannot go on, and the loop does not turn for it. */
static void a_large_answer_waits_for_its_reader(void)
{
    char *bytes = calloc(1, LARGE);
    unsigned turns = 0;
    scene_open();
    struct visit *visit = visit_new();
    visit->lazy = true;
    visit_start(visit);
    guest_serves(0, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = scene_pattern(i);
    size_t sent = 0;
    for (int tries = 0; tries < 20; tries++) { /* until the socket takes no more */
        ssize_t n = send(scene.guests[0].fd, bytes + sent, LARGE - sent, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        scene_turns(2);
    }
    CU_ASSERT(sent < LARGE && visit->heads == 1);
    loop_each_turn(scene.held.loop, count_turn, &turns);
    held_loop_until(&scene.held, never, NULL, 1);
    CU_ASSERT(turns < 50);
    CU_ASSERT_EQUAL(visit->readables, 0);
    visit->lazy = false;
    visit_read(visit);
    guest_says_bytes(0, bytes + sent, LARGE - sent);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->body.length, LARGE);
    CU_ASSERT(is_pattern(visit->body.data, visit->body.length));
    visit_close(visit);
    scene_close();
    free(bytes);
}

/* An answer before the request's body was sent is delivered; what is still to be sent is dropped. */
static void an_early_answer_is_delivered(void)
{
    for (int end = 0; end < 3; end++) {
        scene_open();
        scene.no_reading = true;
        struct visit *visit = visit_upload(LARGE, false);
        visit_write(visit);
        scene_until(is_stuck, visit);
        guest_says(0, "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
        if (end == 1)
            guest_leaves(0); /* with bytes unread: a reset */
        if (end == 2)
            shutdown(scene.guests[0].fd, SHUT_WR);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->status, 413);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "no");
        scene_until(is_uploaded, visit);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
        scene_close();
    }
}

/* A server that answers while it is still asked. */
static void an_answer_may_come_meanwhile(void)
{
    scene_open();
    struct visit *visit = visit_upload(LARGE, false);
    exchange_write(visit->exchange, "a", 1);
    visit->uploaded++;
    visit->to_upload--;
    guest_serves(0, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    scene_turns(5);
    CU_ASSERT_EQUAL(visit->body.length, 2);
    visit_write(visit);
    scene_until(is_uploaded, visit);
    scene_until_heard(0, LARGE - 1);
    guest_says(0, "llo");
    scene_until_over(visit);
    CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "hello");
    visit_close(visit);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
    scene_close();
}

static bool has_closed(void *context)
{
    return ((const struct visit *)context)->exchange == NULL;
}

static void who_has_room_may_close(void)
{
    scene_open();
    scene.no_reading = true;
    struct visit *visit = visit_upload(LARGE, false);
    visit_write(visit);
    visit->close_in_room = true;
    scene.no_reading = false;
    scene_until(has_closed, visit);
    CU_ASSERT_EQUAL(visit->rooms, 1);
    scene_until_left(0);
    scene_close();
}

static void who_takes_nothing_is_late(void)
{
    scene_open();
    scene.no_reading = true;
    struct visit *visit = visit_new();
    visit->request.has_body = true;
    visit->request.body_length = LARGE;
    visit->request.timeout = 50 * CLOCK_MILLISECOND;
    visit->to_upload = LARGE;
    visit_start(visit);
    visit_write(visit);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->failure, EXCHANGE_LATE);
    CU_ASSERT(visit->sent && visit->to_upload > 0);
    scene_close();
}

/* A client that takes its time is not the server's fault. */
static void who_waits_for_the_client_is_not_late(void)
{
    scene_open();
    struct visit *visit = visit_new();
    visit->request.has_body = true;
    visit->request.body_length = 5;
    visit->request.timeout = 10 * CLOCK_MILLISECOND;
    visit_start(visit);
    exchange_write(visit->exchange, "hell", 4);
    struct visit *other = visit_new();
    other->request.timeout = 10 * CLOCK_MILLISECOND;
    visit_start(other);
    scene_until_over(other);
    CU_ASSERT_EQUAL(other->failure, EXCHANGE_LATE);
    CU_ASSERT_EQUAL(visit->failures, 0);
    exchange_write(visit->exchange, "o", 1);
    exchange_write_end(visit->exchange);
    guest_serves(0, "hello", HELLO);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
    visit_close(visit);
    scene_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("exchange bodies", "a small request is sent as it is",
              a_small_request_is_sent_as_it_is);
    suite_add("exchange bodies", "a large body waits for its server",
              a_large_body_waits_for_its_server);
    suite_add("exchange bodies", "a large answer comes whole", a_large_answer_comes_whole);
    suite_add("exchange bodies", "a large answer waits for its reader",
              a_large_answer_waits_for_its_reader);
    suite_add("exchange bodies", "an early answer is delivered", an_early_answer_is_delivered);
    suite_add("exchange bodies", "an answer may come meanwhile", an_answer_may_come_meanwhile);
    suite_add("exchange bodies", "who has room may close", who_has_room_may_close);
    suite_add("exchange bodies", "who takes nothing is late", who_takes_nothing_is_late);
    suite_add("exchange bodies", "who waits for the client is not late",
              who_waits_for_the_client_is_not_late);
}
