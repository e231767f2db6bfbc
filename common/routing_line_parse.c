/* The reader's half of routing_line.h. It takes a line apart, then writes what it understood and
 * compares: so nothing is accepted that the router would have spelled otherwise. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/routing_line.h"
#include "common/utf8.h"

struct cursor {
    const char *start, *at, *end;
    struct buffer *text; /* receives the values; room for all of them is reserved */
    char *error;         /* the first reason */
};

static bool fail(struct cursor *cursor, const char *expected)
{
    if (!cursor->error[0])
        snprintf(cursor->error, ROUTING_ERROR_SIZE, "expected %.60s at byte %zu", expected,
                 (size_t)(cursor->at - cursor->start));
    return false;
}

/* Steps over `word` where it comes next. */
static bool skip(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static bool expect(struct cursor *cursor, const char *word)
{
    return skip(cursor, word) || fail(cursor, word);
}

static bool read_number(struct cursor *cursor, int64_t *number)
{
    const char *first = cursor->at;
    int64_t value = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        int digit = *cursor->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return fail(cursor, "a smaller number");
        value = value * 10 + digit;
    }
    *number = value;
    return cursor->at > first || fail(cursor, "a number");
}

static bool read_count(struct cursor *cursor, uint64_t *number)
{
    int64_t value;
    if (!read_number(cursor, &value))
        return false;
    *number = (uint64_t)value;
    return true;
}

static bool read_field(struct cursor *cursor, const char *name, int64_t *number)
{
    return expect(cursor, name) && read_number(cursor, number);
}

static bool read_time(struct cursor *cursor, int64_t *time)
{
    char text[CLOCK_TEXT_SIZE] = "";
    if (cursor->end - cursor->at >= CLOCK_TEXT_SIZE - 1)
        memcpy(text, cursor->at, CLOCK_TEXT_SIZE - 1);
    if (!clock_parse(text, time))
        return fail(cursor, "a time");
    cursor->at += CLOCK_TEXT_SIZE - 1;
    return true;
}

/* --- values ------------------------------------------------------------------------------------ */

static void keep_char(struct cursor *cursor, char c)
{
    assert(cursor->text->length < cursor->text->capacity);
    cursor->text->data[cursor->text->length++] = c;
}

static const char *kept_from(struct cursor *cursor, size_t start)
{
    keep_char(cursor, '\0');
    return cursor->text->data + start;
}

static bool read_unicode(struct cursor *cursor)
{
    uint32_t character = 0;
    for (int i = 0; i < 4; i++, cursor->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit =
            cursor->at < cursor->end && *cursor->at ? strchr(digits, *cursor->at) : NULL;
        if (!digit)
            return fail(cursor, "a hexadecimal digit");
        character = character << 4 | (uint32_t)(digit - digits);
    }
    if (character == 0)
        return fail(cursor, "a character");
    if (character >= 0xd800 && character <= 0xdfff)
        return fail(cursor, "no surrogate");
    char bytes[UTF8_LENGTH_MAX];
    size_t length = utf8_encode(character, bytes);
    for (size_t i = 0; i < length; i++)
        keep_char(cursor, bytes[i]);
    return true;
}

static bool read_escape(struct cursor *cursor)
{
    static const char shorts[] = "\"\"\\\\b\bf\fn\nr\rt\t";
    if (skip(cursor, "u"))
        return read_unicode(cursor);
    for (const char *pair = shorts; *pair && cursor->at < cursor->end; pair += 2) {
        if (*cursor->at == *pair) {
            keep_char(cursor, pair[1]);
            cursor->at++;
            return true;
        }
    }
    return fail(cursor, "an escape");
}

static bool read_quoted(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if (skip(cursor, "\\")) {
            if (!read_escape(cursor))
                return false;
        } else {
            keep_char(cursor, *cursor->at++);
        }
    }
    return expect(cursor, "\"");
}

static bool read_value(struct cursor *cursor, const char **value)
{
    size_t start = cursor->text->length;
    if (skip(cursor, "\"")) {
        if (!read_quoted(cursor))
            return false;
    } else {
        while (cursor->at < cursor->end && *cursor->at != ' ')
            keep_char(cursor, *cursor->at++);
    }
    *value = kept_from(cursor, start);
    return true;
}

static bool read_text(struct cursor *cursor, const char *name, const char **value)
{
    return expect(cursor, name) && read_value(cursor, value);
}

static bool read_server(struct cursor *cursor, const char *name, const char **server)
{
    if (!expect(cursor, name))
        return false;
    size_t start = cursor->text->length;
    for (; cursor->at < cursor->end; cursor->at++) {
        char c = *cursor->at;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            break;
        keep_char(cursor, c);
    }
    size_t length = cursor->text->length - start;
    *server = kept_from(cursor, start);
    return (length > 0 && length < SERVER_SIZE) || fail(cursor, "a server");
}

