#include "balancer/pool/departures.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"

/* Servers, departures that are looked at by hand, and how the last one ended. */
static struct scene {
    struct servers servers;
    struct loop *loop;
    struct departures departures;
    int ended;
    struct departure_report report;
    char id[SERVER_SIZE];
} scene;

static void open_scene(size_t up)
{
    memset(&scene, 0, sizeof scene);
    history_servers_up(&scene.servers, up, NULL);
    scene.loop = loop_open();
    departures_open(&scene.departures, &scene.servers, scene.loop);
}

static void close_scene(void)
{
    departures_close(&scene.departures);
    loop_close(scene.loop);
    servers_free(&scene.servers);
}

static void done(void *context, const struct departure_report *report)
{
    CU_ASSERT_PTR_EQUAL(context, &scene);
    scene.ended++;
    scene.report = *report;
    snprintf(scene.id, sizeof scene.id, "%s", report->id);
}

static enum departure_begun begin(const char *id, enum departure_kind kind, int64_t within)
{
    const struct departure_wish wish = {.id = id,
                                        .kind = kind,
                                        .deadline = clock_monotonic() + within,
                                        .why = "a test says so",
                                        .done = done,
                                        .context = &scene};
    return departures_begin(&scene.departures, &wish);
}

static void check(int64_t later)
{
    departures_check(&scene.departures, clock_monotonic() + later);
}

static void occupy(size_t index, int64_t busy, int64_t pending)
{
    scene.servers.list[index].busy = busy;
    scene.servers.list[index].pending = pending;
}

static void free_one(size_t index)
{
    struct routing_done over = {.request = "r", .status = 200, .how = END_ANSWERED};
    servers_done(&scene.servers, index, &over);
}

static bool there(const char *id)
{
    return servers_find(&scene.servers, id, NULL) != SERVER_NONE;
}

static void who_drains_is_told_of_when_it_is_empty(void)
{
    open_scene(2);
    occupy(0, 2, 0);
    CU_ASSERT_EQUAL(begin("server-1", DEPARTURE_DRAIN, CLOCK_SECOND), DEPARTURE_BEGUN);
    CU_ASSERT_EQUAL(scene.servers.list[0].state, SERVER_DRAINING);
    CU_ASSERT(departures_has(&scene.departures, "server-1"));
    CU_ASSERT_FALSE(departures_has(&scene.departures, "server-2"));
    check(0);
    free_one(0);
    check(0);
    CU_ASSERT_EQUAL(scene.ended, 0);
    free_one(0);
    check(1000);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_EMPTY);
    CU_ASSERT_EQUAL(scene.report.requests, 2);
    CU_ASSERT_EQUAL(scene.report.left, 0);
    CU_ASSERT(scene.report.took >= 1000);
    CU_ASSERT_STRING_EQUAL(scene.id, "server-1");
    CU_ASSERT_EQUAL(scene.servers.list[0].state, SERVER_DRAINING); /* it stays */
    CU_ASSERT_FALSE(departures_has(&scene.departures, "server-1"));
    close_scene();
}

static void who_is_late_is_told_of_too(void)
{
    open_scene(1);
    occupy(0, 3, 7);
    begin("server-1", DEPARTURE_DRAIN, CLOCK_SECOND);
    check(2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_LATE);
    CU_ASSERT_EQUAL(scene.report.tickets, 7);
    CU_ASSERT_EQUAL(scene.report.left, 3);
    CU_ASSERT_FALSE(scene.servers.list[0].health.cut);
    occupy(0, 0, 0);
    close_scene();
}

static void who_leaves_leaves_when_it_is_empty(void)
{
    open_scene(2);
    occupy(1, 1, 0);
    begin("server-2", DEPARTURE_LEAVE, CLOCK_SECOND);
    begin("server-1", DEPARTURE_LEAVE, CLOCK_SECOND);
    CU_ASSERT_FALSE(there("server-1")); /* it was empty */
    CU_ASSERT_EQUAL(scene.ended, 0);    /* but nobody is told from within */
    check(0);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_STRING_EQUAL(scene.id, "server-1");
    CU_ASSERT(there("server-2"));
    free_one(1);
    CU_ASSERT_FALSE(there("server-2"));
    check(0);
    CU_ASSERT_EQUAL(scene.ended, 2);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_EMPTY);
    CU_ASSERT_EQUAL(scene.report.requests, 1);
    close_scene();
}

static void who_leaves_late_is_cut(void)
{
    open_scene(1);
    occupy(0, 1, 0);
    begin("server-1", DEPARTURE_LEAVE, CLOCK_SECOND);
    check(2 * CLOCK_SECOND);
    CU_ASSERT(scene.servers.list[0].health.cut);
    CU_ASSERT_EQUAL(scene.ended, 0); /* the workers have to give up what is there */
    free_one(0);
    check(2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_CUT);
    CU_ASSERT_FALSE(there("server-1"));
    close_scene();
}

static void nobody_waits_for_ever(void)
{
    open_scene(1);
    occupy(0, 1, 0);
    begin("server-1", DEPARTURE_LEAVE, 0);
    check(0);
    check(CLOCK_SECOND);
    CU_ASSERT_EQUAL(scene.ended, 0);
    check(10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_CUT);
    CU_ASSERT_EQUAL(scene.report.left, 1);
    occupy(0, 0, 0);
    close_scene();
}

