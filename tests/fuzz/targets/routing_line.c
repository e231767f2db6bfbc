/* A line of the routing log that is read prints as the same line, and what it holds is within bounds. */
#include "common/routing_line.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

static void check_text(const char *text)
{
    must(grammar_text(text, strlen(text)), "a value is UTF-8");
}

/* A pool's or a route's. */
static void check_name(const char *name)
{
    check_text(name);
    must(name[0] != '\0' && strlen(name) < ROUTING_NAME_SIZE, "a name's length is within bounds");
}

static void check_session(const struct routing_choice *choice)
{
    bool named = choice->affinity == AFFINITY_COOKIE || choice->affinity == AFFINITY_JWT;
    must(choice->policy < POLICY_COUNT && choice->affinity < AFFINITY_COUNT,
         "policy and affinity are known");
    must((choice->session != NULL) == named, "a session by cookie or token has a name");
    must(choice->pinned == NULL ||
             (choice->affinity == AFFINITY_COOKIE && server_id_valid(choice->pinned)),
         "only a session by cookie is pinned, to a server");
    check_name(choice->route);
    if (named)
        check_text(choice->session);
    if (choice->id != NULL)
        check_text(choice->id);
}

static void check_choice(const struct routing_choice *choice)
{
    check_text(choice->request);
    check_text(choice->client);
    check_text(choice->why);
    must(choice->count >= 1 && choice->count <= ROUTING_CANDIDATES_MAX &&
             choice->to < choice->count,
         "the chosen one is a candidate");
    for (size_t i = 0; i < choice->count; i++) {
        const struct candidate *candidate = &choice->candidates[i];
        must(server_id_valid(candidate->server), "a candidate has an id");
        must(candidate->told >= 0 && candidate->pending >= 0 && candidate->busy >= 0 &&
                 candidate->weight >= 0 && candidate->workload >= -1 &&
                 candidate->score <= INT64_MAX,
             "counts are not negative");
    }
    check_session(choice);
    if (!routing_choice_boards(choice))
        return;
    bool by_order = verb_names_order(choice->verb);
    must(verb_flies(choice->verb) && (choice->order != NULL) == by_order &&
             (choice->event != NULL) != by_order,
         "what boards is about an event or an order, as its verb says");
    check_text(by_order ? choice->order : choice->event);
    must(choice->quantity >= 1 && choice->quantity <= QUANTITY_MAX,
         "the quantity is within bounds");
}

static void check_state(const struct routing_snapshot *state)
{
    must(state->count <= ROUTING_SERVERS_MAX, "not more servers than a router can know");
    for (size_t i = 0; i < state->count; i++) {
        const struct routing_snapshot_server *server = &state->servers[i];
        must(server->state > SERVER_NEW && server->state <= SERVER_LEFT,
             "a server's state is known");
        if (server->state == SERVER_LEFT)
            continue;
        check_name(server->pool);
        must(server_id_valid(server->server), "a server has an id");
        must(server->limit >= 0 && server->pending >= 0 && server->busy >= 0,
             "counts are not negative");
    }
}

static void check_scale(const struct routing_scale *scale)
{
    check_text(scale->why);
    must(scale->from >= 0 && scale->to >= 0 && scale->up >= 0 && scale->pending >= 0 &&
             scale->waiting >= 0 && scale->commit >= 0 && scale->cpu >= 0,
         "counts are not negative");
}

static void check_limit(const struct routing_limit *limit)
{
    check_text(limit->why);
    must(server_id_valid(limit->server) && limit->limit >= 0, "a limit is a server's");
}

static void check_done(const struct routing_done *done)
{
    check_text(done->request);
    must(server_id_valid(done->server), "a request is done by a server");
    must(done->status <= 999 && done->how <= END_LEFT, "status and end are within bounds");
    must(done->sent >= 0 && done->received >= 0 && done->took >= 0, "counts are not negative");
}

static void check_server(const struct routing_server *server)
{
    check_text(server->why);
    check_name(server->pool);
}

static void check(const struct routing_line *line)
{
    must(line->n <= INT64_MAX && line->time >= 0, "number and time are within bounds");
    if (line->kind == ROUTING_CHOICE)
        check_choice(&line->choice);
    else if (line->kind == ROUTING_STATE)
        check_state(&line->state);
    else if (line->kind == ROUTING_STARTED || line->kind == ROUTING_STOPPED)
        check_text(line->router);
    else if (line->kind == ROUTING_SERVER)
        check_server(&line->server);
    else if (line->kind == ROUTING_DONE)
        check_done(&line->done);
    else if (line->kind == ROUTING_LIMIT)
        check_limit(&line->limit);
    else if (line->kind == ROUTING_SCALE)
        check_scale(&line->scale);
    else if (line->kind == ROUTING_LOAD)
        must(server_id_valid(line->load.server), "a load is a server's");
}

void fuzz_routing_line(const uint8_t *data, size_t size)
{
    static struct routing_line line;
    struct buffer out = {0};
    char error[ROUTING_ERROR_SIZE] = "";
    bool good = routing_line_parse((const char *)data, size, &line, error);
    must(good == (error[0] == '\0'), "a refusal has a reason");
    if (good) {
        check(&line);
        routing_line_write(&out, &line);
        must(out.length == size + 1 && memcmp(out.data, data, size) == 0 && out.data[size] == '\n',
             "a line that is read prints as the same line");
    }
    buffer_free(&out);
    routing_line_free(&line);
}
