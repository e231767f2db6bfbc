#include "common/routing_line.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

#define TIME_TEXT "2026-11-21T10:00:00.000042Z"
#define REQUEST   "0193b0aa-0000-7000-8000-000000000001"

static const int64_t noon = INT64_C(1795255200) * 1000000 + 42;

static struct routing_line line;
static char error[ROUTING_ERROR_SIZE];

static bool parse(const char *text)
{
    return routing_line_parse(text, strlen(text), &line, error);
}

/* Compares without the newline, empties the buffer, and reads the line back. */
static void check(struct buffer *out, const char *expected)
{
    CU_ASSERT_FATAL(out->length > 0 && out->data[out->length - 1] == '\n');
    out->length--;
    CU_ASSERT_STRING_EQUAL(buffer_text(out), expected);
    CU_ASSERT(parse(expected));
    CU_ASSERT_STRING_EQUAL(error, "");
    buffer_clear(out);
}

/* What was given to a server stays there as long as it answers. */
static void knows_who_answers(void)
{
    for (enum server_state state = SERVER_NEW; state <= SERVER_LEFT; state++) {
        bool answers = state != SERVER_NEW && state != SERVER_JOINING && state != SERVER_DOWN &&
                       state != SERVER_LEFT;
        CU_ASSERT_EQUAL(server_state_alive(state), answers);
    }
}

static void writes_and_reads_each_kind(void)
{
    struct buffer out = {0};
    routing_line_started(&out, 1, noon, "r-1", ROUTING_VERSION);
    check(&out, "n=1 time=" TIME_TEXT " started router=r-1 version=4");
    CU_ASSERT(line.kind == ROUTING_STARTED && line.n == 1 && line.time == noon);
    CU_ASSERT_STRING_EQUAL(line.router, "r-1");

    struct routing_server server = {.server = "server-1",
                                    .pool = "tickets",
                                    .weight = 3,
                                    .from = SERVER_NEW,
                                    .to = SERVER_JOINING,
                                    .limit = 512,
                                    .store = "",
                                    .why = "started as process 7"};
    routing_line_server(&out, 2, noon, &server);
    check(&out, "n=2 time=" TIME_TEXT
                " server server=server-1 pool=tickets weight=3 state=new→joining boot=0"
                " commit=0"
                " told=0 limit=512 store=\"\" why=\"started as process 7\"");
    CU_ASSERT(line.kind == ROUTING_SERVER && line.server.to == SERVER_JOINING);
    CU_ASSERT(line.server.from == SERVER_NEW && line.server.limit == 512);
    CU_ASSERT_STRING_EQUAL(line.server.why, "started as process 7");
    CU_ASSERT_STRING_EQUAL(line.server.store, "");
    CU_ASSERT_STRING_EQUAL(line.server.pool, "tickets");
    CU_ASSERT_EQUAL(line.server.weight, 3);

    struct routing_settled settled = {"server-2", 7, 3, 17, 6, 2, 1, 2, 3, 4, INT64_MAX, 0, 0};
    routing_line_settled(&out, 3, noon, &settled);
    check(&out, "n=3 time=" TIME_TEXT " settled server=server-2 flight=7 boot=3 commit=17 told=6"
                " released=2 sold=1 replayed=2 refused=3 lost=4 unsent=9223372036854775807");
    CU_ASSERT(line.kind == ROUTING_SETTLED && line.settled.flight == 7);
    CU_ASSERT(line.settled.boot == 3 && line.settled.commit == 17 && line.settled.told == 6);
    CU_ASSERT(line.settled.released == 2 && line.settled.sold == 1);
    CU_ASSERT(line.settled.replayed == 2 && line.settled.refused == 3);
    CU_ASSERT(line.settled.lost == 4 && line.settled.unsent == INT64_MAX);

    routing_line_told(&out, 4, noon, "server-3", 1, 2, 3);
    check(&out, "n=4 time=" TIME_TEXT " told server=server-3 boot=1 commit=2 told=3");
    CU_ASSERT_STRING_EQUAL(line.told.server, "server-3");
    CU_ASSERT(line.told.boot == 1 && line.told.commit == 2 && line.told.told == 3);

    routing_line_limit(&out, 5, noon, &(struct routing_limit){"server-3", 62, "slow-start"});
    check(&out, "n=5 time=" TIME_TEXT " limit server=server-3 limit=62 why=slow-start");
    CU_ASSERT(line.kind == ROUTING_LIMIT && line.limit.limit == 62);
    CU_ASSERT_STRING_EQUAL(line.limit.server, "server-3");
    CU_ASSERT_STRING_EQUAL(line.limit.why, "slow-start");

    struct routing_scale scale = {2, 3, 1, 812, 40, 81000, INT64_MAX, "commits took 81 ms"};
    routing_line_scale(&out, 6, noon, &scale);
    check(&out, "n=6 time=" TIME_TEXT " scale from=2 to=3 up=1 pending=812 waiting=40 commit=81000"
                " cpu=9223372036854775807 why=\"commits took 81 ms\"");
    CU_ASSERT(line.kind == ROUTING_SCALE && line.scale.from == 2 && line.scale.to == 3);
    CU_ASSERT(line.scale.up == 1 && line.scale.pending == 812 && line.scale.waiting == 40);
    CU_ASSERT(line.scale.commit == 81000 && line.scale.cpu == INT64_MAX);
    CU_ASSERT_STRING_EQUAL(line.scale.why, scale.why);

    routing_line_stopped(&out, 5, noon, "r-1");
    check(&out, "n=5 time=" TIME_TEXT " stopped router=r-1");
    CU_ASSERT_EQUAL(line.kind, ROUTING_STOPPED);
    buffer_free(&out);
}

