#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/upstream/exchange_scene.h"

#define HELLO   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

enum end {
    STAYS,
    LEAVES,
    RESETS,
};

static void end_guest(size_t guest, enum end end)
{
    if (end == LEAVES)
        guest_leaves(guest);
    if (end == RESETS)
        guest_resets(guest);
}

static void what_is_no_answer_fails(void)
{
    static const struct {
        const char *answer;
        enum end end;
        enum exchange_failure failure;
        const char *why;
    } rows[] = {
        {"", LEAVES, EXCHANGE_LOST, "the server closed the connection without an answer"},
        {"HTTP/1.1 20", LEAVES, EXCHANGE_LOST,
         "the server closed the connection within the answer's head"},
        {OK "A: b\r\n", LEAVES, EXCHANGE_LOST,
         "the server closed the connection within the answer's head"},
        {"HTTP/1.1 100 Go on\r\n\r\n", LEAVES, EXCHANGE_LOST,
         "the server closed the connection within the answer's head"},
        {"", RESETS, EXCHANGE_LOST, "Connection reset by peer"},
        {"SSH-2.0", STAYS, EXCHANGE_BAD, "it is not HTTP/1.0 or HTTP/1.1"},
        {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", STAYS, EXCHANGE_BAD,
         "there are two Content-Lengths"},
        {CHUNKED "x\r\n", STAYS, EXCHANGE_BAD, "a chunk's size is malformed"},
        {"", STAYS, EXCHANGE_LATE, "the server did not answer in time"},
        {"HTTP/1.1 200", STAYS, EXCHANGE_LATE, "the server did not answer in time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_open();
        struct visit *visit = visit_new();
        visit->request.timeout =
            rows[i].failure == EXCHANGE_LATE ? CLOCK_MILLISECOND * 50 : visit->request.timeout;
        visit_start(visit);
        guest_serves(0, "\r\n\r\n", rows[i].answer);
        end_guest(0, rows[i].end);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->failures, 1);
        CU_ASSERT_EQUAL(visit->heads, 0);
        CU_ASSERT_EQUAL(visit->failure, rows[i].failure);
        CU_ASSERT(visit->sent);
        CU_ASSERT_STRING_EQUAL(visit->why, rows[i].why);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
        scene_close();
    }
}

static void nobody_is_there(void)
{
    static const struct {
        const char *address, *why;
    } rows[] = {
        {"127.0.0.1:1", "Connection refused"},
        {"127.0.0.1", "Invalid argument"},
        {"localhost:80", "Invalid argument"},
        {"127.0.0.1:65536", "Invalid argument"},
        {"127.0.0.1:+1", "Invalid argument"},
        {"[127.0.0.1]:1", "Invalid argument"},
        {"127.0.0.1:1 ", "Invalid argument"},
        {":1", "Invalid argument"},
        {"[", "Invalid argument"},
        {"", "Invalid argument"},
        {"[]:1", "Invalid argument"},
        {"]:1", "Invalid argument"},
    };
    scene_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct visit *visit = visit_new();
        visit->request.address = rows[i].address;
        visit_start(visit);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->failure, EXCHANGE_CONNECT);
        CU_ASSERT_FALSE(visit->sent);
        CU_ASSERT_STRING_EQUAL(visit->why, rows[i].why);
    }
    scene_close();
}

