/* The reader's half of routing_line.h. It takes a line apart, then writes what it understood and
 * compares: so nothing is accepted that the router would have spelled otherwise. */
#include <string.h>

#include "common/cursor.h"
#include "common/routing_line.h"

_Static_assert((int)ROUTING_ERROR_SIZE == (int)CURSOR_ERROR_SIZE, "one reason's room");

static bool read_server(struct cursor *cursor, const char *name, const char **server)
{
    if (!cursor_expect(cursor, name))
        return false;
    size_t start = cursor->text->length;
    for (; cursor->at < cursor->end; cursor->at++) {
        char c = *cursor->at;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            break;
        cursor_keep(cursor, c);
    }
    size_t length = cursor->text->length - start;
    *server = cursor_kept(cursor, start);
    return (length > 0 && length < SERVER_SIZE) || cursor_fail(cursor, "a server");
}

/* Of a pool or a route: put_value writes such a name bare. */
static bool read_name(struct cursor *cursor, const char *field, const char **name)
{
    if (!cursor_expect(cursor, field))
        return false;
    size_t start = cursor->text->length;
    while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '|')
        cursor_keep(cursor, *cursor->at++);
    size_t length = cursor->text->length - start;
    *name = cursor_kept(cursor, start);
    return (length > 0 && length < ROUTING_NAME_SIZE) || cursor_fail(cursor, "a name");
}

static bool read_policy(struct cursor *cursor, enum policy *policy)
{
    for (*policy = POLICY_FEWEST_SOLD; *policy < POLICY_COUNT; (*policy)++) {
        if (cursor_skip(cursor, policy_name(*policy)))
            return true;
    }
    return cursor_fail(cursor, "a policy");
}

static bool read_state(struct cursor *cursor, enum server_state *state)
{
    for (*state = SERVER_NEW; *state <= SERVER_LEFT; (*state)++) {
        if (cursor_skip(cursor, server_state_name(*state)))
            return true;
    }
    return cursor_fail(cursor, "a state");
}

/* --- lines ------------------------------------------------------------------------------------- */

static void read_mark(struct cursor *cursor, enum candidate_mark *mark)
{
    for (*mark = MARK_ASKED; *mark > MARK_NONE; (*mark)--) {
        if (cursor_skip(cursor, candidate_mark_text(*mark)))
            return;
    }
}

static bool read_workload(struct cursor *cursor, struct candidate *candidate)
{
    candidate->workload = -1;
    return (cursor_skip(cursor, "?") || cursor_number(cursor, &candidate->workload)) &&
           cursor_field(cursor, "+", &candidate->busy);
}

