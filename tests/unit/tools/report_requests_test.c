/* What the report says of forwarded requests and sessions, line by line. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/tools/script.h"

#define FIGURES "sold=files-1:0+0,files-2:0+0"

/* A router starts, with two servers of files and one of pictures. */
static void start(void)
{
    script_start();
    script_up("files-1", "files");
    script_up("files-2", "files");
    script_up("pictures-1", "pictures");
}

static void begin(void)
{
    script_clear();
    start();
}

/* A choice for request number `request`; the rest of it from route= on. */
static void choose(int request, const char *rest)
{
    script_add(
        "choice request=0193b0aa-0000-7000-8000-%012d client=::1 route=r policy=fewest-sold %s",
        request, rest);
}

static void choose_by(int request, const char *route, const char *rest)
{
    script_add(
        "choice request=0193b0aa-0000-7000-8000-%012d client=::1 route=%s policy=fewest-sold %s",
        request, route, rest);
}

static void choose_session(int request, const char *session, const char *pinned, const char *rest)
{
    char text[256];
    snprintf(text, sizeof text, "affinity=cookie session=%s%s%s %s " FIGURES, session,
             pinned != NULL ? " pinned=" : "", pinned != NULL ? pinned : "", rest);
    choose(request, text);
}

static void end(int request, const char *rest)
{
    script_add("done request=0193b0aa-0000-7000-8000-%012d %s", request, rest);
}

static void end_fine(int request, const char *server)
{
    char text[128];
    snprintf(text, sizeof text, "server=%s status=200 sent=0 received=1 took=1 how=answered",
             server);
    end(request, text);
}

/* --- requests ---------------------------------------------------------------------------------- */

static void a_request_ends_once(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    end_fine(1, "files-1");
    script_stop();
    script_expect(CHECK_DONE, 0, "");
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    choose(2, "to=files-2 why=least-recent " FIGURES);
    end_fine(1, "files-1");
    end_fine(1, "files-1");
    end_fine(2, "files-2");
    script_stop();
    script_expect(CHECK_DONE, 2, "is not under way: it was done before, or its choice is missing");
}

static void a_request_ends_where_it_went(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    choose(2, "to=files-2 why=least-recent " FIGURES);
    end_fine(1, "files-2");
    end_fine(2, "files-2");
    script_stop();
    script_expect(CHECK_DONE, 2, "is done by files-2, but went to files-1 at log:8");
    begin();
    end_fine(1, "files-3");
    script_stop();
    script_expect(CHECK_DONE, 1, "done by files-3, which is not in the list");
}

static void an_answer_has_the_status_of_one(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    end(1, "server=files-1 status=0 sent=0 received=0 took=0 how=answered");
    script_stop();
    script_expect(CHECK_DONE, 1, "status=0 is no answer's");
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    end(1, "server=files-1 status=0 sent=0 received=0 took=0 how=left");
    script_stop();
    script_expect(CHECK_DONE, 0, "");
}

static void a_stop_leaves_no_request_open(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    script_stop();
    script_expect(CHECK_ENDS, 1, "1 requests are not done");
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    start(); /* a crash does */
    script_stop();
    script_expect(CHECK_ENDS, 0, "");
}