/* A listener whose queue is full drops whoever knocks. */
static void nobody_opens(void)
{
    scene_open();
    char address[ADDRESS_SIZE];
    int deaf = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(deaf >= 0 && listen(deaf, 0) == 0);
    socket_address(deaf, address);
    struct visit *visits[4];
    int64_t begun = clock_monotonic();
    for (size_t i = 0; i < 4; i++) {
        visits[i] = visit_new();
        visits[i]->request.address = address;
        visit_start(visits[i]);
    }
    scene_until_over(visits[3]);
    int64_t passed = clock_monotonic() - begun;
    CU_ASSERT(passed >= CLOCK_SECOND && passed < 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(visits[3]->failure, EXCHANGE_CONNECT);
    CU_ASSERT_FALSE(visits[3]->sent);
    CU_ASSERT_EQUAL(visits[0]->failures, 0);
    for (size_t i = 0; i < 4; i++)
        if (visits[i]->failures == 0)
            visit_close(visits[i]);
    close(deaf);
    scene_close();
}

static bool has_head(void *context)
{
    return ((const struct visit *)context)->heads > 0;
}

static void what_breaks_off_says_so(void)
{
    static const struct {
        const char *answer, *more;
        enum end end;
        const char *body, *why;
    } rows[] = {
        {OK "Content-Length: 5\r\n\r\nhe", "l", LEAVES, "hel",
         "the connection ended within the body"},
        {OK "Content-Length: 5\r\n\r\n", "", RESETS, "", "Connection reset by peer"},
        {CHUNKED "5\r\nhel", "lo\r\n", LEAVES, "hello", "the connection ended within the body"},
        {CHUNKED "5\r\nhel", "lo\r\nx\r\n", STAYS, "hello", "a chunk's size is malformed"},
        {OK "Content-Length: 5\r\n\r\nhe", "l", STAYS, "hel",
         "the server fell silent within its answer"},
        {OK "\r\nhe", "l", RESETS, "hel", "Connection reset by peer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_open();
        struct visit *visit = visit_new();
        if (strstr(rows[i].why, "silent") != NULL)
            visit->request.timeout = 50 * CLOCK_MILLISECOND;
        visit_start(visit);
        guest_serves(0, "\r\n\r\n", rows[i].answer);
        scene_until(has_head, visit);
        guest_says(0, rows[i].more);
        scene_turns(3);
        end_guest(0, rows[i].end);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_BROKE);
        CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), rows[i].body);
        CU_ASSERT_STRING_EQUAL(exchange_error(visit->exchange), rows[i].why);
        visit_read(visit); /* and says so again */
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_BROKE);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 0);
        scene_close();
    }
}

/* A reader that takes its time is not the server's fault. */
static void who_waits_for_the_reader_is_not_late(void)
{
    scene_open();
    struct visit *visit = visit_new();
    visit->lazy = true;
    visit->request.timeout = CLOCK_MILLISECOND;
    visit->request.timeout = 10 * CLOCK_MILLISECOND;
    visit_start(visit);
    guest_serves(0, "\r\n\r\n", OK "Content-Length: 5\r\n\r\nhe");
    scene_until(has_head, visit);
    struct visit *other = visit_new(); /* which is late: limits have been looked at */
    other->request.timeout = 10 * CLOCK_MILLISECOND;
    visit_start(other);
    scene_until_over(other);
    CU_ASSERT_EQUAL(other->failure, EXCHANGE_LATE);
    guest_says(0, "llo");
    visit_read(visit);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->readables, 0);
    if (visit->result == 0)
        visit_read(visit);
    CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "hello");
    visit_close(visit);
    scene_close();
}

static void keep_one(void)
{
    struct visit *visit = visit_get();
    guest_serves(scene.guest_count, "\r\n\r\n", HELLO);
    scene_until_over(visit);
    visit_close(visit);
    CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
}

/* What becomes of a request over a kept connection that is dead. */
static struct visit *visit_dead(bool repeatable, size_t upload)
{
    struct visit *visit = visit_new();
    visit->request.repeatable = repeatable;
    visit->request.has_body = upload > 0;
    visit->request.body_length = (int64_t)upload;
    visit->to_upload = upload;
    visit_start(visit);
    if (upload > 0)
        visit_write(visit);
    return visit;
}

static void a_repeatable_request_is_sent_once_more(void)
{
    scene_open();
    keep_one();
    struct visit *visit = visit_dead(true, 0);
    scene_until_heard(0, 5);
    guest_leaves(0);
    guest_serves(1, "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n", HELLO);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
    CU_ASSERT_STRING_EQUAL(buffer_text(&visit->body), "hello");
    CU_ASSERT_EQUAL(scene.guest_count, 2);
    visit_close(visit);
    scene_close();
}