static void writes_and_reads_a_state(void)
{
    struct buffer out = {0};
    struct routing_snapshot state = {.router = "r", .store = "", .flight = 1};
    routing_line_state(&out, 9, noon, &state);
    check(&out, "n=9 time=" TIME_TEXT " state router=r store=\"\" flight=1 sales=0 servers=\"\"");
    CU_ASSERT_EQUAL(line.state.count, 0);

    const struct routing_snapshot_server servers[] = {
        {"server-1", "tickets", SERVER_UP, 5, 2, 3, 17, 512, 4, 1, {{41, -3}, {7, 2}}, 310, noon},
        {"server-2", "a-b", SERVER_DOWN, 4, 0, 1, 0, 32, 0, 2, {{0}}, 0, 0},
    };
    state = (struct routing_snapshot){"r", "s", 9, 12, 41, servers, 2};
    routing_line_state(&out, 50, noon, &state);
    check(&out, "n=50 time=" TIME_TEXT " state router=r store=s flight=9 sales=12 after_gap=41"
                " servers=server-1|tickets|up|5+2|3.17|512|4/1|41/-3|7/2|310@" TIME_TEXT
                ",server-2|a-b|down|4+0|1.0|32|0/2|0/0|0/0|0@0");
    CU_ASSERT(line.state.count == 2 && line.state.after_gap == 41 && line.state.sales == 12);
    CU_ASSERT_STRING_EQUAL(line.state.servers[1].server, "server-2");
    CU_ASSERT(line.state.servers[0].turns[TURN_PURCHASE].last == 41 &&
              line.state.servers[0].busy == 4);
    CU_ASSERT(line.state.servers[0].turns[TURN_PURCHASE].credit == -3 &&
              line.state.servers[0].turns[TURN_REQUEST].last == 7 &&
              line.state.servers[0].turns[TURN_REQUEST].credit == 2 &&
              line.state.servers[1].weight == 2);
    CU_ASSERT(line.state.servers[0].workload == 310 && line.state.servers[0].workload_at == noon);
    CU_ASSERT_EQUAL(line.state.servers[1].workload_at, 0);
    CU_ASSERT_STRING_EQUAL(line.state.servers[1].pool, "a-b");
    CU_ASSERT(line.state.servers[0].pending == 2 && line.state.servers[1].state == SERVER_DOWN);

    const struct routing_snapshot_server with_left[] = {
        {.server = "gone", .pool = "p", .state = SERVER_LEFT, .told = 9},
        {"-", "p", SERVER_EJECTED, 0, 0, 0, 0, 1, 0, 1, {{0}}, 0, 0},
        {.state = SERVER_LEFT},
    };
    state = (struct routing_snapshot){"r", "s", 9, 12, 0, with_left, 3};
    routing_line_state(&out, 50, noon, &state);
    check(&out, "n=50 time=" TIME_TEXT " state router=r store=s flight=9 sales=12"
                " servers=-,-|p|ejected|0+0|0.0|1|0/1|0/0|0/0|0@0,-");
    CU_ASSERT_EQUAL(line.state.count, 3);
    CU_ASSERT(line.state.servers[0].state == SERVER_LEFT && line.state.servers[0].told == 0);
    CU_ASSERT_STRING_EQUAL(line.state.servers[0].server, "");
    CU_ASSERT_STRING_EQUAL(line.state.servers[1].server, "-");
    CU_ASSERT_EQUAL(line.state.servers[1].state, SERVER_EJECTED);
    CU_ASSERT_EQUAL(line.state.servers[2].state, SERVER_LEFT);

    struct routing_snapshot_server many[ROUTING_SERVERS_MAX];
    for (size_t i = 0; i < ROUTING_SERVERS_MAX; i++)
        many[i] = (struct routing_snapshot_server){
            "a-server-with-a-name-of-32-bytes",
            "a-pool-with-a-name-of-32-letters",
            SERVER_JOINING,
            INT64_MAX,
            INT64_MAX,
            INT64_MAX,
            INT64_MAX,
            INT64_MAX,
            INT64_MAX,
            INT64_MAX,
            {{INT64_MAX, -INT64_MAX}, {INT64_MAX, -INT64_MAX}},
            INT64_MAX,
            noon,
        };
    state.servers = many;
    state.count = ROUTING_SERVERS_MAX;
    buffer_clear(&out);
    routing_line_state(&out, 51, noon, &state);
    CU_ASSERT(routing_line_parse(out.data, out.length - 1, &line, error));
    CU_ASSERT_EQUAL(line.state.count, ROUTING_SERVERS_MAX);
    buffer_free(&out);
}

