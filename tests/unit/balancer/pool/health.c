#include "balancer/pool/health.h"

#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

static struct pool_rules rules;
static struct server_health health;
static char why[ROUTING_WHY_SIZE];

/* Up, by rules of which each figure is another. */
static void begin(void)
{
    rules = pool_rules_default(true);
    rules.rise = 2;
    rules.fall = 3;
    rules.eject_failures = 4;
    rules.eject_requests = 10;
    health = (struct server_health){0};
    health_checked(&health, &rules, true, 0);
}

static enum server_state state(void)
{
    return health_state(&health, false);
}

static bool check(bool passed, int64_t seconds)
{
    return health_checked(&health, &rules, passed, seconds * CLOCK_SECOND);
}

static bool request(bool failed, int64_t seconds)
{
    return health_request(&health, &rules, failed, seconds * CLOCK_SECOND, why);
}

static void one_passed_check_brings_up_who_joins(void)
{
    begin();
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

static void who_never_passed_joins(void)
{
    begin();
    health = (struct server_health){0};
    CU_ASSERT_EQUAL(state(), SERVER_JOINING);
    CU_ASSERT(health_hopeful(&health, state(), 0));
    check(false, 1);
    CU_ASSERT_EQUAL(state(), SERVER_JOINING);
    CU_ASSERT_FALSE(health_hopeful(&health, state(), 0));
    health_lost(&health);
    CU_ASSERT_EQUAL(state(), SERVER_JOINING);
}

static void it_falls_after_so_many_and_rises_after_so_many(void)
{
    begin();
    check(false, 1);
    check(false, 2);
    CU_ASSERT_EQUAL(state(), SERVER_UP);
    check(true, 3); /* begins anew */
    check(false, 4);
    check(false, 5);
    CU_ASSERT_EQUAL(state(), SERVER_UP);
    check(false, 6);
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    check(true, 7);
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    check(false, 8);
    check(true, 9);
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    check(true, 10);
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

static void a_lost_request_is_enough(void)
{
    begin();
    check(true, 1);
    check(true, 2);
    health_lost(&health);
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    check(true, 3);
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    check(true, 4);
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

/* What is reported, the thresholds being 900, 100, 5000 and 2000, and whether it is out afterwards. */
static const struct {
    struct server_report report;
    bool overloaded;
    const char *over;
} reports[] = {
    {{900, 100, 5000, 2000}, false, ""},
    {{901, 0, 0, 0}, true, "cpu 901 per mille, more than 900"},
    {{721, 0, 0, 0}, true, ""}, /* not yet below four fifths */
    {{720, 80, 4000, 1600}, false, ""},
    {{0, 101, 0, 0}, true, "memory 101 MiB, more than 100"},
    {{0, 80, 4001, 0}, true, ""},
    {{0, 0, 0, 0}, false, ""},
    {{0, 0, 5001, 0}, true, "network 5001 bytes/s, more than 5000"},
    {{0, 0, 0, 0}, false, ""},
    {{0, 0, 0, INT64_MAX}, true, "a commit takes 9223372036854775807 us, more than 2000"},
};

static void thresholds_take_it_out_until_it_recovers(void)
{
    begin();
    rules.cpu = 900;
    rules.memory = 100;
    rules.network = 5000;
    rules.commit = 2000;
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        health_reported(&health, &rules, &reports[i].report, why);
        CU_ASSERT_EQUAL(state(), reports[i].overloaded ? SERVER_OVERLOADED : SERVER_UP);
        CU_ASSERT_STRING_EQUAL(why, reports[i].over);
        CU_ASSERT_EQUAL(health_out(&health), reports[i].overloaded);
    }
}

static void without_thresholds_nothing_is_too_much(void)
{
    begin();
    health_reported(&health, &rules, &(struct server_report){1 << 30, 1 << 30, 1 << 30, 1 << 30},
                    why);
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

static void so_many_failures_in_a_row_eject(void)
{
    begin();
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FALSE(request(true, 1));
    CU_ASSERT_FALSE(request(false, 1)); /* begins anew */
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FALSE(request(true, 1));
    CU_ASSERT(request(true, 1));
    CU_ASSERT_STRING_EQUAL(why, "4 requests in a row failed");
    health_eject(&health, &rules, CLOCK_SECOND);
    CU_ASSERT_EQUAL(state(), SERVER_EJECTED);
    for (int i = 0; i < 9; i++)
        CU_ASSERT_FALSE(request(true, 1)); /* it is out already */
}

/* Every other request fails: half of them. */
static void so_large_a_share_ejects(void)
{
    begin();
    for (int i = 0; i < 9; i++)
        CU_ASSERT_FALSE(request(i % 2 == 1, 1));
    CU_ASSERT(request(true, 2));
    CU_ASSERT_STRING_EQUAL(why, "5 of 10 requests failed");
}

static void old_failures_are_forgotten(void)
{
    begin();
    for (int i = 0; i < 9; i++)
        CU_ASSERT_FALSE(request(i % 2 == 1, 1));
    CU_ASSERT_FALSE(request(true, 20));
    for (int i = 0; i < 7; i++)
        CU_ASSERT_FALSE(request(false, 21));
    CU_ASSERT_FALSE(request(true, 22)); /* two of nine */
}

/* A window that slides: what is older than half of it still counts, what is older than all does not. */
static void the_window_slides(void)
{
    begin();
    for (int i = 0; i < 8; i++)
        CU_ASSERT_FALSE(request(i % 2 == 1, 1));
    CU_ASSERT_FALSE(request(false, 7));
    CU_ASSERT(request(true, 8));
    CU_ASSERT_STRING_EQUAL(why, "5 of 10 requests failed");
}

static void ejection_can_be_switched_off(void)
{
    begin();
    rules.eject_failures = 0;
    for (int i = 0; i < 100; i++)
        CU_ASSERT_FALSE(request(true, 1));
}

static void a_pause_ends_with_a_passed_check(void)
{
    begin();
    health_eject(&health, &rules, 10 * CLOCK_SECOND);
    CU_ASSERT_FALSE(health_checked(&health, &rules, true, 11 * CLOCK_SECOND - 1));
    CU_ASSERT_EQUAL(state(), SERVER_EJECTED);
    CU_ASSERT(check(true, 11));
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

/* It was broken for its checks too, and is not any more: nobody waits for the end of the pause. */
static void a_repair_ends_the_pause(void)
{
    begin();
    health.pause = 30 * CLOCK_SECOND;
    health_eject(&health, &rules, 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(health.pause, 60 * CLOCK_SECOND);
    CU_ASSERT_FALSE(check(false, 11));
    CU_ASSERT_FALSE(check(true, 12)); /* rise is 2 */
    CU_ASSERT_EQUAL(state(), SERVER_EJECTED);
    CU_ASSERT(check(true, 13));
    CU_ASSERT_EQUAL(state(), SERVER_UP);
}

static void pauses_double_and_are_forgotten(void)
{
    static const int64_t pauses[] = {1, 2, 4, 8, 16, 32, 60, 60};
    int64_t now = 10;
    begin();
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        health_eject(&health, &rules, now * CLOCK_SECOND);
        CU_ASSERT_EQUAL(health.pause, pauses[i] * CLOCK_SECOND);
        now += pauses[i];
        CU_ASSERT(check(true, now));
        now += 5; /* good for less than ten seconds */
    }
    health_eject(&health, &rules, (now + 55) * CLOCK_SECOND);
    CU_ASSERT_EQUAL(health.pause, CLOCK_SECOND);
}

static void what_is_wanted_goes_before_what_is_known(void)
{
    begin();
    health.overloaded = true;
    health_eject(&health, &rules, 0);
    CU_ASSERT_EQUAL(state(), SERVER_EJECTED);
    health.drain = true;
    CU_ASSERT_EQUAL(state(), SERVER_DRAINING);
    CU_ASSERT_FALSE(health_out(&health)); /* it is out by somebody's wish */
    health.alive = false;
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    health.leave = true;
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    CU_ASSERT_EQUAL(health_state(&health, true), SERVER_LEFT);
    health.alive = true;
    CU_ASSERT_EQUAL(state(), SERVER_DRAINING);
    health.cut = true;
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
}

static void a_new_process_begins_anew(void)
{
    begin();
    health.drain = true;
    health_eject(&health, &rules, CLOCK_SECOND);
    health.gone = true;
    CU_ASSERT_EQUAL(state(), SERVER_DOWN);
    health_joined(&health);
    CU_ASSERT_EQUAL(state(), SERVER_JOINING);
    check(true, 2);
    CU_ASSERT_EQUAL(state(), SERVER_DRAINING); /* is still wanted */
    health.drain = false;
    CU_ASSERT_EQUAL(state(), SERVER_UP);
    health_eject(&health, &rules, 3 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(health.pause, 2 * CLOCK_SECOND); /* a restart is no repair yet */
}

/* Being well was not enough: it failed in requests. */
static void who_failed_in_requests_is_on_trial(void)
{
    begin();
    CU_ASSERT_FALSE(health_on_trial(&health));
    request(true, 1);
    CU_ASSERT_FALSE(health_on_trial(&health)); /* it is still in use */
    health_lost(&health);
    CU_ASSERT(health_on_trial(&health));
    check(true, 2);
    check(true, 3);
    CU_ASSERT_FALSE(health_on_trial(&health));
    health_eject(&health, &rules, 4 * CLOCK_SECOND);
    CU_ASSERT(health_on_trial(&health));
    begin();
    check(false, 1);
    check(false, 2);
    check(false, 3);
    CU_ASSERT_FALSE(health_on_trial(&health)); /* only its checks failed */
}

static void purchases_wait_for_who_is_being_replaced(void)
{
    begin();
    health.gone = true;
    CU_ASSERT_FALSE(health_hopeful(&health, state(), 0));
    health.returns_until = CLOCK_SECOND;
    CU_ASSERT(health_hopeful(&health, state(), CLOCK_SECOND - 1));
    CU_ASSERT_FALSE(health_hopeful(&health, state(), CLOCK_SECOND));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("health", "one passed check brings up who joins",
              one_passed_check_brings_up_who_joins);
    suite_add("health", "who never passed joins", who_never_passed_joins);
    suite_add("health", "it falls after so many and rises after so many",
              it_falls_after_so_many_and_rises_after_so_many);
    suite_add("health", "a lost request is enough", a_lost_request_is_enough);
    suite_add("health", "thresholds take it out until it recovers",
              thresholds_take_it_out_until_it_recovers);
    suite_add("health", "without thresholds nothing is too much",
              without_thresholds_nothing_is_too_much);
    suite_add("health", "so many failures in a row eject", so_many_failures_in_a_row_eject);
    suite_add("health", "so large a share ejects", so_large_a_share_ejects);
    suite_add("health", "old failures are forgotten", old_failures_are_forgotten);
    suite_add("health", "the window slides", the_window_slides);
    suite_add("health", "ejection can be switched off", ejection_can_be_switched_off);
    suite_add("health", "a pause ends with a passed check", a_pause_ends_with_a_passed_check);
    suite_add("health", "a repair ends the pause", a_repair_ends_the_pause);
    suite_add("health", "pauses double and are forgotten", pauses_double_and_are_forgotten);
    suite_add("health", "what is wanted goes before what is known",
              what_is_wanted_goes_before_what_is_known);
    suite_add("health", "a new process begins anew", a_new_process_begins_anew);
    suite_add("health", "who failed in requests is on trial", who_failed_in_requests_is_on_trial);
    suite_add("health", "purchases wait for who is being replaced",
              purchases_wait_for_who_is_being_replaced);
}