static bool read_state(struct cursor *cursor, enum server_state *state)
{
    for (*state = SERVER_NEW; *state <= SERVER_DOWN; (*state)++) {
        if (skip(cursor, server_state_name(*state)))
            return true;
    }
    return fail(cursor, "a state");
}

/* --- lines ------------------------------------------------------------------------------------- */

static void read_mark(struct cursor *cursor, enum candidate_mark *mark)
{
    for (*mark = MARK_FULL; *mark > MARK_NONE; (*mark)--) {
        if (skip(cursor, candidate_mark_text(*mark)))
            return;
    }
}

/* The list ends the line. */
static bool read_candidates(struct cursor *cursor, struct routing_line *line)
{
    struct routing_choice *choice = &line->choice;
    do {
        if (choice->count > 0 && skip(cursor, "+"))
            return read_count(cursor, &choice->left_out);
        struct candidate *candidate = &line->candidates[choice->count++];
        if (!read_server(cursor, "", &candidate->server) ||
            !read_field(cursor, ":", &candidate->told) ||
            !read_field(cursor, "+", &candidate->pending))
            return false;
        read_mark(cursor, &candidate->mark);
    } while (choice->count < ROUTING_CANDIDATES_MAX && skip(cursor, ","));
    return true;
}

static bool find_to(struct cursor *cursor, struct routing_choice *choice, const char *to)
{
    for (choice->to = 0; choice->to < choice->count; choice->to++) {
        if (strcmp(to, choice->candidates[choice->to].server) == 0)
            return true;
    }
    return fail(cursor, "candidates among them to=");
}

static bool read_purchase(struct cursor *cursor, struct routing_choice *choice)
{
    int64_t quantity = 0;
    if (!read_text(cursor, "purchase policy=fewest-sold event=", &choice->event) ||
        !read_field(cursor, " quantity=", &quantity))
        return false;
    choice->quantity = (int)quantity;
    return (quantity > 0 && quantity <= QUANTITY_MAX) || fail(cursor, "a possible quantity");
}

static bool read_choice(struct cursor *cursor, struct routing_line *line)
{
    struct routing_choice *choice = &line->choice;
    const char *to;
    choice->candidates = line->candidates;
    if (!read_text(cursor, "request=", &choice->request) ||
        !read_text(cursor, " client=", &choice->client) || !expect(cursor, " route="))
        return false;
    choice->route = skip(cursor, "read policy=round-robin") ? ROUTE_READ : ROUTE_PURCHASE;
    bool purchase = choice->route == ROUTE_PURCHASE;
    if ((purchase && !read_purchase(cursor, choice)) || !read_server(cursor, " to=", &to) ||
        (purchase && !(expect(cursor, " flight=") && read_count(cursor, &choice->flight))) ||
        !read_text(cursor, " why=", &choice->why) || !expect(cursor, " sold=") ||
        !read_candidates(cursor, line) || !find_to(cursor, choice, to))
        return false;
    choice->runner_up = choice->left_out && choice->count == 2 ? 1 - choice->to : choice->to;
    return true;
}

static bool read_settled(struct cursor *cursor, struct routing_settled *settled)
{
    return read_server(cursor, "server=", &settled->server) && expect(cursor, " flight=") &&
           read_count(cursor, &settled->flight) && read_field(cursor, " boot=", &settled->boot) &&
           read_field(cursor, " commit=", &settled->commit) &&
           read_field(cursor, " told=", &settled->told) &&
           read_field(cursor, " released=", &settled->released) &&
           read_field(cursor, " sold=", &settled->sold) &&
           read_field(cursor, " replayed=", &settled->replayed) &&
           read_field(cursor, " refused=", &settled->refused) &&
           read_field(cursor, " lost=", &settled->lost) &&
           read_field(cursor, " unsent=", &settled->unsent);
}

static bool read_server_line(struct cursor *cursor, struct routing_server *server)
{
    return read_server(cursor, "server=", &server->server) && expect(cursor, " state=") &&
           read_state(cursor, &server->from) && expect(cursor, "→") &&
           read_state(cursor, &server->to) && read_field(cursor, " boot=", &server->boot) &&
           read_field(cursor, " commit=", &server->commit) &&
           read_field(cursor, " told=", &server->told) &&
           read_field(cursor, " limit=", &server->limit) &&
           read_text(cursor, " store=", &server->store) && read_text(cursor, " why=", &server->why);
}

static bool read_told(struct cursor *cursor, struct routing_line *line)
{
    return read_server(cursor, "server=", &line->told.server) &&
           read_field(cursor, " boot=", &line->told.boot) &&
           read_field(cursor, " commit=", &line->told.commit) &&
           read_field(cursor, " told=", &line->told.told);
}

