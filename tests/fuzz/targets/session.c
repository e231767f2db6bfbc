/* The affinity cookie in a Cookie header: what is read is exactly what we would write, so nobody wrote
 * another. The input: the header; where it holds '@', a cookie of ours stands there. */
#include "balancer/routing/session.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const unsigned char key[SESSION_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
static const int64_t now = 1800000000;

static void make(char cookie[SESSION_COOKIE_SIZE], struct session *session)
{
    *session = (struct session){.id = "0123456789abcde", .expires = now + 1};
    session_write(key, "pool", session, "server-1", cookie);
}

static void fill_in(struct buffer *header, const char *text, const char *cookie)
{
    for (; *text != '\0'; text++)
        if (*text == '@')
            buffer_add(header, cookie);
        else
            buffer_add_char(header, *text);
}

static void check_value(const char *value, size_t length)
{
    char cookie[SESSION_COOKIE_SIZE];
    struct session session, read;
    make(cookie, &session);
    bool due = length == strlen(cookie) && memcmp(value, cookie, length) == 0;
    must(session_read(key, "pool", value, length, now, &read) == due, "only our cookie is one");
    must(!session_read(key, "loop", value, length, now, &read), "in its pool");
    must(!session_read(key, "pool", value, length, now + 1, &read), "in its time");
}

/* The pairs, one after the other, are the header. */
static void check_pairs(const char *header)
{
    struct session_pair pair;
    const char *at = header, *end = header + strlen(header), *due = header, *value;
    bool found = false;
    size_t length;
    while (session_pair_next(&at, end, &pair)) {
        must(pair.begin == due && pair.end >= due && pair.end <= end, "pairs follow each other");
        must(!pair.ours || (pair.value > pair.begin && pair.value + pair.length <= pair.end),
             "a value stands in its pair");
        bool pools = pair.ours && pair.pool_length == 4 && memcmp(pair.pool, "pool", 4) == 0;
        if (pools && !found) {
            found = true;
            must(session_find(header, "pool", &value, &length), "our pair is found");
            must(value == pair.value && length == pair.length, "the first one");
            check_value(value, length);
        }
        due = pair.end + 1;
    }
    must(due == end + 1, "they reach to the end");
    must(found || !session_find(header, "pool", &value, &length), "nothing else is found");
}

void fuzz_session(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct buffer header = {0};
    struct session session;
    char cookie[SESSION_COOKIE_SIZE];
    char *text = input_until(&input, '\0', NULL);
    make(cookie, &session);
    fill_in(&header, text, cookie);
    char *exact = memory_copy(buffer_text(&header));
    check_pairs(exact);
    check_value(exact, strlen(exact));
    free(exact);
    free(text);
    buffer_free(&header);
}
