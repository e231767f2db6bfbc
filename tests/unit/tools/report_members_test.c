/* What the report says of servers that come, go, and are out of the running; of limits, and of scaling. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/tools/script.h"

static void begin(void)
{
    script_clear();
    script_start();
    script_up("files-1", "files");
    script_up("files-2", "files");
    script_up("files-3", "files");
}

static void choose(int request, const char *rest)
{
    script_add("choice request=0193b0aa-0000-7000-8000-%012d client=::1 route=r "
               "policy=fewest-sold %s",
               request, rest);
}

static void end(int request, const char *server)
{
    script_add("done request=0193b0aa-0000-7000-8000-%012d server=%s status=200 sent=0 received=1 "
               "took=1 how=answered",
               request, server);
}

static void leave(const char *server)
{
    script_move(server, "files", "up→left");
}

/* --- moves ------------------------------------------------------------------------------------- */

enum {
    STATES = SERVER_LEFT + 1,
};

/* Rows: from; columns: to, in the order of enum server_state. */
static const char legal[STATES][STATES + 1] = {
    /* njuodxel */
    ".+......", /* new */
    "..++++.+", /* joining */
    "...+++++", /* up */
    "..+.++++", /* overloaded */
    "..++.+++", /* draining */
    ".++++.++", /* down */
    "..++++.+", /* ejected */
    "........", /* left */
};

static const char *move_of(int from, int to)
{
    static char text[32];
    snprintf(text, sizeof text, "%s→%s", server_state_name((enum server_state)from),
             server_state_name((enum server_state)to));
    return text;
}

/* Brings the server into a state, by legal moves. */
static void bring(const char *server, int state)
{
    if (state == SERVER_NEW)
        return;
    script_move(server, "files", move_of(SERVER_NEW, SERVER_JOINING));
    if (state == SERVER_EJECTED)
        script_move(server, "files", move_of(SERVER_JOINING, SERVER_UP));
    if (state != SERVER_JOINING)
        script_move(server, "files",
                    move_of(state == SERVER_EJECTED ? SERVER_UP : SERVER_JOINING, state));
}

/* Of a server that has left, nothing is known: it is new. */
static void moves_are_legal(void)
{
    for (int from = SERVER_NEW; from < STATES; from++) {
        for (int to = SERVER_NEW; to < STATES; to++) {
            bool fine = legal[from][to] == '+';
            begin();
            bring("files-4", from);
            script_move("files-4", "files", move_of(from, to));
            script_stop();
            script_expect(CHECK_STATES, (fine ? 0u : 1u) + (from == SERVER_LEFT ? 1u : 0u),
                          fine ? "" : "is no legal move");
        }
    }
}

static void a_move_begins_where_the_server_is(void)
{
    begin();
    script_move("files-1", "files", "down→ejected");
    script_stop();
    script_expect(CHECK_STATES, 1, "files-1 state=down→ejected, but it was up since log:3");
}

/* --- who is out of the running ----------------------------------------------------------------- */

static void each_state_has_its_mark(void)
{
    begin();
    script_move("files-1", "files", "up→draining");
    script_move("files-2", "files", "up→overloaded");
    choose(1, "to=files-3 why=fewest sold=files-1:0+0!draining,files-2:0+0!overloaded,files-3:0+0");
    script_move("files-1", "files", "draining→ejected");
    script_move("files-2", "files", "overloaded→down");
    choose(2, "to=files-3 why=fewest sold=files-1:0+0!ejected,files-2:0+0!down,files-3:0+0");
    end(1, "files-3");
    end(2, "files-3");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
}

static void a_mark_is_that_of_the_state(void)
{
    static const char *const cases[][2] = {
        {"!down",
         "files-1 is marked !down, but !draining was expected (it is draining since log:8"},
        {"!overloaded", "files-1 is marked !overloaded, but !draining was expected"},
        {"!full", "files-1 is marked !full, but !draining was expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char rest[128];
        begin();
        script_move("files-1", "files", "up→draining");
        snprintf(rest, sizeof rest,
                 "to=files-2 why=least-recent sold=files-1:0+0%s,files-2:0+0,files-3:0+0",
                 cases[i][0]);
        choose(1, rest);
        end(1, "files-2");
        script_stop();
        script_expect(CHECK_REQUESTS, 1, cases[i][1]);
    }
    begin();
    script_move("files-1", "files", "up→draining");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "files-1 is marked none, but !draining was expected");
}

