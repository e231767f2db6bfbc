/* A line of the routing log that is read prints as the same line, and what it holds is within bounds. */
#include "common/routing_line.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

static void check_text(const char *text)
{
    must(grammar_text(text, strlen(text)), "a value is UTF-8");
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
        must(candidate->told >= 0 && candidate->pending >= 0, "counts are not negative");
    }
    if (choice->route == ROUTE_READ)
        return;
    check_text(choice->event);
    must(choice->quantity >= 1 && choice->quantity <= QUANTITY_MAX,
         "the quantity is within bounds");
}

static void check(const struct routing_line *line)
{
    must(line->n <= INT64_MAX && line->time >= 0, "number and time are within bounds");
    if (line->kind == ROUTING_CHOICE)
        check_choice(&line->choice);
    else if (line->kind == ROUTING_STATE)
        must(line->state.count <= ROUTING_SERVERS_MAX, "not more servers than a router can know");
    else if (line->kind == ROUTING_STARTED || line->kind == ROUTING_STOPPED)
        check_text(line->router);
    else if (line->kind == ROUTING_SERVER)
        check_text(line->server.why);
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
