/* Whatever texts and numbers a router is given, its line is one line, shows nothing but what it says,
 * and reads as what was written. The input: a byte for the kind, then numbers and texts. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/routing_line.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

enum {
    TEXTS = 6,
    SERVERS = 20, /* more than are listed in full */
};

struct writing {
    struct input input;
    char *texts[TEXTS]; /* owned */
    char ids[SERVERS][SERVER_SIZE];
    uint64_t n;
    int64_t time;
    struct buffer out;
    struct routing_line read;
};

/* --- the input --------------------------------------------------------------------------------- */

static void take_id(struct input *input, char id[SERVER_SIZE])
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = 1 + input_byte(input) % (SERVER_SIZE - 1);
    uint8_t first = input_byte(input);
    for (size_t i = 0; i < length; i++)
        id[i] = characters[(first + i * 7) % (sizeof characters - 1)];
    id[length] = '\0';
}

static void take(struct writing *writing)
{
    for (size_t i = 0; i < TEXTS; i++)
        writing->texts[i] = input_until(&writing->input, '\0', NULL);
    for (size_t i = 0; i < SERVERS; i++)
        take_id(&writing->input, writing->ids[i]);
    writing->n = (uint64_t)input_number(&writing->input);
    writing->time = input_number(&writing->input) % (INT64_C(253402300800) * CLOCK_SECOND);
}

/* --- the line ---------------------------------------------------------------------------------- */

/* Nothing in a line may end it, or show it other than it is (Unicode's own table of bidirectional
 * controls, spelled as UTF-8). */
static void check_line(const struct buffer *out)
{
    static const char *const misleading[] = {
        "\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
        "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
    };
    size_t length = out->length - 1;
    must(out->data[length] == '\n', "a line ends with a newline");
    must(grammar_text(out->data, length), "a line is UTF-8");
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)out->data[i], next = (uint8_t)out->data[i + 1];
        must(byte >= 0x20 && byte != 0x7f && !(byte == 0xc2 && next < 0xa0),
             "a line has no control characters");
    }
    for (size_t i = 0; i < sizeof misleading / sizeof *misleading; i++)
        must(memmem(out->data, length, misleading[i], strlen(misleading[i])) == NULL,
             "a line has nothing that turns its direction");
}

static void read_back(struct writing *writing)
{
    char error[ROUTING_ERROR_SIZE] = "";
    check_line(&writing->out);
    must(routing_line_parse(writing->out.data, writing->out.length - 1, &writing->read, error),
         "a line that is written is read");
    must(writing->read.n == writing->n && writing->read.time == writing->time,
         "its number and time are those written");
}

/* What is not UTF-8 is written as U+FFFD, byte by byte. */
static void same_text(const char *read, const char *written)
{
    struct buffer due = {0};
    size_t length = strlen(written);
    for (size_t at = 0, step; at < length; at += step) {
        step = grammar_utf8((const uint8_t *)written + at, length - at);
        if (step > 0)
            buffer_append(&due, written + at, step);
        else
            buffer_add(&due, "\xef\xbf\xbd");
        step = step > 0 ? step : 1;
    }
    must(strcmp(read, buffer_text(&due)) == 0, "a text is the one written");
    buffer_free(&due);
}

/* --- the kinds --------------------------------------------------------------------------------- */

static void write_ends(struct writing *writing, bool started)
{
    if (started)
        routing_line_started(&writing->out, writing->n, writing->time, writing->texts[0],
                             ROUTING_VERSION);
    else
        routing_line_stopped(&writing->out, writing->n, writing->time, writing->texts[0]);
    read_back(writing);
    must(writing->read.kind == (started ? ROUTING_STARTED : ROUTING_STOPPED), "the kind is right");
    same_text(writing->read.router, writing->texts[0]);
}