static void who_is_made_ready_is_called_off(void)
{
    open_scene(2);
    occupy(0, 1, 0);
    occupy(1, 1, 0);
    begin("server-1", DEPARTURE_DRAIN, CLOCK_SECOND);
    begin("server-2", DEPARTURE_LEAVE, CLOCK_SECOND);
    servers_ready(&scene.servers, "server-1", "a test says so");
    check(0);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_CALLED_OFF);
    servers_ready(&scene.servers, "server-2", "a test says so");
    check(2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(scene.ended, 2);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_CALLED_OFF);
    CU_ASSERT_FALSE(scene.servers.list[1].health.cut);
    occupy(0, 0, 0);
    occupy(1, 0, 0);
    close_scene();
}

/* Within one tick, in the same place or in another. */
static void who_comes_anew_has_left(void)
{
    const struct server_about about = {
        .id = "box-1", .address = "127.0.0.1:7", .weight = 1, .source = SOURCE_ADDED};
    const struct server_about other = {
        .id = "box-2", .address = "127.0.0.1:8", .weight = 1, .source = SOURCE_ADDED};
    open_scene(1);
    CU_ASSERT(servers_add(&scene.servers, &about));
    for (int i = 0; i < 2; i++) {
        begin("box-1", DEPARTURE_LEAVE, CLOCK_SECOND);
        CU_ASSERT(i == 0 || servers_add(&scene.servers, &other)); /* takes its place */
        CU_ASSERT(servers_add(&scene.servers, &about));
        check(0);
        CU_ASSERT_EQUAL(scene.ended, i + 1);
        CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_EMPTY);
    }
    close_scene();
}

static void what_cannot_begin_says_why(void)
{
    open_scene(DEPARTURES_MAX + 2);
    CU_ASSERT_EQUAL(begin("nobody", DEPARTURE_DRAIN, 0), DEPARTURE_UNKNOWN);
    CU_ASSERT_EQUAL(begin("server-1", DEPARTURE_DRAIN, CLOCK_SECOND), DEPARTURE_BEGUN);
    CU_ASSERT_EQUAL(begin("server-1", DEPARTURE_LEAVE, CLOCK_SECOND), DEPARTURE_TWICE);
    for (int i = 2; i <= DEPARTURES_MAX; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%d", i);
        CU_ASSERT_EQUAL(begin(id, DEPARTURE_DRAIN, CLOCK_SECOND), DEPARTURE_BEGUN);
    }
    char last[SERVER_SIZE];
    snprintf(last, sizeof last, "server-%d", DEPARTURES_MAX + 1);
    CU_ASSERT_EQUAL(begin(last, DEPARTURE_DRAIN, CLOCK_SECOND), DEPARTURE_FULL);
    CU_ASSERT_EQUAL(scene.servers.list[DEPARTURES_MAX].state, SERVER_UP);
    check(0);
    CU_ASSERT_EQUAL(scene.ended, DEPARTURES_MAX);
    close_scene();
}

static void the_end_calls_all_off(void)
{
    open_scene(1);
    occupy(0, 1, 0);
    begin("server-1", DEPARTURE_LEAVE, CLOCK_SECOND);
    departures_close(&scene.departures);
    CU_ASSERT_EQUAL(scene.ended, 1);
    CU_ASSERT_EQUAL(scene.report.end, DEPARTURE_CALLED_OFF);
    CU_ASSERT(scene.servers.list[0].health.leave); /* that stays wanted */
    occupy(0, 0, 0);
    close_scene();
}

/* By itself, while the loop turns. */
static void ended(void *context, const struct departure_report *report)
{
    done(&scene, report);
    loop_stop(context);
}

static void the_timer_looks(void)
{
    open_scene(1);
    const struct departure_wish wish = {.id = "server-1",
                                        .kind = DEPARTURE_DRAIN,
                                        .deadline = clock_monotonic() + 60 * CLOCK_SECOND,
                                        .why = "a test says so",
                                        .done = ended,
                                        .context = scene.loop};
    CU_ASSERT_EQUAL(departures_begin(&scene.departures, &wish), DEPARTURE_BEGUN);
    loop_run(scene.loop);
    CU_ASSERT_EQUAL(scene.ended, 1);
    close_scene();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("departures", "who drains is told of when it is empty",
              who_drains_is_told_of_when_it_is_empty);
    suite_add("departures", "who is late is told of too", who_is_late_is_told_of_too);
    suite_add("departures", "who leaves leaves when it is empty",
              who_leaves_leaves_when_it_is_empty);
    suite_add("departures", "who leaves late is cut", who_leaves_late_is_cut);
    suite_add("departures", "nobody waits for ever", nobody_waits_for_ever);
    suite_add("departures", "who is made ready is called off", who_is_made_ready_is_called_off);
    suite_add("departures", "who comes anew has left", who_comes_anew_has_left);
    suite_add("departures", "what cannot begin says why", what_cannot_begin_says_why);
    suite_add("departures", "the end calls all off", the_end_calls_all_off);
    suite_add("departures", "the timer looks", the_timer_looks);
}