static bool read_figures(struct cursor *cursor, enum policy policy, struct candidate *candidate)
{
    if (policy == POLICY_RANDOM)
        return true;
    if (!cursor_expect(cursor, ":"))
        return false;
    switch (policy) {
    case POLICY_FEWEST_SOLD:
        return cursor_number(cursor, &candidate->told) &&
               cursor_field(cursor, "+", &candidate->pending);
    case POLICY_ROUND_ROBIN:
        return cursor_signed(cursor, &candidate->credit) &&
               cursor_field(cursor, "/", &candidate->weight);
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        return cursor_number(cursor, &candidate->busy) &&
               cursor_field(cursor, "/", &candidate->weight);
    case POLICY_IP_HASH:
        return cursor_count(cursor, &candidate->score);
    case POLICY_LEAST_WORKLOAD:
        return read_workload(cursor, candidate);
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    return false;
}

/* The list ends the line. */
static bool read_candidates(struct cursor *cursor, struct routing_line *line)
{
    struct routing_choice *choice = &line->choice;
    enum policy policy = routing_choice_lists(choice);
    if (!cursor_expect(cursor, routing_list_name(policy)))
        return false;
    do {
        if (choice->count > 0 && cursor_skip(cursor, "+"))
            return cursor_count(cursor, &choice->left_out);
        struct candidate *candidate = &line->candidates[choice->count++];
        *candidate = (struct candidate){0};
        if (!read_server(cursor, "", &candidate->server) ||
            !read_figures(cursor, policy, candidate))
            return false;
        read_mark(cursor, &candidate->mark);
    } while (choice->count < ROUTING_CANDIDATES_MAX && cursor_skip(cursor, ","));
    return true;
}

static bool find_to(struct cursor *cursor, struct routing_choice *choice, const char *to)
{
    for (choice->to = 0; choice->to < choice->count; choice->to++) {
        if (strcmp(to, choice->candidates[choice->to].server) == 0)
            return true;
    }
    return cursor_fail(cursor, "candidates among them to=");
}

/* In a list that is cut short: the second, where that is not there for it was asked before. */
static size_t runner_up(const struct routing_choice *choice)
{
    size_t other = choice->to == 0 ? 1 : 0;
    bool there = other < choice->count && choice->candidates[other].mark != MARK_ASKED;
    return there ? other : choice->to;
}

/* A purchase goes without saying. */
static bool read_verb(struct cursor *cursor, enum verb *verb)
{
    for (*verb = VERB_HOLD; verb_flies(*verb); ++*verb) {
        if (cursor_skip(cursor, verb_name(*verb)))
            return true;
    }
    return cursor_fail(cursor, "a verb");
}

/* What boards a flight, if it does. */
static bool read_boarding(struct cursor *cursor, struct routing_choice *choice)
{
    int64_t quantity = 0;
    bool verb = cursor_skip(cursor, " verb=");
    if (verb && !read_verb(cursor, &choice->verb))
        return false;
    bool order = verb && verb_names_order(choice->verb);
    if (!verb && !cursor_skip(cursor, " event="))
        return true;
    if (verb && !cursor_expect(cursor, order ? " order=" : " event="))
        return false;
    if (!cursor_value(cursor, order ? &choice->order : &choice->event) ||
        !cursor_field(cursor, " quantity=", &quantity))
        return false;
    choice->quantity = (int)quantity;
    return (quantity > 0 && quantity <= QUANTITY_MAX) || cursor_fail(cursor, "a possible quantity");
}

static bool read_affinity(struct cursor *cursor, struct routing_choice *choice)
{
    for (choice->affinity = AFFINITY_ADDRESS; choice->affinity > AFFINITY_NONE;
         choice->affinity--) {
        if (cursor_skip(cursor, affinity_name(choice->affinity)))
            break;
    }
    if (choice->affinity == AFFINITY_NONE)
        return cursor_fail(cursor, "an affinity");
    if (choice->affinity != AFFINITY_ADDRESS && !cursor_text(cursor, " session=", &choice->session))
        return false;
    return choice->affinity != AFFINITY_COOKIE || !cursor_skip(cursor, " pinned=") ||
           read_server(cursor, "", &choice->pinned);
}

static bool read_drawn(struct cursor *cursor, struct routing_choice *choice)
{
    return read_server(cursor, "", &choice->drawn[0]) &&
           read_server(cursor, ",", &choice->drawn[1]);
}

static bool read_choice(struct cursor *cursor, struct routing_line *line)
{
    struct routing_choice *choice = &line->choice;
    const char *to;
    choice->candidates = line->candidates;
    if (!cursor_text(cursor, "request=", &choice->request) ||
        !cursor_text(cursor, " client=", &choice->client) ||
        (cursor_skip(cursor, " id=") && !cursor_value(cursor, &choice->id)) ||
        !read_name(cursor, " route=", &choice->route) || !cursor_expect(cursor, " policy=") ||
        !read_policy(cursor, &choice->policy) || !read_boarding(cursor, choice) ||
        (cursor_skip(cursor, " affinity=") && !read_affinity(cursor, choice)) ||
        (cursor_skip(cursor, " drawn=") && !read_drawn(cursor, choice)) ||
        !read_server(cursor, " to=", &to) ||
        (routing_choice_boards(choice) &&
         !(cursor_expect(cursor, " flight=") && cursor_count(cursor, &choice->flight))) ||
        !cursor_text(cursor, " why=", &choice->why) || !read_candidates(cursor, line) ||
        !find_to(cursor, choice, to))
        return false;
    choice->runner_up = choice->left_out ? runner_up(choice) : choice->to;
    return true;
}

static bool read_settled(struct cursor *cursor, struct routing_settled *settled)
{
    return read_server(cursor, "server=", &settled->server) && cursor_expect(cursor, " flight=") &&
           cursor_count(cursor, &settled->flight) &&
           cursor_field(cursor, " boot=", &settled->boot) &&
           cursor_field(cursor, " commit=", &settled->commit) &&
           cursor_field(cursor, " told=", &settled->told) &&
           cursor_field(cursor, " released=", &settled->released) &&
           cursor_field(cursor, " sold=", &settled->sold) &&
           cursor_field(cursor, " replayed=", &settled->replayed) &&
           cursor_field(cursor, " refused=", &settled->refused) &&
           cursor_field(cursor, " lost=", &settled->lost) &&
           cursor_field(cursor, " unsent=", &settled->unsent) &&
           (!cursor_skip(cursor, " held=") || cursor_number(cursor, &settled->held)) &&
           (!cursor_skip(cursor, " freed=") || cursor_number(cursor, &settled->freed));
}

static bool read_end(struct cursor *cursor, enum routing_end *end)
{
    for (*end = END_ANSWERED; *end <= END_LEFT; (*end)++) {
        if (cursor_skip(cursor, routing_end_name(*end)))
            return true;
    }
    return cursor_fail(cursor, "an end");
}

static bool read_done(struct cursor *cursor, struct routing_done *done)
{
    int64_t status = 0;
    if (!cursor_text(cursor, "request=", &done->request) ||
        !read_server(cursor, " server=", &done->server) ||
        !cursor_field(cursor, " status=", &status) ||
        !cursor_field(cursor, " sent=", &done->sent) ||
        !cursor_field(cursor, " received=", &done->received) ||
        !cursor_field(cursor, " took=", &done->took) || !cursor_expect(cursor, " how=") ||
        !read_end(cursor, &done->how))
        return false;
    done->status = (unsigned)status;
    return status <= 999 || cursor_fail(cursor, "a status");
}

static bool read_load(struct cursor *cursor, struct routing_load *load)
{
    return read_server(cursor, "server=", &load->server) &&
           cursor_field(cursor, " cpu=", &load->cpu) &&
           cursor_field(cursor, " memory=", &load->memory) &&
           cursor_field(cursor, " commit=", &load->commit) &&
           cursor_field(cursor, " workload=", &load->workload);
}

static bool read_limit(struct cursor *cursor, struct routing_limit *limit)
{
    return read_server(cursor, "server=", &limit->server) &&
           cursor_field(cursor, " limit=", &limit->limit) &&
           cursor_text(cursor, " why=", &limit->why);
}

static bool read_scale(struct cursor *cursor, struct routing_scale *scale)
{
    return cursor_field(cursor, "from=", &scale->from) &&
           cursor_field(cursor, " to=", &scale->to) && cursor_field(cursor, " up=", &scale->up) &&
           cursor_field(cursor, " pending=", &scale->pending) &&
           cursor_field(cursor, " waiting=", &scale->waiting) &&
           cursor_field(cursor, " commit=", &scale->commit) &&
           cursor_field(cursor, " cpu=", &scale->cpu) && cursor_text(cursor, " why=", &scale->why);
}

static bool read_server_line(struct cursor *cursor, struct routing_server *server)
{
    return read_server(cursor, "server=", &server->server) &&
           read_name(cursor, " pool=", &server->pool) &&
           cursor_field(cursor, " weight=", &server->weight) && cursor_expect(cursor, " state=") &&
           read_state(cursor, &server->from) && cursor_expect(cursor, "→") &&
           read_state(cursor, &server->to) && cursor_field(cursor, " boot=", &server->boot) &&
           cursor_field(cursor, " commit=", &server->commit) &&
           cursor_field(cursor, " told=", &server->told) &&
           cursor_field(cursor, " limit=", &server->limit) &&
           cursor_text(cursor, " store=", &server->store) &&
           cursor_text(cursor, " why=", &server->why);
}

static bool read_told(struct cursor *cursor, struct routing_line *line)
{
    return read_server(cursor, "server=", &line->told.server) &&
           cursor_field(cursor, " boot=", &line->told.boot) &&
           cursor_field(cursor, " commit=", &line->told.commit) &&
           cursor_field(cursor, " told=", &line->told.told);
}

static bool read_turns(struct cursor *cursor, struct routing_turn turns[ROUTING_TURNS])
{
    for (size_t i = 0; i < ROUTING_TURNS; i++) {
        if (!cursor_expect(cursor, "|") || !cursor_count(cursor, &turns[i].last) ||
            !cursor_expect(cursor, "/") || !cursor_signed(cursor, &turns[i].credit))
            return false;
    }
    return true;
}

/* A dash alone; a server's id may begin with one, but then more follows. */
static bool skip_left_place(struct cursor *cursor)
{
    const char *next = cursor->at + 1;
    bool alone = next >= cursor->end || *next == ',';
    return alone && cursor_skip(cursor, "-");
}

static bool read_snapshot_server(struct cursor *cursor, struct routing_snapshot_server *server)
{
    *server = (struct routing_snapshot_server){.server = "", .pool = "", .state = SERVER_LEFT};
    if (skip_left_place(cursor))
        return true;
    if (!read_server(cursor, "", &server->server) || !read_name(cursor, "|", &server->pool) ||
        !cursor_expect(cursor, "|") || !read_state(cursor, &server->state) ||
        (server->state == SERVER_NEW && !cursor_fail(cursor, "a state that it can be in")) ||
        !cursor_field(cursor, "|", &server->told) || !cursor_field(cursor, "+", &server->pending) ||
        !cursor_field(cursor, "|", &server->boot) || !cursor_field(cursor, ".", &server->commit) ||
        !cursor_field(cursor, "|", &server->limit) || !cursor_field(cursor, "|", &server->busy) ||
        !cursor_field(cursor, "/", &server->weight) || !read_turns(cursor, server->turns) ||
        !cursor_field(cursor, "|", &server->workload) || !cursor_expect(cursor, "@"))
        return false;
    server->workload_at = 0; /* no year begins with a zero */
    return cursor_skip(cursor, "0") || cursor_time(cursor, &server->workload_at);
}

static bool read_snapshot(struct cursor *cursor, struct routing_line *line)
{
    struct routing_snapshot *state = &line->state;
    state->servers = line->servers;
    if (!cursor_text(cursor, "router=", &state->router) ||
        !cursor_text(cursor, " store=", &state->store) || !cursor_expect(cursor, " flight=") ||
        !cursor_count(cursor, &state->flight) || !cursor_field(cursor, " sales=", &state->sales))
        return false;
    if (cursor_skip(cursor, " after_gap=") && !cursor_count(cursor, &state->after_gap))
        return false;
    if (!cursor_expect(cursor, " servers=") || cursor_skip(cursor, "\"\""))
        return !cursor->error[0];
    do {
        if (!read_snapshot_server(cursor, &line->servers[state->count++]))
            return false;
    } while (state->count < ROUTING_SERVERS_MAX && cursor_skip(cursor, ","));
    return true;
}

static bool read_kind(struct cursor *cursor, struct routing_line *line)
{
    static const char *const words[] = {
        [ROUTING_STARTED] = "started ", [ROUTING_STATE] = "state ",
        [ROUTING_SERVER] = "server ",   [ROUTING_CHOICE] = "choice ",
        [ROUTING_SETTLED] = "settled ", [ROUTING_DONE] = "done ",
        [ROUTING_TOLD] = "told ",       [ROUTING_LOAD] = "load ",
        [ROUTING_LIMIT] = "limit ",     [ROUTING_SCALE] = "scale ",
        [ROUTING_STOPPED] = "stopped ",
    };
    for (line->kind = ROUTING_STARTED; line->kind <= ROUTING_STOPPED; line->kind++) {
        if (cursor_skip(cursor, words[line->kind]))
            return true;
    }
    return cursor_fail(cursor, "a kind of line");
}

static bool read_version(struct cursor *cursor, int64_t *version)
{
    if (!cursor_field(cursor, " version=", version))
        return false;
    return (*version >= ROUTING_VERSION_READ && *version <= ROUTING_VERSION) ||
           cursor_fail(cursor, "version=3 or 4 (`make reset` puts an older log aside)");
}

static bool read_rest(struct cursor *cursor, struct routing_line *line)
{
    switch (line->kind) {
    case ROUTING_STARTED:
        return cursor_text(cursor, "router=", &line->router) &&
               read_version(cursor, &line->version);
    case ROUTING_STOPPED:
        return cursor_text(cursor, "router=", &line->router);
    case ROUTING_STATE:
        return read_snapshot(cursor, line);
    case ROUTING_SERVER:
        return read_server_line(cursor, &line->server);
    case ROUTING_CHOICE:
        return read_choice(cursor, line);
    case ROUTING_SETTLED:
        return read_settled(cursor, &line->settled);
    case ROUTING_DONE:
        return read_done(cursor, &line->done);
    case ROUTING_TOLD:
        return read_told(cursor, line);
    case ROUTING_LOAD:
        return read_load(cursor, &line->load);
    case ROUTING_LIMIT:
        return read_limit(cursor, &line->limit);
    case ROUTING_SCALE:
        return read_scale(cursor, &line->scale);
    }
    return false;
}

void routing_line_write(struct buffer *out, const struct routing_line *line)
{
    switch (line->kind) {
    case ROUTING_STARTED:
        routing_line_started(out, line->n, line->time, line->router, line->version);
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
    case ROUTING_DONE:
        routing_line_done(out, line->n, line->time, &line->done);
        break;
    case ROUTING_LOAD:
        routing_line_load(out, line->n, line->time, &line->load);
        break;
    case ROUTING_LIMIT:
        routing_line_limit(out, line->n, line->time, &line->limit);
        break;
    case ROUTING_SCALE:
        routing_line_scale(out, line->n, line->time, &line->scale);
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
           cursor_fail(cursor, "the router's own spelling");
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
    line->settled = (struct routing_settled){0};
    line->state = (struct routing_snapshot){0};
    if (!cursor_expect(&cursor, "n=") || !cursor_count(&cursor, &line->n) ||
        !cursor_expect(&cursor, " time=") || !cursor_time(&cursor, &line->time) ||
        !cursor_expect(&cursor, " ") || !read_kind(&cursor, line) || !read_rest(&cursor, line))
        return false;
    if (cursor.at < cursor.end)
        return cursor_fail(&cursor, "the end of the line");
    return spelled_alike(&cursor, line);
}

void routing_line_free(struct routing_line *line)
{
    buffer_free(&line->text);
    buffer_free(&line->again);
}