static void write_server(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_server line = {
        .server = writing->ids[0],
        .pool = writing->ids[1],
        .weight = input_number(input),
        .from = (enum server_state)(input_byte(input) % (SERVER_LEFT + 1)),
        .to = (enum server_state)(input_byte(input) % (SERVER_LEFT + 1)),
        .boot = input_number(input),
        .commit = input_number(input),
        .told = input_number(input),
        .limit = input_number(input),
        .store = writing->texts[0],
        .why = writing->texts[1],
    };
    routing_line_server(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_server *read = &writing->read.server;
    must(strcmp(read->server, line.server) == 0 && strcmp(read->pool, line.pool) == 0 &&
             read->weight == line.weight && read->from == line.from && read->to == line.to &&
             read->boot == line.boot && read->commit == line.commit && read->told == line.told &&
             read->limit == line.limit,
         "a server line says what was written");
    same_text(read->store, line.store);
    same_text(read->why, line.why);
}

static void write_settled(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_settled line = {.server = writing->ids[0],
                                   .flight = (uint64_t)input_number(input)};
    int64_t *const numbers[] = {&line.boot,   &line.commit,   &line.told,    &line.released,
                                &line.sold,   &line.replayed, &line.refused, &line.lost,
                                &line.unsent, &line.held,     &line.freed};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = input_number(input);
    routing_line_settled(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    struct routing_settled read = writing->read.settled;
    must(strcmp(read.server, line.server) == 0, "the server is the one written");
    read.server = line.server;
    must(memcmp(&read, &line, sizeof line) == 0, "a settled line says what was written");
}

static void take_candidates(struct writing *writing, struct candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        candidates[i] = (struct candidate){
            .server = writing->ids[i],
            .told = input_number(&writing->input),
            .pending = input_number(&writing->input),
            .busy = input_number(&writing->input),
            .weight = input_number(&writing->input),
            .credit = 1 - input_number(&writing->input),
            .workload = input_number(&writing->input) - 1,
            .score = (uint64_t)input_number(&writing->input),
            .mark = (enum candidate_mark)(input_byte(&writing->input) % (MARK_ASKED + 1)),
        };
}

/* Whether what the policy reads is the same. */
static bool same_figures(enum policy policy, const struct candidate *a, const struct candidate *b)
{
    switch (policy) {
    case POLICY_FEWEST_SOLD:
        return a->told == b->told && a->pending == b->pending;
    case POLICY_ROUND_ROBIN:
        return a->credit == b->credit && a->weight == b->weight;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        return a->busy == b->busy && a->weight == b->weight;
    case POLICY_IP_HASH:
        return a->score == b->score;
    case POLICY_LEAST_WORKLOAD:
        return a->workload == b->workload && a->busy == b->busy;
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    return true;
}

static void same_candidates(const struct routing_choice *read, const struct routing_choice *line)
{
    bool all = line->count <= ROUTING_CANDIDATES_MAX;
    must(read->count + read->left_out == line->count, "as many candidates as there were");
    must(strcmp(read->candidates[read->to].server, line->candidates[line->to].server) == 0,
         "the chosen one is the one written");
    for (size_t i = 0; all && i < read->count; i++) {
        const struct candidate *a = &read->candidates[i], *b = &line->candidates[i];
        must(strcmp(a->server, b->server) == 0 && a->mark == b->mark &&
                 same_figures(routing_choice_lists(line), a, b),
             "a candidate is the one written");
    }
}

static void take_session(struct writing *writing, struct routing_choice *line)
{
    struct input *input = &writing->input;
    line->id = input_byte(input) % 2 ? writing->texts[4] : NULL;
    line->affinity = (enum affinity)(input_byte(input) % AFFINITY_COUNT);
    if (line->affinity == AFFINITY_COOKIE || line->affinity == AFFINITY_JWT)
        line->session = writing->texts[5];
    if (line->affinity == AFFINITY_COOKIE && input_byte(input) % 2)
        line->pinned = writing->ids[1];
}

static void same_optional(const char *read, const char *written)
{
    must((read == NULL) == (written == NULL), "a text that is left out stays out");
    if (read != NULL)
        same_text(read, written);
}

static void write_choice(struct writing *writing)
{
    struct input *input = &writing->input;
    struct candidate candidates[SERVERS];
    size_t count = 1 + input_byte(input) % SERVERS;
    take_candidates(writing, candidates, count);
    struct routing_choice line = {
        .request = writing->texts[0],
        .client = writing->texts[1],
        .route = writing->ids[0],
        .policy = (enum policy)(input_byte(input) % POLICY_COUNT),
        .event = input_byte(input) % 2 ? writing->texts[2] : NULL,
        .quantity = 1 + (int)(input_number(input) % QUANTITY_MAX),
        .flight = (uint64_t)input_number(input),
        .why = writing->texts[3],
        .to = input_byte(input) % count,
        .runner_up = input_byte(input) % count,
        .candidates = candidates,
        .count = count,
    };
    take_session(writing, &line);
    routing_line_choice(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_choice *read = &writing->read.choice;
    same_text(read->request, line.request);
    same_text(read->client, line.client);
    same_text(read->why, line.why);
    must(strcmp(read->route, line.route) == 0 && read->policy == line.policy &&
             read->affinity == line.affinity,
         "route, policy and affinity are those written");
    same_optional(read->id, line.id);
    same_optional(read->session, line.session);
    same_optional(read->pinned, line.pinned);
    same_candidates(read, &line);
    must((read->event == NULL) == (line.event == NULL), "a purchase is one as it was written");
    if (line.event == NULL)
        return;
    same_text(read->event, line.event);
    must(read->quantity == line.quantity && read->flight == line.flight,
         "quantity and flight are those written");
}

static void take_servers(struct writing *writing, struct routing_snapshot_server *servers,
                         size_t count)
{
    struct input *input = &writing->input;
    for (size_t i = 0; i < count; i++)
        servers[i] = (struct routing_snapshot_server){
            .server = writing->ids[i],
            .pool = writing->ids[SERVERS - 1 - i],
            .state = (enum server_state)(SERVER_JOINING + input_byte(input) % SERVER_LEFT),
            .told = input_number(input),
            .limit = input_number(input),
            .busy = input_number(input),
            .weight = input_number(input),
            .turns = {{(uint64_t)input_number(input), 1 - input_number(input)},
                      {(uint64_t)input_number(input), 1 - input_number(input)}},
            .workload = input_number(input),
            .workload_at = input_byte(input) % 2 ? writing->time : 0,
        };
}

static void same_server(const struct routing_snapshot_server *read,
                        const struct routing_snapshot_server *written)
{
    must(read->state == written->state, "a server's state is the one written");
    must(read->state == SERVER_LEFT ||
             (strcmp(read->server, written->server) == 0 && read->told == written->told &&
              strcmp(read->pool, written->pool) == 0 && read->limit == written->limit &&
              read->busy == written->busy && read->weight == written->weight &&
              memcmp(read->turns, written->turns, sizeof read->turns) == 0 &&
              read->workload == written->workload && read->workload_at == written->workload_at),
         "a server of it is the one written");
}

static void write_state(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_snapshot_server servers[SERVERS] = {0};
    struct routing_snapshot line = {
        .router = writing->texts[0],
        .store = writing->texts[1],
        .flight = (uint64_t)input_number(input),
        .sales = input_number(input),
        .after_gap = (uint64_t)input_number(input),
        .servers = servers,
        .count = input_byte(input) % (SERVERS + 1),
    };
    take_servers(writing, servers, line.count);
    routing_line_state(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_snapshot *read = &writing->read.state;
    same_text(read->router, line.router);
    same_text(read->store, line.store);
    must(read->flight == line.flight && read->sales == line.sales &&
             read->after_gap == line.after_gap && read->count == line.count,
         "a state line says what was written");
    for (size_t i = 0; i < line.count; i++)
        same_server(&read->servers[i], &servers[i]);
}

static void write_done(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_done line = {
        .request = writing->texts[0],
        .server = writing->ids[0],
        .status = (unsigned)(input_number(input) % 1000),
        .sent = input_number(input),
        .received = input_number(input),
        .took = input_number(input),
        .how = (enum routing_end)(input_byte(input) % (END_LEFT + 1)),
    };
    routing_line_done(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_done *read = &writing->read.done;
    same_text(read->request, line.request);
    must(strcmp(read->server, line.server) == 0 && read->status == line.status &&
             read->sent == line.sent && read->received == line.received &&
             read->took == line.took && read->how == line.how,
         "a done line says what was written");
}

static void write_load(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_load line = {.server = writing->ids[0],
                                .cpu = input_number(input),
                                .memory = input_number(input),
                                .commit = input_number(input),
                                .workload = input_number(input)};
    routing_line_load(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_load *read = &writing->read.load;
    must(strcmp(read->server, line.server) == 0 && read->cpu == line.cpu &&
             read->memory == line.memory && read->commit == line.commit &&
             read->workload == line.workload,
         "a load line says what was written");
}

static void write_limit(struct writing *writing)
{
    struct routing_limit line = {.server = writing->ids[0],
                                 .limit = input_number(&writing->input),
                                 .why = writing->texts[0]};
    buffer_clear(&writing->out);
    routing_line_limit(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    const struct routing_limit *read = &writing->read.limit;
    must(strcmp(read->server, line.server) == 0 && read->limit == line.limit,
         "a limit line says what was written");
    same_text(read->why, line.why);
}

static void write_scale(struct writing *writing)
{
    struct input *input = &writing->input;
    struct routing_scale line = {.from = input_number(input),
                                 .to = input_number(input),
                                 .up = input_number(input),
                                 .pending = input_number(input),
                                 .waiting = input_number(input),
                                 .commit = input_number(input),
                                 .cpu = input_number(input),
                                 .why = writing->texts[1]};
    buffer_clear(&writing->out);
    routing_line_scale(&writing->out, writing->n, writing->time, &line);
    read_back(writing);
    struct routing_scale read = writing->read.scale;
    same_text(read.why, line.why);
    read.why = line.why;
    must(memcmp(&read, &line, sizeof line) == 0, "a scale line says what was written");
}

void fuzz_routing_print(const uint8_t *data, size_t size)
{
    static struct writing writing;
    memset(&writing, 0, sizeof writing);
    writing.input = input_of(data, size);
    uint8_t kind = input_byte(&writing.input) % 8;
    take(&writing);
    if (kind < 2)
        write_ends(&writing, kind == 0);
    else if (kind == 2)
        write_server(&writing);
    else if (kind == 3)
        write_settled(&writing);
    else if (kind == 4)
        write_choice(&writing);
    else if (kind == 5)
        write_state(&writing);
    else if (kind == 6)
        write_done(&writing);
    else
        write_load(&writing);
    write_limit(&writing);
    write_scale(&writing);
    for (size_t i = 0; i < TEXTS; i++)
        free(writing.texts[i]);
    buffer_free(&writing.out);
    routing_line_free(&writing.read);
}