static struct routing_choice purchase_of(const struct candidate *candidates, size_t count)
{
    return (struct routing_choice){
        .request = REQUEST,
        .client = "127.0.0.1",
        .route = "purchase",
        .policy = POLICY_FEWEST_SOLD,
        .event = "demo",
        .quantity = 2,
        .flight = 7,
        .why = "fewest",
        .to = 1,
        .runner_up = 0,
        .candidates = candidates,
        .count = count,
    };
}

#define CHOICE_HEAD                                                                                \
    "n=3 time=" TIME_TEXT " choice request=" REQUEST " client=127.0.0.1 route=purchase"            \
    " policy=fewest-sold event=demo quantity=2 to=server-2 flight=7 why=fewest sold="

static void writes_and_reads_a_choice(void)
{
    struct buffer out = {0};
    const struct candidate candidates[] = {
        {.server = "server-1", .told = 5, .pending = 1},
        {.server = "server-2", .told = 4, .last = 9},
        {.server = "server-3", .told = 4, .mark = MARK_DOWN},
        {.server = "server-4", .told = 4, .mark = MARK_JOINING},
        {.server = "server-5", .told = 4, .pending = 600, .mark = MARK_FULL},
        {.server = "server-6", .told = 4, .pending = 3},
        {.server = "server-7", .mark = MARK_OVERLOADED},
        {.server = "server-8", .mark = MARK_DRAINING},
        {.server = "server-9", .mark = MARK_EJECTED},
        {.server = "server-10", .mark = MARK_ASKED},
    };
    struct routing_choice choice = purchase_of(candidates, 10);
    routing_line_choice(&out, 3, noon, &choice);
    check(&out, CHOICE_HEAD "server-1:5+1,server-2:4+0,server-3:4+0!down,server-4:4+0!joining,"
                            "server-5:4+600!full,server-6:4+3,server-7:0+0!overloaded,"
                            "server-8:0+0!draining,server-9:0+0!ejected,server-10:0+0!asked");
    CU_ASSERT(line.kind == ROUTING_CHOICE && line.choice.policy == POLICY_FEWEST_SOLD);
    CU_ASSERT(line.choice.affinity == AFFINITY_NONE && line.choice.id == NULL);
    CU_ASSERT_STRING_EQUAL(line.choice.route, "purchase");
    CU_ASSERT(line.choice.count == 10 && line.choice.to == 1 && line.choice.left_out == 0);
    CU_ASSERT(line.choice.flight == 7 && line.choice.quantity == 2);
    CU_ASSERT(line.choice.candidates[4].pending == 600);
    for (size_t i = 0; i < line.choice.count; i++)
        CU_ASSERT_EQUAL(line.choice.candidates[i].mark, candidates[i].mark);
    CU_ASSERT_STRING_EQUAL(line.choice.request, REQUEST);
    CU_ASSERT_STRING_EQUAL(line.choice.event, "demo");
    buffer_free(&out);
}

