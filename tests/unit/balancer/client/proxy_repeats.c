#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer/client/proxy.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/client/counter.h"

/* Which requests another server is asked for, and how often. */

#define HEAD(method, further) method " / HTTP/1.1\r\nHost: a\r\n" further "\r\n"
#define KEYED                 "Idempotency-Key: 0123456789abcdef\r\n"

enum {
    LONG_BODY = 80000, /* more than is kept for a repeat */
};

static const struct pool_rules ample = {.limit = 100, .waiting = 10, .retry_reserve = 100};

/* With the first server in trouble, and perhaps the other. */
static void open_trouble(const struct pool_rules *rules, unsigned first, unsigned second)
{
    counter_open_files(rules);
    held_loop_hold(&counter.held);
    counter.fakes[0].status = first;
    counter.fakes[1].status = second;
    held_loop_free(&counter.held);
}

/* How many requests each server has had. */
static void expect_asked(unsigned first, unsigned second)
{
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests, first);
    CU_ASSERT_EQUAL(counter.fakes[1].requests, second);
    held_loop_free(&counter.held);
}

static void trouble_is_not_passed_on_while_another_is_up(void)
{
    static const unsigned troubles[] = {500, 502, 503, 504};
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        char done[64];
        open_trouble(&ample, troubles[i], 0);
        CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 200);
        CU_ASSERT(counter_body_has("\"files-2\""));
        expect_asked(1, 1);
        snprintf(done, sizeof done, " server=files-1 status=%u sent=0 received=18 ", troubles[i]);
        CU_ASSERT(counter_logged(done));
        CU_ASSERT(counter_logged(" to=files-2 why=turn "));
        counter_close();
    }
}

static void other_answers_are_passed_on(void)
{
    static const unsigned answers[] = {404, 429, 501, 505};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        open_trouble(&ample, answers[i], 0);
        CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), answers[i]);
        expect_asked(1, 0);
        counter_close();
    }
}

static void the_last_answer_is_passed_on(void)
{
    open_trouble(&ample, 500, 503);
    CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 503);
    expect_asked(1, 1);
    counter_close();
}

static void nobody_is_asked_twice_where_nobody_else_is_up(void)
{
    open_trouble(&ample, 500, 0);
    held_loop_hold(&counter.held);
    servers_failed(&counter.servers, 1, counter.servers.list[1].start, "for a test");
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 500);
    CU_ASSERT(counter_body_has("\"files-1\""));
    expect_asked(1, 0);
    counter_close();
}

/* What a server does that is asked in vain. */
static const struct trouble {
    enum fake_manner manner;
    unsigned status;
    const char *how;
} troubles[] = {
    {FAKE_ANSWERS, 500, "how=answered"},
    {FAKE_CLOSES, 0, "how=lost"},
    {FAKE_NO_HTTP, 0, "how=bad"},
};

/* Both servers have had requests, of clients who are all the same to the policy: the first is for the broken one. */
static void expect_healed(enum policy policy, enum affinity affinity, const struct trouble *trouble)
{
    uint64_t client = policy_hash("127.0.0.1");
    bool second =
        policy_score(client, policy_hash("files-1")) < policy_score(client, policy_hash("files-2"));
    counter_open_files(&ample);
    held_loop_hold(&counter.held);
    counter.config.routes[0].policy = policy;
    counter.config.routes[0].affinity = affinity;
    counter.fakes[second].manner = trouble->manner;
    counter.fakes[second].status = trouble->status;
    held_loop_free(&counter.held);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 200);
    expect_asked(3, 3);
    CU_ASSERT(counter_logged(trouble->how));
    CU_ASSERT(counter_logged("!asked"));
    counter_close();
}

static void whose_server_is_broken_is_answered_by_another(void)
{
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        unsigned before = CU_get_number_of_failures();
        expect_healed(POLICY_IP_HASH, AFFINITY_NONE, &troubles[i]);
        expect_healed(POLICY_ROUND_ROBIN, AFFINITY_ADDRESS, &troubles[i]);
        if (CU_get_number_of_failures() != before)
            printf("  with: %s\n", troubles[i].how);
    }
}

static void garbage_is_repeated_where_that_does_no_harm(void)
{
    open_trouble(&ample, 0, 0);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = counter.fakes[1].manner = FAKE_NO_HTTP;
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_ask(HEAD("POST", "Content-Length: 4\r\n") "body"), 502);
    expect_asked(1, 0);
    CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 502);
    held_loop_hold(&counter.held);
    CU_ASSERT_EQUAL(counter.fakes[0].requests + counter.fakes[1].requests, 3); /* each once */
    held_loop_free(&counter.held);
    counter_close();
}

struct row {
    const char *request;
    bool repeated;
};

static const struct row rows[] = {
    {HEAD("OPTIONS", ""), true},
    {HEAD("PUT", "Content-Length: 0\r\n"), false},
    {HEAD("DELETE", ""), false},
    {HEAD("POST", "Content-Length: 4\r\n") "body", false},
    {HEAD("PATCH", "Content-Length: 4\r\n") "body", false},
    {HEAD("PUT", KEYED "Content-Length: 4\r\n") "body", true},
    {HEAD("POST", KEYED "Content-Length: 4\r\n") "body", true},
};

