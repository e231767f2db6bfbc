#include "common/routing_line.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"

/* Lines are put together in space reserved for the longest they can become: the choice is formatted
 * under the servers' lock, where a printf would cost more than all the rest. */
enum {
    NUMBER_MAX = 20,                                   /* digits, or a minus and digits */
    HEAD_MAX = 64,                                     /* n= and time= */
    WORDS_MAX = 160,                                   /* the fixed words of any one line */
    CANDIDATE_MAX = SERVER_SIZE + 2 * NUMBER_MAX + 16, /* with its signs and mark */
    SNAPSHOT_SERVER_MAX = SERVER_SIZE + 7 * NUMBER_MAX + 24,
    ESCAPE_MAX = 6, /* \u001f */
};

static const char *const state_names[] = {"new", "joining", "up", "down"};
static const char *const mark_texts[] = {"", "!down", "!joining", "!full"};

const char *candidate_mark_text(enum candidate_mark mark)
{
    return mark_texts[mark];
}

const char *server_state_name(enum server_state state)
{
    assert(state <= SERVER_DOWN);
    return state_names[state];
}

static inline char *put_bytes(char *to, const char *bytes, size_t length)
{
    memcpy(to, bytes, length);
    return to + length;
}

static inline char *put(char *to, const char *text)
{
    return put_bytes(to, text, strlen(text));
}

static char *put_count(char *to, uint64_t number)
{
    char digits[NUMBER_MAX];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return put_bytes(to, digits + at, sizeof digits - at);
}

static char *put_number(char *to, int64_t number)
{
    if (number >= 0)
        return put_count(to, (uint64_t)number);
    *to++ = '-';
    return put_count(to, 0 - (uint64_t)number);
}

static char *put_field(char *to, const char *name, int64_t number)
{
    return put_number(put(to, name), number);
}

/* The text of a second is kept: thousands of lines share it. */
static char *put_time(char *to, int64_t time)
{
    static _Thread_local int64_t kept = -1;
    static _Thread_local char text[CLOCK_TEXT_SIZE];
    int64_t second = time / CLOCK_SECOND;
    if (second != kept) {
        clock_format(second * CLOCK_SECOND, text);
        kept = second;
    }
    memcpy(to, text, CLOCK_TEXT_SIZE - 1);
    uint32_t fraction = (uint32_t)(time % CLOCK_SECOND);
    for (size_t digit = 0; digit < 6; digit++) {
        to[CLOCK_TEXT_SIZE - 3 - digit] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return to + CLOCK_TEXT_SIZE - 1;
}

static char *put_head(char *to, uint64_t n, int64_t time)
{
    to = put_count(put(to, "n="), n);
    return put_time(put(to, " time="), time);
}

/* --- values ------------------------------------------------------------------------------------ */

static const char bare_bytes[256] = {
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['.'] = 1, ['_'] = 1,
    [':'] = 1,         ['+'] = 1,         ['!'] = 1,         [','] = 1, ['|'] = 1,
    ['/'] = 1,         ['@'] = 1,         ['['] = 1,         [']'] = 1, ['-'] = 1,
};

/* Characters that would break a line, or show it other than it is. */
static bool is_misleading(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c;
}

static char *put_escaped(char *to, uint32_t character)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char hexadecimal[] = "0123456789abcdef";
    *to++ = '\\';
    for (const char *pair = shorts; *pair; pair += 2) {
        if (character == (uint32_t)*pair) {
            *to++ = pair[1];
            return to;
        }
    }
    *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *to++ = hexadecimal[character >> shift & 0xf];
    return to;
}

static char *put_quoted(char *to, const char *text)
{
    const char *end = text + strlen(text);
    *to++ = '"';
    while (text < end) {
        const char *from = text;
        uint32_t character = utf8_decode(&text, end);
        if (character == UTF8_BAD) {
            to = put(to, "\xef\xbf\xbd");
            text++;
        } else if (character == '"' || character == '\\' || is_misleading(character)) {
            to = put_escaped(to, character);
        } else {
            to = put_bytes(to, from, (size_t)(text - from));
        }
    }
    *to++ = '"';
    return to;
}

static char *put_value(char *to, const char *text)
{
    char *start = to;
    for (const char *from = text; *from; from++) {
        if (!bare_bytes[(unsigned char)*from])
            return put_quoted(start, text);
        *to++ = *from;
    }
    return to == start ? put_quoted(start, text) : to;
}

static size_t value_max(const char *text)
{
    return ESCAPE_MAX * strlen(text) + 2;
}

static char *put_server(char *to, const char *server)
{
    size_t length = strnlen(server, SERVER_SIZE);
    assert(length > 0 && length < SERVER_SIZE);
    return put_bytes(to, server, length);
}

/* Ends the line that begins at `start`, in space reserved. */
static void line_end(struct buffer *out, const char *start, char *end)
{
    *end++ = '\n';
    out->length += (size_t)(end - start);
}

/* --- choice ------------------------------------------------------------------------------------ */

static char *put_candidate(char *to, const struct candidate *candidate)
{
    to = put_server(to, candidate->server);
    *to++ = ':';
    to = put_number(to, candidate->told);
    *to++ = '+';
    to = put_number(to, candidate->pending);
    return put(to, candidate_mark_text(candidate->mark));
}