static void lists_two_of_many_candidates(void)
{
    struct buffer out = {0};
    static const char ids[17][4] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                    "j", "k", "l", "m", "n", "o", "p", "q"};
    struct candidate candidates[17];
    for (size_t i = 0; i < 17; i++)
        candidates[i] = (struct candidate){.server = ids[i], .told = (int64_t)i};
    candidates[1].server = "server-2";
    struct routing_choice choice = purchase_of(candidates, 16);
    routing_line_choice(&out, 3, noon, &choice);
    out.length--;
    CU_ASSERT(parse(buffer_text(&out)));
    CU_ASSERT(line.choice.count == 16 && line.choice.left_out == 0);
    buffer_clear(&out);

    choice.count = 17;
    routing_line_choice(&out, 3, noon, &choice);
    check(&out, CHOICE_HEAD "server-2:1+0,a:0+0,+15");
    CU_ASSERT(line.choice.count == 2 && line.choice.to == 0 && line.choice.runner_up == 1);
    CU_ASSERT_EQUAL(line.choice.left_out, 15);
    choice.runner_up = choice.to;
    routing_line_choice(&out, 3, noon, &choice);
    check(&out, CHOICE_HEAD "server-2:1+0,+16");
    CU_ASSERT(line.choice.count == 1 && line.choice.runner_up == 0 && line.choice.left_out == 16);
    candidates[2].mark = candidates[16].mark = MARK_ASKED;
    routing_line_choice(&out, 3, noon, &choice);
    check(&out, CHOICE_HEAD "server-2:1+0,c:2+0!asked,q:16+0!asked,+14");
    CU_ASSERT(line.choice.count == 3 && line.choice.runner_up == 0 && line.choice.left_out == 14);
    choice.runner_up = 0;
    routing_line_choice(&out, 3, noon, &choice);
    check(&out, CHOICE_HEAD "server-2:1+0,a:0+0,c:2+0!asked,q:16+0!asked,+13");
    CU_ASSERT(line.choice.count == 4 && line.choice.runner_up == 1 && line.choice.left_out == 13);
    buffer_free(&out);
}