static bool read_snapshot_server(struct cursor *cursor, struct routing_snapshot_server *server)
{
    return read_server(cursor, "", &server->server) && expect(cursor, "|") &&
           read_state(cursor, &server->state) && read_field(cursor, "|", &server->told) &&
           read_field(cursor, "+", &server->pending) && read_field(cursor, "|", &server->boot) &&
           read_field(cursor, ".", &server->commit) && read_field(cursor, "|", &server->limit) &&
           expect(cursor, "|") && read_count(cursor, &server->last) && expect(cursor, "|") &&
           read_count(cursor, &server->last_read);
}

static bool read_snapshot(struct cursor *cursor, struct routing_line *line)
{
    struct routing_snapshot *state = &line->state;
    state->servers = line->servers;
    if (!read_text(cursor, "router=", &state->router) ||
        !read_text(cursor, " store=", &state->store) || !expect(cursor, " flight=") ||
        !read_count(cursor, &state->flight) || !read_field(cursor, " sales=", &state->sales))
        return false;
    if (skip(cursor, " after_gap=") && !read_count(cursor, &state->after_gap))
        return false;
    if (!expect(cursor, " servers=") || skip(cursor, "\"\""))
        return !cursor->error[0];
    do {
        if (!read_snapshot_server(cursor, &line->servers[state->count++]))
            return false;
    } while (state->count < ROUTING_SERVERS_MAX && skip(cursor, ","));
    return true;
}

static bool read_kind(struct cursor *cursor, struct routing_line *line)
{
    static const char *const words[] = {
        [ROUTING_STARTED] = "started ", [ROUTING_STATE] = "state ",
        [ROUTING_SERVER] = "server ",   [ROUTING_CHOICE] = "choice ",
        [ROUTING_SETTLED] = "settled ", [ROUTING_TOLD] = "told ",
        [ROUTING_STOPPED] = "stopped ",
    };
    for (line->kind = ROUTING_STARTED; line->kind <= ROUTING_STOPPED; line->kind++) {
        if (skip(cursor, words[line->kind]))
            return true;
    }
    return fail(cursor, "a kind of line");
}

static bool read_rest(struct cursor *cursor, struct routing_line *line)
{
    switch (line->kind) {
    case ROUTING_STARTED:
        return read_text(cursor, "router=", &line->router) && expect(cursor, " version=1");
    case ROUTING_STOPPED:
        return read_text(cursor, "router=", &line->router);
    case ROUTING_STATE:
        return read_snapshot(cursor, line);
    case ROUTING_SERVER:
        return read_server_line(cursor, &line->server);
    case ROUTING_CHOICE:
        return read_choice(cursor, line);
    case ROUTING_SETTLED:
        return read_settled(cursor, &line->settled);
    case ROUTING_TOLD:
        return read_told(cursor, line);
    }
    return false;
}

void routing_line_write(struct buffer *out, const struct routing_line *line)
{
    switch (line->kind) {
    case ROUTING_STARTED:
        routing_line_started(out, line->n, line->time, line->router);
        break;
    case ROUTING_STOPPED:
        routing_line_stopped(out, line->n, line->time, line->router);
        break;
    case ROUTING_STATE:
        routing_line_state(out, line->n, line->time, &line->state);
        break;
    case ROUTING_SERVER:
        routing_line_server(out, line->n, line->time, &line->server);
        break;
    case ROUTING_CHOICE:
        routing_line_choice(out, line->n, line->time, &line->choice);
        break;
    case ROUTING_SETTLED:
        routing_line_settled(out, line->n, line->time, &line->settled);
        break;
    case ROUTING_TOLD:
        routing_line_told(out, line->n, line->time, line->told.server, line->told.boot,
                          line->told.commit, line->told.told);
        break;
    }
}

static bool spelled_alike(struct cursor *cursor, struct routing_line *line)
{
    routing_line_write(&line->again, line);
    size_t length = (size_t)(cursor->end - cursor->start), same = 0;
    const char *again = line->again.data;
    while (same < length && again[same] == cursor->start[same])
        same++;
    cursor->at = cursor->start + same;
    return (same == length && line->again.length == length + 1) ||
           fail(cursor, "the router's own spelling");
}

bool routing_line_parse(const char *text, size_t length, struct routing_line *line,
                        char error[ROUTING_ERROR_SIZE])
{
    struct cursor cursor = {text, text, text + length, &line->text, error};
    error[0] = '\0';
    buffer_clear(&line->text);
    buffer_clear(&line->again);
    buffer_reserve(&line->text, length + 1); /* a value and its NUL need no more than they took */
    line->choice = (struct routing_choice){0};
    line->state = (struct routing_snapshot){0};
    if (!expect(&cursor, "n=") || !read_count(&cursor, &line->n) || !expect(&cursor, " time=") ||
        !read_time(&cursor, &line->time) || !expect(&cursor, " ") || !read_kind(&cursor, line) ||
        !read_rest(&cursor, line))
        return false;
    if (cursor.at < cursor.end)
        return fail(&cursor, "the end of the line");
    return spelled_alike(&cursor, line);
}

void routing_line_free(struct routing_line *line)
{
    buffer_free(&line->text);
    buffer_free(&line->again);
}