static char *put_candidates(char *to, const struct routing_choice *line)
{
    if (line->left_out == 0 && line->count <= ROUTING_CANDIDATES_MAX) {
        for (size_t i = 0; i < line->count; i++) {
            if (i > 0)
                *to++ = ',';
            to = put_candidate(to, &line->candidates[i]);
        }
        return to;
    }
    size_t shown = line->runner_up == line->to ? 1 : 2;
    to = put_candidate(to, &line->candidates[line->to]);
    if (shown == 2) {
        *to++ = ',';
        to = put_candidate(to, &line->candidates[line->runner_up]);
    }
    return put_count(put(to, ",+"), line->count - shown + line->left_out);
}

void routing_line_choice(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_choice *line)
{
    assert(line->to < line->count && line->runner_up < line->count);
    bool purchase = line->route == ROUTE_PURCHASE;
    size_t listed = line->count < ROUTING_CANDIDATES_MAX ? line->count : ROUTING_CANDIDATES_MAX;
    char *start =
        buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(line->request) +
                                value_max(line->client) + (purchase ? value_max(line->event) : 0) +
                                value_max(line->why) + SERVER_SIZE + (listed + 1) * CANDIDATE_MAX);
    char *to = put_head(start, n, time);
    to = put_value(put(to, " choice request="), line->request);
    to = put_value(put(to, " client="), line->client);
    if (purchase) {
        to = put_value(put(to, " route=purchase policy=fewest-sold event="), line->event);
        to = put_field(to, " quantity=", line->quantity);
    } else {
        to = put(to, " route=read policy=round-robin");
    }
    to = put_server(put(to, " to="), line->candidates[line->to].server);
    if (purchase)
        to = put_count(put(to, " flight="), line->flight);
    to = put_value(put(to, " why="), line->why);
    line_end(out, start, put_candidates(put(to, " sold="), line));
}

/* --- the other lines --------------------------------------------------------------------------- */

void routing_line_started(struct buffer *out, uint64_t n, int64_t time, const char *router)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(router));
    char *to = put_value(put(put_head(start, n, time), " started router="), router);
    line_end(out, start, put(to, " version=1"));
}

void routing_line_stopped(struct buffer *out, uint64_t n, int64_t time, const char *router)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(router));
    line_end(out, start, put_value(put(put_head(start, n, time), " stopped router="), router));
}

void routing_line_server(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_server *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 4 * NUMBER_MAX +
                                          value_max(line->store) + value_max(line->why));
    char *to = put_server(put(put_head(start, n, time), " server server="), line->server);
    to = put(put(to, " state="), server_state_name(line->from));
    to = put(put(to, "→"), server_state_name(line->to));
    to = put_field(to, " boot=", line->boot);
    to = put_field(to, " commit=", line->commit);
    to = put_field(to, " told=", line->told);
    to = put_field(to, " limit=", line->limit);
    to = put_value(put(to, " store="), line->store);
    line_end(out, start, put_value(put(to, " why="), line->why));
}

void routing_line_settled(struct buffer *out, uint64_t n, int64_t time,
                          const struct routing_settled *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 10 * NUMBER_MAX);
    char *to = put_server(put(put_head(start, n, time), " settled server="), line->server);
    to = put_count(put(to, " flight="), line->flight);
    to = put_field(to, " boot=", line->boot);
    to = put_field(to, " commit=", line->commit);
    to = put_field(to, " told=", line->told);
    to = put_field(to, " released=", line->released);
    to = put_field(to, " sold=", line->sold);
    to = put_field(to, " replayed=", line->replayed);
    to = put_field(to, " refused=", line->refused);
    to = put_field(to, " lost=", line->lost);
    line_end(out, start, put_field(to, " unsent=", line->unsent));
}

void routing_line_told(struct buffer *out, uint64_t n, int64_t time, const char *server,
                       int64_t boot, int64_t commit, int64_t told)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 3 * NUMBER_MAX);
    char *to = put_server(put(put_head(start, n, time), " told server="), server);
    to = put_field(put_field(to, " boot=", boot), " commit=", commit);
    line_end(out, start, put_field(to, " told=", told));
}

static char *put_snapshot_server(char *to, const struct routing_snapshot_server *server)
{
    to = put_server(to, server->server);
    to = put(put(to, "|"), server_state_name(server->state));
    to = put_field(put_field(to, "|", server->told), "+", server->pending);
    to = put_field(put_field(to, "|", server->boot), ".", server->commit);
    to = put_field(to, "|", server->limit);
    to = put_count(put(to, "|"), server->last);
    return put_count(put(to, "|"), server->last_read);
}

void routing_line_state(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_snapshot *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(line->router) +
                                          value_max(line->store) + 3 * NUMBER_MAX +
                                          line->count * SNAPSHOT_SERVER_MAX);
    char *to = put_value(put(put_head(start, n, time), " state router="), line->router);
    to = put_value(put(to, " store="), line->store);
    to = put_count(put(to, " flight="), line->flight);
    to = put_field(to, " sales=", line->sales);
    if (line->after_gap)
        to = put_count(put(to, " after_gap="), line->after_gap);
    to = put(to, " servers=");
    for (size_t i = 0; i < line->count; i++) {
        if (i > 0)
            *to++ = ',';
        to = put_snapshot_server(to, &line->servers[i]);
    }
    line_end(out, start, line->count ? to : put_quoted(to, ""));
}