/* What a client or a name says can neither end a line, nor a value, nor hide. */
static void escapes_what_could_forge_a_line(void)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"", "\"\""},
        {"plain-1.2_3:+!,|/@[]", "plain-1.2_3:+!,|/@[]"},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"\"", "\"\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"x\nn=9 time=now stopped", "\"x\\nn=9 time=now stopped\""},
        {"\r\t\b\f\x01\x1f\x7f", "\"\\r\\t\\b\\f\\u0001\\u001f\\u007f\""},
        {"caf\xc3\xa9 → \xf0\x9f\x8e\xab", "\"caf\xc3\xa9 → \xf0\x9f\x8e\xab\""},
        {"\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6", "\"\\u0085\\u2028\\u202e\\u2066\""},
        {"\xd8\x9c\xe2\x80\x8f", "\"\\u061c\\u200f\""},
        {"bad\xff\xc3", "\"bad\xef\xbf\xbd\xef\xbf\xbd\""},
        {"fe80::1%eth0", "\"fe80::1%eth0\""},
    };
    struct buffer out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "n=1 time=" TIME_TEXT " stopped router=%s",
                 cases[i].written);
        routing_line_stopped(&out, 1, noon, cases[i].text);
        check(&out, expected);
        if (!strstr(cases[i].text, "bad"))
            CU_ASSERT_STRING_EQUAL(line.router, cases[i].text);
    }
    const struct candidate candidate = {.server = "server-2"};
    struct routing_choice choice = purchase_of(&candidate, 1);
    choice.to = 0;
    choice.client = "\" to=server-9\nn=4 time=" TIME_TEXT " stopped router=r";
    choice.event = "de mo\"";
    routing_line_choice(&out, 3, noon, &choice);
    out.length--;
    CU_ASSERT_PTR_NULL(memchr(out.data, '\n', out.length));
    CU_ASSERT(parse(buffer_text(&out)));
    CU_ASSERT_STRING_EQUAL(line.choice.client, choice.client);
    CU_ASSERT_STRING_EQUAL(line.choice.event, choice.event);
    CU_ASSERT_STRING_EQUAL(line.choice.candidates[line.choice.to].server, "server-2");
    buffer_free(&out);
}

static const char *const other_spellings[] = {
    "",
    "n=1",
    "n=01 time=" TIME_TEXT " stopped router=r",
    "n=+1 time=" TIME_TEXT " stopped router=r",
    "n= time=" TIME_TEXT " stopped router=r",
    "n=9223372036854775808 time=" TIME_TEXT " stopped router=r",
    "n=1  time=" TIME_TEXT " stopped router=r",
    "n=1 time=2026-11-21T10:00:00.00004Z stopped router=r",
    "n=1 time=2026-11-21 10:00:00.000042Z stopped router=r",
    "n=1 time=2026-13-21T10:00:00.000042Z stopped router=r",
    "n=1 time=" TIME_TEXT " stopped router=r ",
    "n=1 time=" TIME_TEXT " stopped router=r\r",
    "n=1 time=" TIME_TEXT " stopped router=r [torn]",
    "n=1 time=" TIME_TEXT " stopped router=",
    "n=1 time=" TIME_TEXT " stopped router=\"r\"",
    "n=1 time=" TIME_TEXT " stopped router=\"r r",
    "n=1 time=" TIME_TEXT " stopped router=a\"b",
    "n=1 time=" TIME_TEXT " stopped router=\"a\\u0020b\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\u000\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\u00\xc3\xa9\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\u000A\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\ud800\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\u0000\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\x\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\\",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\tc\"",
    "n=1 time=" TIME_TEXT " stopped router=\"a b\xff\"",
    "n=1 time=" TIME_TEXT " started router=r",
    "n=1 time=" TIME_TEXT " started router=r version=1",
    "n=1 time=" TIME_TEXT " started router=r version=2",
    "n=1 time=" TIME_TEXT " paused router=r",
    "n=1 time=" TIME_TEXT " told server=Server boot=1 commit=2 told=3",
    "n=1 time=" TIME_TEXT " told server= boot=1 commit=2 told=3",
    "n=1 time=" TIME_TEXT " told server=a23456789012345678901234567890123 boot=1 commit=2 told=3",
    "n=1 time=" TIME_TEXT " told server=s boot=1 told=3 commit=2",
    "n=1 time=" TIME_TEXT " told server=s boot=-1 commit=2 told=3",
    "n=1 time=" TIME_TEXT " told server=s boot=1 commit=2",
    "n=1 time=" TIME_TEXT
    " server server=s pool=p weight=1 state=up->down boot=0 commit=0 told=0 limit=1"
    " store=s why=w",
    "n=1 time=" TIME_TEXT
    " server server=s pool=p weight=1 state=up→away boot=0 commit=0 told=0 limit=1"
    " store=s why=w",
    "n=1 time=" TIME_TEXT " state router=r store=s flight=1 sales=0 after_gap=0 servers=\"\"",
    "n=1 time=" TIME_TEXT " state router=r store=s flight=1 sales=0 servers=",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|p|up|1+2|1.1|5|1/1|1/0|0/0|0@",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|p|up|1+2|1.1|5|1/1|1/0|0/0|0@0,",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|up|1+2|1.1|5|1/1|1/0|0/0|0@0",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|p|up|1+2|1.1|5|1/1|1/-0|0/0|0@0",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|p|new|1+2|1.1|5|1/1|1/0|0/0|0@0",
    "n=1 time=" TIME_TEXT
    " state router=r store=s flight=1 sales=0 servers=a|p|left|1+2|1.1|5|1/1|1/0|0/0|0@0",
    "n=1 time=" TIME_TEXT " state router=r store=s flight=1 sales=0 servers=--",
    "n=1 time=" TIME_TEXT " state router=r store=s flight=1 sales=0 servers=-,",
    "n=1 time=" TIME_TEXT " state router=r store=s flight=1 sales=0 servers=- ",
    "n=1 time=" TIME_TEXT " limit server=s limit=-1 why=w",
    "n=1 time=" TIME_TEXT " limit server=s limit=1",
    "n=1 time=" TIME_TEXT " scale from=1 to=2 up=1 pending=1 waiting=1 commit=1 why=w",
    "n=1 time=" TIME_TEXT " scale from=-1 to=2 up=1 pending=1 waiting=1 commit=1 cpu=1 why=w",
    CHOICE_HEAD "",
    CHOICE_HEAD "server-1:1+0",
    CHOICE_HEAD "server-2:1+0,",
    CHOICE_HEAD "server-2:1+0!gone",
    CHOICE_HEAD "server-2:1-1",
    CHOICE_HEAD "server-2:01+0",
    CHOICE_HEAD "+1",
    CHOICE_HEAD "server-2:1+0,+0",
    CHOICE_HEAD "server-1:1+0,server-2:1+0,+3",
    CHOICE_HEAD "server-2:1+0,a:1+0,b:1+0,+3",
};

