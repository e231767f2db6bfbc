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
    SNAPSHOT_SERVER_MAX = SERVER_SIZE + ROUTING_NAME_SIZE + 12 * NUMBER_MAX + CLOCK_TEXT_SIZE + 32,
    ESCAPE_MAX = 6, /* \u001f */
};

static const char *const state_names[] = {"new",      "joining", "up",      "overloaded",
                                          "draining", "down",    "ejected", "left"};
static const char *const mark_texts[] = {
    "", "!down", "!joining", "!full", "!overloaded", "!draining", "!ejected", "!asked"};
static const char *const end_names[] = {"answered", "connect", "lost", "bad", "late", "left"};

const char *routing_end_name(enum routing_end end)
{
    assert(end <= END_LEFT);
    return end_names[end];
}

const char *candidate_mark_text(enum candidate_mark mark)
{
    return mark_texts[mark];
}

const char *server_state_name(enum server_state state)
{
    assert(state <= SERVER_LEFT);
    return state_names[state];
}

bool server_state_alive(enum server_state state)
{
    return state == SERVER_UP || state == SERVER_OVERLOADED || state == SERVER_DRAINING ||
           state == SERVER_EJECTED;
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

bool routing_choice_boards(const struct routing_choice *choice)
{
    return choice->event != NULL || choice->order != NULL;
}

/* Sessions by token or address have a rule of their own, which is that of ip-hash. */
enum policy routing_choice_lists(const struct routing_choice *choice)
{
    bool keyed = choice->affinity == AFFINITY_JWT || choice->affinity == AFFINITY_ADDRESS;
    return keyed ? POLICY_IP_HASH : choice->policy;
}

const char *routing_list_name(enum policy policy)
{
    static const char *const list_names[POLICY_COUNT] = {
        [POLICY_FEWEST_SOLD] = " sold=",
        [POLICY_ROUND_ROBIN] = " turn=",
        [POLICY_LEAST_CONNECTIONS] = " busy=",
        [POLICY_POWER_OF_TWO] = " busy=",
        [POLICY_IP_HASH] = " hash=",
        [POLICY_LEAST_WORKLOAD] = " load=",
        [POLICY_RANDOM] = " from=",
    };
    return list_names[policy];
}

static char *put_workload(char *to, const struct candidate *candidate)
{
    if (candidate->workload < 0)
        *to++ = '?';
    else
        to = put_number(to, candidate->workload);
    return put_field(to, "+", candidate->busy);
}

static char *put_figures(char *to, enum policy policy, const struct candidate *candidate)
{
    switch (policy) {
    case POLICY_FEWEST_SOLD:
        return put_field(put_number(to, candidate->told), "+", candidate->pending);
    case POLICY_ROUND_ROBIN:
        return put_field(put_number(to, candidate->credit), "/", candidate->weight);
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        return put_field(put_number(to, candidate->busy), "/", candidate->weight);
    case POLICY_IP_HASH:
        return put_count(to, candidate->score);
    case POLICY_LEAST_WORKLOAD:
        return put_workload(to, candidate);
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    return to;
}

static char *put_candidate(char *to, enum policy policy, const struct candidate *candidate)
{
    to = put_server(to, candidate->server);
    if (policy != POLICY_RANDOM)
        *to++ = ':';
    to = put_figures(to, policy, candidate);
    return candidate->mark == MARK_NONE ? to : put(to, mark_texts[candidate->mark]);
}

static char *put_candidates(char *to, const struct routing_choice *line)
{
    enum policy policy = routing_choice_lists(line);
    to = put(to, routing_list_name(policy));
    if (line->left_out == 0 && line->count <= ROUTING_CANDIDATES_MAX) {
        for (size_t i = 0; i < line->count; i++) {
            if (i > 0)
                *to++ = ',';
            to = put_candidate(to, policy, &line->candidates[i]);
        }
        return to;
    }
    size_t shown = line->runner_up == line->to ? 1 : 2;
    to = put_candidate(to, policy, &line->candidates[line->to]);
    if (shown == 2)
        to = put_candidate(put(to, ","), policy, &line->candidates[line->runner_up]);
    for (size_t i = 0; i < line->count && shown <= ROUTING_TRIES_MAX; i++) {
        if (line->candidates[i].mark != MARK_ASKED || i == line->to || i == line->runner_up)
            continue;
        to = put_candidate(put(to, ","), policy, &line->candidates[i]);
        shown++;
    }
    return put_count(put(to, ",+"), line->count - shown + line->left_out);
}

static char *put_affinity(char *to, const struct routing_choice *line)
{
    to = put(put(to, " affinity="), affinity_name(line->affinity));
    if (line->affinity != AFFINITY_ADDRESS)
        to = put_value(put(to, " session="), line->session);
    if (line->pinned != NULL)
        to = put_server(put(to, " pinned="), line->pinned);
    return to;
}

static char *put_boarding(char *to, const struct routing_choice *line)
{
    if (line->verb != VERB_PURCHASE)
        to = put(put(to, " verb="), verb_name(line->verb));
    if (line->order != NULL)
        to = put_value(put(to, " order="), line->order);
    else
        to = put_value(put(to, " event="), line->event);
    return put_field(to, " quantity=", line->quantity);
}

static size_t choice_max(const struct routing_choice *line)
{
    size_t listed = line->count < ROUTING_CANDIDATES_MAX ? line->count : ROUTING_CANDIDATES_MAX;
    return HEAD_MAX + 2 * WORDS_MAX + value_max(line->request) + value_max(line->client) +
           (line->id != NULL ? value_max(line->id) : 0) + value_max(line->route) +
           (line->session != NULL ? value_max(line->session) : 0) +
           (line->event != NULL ? value_max(line->event) : 0) +
           (line->order != NULL ? value_max(line->order) : 0) + value_max(line->why) +
           4 * SERVER_SIZE + (listed + 1) * CANDIDATE_MAX;
}

void routing_line_choice(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_choice *line)
{
    assert(line->to < line->count && line->runner_up < line->count);
    char *start = buffer_reserve(out, choice_max(line));
    char *to = put_head(start, n, time);
    to = put_value(put(to, " choice request="), line->request);
    to = put_value(put(to, " client="), line->client);
    if (line->id != NULL)
        to = put_value(put(to, " id="), line->id);
    to = put_value(put(to, " route="), line->route);
    to = put(put(to, " policy="), policy_name(line->policy));
    if (routing_choice_boards(line))
        to = put_boarding(to, line);
    if (line->affinity != AFFINITY_NONE)
        to = put_affinity(to, line);
    if (line->drawn[0] != NULL) {
        to = put_server(put(to, " drawn="), line->drawn[0]);
        to = put_server(put(to, ","), line->drawn[1]);
    }
    to = put_server(put(to, " to="), line->candidates[line->to].server);
    if (routing_choice_boards(line))
        to = put_count(put(to, " flight="), line->flight);
    to = put_value(put(to, " why="), line->why);
    line_end(out, start, put_candidates(to, line));
}

/* --- the other lines --------------------------------------------------------------------------- */

void routing_line_started(struct buffer *out, uint64_t n, int64_t time, const char *router,
                          int64_t version)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + NUMBER_MAX + value_max(router));
    char *to = put_value(put(put_head(start, n, time), " started router="), router);
    line_end(out, start, put_field(to, " version=", version));
}