static void a_request_is_not_forwarded_twice_at_once(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    choose(1, "to=files-2 why=least-recent " FIGURES);
    end_fine(1, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "is still under way, since log:8");
    begin();
    choose(1, "to=files-1 why=least-recent " FIGURES);
    end_fine(1, "files-1");
    choose(1, "to=files-2 why=least-recent " FIGURES);
    end_fine(1, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
}

/* --- sessions ---------------------------------------------------------------------------------- */

static void a_session_is_pinned_where_it_was_given(void)
{
    begin();
    choose_session(1, "aa", NULL, "to=files-1 why=least-recent");
    choose_session(2, "aa", "files-1", "to=files-1 why=session");
    end_fine(1, "files-1");
    end_fine(2, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    begin();
    choose_session(1, "aa", NULL, "to=files-1 why=least-recent");
    choose_session(2, "aa", "files-2", "to=files-2 why=session");
    end_fine(1, "files-1");
    end_fine(2, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(script_verdict()->noted,
               "session=aa is pinned to files-2, which no line has given it: another"));
}

/* A cookie is older than the log, or comes from the router before: that one may have put it anywhere. */
static void an_older_session_may_be_anywhere(void)
{
    begin();
    choose_session(1, "aa", "files-2", "to=files-2 why=session");
    end_fine(1, "files-2");
    choose_session(2, "bb", NULL, "to=files-1 why=least-recent");
    end_fine(2, "files-1");
    script_stop();
    start();
    choose_session(3, "bb", "files-2", "to=files-2 why=session");
    end_fine(3, "files-2");
    choose_session(4, "aa", NULL, "to=files-1 why=least-recent");
    end_fine(4, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
}

static void a_session_may_move_in_a_gap(void)
{
    static const char servers[] = "files-1|files|up|0+0|0.0|9|0/1|8/0|0/0|0@0,"
                                  "files-2|files|up|0+0|0.0|9|1/1|12/0|0/0|0@0,"
                                  "pictures-1|pictures|up|0+0|0.0|9|0/1|0/0|0/0|0@0";
    begin();
    choose_session(1, "aa", NULL, "to=files-1 why=least-recent");
    script_skip_to(20);
    script_add("state router=" SCRIPT_ROUTER " store=\"\" flight=1 sales=0 after_gap=9 servers=%s",
               servers);
    choose_session(2, "aa", "files-2", "to=files-2 why=session");
    end_fine(2, "files-2");
    end_fine(3, "files-2"); /* its choice is one of the lines missing */
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    CU_ASSERT_EQUAL(script_verdict()->gaps, 1);
    CU_ASSERT_PTR_NULL(strstr(script_verdict()->noted, "which no line has given it"));
}

static void a_known_session_is_pinned(void)
{
    begin();
    choose_session(1, "aa", NULL, "to=files-1 why=least-recent");
    choose_session(2, "aa", NULL, "to=files-2 why=least-recent");
    end_fine(1, "files-1");
    end_fine(2, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "session=aa is pinned to no server, but it has had one");
}

static void a_session_is_pinned_in_its_pool(void)
{
    begin();
    choose_session(1, "aa", "pictures-1", "to=files-1 why=session");
    end_fine(1, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 2, "pinned=pictures-1, which is no server of pool files");
    begin();
    choose_session(1, "aa", NULL, "to=files-1 why=least-recent");
    choose_by(2, "s", "affinity=cookie session=aa to=pictures-1 why=fewest sold=pictures-1:0+0");
    end_fine(1, "files-1");
    end_fine(2, "pictures-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, ""); /* another pool's session, though of the same name */
}

/* A log does not hold the configuration, but what a route is for shows in its first choice. */
static void a_route_stays_what_it_is(void)
{
    begin();
    choose_by(1, "r", "to=files-1 why=least-recent " FIGURES);
    choose_by(2, "s", "affinity=cookie session=aa to=files-2 why=least-recent " FIGURES);
    choose_by(3, "r", "affinity=cookie session=bb to=files-1 why=least-recent " FIGURES);
    choose_by(4, "s", "to=pictures-1 why=fewest sold=pictures-1:0+0");
    end_fine(1, "files-1");
    end_fine(2, "files-2");
    end_fine(3, "files-1");
    end_fine(4, "pictures-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 2,
                  "route=s has pool pictures, policy=fewest-sold, affinity=none, but");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_requests", "a request ends once", a_request_ends_once);
    suite_add("report_requests", "a request ends where it went", a_request_ends_where_it_went);
    suite_add("report_requests", "an answer has the status of one",
              an_answer_has_the_status_of_one);
    suite_add("report_requests", "a stop leaves no request open", a_stop_leaves_no_request_open);
    suite_add("report_requests", "a request is not forwarded twice at once",
              a_request_is_not_forwarded_twice_at_once);
    suite_add("report_requests", "a session is pinned where it was given",
              a_session_is_pinned_where_it_was_given);
    suite_add("report_requests", "an older session may be anywhere",
              an_older_session_may_be_anywhere);
    suite_add("report_requests", "a session may move in a gap", a_session_may_move_in_a_gap);
    suite_add("report_requests", "a known session is pinned", a_known_session_is_pinned);
    suite_add("report_requests", "a route stays what it is", a_route_stays_what_it_is);
    suite_add("report_requests", "a session is pinned in its pool",
              a_session_is_pinned_in_its_pool);
}