static void refuses_every_other_spelling(void)
{
    for (size_t i = 0; i < sizeof other_spellings / sizeof *other_spellings; i++) {
        CU_ASSERT_FALSE(parse(other_spellings[i]));
        CU_ASSERT_STRING_NOT_EQUAL(error, "");
        if (line.text.length > strlen(other_spellings[i]) + 1)
            CU_FAIL("kept more than the line holds");
    }
    static const char nul[] = "n=1 time=" TIME_TEXT " stopped router=a\0b";
    CU_ASSERT_FALSE(routing_line_parse(nul, sizeof nul - 1, &line, error));
}

static void says_what_was_expected_where(void)
{
    CU_ASSERT_FALSE(parse("n=1 time=" TIME_TEXT " told server=s boot=x"));
    CU_ASSERT_STRING_EQUAL(error, "expected a number at byte 56");
    CU_ASSERT_FALSE(parse("n=1 time=" TIME_TEXT " told server=s boot=1 commit=2 told=03"));
    CU_ASSERT_STRING_EQUAL(error, "expected the router's own spelling at byte 72");
    CU_ASSERT_FALSE(parse("n=1 time=" TIME_TEXT " started router=r version=1"));
    CU_ASSERT_STRING_EQUAL(
        error, "expected version=3 or 4 (`make reset` puts an older log aside) at byte 63");
    routing_line_free(&line);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("routing_line", "knows who answers", knows_who_answers);
    suite_add("routing_line", "writes and reads each kind", writes_and_reads_each_kind);
    suite_add("routing_line", "writes and reads a state", writes_and_reads_a_state);
    suite_add("routing_line", "writes and reads a choice", writes_and_reads_a_choice);
    suite_add("routing_line", "lists two of many candidates", lists_two_of_many_candidates);
    suite_add("routing_line", "escapes what could forge a line", escapes_what_could_forge_a_line);
    suite_add("routing_line", "refuses every other spelling", refuses_every_other_spelling);
    suite_add("routing_line", "says what was expected where", says_what_was_expected_where);
}
