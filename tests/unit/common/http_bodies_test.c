/* How much of bodies may be in memory: of one, by its path, and of all together. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/common/http_case.h"

enum {
    LARGE = 1 << 20,   /* what the path /large takes */
    BODY = 900,        /* more than HTTP_BODY_SMALL */
    BUDGET = 2 * BODY, /* of all bodies together */
    WAIT_SECONDS = 20,
};

static struct http_case test;
static struct raw_answer answer;

static size_t limit_of(const char *path)
{
    return strcmp(path, "/large") == 0 ? LARGE : HTTP_CASE_BODY_MAX;
}

static void open_case(size_t budget)
{
    const struct http_settings bounds = {
        .connections_max = 64, .body_limit = limit_of, .bodies_max = budget};
    answer = (struct raw_answer){0};
    http_case_open_with(&test, &bounds);
}

static void close_case(void)
{
    http_case_close(&test);
    buffer_free(&answer.bytes);
}

/* Sends a head that announces `length` bytes, and `sent` of them. */
static int begin(const char *path, size_t length, size_t sent)
{
    struct buffer bytes = {0};
    int fd = raw_connect(test.url);
    buffer_printf(&bytes, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", path,
                  length);
    memset(buffer_reserve(&bytes, sent), 'a', sent);
    bytes.length += sent;
    CU_ASSERT(raw_send(fd, bytes.data, bytes.length));
    buffer_free(&bytes);
    return fd;
}

static unsigned receive(int fd)
{
    raw_receive(fd, &answer, false, HTTP_CASE_SECONDS);
    return answer.status;
}

static unsigned ask(const char *path, size_t length)
{
    int fd = begin(path, length, length);
    unsigned status = receive(fd);
    close(fd);
    return status;
}

/* The answer to a head alone, which is all that whoever is refused can be sure to get rid of. */
static unsigned announce(const char *path, size_t length)
{
    int fd = begin(path, length, 0);
    unsigned status = receive(fd);
    close(fd);
    return status;
}

static void each_path_has_its_bound(void)
{
    open_case(0);
    CU_ASSERT_EQUAL(ask("/x", HTTP_CASE_BODY_MAX), 200);
    CU_ASSERT_EQUAL(announce("/x", HTTP_CASE_BODY_MAX + 1), 413);
    CU_ASSERT_EQUAL(ask("/large", LARGE), 200);
    CU_ASSERT_EQUAL(announce("/large", LARGE + 1), 413);
    CU_ASSERT_EQUAL(announce("/larger", LARGE), 413);
    close_case();
}

static bool is_full(void *context)
{
    (void)context;
    return ask("/x", BODY) == 503;
}

static bool is_free(void *context)
{
    (void)context;
    return ask("/x", HTTP_CASE_BODY_MAX) == 200;
}

/* Two bodies that do not end take the whole budget; small ones, as buyers send them, are let in all the
 * same. What ends gives back what it took. */
static void all_have_one_budget(void)
{
    open_case(BUDGET);
    int first = begin("/x", BODY, BODY - 1), second = begin("/x", BODY, BODY - 1);
    CU_ASSERT(wait_until(is_full, NULL, WAIT_SECONDS));
    int third = begin("/x", BODY, 0);
    CU_ASSERT_EQUAL(receive(third), 503);
    CU_ASSERT_PTR_NOT_NULL(strcasestr(buffer_text(&answer.bytes), "\r\nRetry-After: "));
    CU_ASSERT_PTR_NOT_NULL(strcasestr(answer.bytes.data, "\r\nConnection: close\r\n"));
    close(third);
    CU_ASSERT_EQUAL(ask("/x", HTTP_BODY_SMALL), 200);
    raw_send(first, "a", 1);
    CU_ASSERT_EQUAL(receive(first), 200);
    CU_ASSERT_EQUAL(ask("/x", BODY), 200);
    CU_ASSERT_EQUAL(announce("/x", HTTP_CASE_BODY_MAX), 503);
    close(second); /* in the middle of its body */
    CU_ASSERT(wait_until(is_free, NULL, WAIT_SECONDS));
    close(first);
    close_case();
}

/* A body whose length nobody told is stopped where the budget ends. */
static void chunks_count_as_they_come(void)
{
    static const char head[] = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[BODY + 32];
    open_case(BUDGET);
    int first = begin("/x", BODY, BODY - 1), second = begin("/x", BODY, BODY - 1);
    CU_ASSERT(wait_until(is_full, NULL, WAIT_SECONDS));
    int third = raw_connect(test.url);
    int digits = snprintf(chunk, sizeof chunk, "%x\r\n", BODY);
    memset(chunk + digits, 'a', BODY);
    raw_send(third, head, sizeof head - 1);
    raw_send(third, chunk, (size_t)digits + BODY);
    raw_send(third, "\r\n0\r\n\r\n", 7);
    CU_ASSERT_EQUAL(receive(third), 503);
    CU_ASSERT_PTR_NOT_NULL(strcasestr(buffer_text(&answer.bytes), "\r\nRetry-After: "));
    CU_ASSERT_PTR_NOT_NULL(strcasestr(answer.bytes.data, "\r\nConnection: close\r\n"));
    close(first);
    close(second);
    close(third);
    close_case();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("http bodies", "each path has its bound", each_path_has_its_bound);
    suite_add("http bodies", "all have one budget", all_have_one_budget);
    suite_add("http bodies", "chunks count as they come", chunks_count_as_they_come);
}
