/* What the report says of requests that are asked again elsewhere, line by line. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/tools/script.h"
#include "tools/report/replay.h"

#define CONNECT "status=0 sent=0 received=0 took=1 how=connect"
#define TROUBLE "status=500 sent=0 received=1 took=1 how=answered"
#define FINE    "status=200 sent=0 received=1 took=1 how=answered"

static void begin(void)
{
    script_clear();
    script_start();
    script_up("files-1", "files");
    script_up("files-2", "files");
}

/* `list`: the choice from to= on. */
static void choose(int request, const char *list)
{
    script_add("choice request=0193b0aa-0000-7000-8000-%012d client=::1 route=r policy=fewest-sold "
               "%s",
               request, list);
}

static void end(int request, const char *server, const char *how)
{
    script_add("done request=0193b0aa-0000-7000-8000-%012d server=%s %s", request, server, how);
}

/* A request is done at files-1 like this, and chosen for again. */
static void ask_again(const char *how, const char *list)
{
    begin();
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(1, "files-1", how);
    choose(1, list);
}

static void who_was_asked_in_vain_is_marked(void)
{
    static const char *const vain[] = {
        CONNECT,
        TROUBLE,
        "status=502 sent=0 received=1 took=1 how=answered",
        "status=503 sent=0 received=1 took=1 how=answered",
        "status=504 sent=0 received=1 took=1 how=answered",
        "status=0 sent=0 received=0 took=1 how=lost",
        "status=0 sent=0 received=0 took=1 how=bad",
        "status=200 sent=0 received=0 took=1 how=late",
    };
    for (size_t i = 0; i < sizeof vain / sizeof *vain; i++) {
        ask_again(vain[i], "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
        end(1, "files-2", FINE);
        script_stop();
        script_expect(CHECK_REQUESTS, 0, "");
        ask_again(vain[i], "to=files-2 why=least-recent sold=files-1:0+0,files-2:0+0");
        end(1, "files-2", FINE);
        script_stop();
        script_expect(CHECK_REQUESTS, 1, "files-1 is marked none, but !asked was expected");
    }
}

static void who_was_not_asked_in_vain_is_not(void)
{
    static const char *const others[] = {
        FINE,
        "status=501 sent=0 received=1 took=1 how=answered",
        "status=404 sent=0 received=1 took=1 how=answered",
        "status=0 sent=0 received=0 took=1 how=left",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ask_again(others[i], "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
        end(1, "files-2", FINE);
        script_stop();
        script_expect(CHECK_REQUESTS, 1, "files-1 is marked !asked, but none was expected");
    }
    begin(); /* another request was */
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(1, "files-1", TROUBLE);
    choose(2, "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    end(2, "files-2", FINE);
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "files-1 is marked !asked, but none was expected");
}

static void who_was_asked_may_be_asked_where_nobody_else_is(void)
{
    begin();
    script_move("files-2", "files", "up→down");
    choose(1, "to=files-1 why=fewest sold=files-1:0+0,files-2:0+0!down");
    end(1, "files-1", TROUBLE);
    choose(1, "to=files-1 why=fewest sold=files-1:0+0,files-2:0+0!down");
    end(1, "files-1", TROUBLE);
    script_move("files-2", "files", "down→up");
    choose(1, "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    end(1, "files-2", TROUBLE);
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    ask_again(CONNECT, "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    end(1, "files-2", CONNECT);
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(1, "files-1", FINE);
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
}

static void the_asked_one_is_not_chosen(void)
{
    ask_again(TROUBLE, "to=files-1 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    end(1, "files-1", FINE);
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "to=files-1, but to=files-2 was expected");
}

static void a_request_is_asked_so_often(void)
{
    ask_again(CONNECT, "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    end(1, "files-2", CONNECT);
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(1, "files-1", CONNECT);
    choose(1, "to=files-2 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(1, "files-2", FINE);
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "was given to 3 servers before, in vain");
}

/* Where lines are missing, a mark is believed, and so is none. */
static void a_gap_may_hide_what_was_asked(void)
{
    static const char servers[] = "files-1|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0,"
                                  "files-2|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0";
    for (int i = 0; i < 2; i++) {
        begin();
        choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
        end(1, "files-1", TROUBLE);
        script_skip_to(20);
        script_add("state router=" SCRIPT_ROUTER " store=\"\" flight=1 sales=0 after_gap=8 "
                   "servers=%s",
                   servers);
        choose(1, i == 0 ? "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0"
                         : "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
        end(1, i == 0 ? "files-2" : "files-1", FINE);
        script_stop();
        script_expect(CHECK_REQUESTS, 0, "");
    }
}

/* One router is killed while nothing can be written, and the next one starts: its first line is its state. */
static void a_router_may_start_in_a_gap(void)
{
    static const char other[] = "0193b0aa-0000-7000-8000-00000000cafe";
    begin();
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    script_skip_to(5);
    script_add("state router=%s store=\"\" flight=1 sales=0 after_gap=1 "
               "servers=files-1|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0,"
               "files-2|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0",
               other);
    choose(2, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    end(2, "files-1", FINE);
    script_add("stopped router=%s", other);
    script_expect(CHECK_ENDS, 0, "");
    CU_ASSERT_EQUAL(script_verdict()->crashes, 1);
    CU_ASSERT_EQUAL(script_verdict()->sessions, 2);
}

/* --- a log of many that fail ------------------------------------------------------------------- */

enum {
    MANY = 140000, /* requests, more than are remembered */
};

static struct replay replay;
static uint64_t number;

static void feed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void feed(const char *format, ...)
{
    char text[1024];
    int length =
        snprintf(text, sizeof text, "n=%" PRIu64 " time=2026-11-21T10:00:00.000000Z ", ++number);
    va_list values;
    va_start(values, format);
    length += vsnprintf(text + length, sizeof text - (size_t)length, format, values);
    va_end(values);
    replay_line(&replay, text, (size_t)length, false);
}

static void feed_choice(int request, const char *list)
{
    feed("choice request=0193b0aa-0000-7000-8000-%012d client=::1 route=r policy=fewest-sold %s",
         request, list);
}

static void feed_end(int request)
{
    feed("done request=0193b0aa-0000-7000-8000-%012d server=files-1 " TROUBLE, request);
}

static void feed_up(const char *server)
{
    static const char *const moves[] = {"new→joining", "joining→up"};
    for (size_t i = 0; i < 2; i++)
        feed("server server=%s pool=files weight=1 state=%s boot=0 commit=0 told=0 limit=9 "
             "store=\"\" why=x",
             server, moves[i]);
}

/* Each is asked once, in vain. */
static void feed_failures(void)
{
    number = 0;
    feed("started router=" SCRIPT_ROUTER " version=3");
    feed_up("files-1");
    for (int i = 0; i < MANY; i++) {
        feed_choice(i, "to=files-1 why=fewest sold=files-1:0+0");
        feed_end(i);
    }
}

/* What is forgotten by then may be marked, or not. */
static void among_many_that_fail_the_latest_are_remembered(void)
{
    struct findings findings = {0};
    struct ledger ledger;
    ledger_init(&ledger, &findings);
    replay_init(&replay, &ledger);
    findings_file(&findings, "log", 1);
    feed_failures();
    CU_ASSERT(replay.asked[0].count <= 65536 && replay.asked[1].count <= 65536);
    CU_ASSERT(replay.asked[0].count + replay.asked[1].count > 65536);
    feed_up("files-2");
    feed_choice(0, "to=files-2 why=fewest sold=files-1:0+0!asked,files-2:0+0");
    feed_choice(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0");
    CU_ASSERT_EQUAL(findings.violations, 0);
    replay_free(&replay);
    ledger_free(&ledger);
    findings_free(&findings);
}

/* A server of many that is marked is listed. */
static void among_many_servers_who_was_asked_is_listed(void)
{
    for (int i = 0; i < 2; i++) {
        script_clear();
        script_start();
        for (int j = 1; j <= 17; j++) {
            char id[16];
            snprintf(id, sizeof id, "files-%d", j);
            script_up(id, "files");
        }
        choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,+15");
        end(1, "files-1", TROUBLE);
        choose(1, i == 0 ? "to=files-2 why=least-recent "
                           "sold=files-2:0+0,files-3:0+0,files-1:0+0!asked,+14"
                         : "to=files-2 why=least-recent sold=files-2:0+0,files-3:0+0,+15");
        end(1, "files-2", FINE);
        script_stop();
        script_expect(CHECK_REQUESTS, (uint64_t)i, i == 0 ? "" : "files-1 is not listed");
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_asked", "who was asked in vain is marked", who_was_asked_in_vain_is_marked);
    suite_add("report_asked", "who was not asked in vain is not", who_was_not_asked_in_vain_is_not);
    suite_add("report_asked", "who was asked may be asked where nobody else is",
              who_was_asked_may_be_asked_where_nobody_else_is);
    suite_add("report_asked", "the asked one is not chosen", the_asked_one_is_not_chosen);
    suite_add("report_asked", "a request is asked so often", a_request_is_asked_so_often);
    suite_add("report_asked", "a gap may hide what was asked", a_gap_may_hide_what_was_asked);
    suite_add("report_asked", "a router may start in a gap", a_router_may_start_in_a_gap);
    suite_add("report_asked", "among many that fail the latest are remembered",
              among_many_that_fail_the_latest_are_remembered);
    suite_add("report_asked", "among many servers, who was asked is listed",
              among_many_servers_who_was_asked_is_listed);
}