void routing_line_stopped(struct buffer *out, uint64_t n, int64_t time, const char *router)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(router));
    line_end(out, start, put_value(put(put_head(start, n, time), " stopped router="), router));
}

void routing_line_server(struct buffer *out, uint64_t n, int64_t time,
                         const struct routing_server *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 5 * NUMBER_MAX +
                                          value_max(line->pool) + value_max(line->store) +
                                          value_max(line->why));
    char *to = put_server(put(put_head(start, n, time), " server server="), line->server);
    to = put_value(put(to, " pool="), line->pool);
    to = put_field(to, " weight=", line->weight);
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
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 12 * NUMBER_MAX);
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
    to = put_field(to, " unsent=", line->unsent);
    if (line->held > 0)
        to = put_field(to, " held=", line->held);
    if (line->freed > 0)
        to = put_field(to, " freed=", line->freed);
    line_end(out, start, to);
}

int64_t routing_settled_count(const struct routing_settled *settled)
{
    return settled->sold + settled->replayed + settled->refused + settled->lost + settled->unsent +
           settled->held + settled->freed;
}

void routing_line_done(struct buffer *out, uint64_t n, int64_t time,
                       const struct routing_done *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + value_max(line->request) +
                                          SERVER_SIZE + 4 * NUMBER_MAX);
    char *to = put_value(put(put_head(start, n, time), " done request="), line->request);
    to = put_server(put(to, " server="), line->server);
    to = put_field(to, " status=", line->status);
    to = put_field(to, " sent=", line->sent);
    to = put_field(to, " received=", line->received);
    to = put_field(to, " took=", line->took);
    line_end(out, start, put(put(to, " how="), end_names[line->how]));
}

void routing_line_load(struct buffer *out, uint64_t n, int64_t time,
                       const struct routing_load *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + 4 * NUMBER_MAX);
    char *to = put_server(put(put_head(start, n, time), " load server="), line->server);
    to = put_field(to, " cpu=", line->cpu);
    to = put_field(to, " memory=", line->memory);
    to = put_field(to, " commit=", line->commit);
    line_end(out, start, put_field(to, " workload=", line->workload));
}

void routing_line_limit(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_limit *line)
{
    char *start =
        buffer_reserve(out, HEAD_MAX + WORDS_MAX + SERVER_SIZE + NUMBER_MAX + value_max(line->why));
    char *to = put_server(put(put_head(start, n, time), " limit server="), line->server);
    to = put_field(to, " limit=", line->limit);
    line_end(out, start, put_value(put(to, " why="), line->why));
}

void routing_line_scale(struct buffer *out, uint64_t n, int64_t time,
                        const struct routing_scale *line)
{
    char *start = buffer_reserve(out, HEAD_MAX + WORDS_MAX + 7 * NUMBER_MAX + value_max(line->why));
    char *to = put_field(put(put_head(start, n, time), " scale"), " from=", line->from);
    to = put_field(put_field(to, " to=", line->to), " up=", line->up);
    to = put_field(put_field(to, " pending=", line->pending), " waiting=", line->waiting);
    to = put_field(put_field(to, " commit=", line->commit), " cpu=", line->cpu);
    line_end(out, start, put_value(put(to, " why="), line->why));
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
    if (server->state == SERVER_LEFT)
        return put(to, "-");
    to = put_server(to, server->server);
    to = put_value(put(to, "|"), server->pool);
    to = put(put(to, "|"), server_state_name(server->state));
    to = put_field(put_field(to, "|", server->told), "+", server->pending);
    to = put_field(put_field(to, "|", server->boot), ".", server->commit);
    to = put_field(to, "|", server->limit);
    to = put_field(put_field(to, "|", server->busy), "/", server->weight);
    for (size_t i = 0; i < ROUTING_TURNS; i++) {
        to = put_count(put(to, "|"), server->turns[i].last);
        to = put_field(to, "/", server->turns[i].credit);
    }
    to = put_field(to, "|", server->workload);
    *to++ = '@';
    return server->workload_at > 0 ? put_time(to, server->workload_at) : put(to, "0");
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