static void but_not_twice(void)
{
    scene_open();
    keep_one();
    struct visit *visit = visit_dead(true, 0);
    scene_until_heard(0, 5);
    guest_leaves(0);
    scene_until_heard(1, 5);
    guest_leaves(1);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->failure, EXCHANGE_LOST);
    CU_ASSERT(visit->sent);
    CU_ASSERT_EQUAL(scene.guest_count, 2);
    scene_close();
}

static void nor_after_a_byte_of_the_answer(void)
{
    scene_open();
    keep_one();
    struct visit *visit = visit_dead(true, 0);
    guest_serves(0, "\r\n\r\n", "HTTP/1.1 100 Go on\r\n\r\n");
    scene_turns(3);
    guest_leaves(0);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->failure, EXCHANGE_LOST);
    CU_ASSERT_EQUAL(scene.guest_count, 1);
    scene_close();
}

static void nor_over_a_connection_of_its_own(void)
{
    scene_open();
    struct visit *visit = visit_dead(true, 0);
    scene_until_heard(0, 5);
    guest_leaves(0);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->failure, EXCHANGE_LOST);
    CU_ASSERT_EQUAL(scene.guest_count, 1);
    scene_close();
}

static void others_are_sent_only_once(void)
{
    for (size_t upload = 0; upload < 2; upload++) {
        scene_open();
        keep_one();
        struct visit *visit = visit_dead(upload > 0, upload * 5);
        scene_until_heard(0, 5);
        guest_leaves(0);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->failures, 1);
        CU_ASSERT_EQUAL(visit->failure, EXCHANGE_LOST);
        CU_ASSERT(visit->sent);
        CU_ASSERT_EQUAL(scene.guest_count, 1);
        scene_close();
    }
}

/* The connection is dead before the loop has seen it: no byte leaves, and so nothing is sent twice. */
static void what_never_left_is_sent(void)
{
    for (size_t upload = 0; upload <= 200000; upload += 100000) {
        scene_open();
        keep_one();
        guest_resets(0);
        struct visit *visit = visit_dead(false, upload);
        scene_until_heard(1, 5 + upload);
        guest_serves(1, upload > 0 ? "Content-Length" : "\r\n\r\n", HELLO);
        scene_until_over(visit);
        CU_ASSERT_EQUAL(visit->result, EXCHANGE_ENDED);
        visit_close(visit);
        CU_ASSERT_EQUAL(exchanges_kept(scene.exchanges), 1);
        scene_close();
    }
}

/* Unasked bytes are no answer to what is asked later. */
static void what_came_before_is_no_answer(void)
{
    scene_open();
    keep_one();
    guest_says(0, "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n");
    scene.guests[0].closed = false;
    struct visit *visit = visit_new(); /* nothing leaves yet */
    visit->request.has_body = true;
    visit->request.body_length = 5;
    visit->to_upload = 5;
    visit_start(visit);
    scene_until_guests(2);
    visit_write(visit);
    guest_serves(1, "\r\n\r\n", HELLO);
    scene_until_over(visit);
    CU_ASSERT_EQUAL(visit->status, 200);
    visit_close(visit);
    scene_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("exchange failures", "what is no answer fails", what_is_no_answer_fails);
    suite_add("exchange failures", "nobody is there", nobody_is_there);
    suite_add("exchange failures", "nobody opens", nobody_opens);
    suite_add("exchange failures", "what breaks off says so", what_breaks_off_says_so);
    suite_add("exchange failures", "who waits for the reader is not late",
              who_waits_for_the_reader_is_not_late);
    suite_add("exchange failures", "a repeatable request is sent once more",
              a_repeatable_request_is_sent_once_more);
    suite_add("exchange failures", "but not twice", but_not_twice);
    suite_add("exchange failures", "nor after a byte of the answer",
              nor_after_a_byte_of_the_answer);
    suite_add("exchange failures", "nor over a connection of its own",
              nor_over_a_connection_of_its_own);
    suite_add("exchange failures", "others are sent only once", others_are_sent_only_once);
    suite_add("exchange failures", "what never left is sent", what_never_left_is_sent);
    suite_add("exchange failures", "what came before is no answer", what_came_before_is_no_answer);
}