/* --- the list ---------------------------------------------------------------------------------- */

static void who_has_left_is_no_candidate(void)
{
    begin();
    leave("files-2");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-3:0+0");
    end(1, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    begin();
    leave("files-2");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 3, "3 candidates (3 listed), but the router knew 2 servers");
}

static void who_is_there_is_a_candidate(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-3:0+0");
    end(1, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 3, "files-2 is not listed, though it is up since log:5");
}

static void a_left_place_is_taken_first(void)
{
    begin();
    leave("files-2");
    leave("files-1");
    script_up("files-9", "files");
    choose(1, "to=files-9 why=least-recent sold=files-9:0+0,files-3:0+0");
    script_up("files-1", "files");
    script_up("files-8", "files");
    choose(2, "to=files-1 why=least-recent sold=files-9:0+0,files-1:0+0,files-3:0+0,files-8:0+0");
    end(1, "files-9");
    end(2, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    begin();
    leave("files-2");
    script_up("files-9", "files");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-3:0+0,files-9:0+0");
    end(1, "files-1");
    script_stop();
    script_expect(
        CHECK_REQUESTS, 2,
        "sold= has files-3 in place 2, where files-9 was expected, which joined at log:9");
}

/* Ties go by the order of the list, where nobody was chosen before. */
static void places_decide_ties(void)
{
    begin();
    leave("files-1");
    script_up("files-9", "files");
    choose(1, "to=files-2 why=least-recent sold=files-9:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 1, "to=files-2, but to=files-9 was expected");
}

static void who_leaves_has_nothing_under_way(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    leave("files-1");
    script_start(); /* a crash leaves what it will */
    script_stop();
    script_expect(CHECK_STATES, 1,
                  "files-1 has left, but 0 tickets are pending and 1 requests under way there "
                  "(last asked at the beginning, last busy at log:8)");
}

/* What it told, its turns and its weight are forgotten, also where it comes back. */
static void who_comes_back_begins_anew(void)
{
    begin();
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-1");
    leave("files-1");
    script_add("server server=files-1 pool=other weight=7 state=new→joining boot=0 commit=0 told=0 "
               "limit=3 store=\"\" why=w");
    script_add("server server=files-1 pool=other weight=7 state=joining→up boot=0 commit=0 told=0 "
               "limit=3 store=\"\" why=w");
    script_add("choice request=0193b0aa-0000-7000-8000-000000000002 client=::1 route=s "
               "policy=round-robin to=files-1 why=turn turn=files-1:0/7");
    end(2, "files-1");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    begin();
    leave("files-1");
    script_add("told server=files-1 boot=1 commit=1 told=1");
    script_add("load server=files-1 cpu=1 memory=1 commit=1 workload=1");
    script_stop();
    script_expect(CHECK_FIGURES, 2, "told by files-1, which is not in the list");
}

/* Who is down may still answer: what is under way there was given up. */
static void only_who_was_heard_of_tells(void)
{
    begin();
    script_move("files-1", "files", "up→draining");
    script_add("told server=files-1 boot=1 commit=1 told=0");
    script_move("files-2", "files", "up→down");
    script_add("told server=files-2 boot=1 commit=1 told=0");
    script_stop();
    script_expect(CHECK_FIGURES, 0, "");
    begin();
    script_move("files-2", "files", "up→down");
    script_move("files-2", "files", "down→joining");
    script_add("told server=files-2 boot=1 commit=1 told=0");
    script_stop();
    script_expect(CHECK_FIGURES, 1, "told by files-2, which has not been heard of since log:9");
}

/* --- state lines ------------------------------------------------------------------------------- */

#define FILE_1 "files-1|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0"
#define FILE_3 "files-3|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0"

static void state(const char *servers)
{
    script_add("state router=" SCRIPT_ROUTER " store=\"\" flight=1 sales=0 servers=%s", servers);
}

static void a_state_line_keeps_places(void)
{
    begin();
    leave("files-2");
    state(FILE_1 ",-," FILE_3);
    script_stop();
    script_expect(CHECK_STATES, 0, "");
    begin();
    leave("files-2");
    state(FILE_1 "," FILE_3);
    script_stop();
    script_expect(CHECK_STATES, 2, "state has 2 places, but 3 were known since log:8");
    begin();
    leave("files-3");
    state(FILE_1 ",-," FILE_3);
    script_stop();
    script_expect(CHECK_STATES, 2, "state of none in place 2 differs from the lines before");
}

/* Where the log begins with one, too. */
static void a_log_may_begin_with_left_places(void)
{
    script_clear();
    script_skip_to(99);
    state("-," FILE_1 ",-," FILE_3 ",-");
    script_up("files-9", "files");
    script_up("files-8", "files");
    choose(1, "to=files-9 why=least-recent "
              "sold=files-9:0+0,files-1:0+0,files-8:0+0,files-3:0+0");
    end(1, "files-9");
    state("files-9|files|up|0+0|0.0|9|0/1|0/0|105/0|0@0," FILE_1
          ",files-8|files|up|0+0|0.0|9|0/1|0/0|0/0|0@0," FILE_3 ",-");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
}

/* --- sessions ---------------------------------------------------------------------------------- */

/* Its server left after its cookie was read: so it is at none. */
static void a_session_is_unpinned_where_its_server_left(void)
{
    for (int left = 0; left < 2; left++) {
        begin();
        choose(1, "affinity=cookie session=aa to=files-1 why=least-recent "
                  "sold=files-1:0+0,files-2:0+0,files-3:0+0");
        end(1, "files-1");
        leave(left == 1 ? "files-1" : "files-3");
        script_up("files-9", "files");
        choose(2, left == 1 ? "affinity=cookie session=aa to=files-9 why=least-recent "
                              "sold=files-9:0+0,files-2:0+0,files-3:0+0"
                            : "affinity=cookie session=aa to=files-2 why=least-recent "
                              "sold=files-1:0+0,files-2:0+0,files-9:0+0");
        end(2, left == 1 ? "files-9" : "files-2");
        script_stop();
        script_expect(CHECK_REQUESTS, left == 1 ? 0 : 1,
                      left == 1 ? "" : "session=aa is pinned to no server, but it has had one");
    }
}

static void no_session_is_pinned_to_who_has_left(void)
{
    begin();
    leave("files-1");
    choose(1, "affinity=cookie session=aa pinned=files-1 to=files-2 why=moved "
              "sold=files-2:0+0,files-3:0+0");
    end(1, "files-2");
    script_stop();
    script_expect(CHECK_REQUESTS, 2, "pinned=files-1, which is no server of pool files");
}

/* --- limits ------------------------------------------------------------------------------------ */

static void a_limit_holds_from_its_line_on(void)
{
    begin();
    script_add("limit server=files-1 limit=1 why=slow-start");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    choose(2, "to=files-2 why=least-recent sold=files-1:0+0!full,files-2:0+0,files-3:0+0");
    script_add("limit server=files-1 limit=2 why=slow-start");
    choose(3, "to=files-3 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-1");
    end(2, "files-2");
    end(3, "files-3");
    script_stop();
    script_expect(CHECK_REQUESTS, 0, "");
    begin();
    script_add("limit server=files-1 limit=1 why=slow-start");
    choose(1, "to=files-1 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    choose(2, "to=files-2 why=least-recent sold=files-1:0+0,files-2:0+0,files-3:0+0");
    end(1, "files-1");
    end(2, "files-2");
    script_stop();
    script_expect(
        CHECK_REQUESTS, 1,
        "files-1 is marked none, but !full was expected (it is up since log:8, 0 pending, "
        "1 under way, limit 1)");
}

static void a_limit_is_another_of_who_is_there(void)
{
    static const char *const cases[][2] = {
        {"limit server=files-1 limit=9 why=w", "files-1 limit=9 is what is held since log:3"},
        {"limit server=files-4 limit=5 why=w", "limit of files-4, which is not in the list"},
        {"limit server=files-2 limit=5 why=w", "limit of files-2, which is not in the list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        leave("files-2");
        script_add("%s", cases[i][0]);
        script_stop();
        script_expect(CHECK_STATES, 1, cases[i][1]);
    }
    begin();
    script_add("limit server=files-1 limit=0 why=w");
    script_stop();
    script_expect(CHECK_LINES, 1, "does not read: a number in it is beyond its bounds");
}

/* --- scale ------------------------------------------------------------------------------------- */

static void scale(const char *steps)
{
    script_add("scale %s up=2 pending=812 waiting=40 commit=81000 cpu=910 why=\"slow commits\"",
               steps);
}

static void steps_lead_on(void)
{
    begin();
    scale("from=2 to=3");
    scale("from=3 to=8");
    scale("from=8 to=0");
    script_stop();
    script_start();
    scale("from=2 to=66");
    script_stop();
    script_expect(CHECK_STATES, 0, "");
    begin();
    scale("from=2 to=3");
    scale("from=2 to=4");
    script_stop();
    script_expect(CHECK_STATES, 1, "scale from=2, but 3 servers are wanted since log:8");
    begin();
    scale("from=2 to=2");
    script_stop();
    script_expect(CHECK_STATES, 1, "scale from=2 to=2 is no step");
}

static void steps_are_within_bounds(void)
{
    static const char *const cases[] = {
        "scale from=0 to=65 up=2 pending=1 waiting=1 commit=1 cpu=1 why=w",
        "scale from=66 to=1 up=2 pending=1 waiting=1 commit=1 cpu=1 why=w",
        "scale from=1025 to=1024 up=2 pending=1 waiting=1 commit=1 cpu=1 why=w",
        "scale from=1 to=2 up=1025 pending=1 waiting=1 commit=1 cpu=1 why=w",
        "scale from=1 to=2 up=1 pending=9223372036854775807 waiting=1 commit=1 cpu=1 why=w",
        "scale from=1 to=2 up=1 pending=1 waiting=9223372036854775807 commit=1 cpu=1 why=w",
        "scale from=1 to=2 up=1 pending=1 waiting=1 commit=9223372036854775807 cpu=1 why=w",
        "scale from=1 to=2 up=1 pending=1 waiting=1 commit=1 cpu=9223372036854775807 why=w",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        script_add("%s", cases[i]);
        script_stop();
        script_expect(CHECK_LINES, 1, "beyond its bounds");
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_members", "moves are legal", moves_are_legal);
    suite_add("report_members", "a move begins where the server is",
              a_move_begins_where_the_server_is);
    suite_add("report_members", "each state has its mark", each_state_has_its_mark);
    suite_add("report_members", "a mark is that of the state", a_mark_is_that_of_the_state);
    suite_add("report_members", "who has left is no candidate", who_has_left_is_no_candidate);
    suite_add("report_members", "who is there is a candidate", who_is_there_is_a_candidate);
    suite_add("report_members", "a left place is taken first", a_left_place_is_taken_first);
    suite_add("report_members", "places decide ties", places_decide_ties);
    suite_add("report_members", "who leaves has nothing under way",
              who_leaves_has_nothing_under_way);
    suite_add("report_members", "who comes back begins anew", who_comes_back_begins_anew);
    suite_add("report_members", "only who was heard of tells", only_who_was_heard_of_tells);
    suite_add("report_members", "a state line keeps places", a_state_line_keeps_places);
    suite_add("report_members", "a log may begin with left places",
              a_log_may_begin_with_left_places);
    suite_add("report_members", "a session is unpinned where its server left",
              a_session_is_unpinned_where_its_server_left);
    suite_add("report_members", "no session is pinned to who has left",
              no_session_is_pinned_to_who_has_left);
    suite_add("report_members", "a limit holds from its line on", a_limit_holds_from_its_line_on);
    suite_add("report_members", "a limit is another of who is there",
              a_limit_is_another_of_who_is_there);
    suite_add("report_members", "steps lead on", steps_lead_on);
    suite_add("report_members", "steps are within bounds", steps_are_within_bounds);
}