/* In trouble: an answer of 500, or none at all. */
static void expect_repeated(const struct row *row, bool answers)
{
    open_trouble(&ample, answers ? 500 : 0, 0);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = answers ? FAKE_ANSWERS : FAKE_CLOSES;
    held_loop_free(&counter.held);
    unsigned status = counter_ask(row->request), untold = answers ? 500 : 502;
    CU_ASSERT_EQUAL(status, row->repeated ? 200 : untold);
    expect_asked(1, row->repeated);
    held_loop_hold(&counter.held);
    if (row->repeated && strstr(row->request, "body") != NULL)
        CU_ASSERT_STRING_EQUAL(buffer_text(&counter.fakes[1].body), "body");
    held_loop_free(&counter.held);
    counter_close();
}

static void only_what_does_no_harm_is_repeated(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned before = CU_get_number_of_failures();
        expect_repeated(&rows[i], true);
        expect_repeated(&rows[i], false);
        if (CU_get_number_of_failures() != before)
            printf("  with: %s\n", rows[i].request);
    }
}

/* Ticket servers keep the key of a check-in, and no other of what comes one by one. */
static void ticket_servers_are_asked_twice_only_what_they_keep_the_key_of(void)
{
    static const struct row asked[] = {
        {"GET /events HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"POST /check-ins HTTP/1.1\r\nHost: a\r\n" KEYED "Content-Length: 4\r\n\r\nbody", true},
        {"POST /check-ins HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", false},
        {"PATCH /check-ins HTTP/1.1\r\nHost: a\r\n" KEYED "Content-Length: 4\r\n\r\nbody", false},
        {"POST /tokens HTTP/1.1\r\nHost: a\r\n" KEYED "Content-Length: 4\r\n\r\nbody", false},
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        counter_open(COUNTER_SERVERS, 1);
        held_loop_hold(&counter.held);
        counter.fakes[0].status = counter.fakes[1].status = 500;
        held_loop_free(&counter.held);
        CU_ASSERT_EQUAL(counter_ask(asked[i].request), 500);
        held_loop_hold(&counter.held);
        CU_ASSERT_EQUAL(counter.fakes[0].requests + counter.fakes[1].requests,
                        1U + asked[i].repeated);
        held_loop_free(&counter.held);
        counter_close();
    }
}

/* Whoever was not reached has seen nothing. */
static void what_was_not_sent_is_asked_elsewhere(void)
{
    static const struct pool_rules thrifty = {.limit = 100, .waiting = 10};
    counter_open_files(&thrifty);
    held_loop_hold(&counter.held);
    fake_server_die(&counter.fakes[0]);
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_ask(HEAD("POST", "Content-Length: 4\r\n") "body"), 200);
    expect_asked(0, 1);
    counter_close();
}

static void a_long_body_is_not_sent_twice(void)
{
    struct buffer request = {0};
    buffer_printf(&request, HEAD("POST", KEYED "Content-Length: %d\r\n"), LONG_BODY);
    for (int i = 0; i < LONG_BODY; i++)
        buffer_add_char(&request, 'x');
    open_trouble(&ample, 500, 0);
    CU_ASSERT_EQUAL(counter_ask(buffer_text(&request)), 500);
    expect_asked(1, 0);
    buffer_free(&request);
    counter_close();
}

/* Two repeats at first; of what is asked later, one for every two. */
static void repeats_keep_to_the_budget(void)
{
    static const struct pool_rules thrifty = {
        .limit = 100, .waiting = 10, .retry_reserve = 2, .retry_share = 500};
    unsigned asked = 0, requests = 0;
    open_trouble(&thrifty, 503, 503);
    for (; requests < 20; requests++)
        CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 503);
    held_loop_hold(&counter.held);
    asked = counter.fakes[0].requests + counter.fakes[1].requests;
    held_loop_free(&counter.held);
    CU_ASSERT(asked <= requests + 2 + requests / 2);
    CU_ASSERT(asked >= requests + requests / 2);
    counter_close();
}

static void a_lost_connection_is_paid_for(void)
{
    static const struct pool_rules poor = {.limit = 100, .waiting = 10};
    open_trouble(&poor, 0, 0);
    held_loop_hold(&counter.held);
    counter.fakes[0].manner = FAKE_CLOSES;
    held_loop_free(&counter.held);
    CU_ASSERT_EQUAL(counter_ask(HEAD("GET", "")), 502);
    expect_asked(1, 0);
    counter_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy repeats", "trouble is not passed on while another is up",
              trouble_is_not_passed_on_while_another_is_up);
    suite_add("proxy repeats", "other answers are passed on", other_answers_are_passed_on);
    suite_add("proxy repeats", "the last answer is passed on", the_last_answer_is_passed_on);
    suite_add("proxy repeats", "nobody is asked twice where nobody else is up",
              nobody_is_asked_twice_where_nobody_else_is_up);
    suite_add("proxy repeats", "whose server is broken is answered by another",
              whose_server_is_broken_is_answered_by_another);
    suite_add("proxy repeats", "garbage is repeated where that does no harm",
              garbage_is_repeated_where_that_does_no_harm);
    suite_add("proxy repeats", "only what does no harm is repeated",
              only_what_does_no_harm_is_repeated);
    suite_add("proxy repeats", "ticket servers are asked twice only what they keep the key of",
              ticket_servers_are_asked_twice_only_what_they_keep_the_key_of);
    suite_add("proxy repeats", "what was not sent is asked elsewhere",
              what_was_not_sent_is_asked_elsewhere);
    suite_add("proxy repeats", "a long body is not sent twice", a_long_body_is_not_sent_twice);
    suite_add("proxy repeats", "a lost connection is paid for", a_lost_connection_is_paid_for);
    suite_add("proxy repeats", "repeats keep to the budget", repeats_keep_to_the_budget);
}
