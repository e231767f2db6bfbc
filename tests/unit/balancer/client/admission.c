#include "balancer/client/admission.h"

#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    LITTLE = 1024, /* of one worker */
    MANY = 100000,
};

static const int64_t turn = 10 * CLOCK_MILLISECOND;
static const int64_t latency = 50 * CLOCK_MILLISECOND;

static struct admission admission;
static int64_t now;

static void open_admission(size_t workers)
{
    now = CLOCK_SECOND;
    admission_open(&admission, workers);
}

/* For so long, with so many under way, so many of which are decided in every so many turns. */
static void pass(int64_t time, size_t under_way, unsigned decided, unsigned turns)
{
    for (int64_t end = now + time, i = 1; now < end; i++) {
        now += turn;
        for (unsigned each = 0; i % turns == 0 && each < decided; each++)
            admission_decided(&admission, latency);
        admission_turn(&admission, now, under_way);
    }
}

/* How many may be under way. */
static size_t most(void)
{
    size_t count = 0;
    while (count < MANY && !admission_refuses(&admission, count, 1))
        count++;
    return count;
}

static void nobody_is_refused_while_little_is_under_way(void)
{
    open_admission(1);
    CU_ASSERT_EQUAL(most(), MANY);
    pass(5 * CLOCK_SECOND, LITTLE - 1, 1, 1);
    CU_ASSERT_EQUAL(most(), MANY); /* 100 a second are what came */
    pass(5 * CLOCK_SECOND, LITTLE, 1, 1);
    CU_ASSERT_EQUAL(most(), LITTLE); /* 200 in two seconds would be less */
}

/* 40 % of 5 seconds. */
static void what_two_seconds_decide_may_be_under_way(void)
{
    open_admission(1);
    pass(2 * CLOCK_SECOND, 5000, 50, 1);
    CU_ASSERT(most() > 9900 && most() < 10100);
}

/* 80 % of them, for full flights decide more. */
static void where_nobody_waits_twice_as_many_may(void)
{
    open_admission(1);
    pass(2 * CLOCK_SECOND, 5000, 10, 1);
    CU_ASSERT(admission_refuses(&admission, 2100, 1));
    CU_ASSERT_FALSE(admission_refuses(&admission, 3900, 0));
    CU_ASSERT(admission_refuses(&admission, 4100, 0));
}

/* Flights that land make it less for a moment. */
static void a_landing_is_no_end_of_the_crowd(void)
{
    open_admission(1);
    for (int i = 0; i < 20; i++) {
        pass(CLOCK_SECOND / 10, LITTLE + 100, 0, 1);
        pass(turn, LITTLE - 156, 256, 1);
    }
    CU_ASSERT(most() > 4200 && most() < 5200); /* 256 in 110 ms */
}

/* A burst after little had to do: how fast it goes is not known at first. */
static void a_burst_is_measured_first(void)
{
    open_admission(1);
    pass(10 * CLOCK_SECOND, 10, 1, 10);
    pass(CLOCK_SECOND / 5, 8000, 50, 1);
    CU_ASSERT_EQUAL(most(), MANY);
    pass(CLOCK_SECOND / 5, 8000, 50, 1);
    CU_ASSERT(most() > 9000 && most() < 11000);
}

static void a_store_that_stands_still_is_noticed(void)
{
    open_admission(1);
    pass(2 * CLOCK_SECOND, 5000, 50, 1);
    pass(CLOCK_SECOND / 2, 5000, 0, 1);
    CU_ASSERT(most() > 9000);
    pass(CLOCK_SECOND, 5000, 0, 1);
    CU_ASSERT_EQUAL(most(), LITTLE);
    pass(2 * CLOCK_SECOND, 5000, 50, 1); /* and that it goes on */
    CU_ASSERT(most() > 7000);
}

static void a_store_that_never_began_is_noticed(void)
{
    open_admission(1);
    pass(9 * CLOCK_SECOND / 10, 5000, 0, 1);
    CU_ASSERT_EQUAL(most(), MANY);
    pass(CLOCK_SECOND / 5, 5000, 0, 1);
    CU_ASSERT_EQUAL(most(), LITTLE);
}

/* Whole flights at once, seldom. */
static void slow_commits_are_no_standstill(void)
{
    open_admission(1);
    for (int i = 0; i < 5; i++) {
        pass(3 * CLOCK_SECOND, 5000, 512, 60); /* 853 a second */
        CU_ASSERT(most() > 1600 && most() < 1800);
    }
}

static void it_changes_its_mind_within_seconds(void)
{
    open_admission(1);
    pass(5 * CLOCK_SECOND, 5000, 50, 1);
    pass(3 * CLOCK_SECOND, 5000, 10, 1);
    CU_ASSERT(most() > 1900 && most() < 2600);
}

/* What was measured holds for a second without much to do: refusing makes room, after all. */
static void what_is_known_is_forgotten_in_calm(void)
{
    open_admission(1);
    pass(2 * CLOCK_SECOND, 5000, 10, 1);
    pass(CLOCK_SECOND / 2, 100, 1, 1);
    CU_ASSERT(most() < 2100);
    pass(CLOCK_SECOND, 100, 1, 1);
    CU_ASSERT_EQUAL(most(), MANY);
}

static void workers_share_what_is_little(void)
{
    open_admission(4);
    pass(2 * CLOCK_SECOND, 256, 0, 1);
    CU_ASSERT_EQUAL(most(), 256);
    open_admission(64);
    pass(2 * CLOCK_SECOND, 256, 0, 1);
    CU_ASSERT_EQUAL(most(), 64);
}

static void too_late_is_who_has_less_time_than_others_took(void)
{
    open_admission(1);
    CU_ASSERT_FALSE(admission_too_late(&admission, 0));
    pass(CLOCK_SECOND, 5000, 10, 1);
    CU_ASSERT_FALSE(admission_too_late(&admission, latency));
    CU_ASSERT(admission_too_late(&admission, latency / 2));
    admission_decided(&admission, 4 * CLOCK_SECOND); /* one that hung says little of the next */
    admission_turn(&admission, now, 5000);
    CU_ASSERT_FALSE(admission_too_late(&admission, CLOCK_SECOND / 2));
    admission_decided(&admission, CLOCK_MILLISECOND);
    admission_turn(&admission, now, 5000);
    CU_ASSERT_FALSE(admission_too_late(&admission, 2 * CLOCK_MILLISECOND));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("admission", "nobody is refused while little is under way",
              nobody_is_refused_while_little_is_under_way);
    suite_add("admission", "what two seconds decide may be under way",
              what_two_seconds_decide_may_be_under_way);
    suite_add("admission", "where nobody waits, twice as many may",
              where_nobody_waits_twice_as_many_may);
    suite_add("admission", "a landing is no end of the crowd", a_landing_is_no_end_of_the_crowd);
    suite_add("admission", "a burst is measured first", a_burst_is_measured_first);
    suite_add("admission", "a store that stands still is noticed",
              a_store_that_stands_still_is_noticed);
    suite_add("admission", "a store that never began is noticed",
              a_store_that_never_began_is_noticed);
    suite_add("admission", "slow commits are no standstill", slow_commits_are_no_standstill);
    suite_add("admission", "it changes its mind within seconds",
              it_changes_its_mind_within_seconds);
    suite_add("admission", "what is known is forgotten in calm",
              what_is_known_is_forgotten_in_calm);
    suite_add("admission", "workers share what is little", workers_share_what_is_little);
    suite_add("admission", "too late is who has less time than others took",
              too_late_is_who_has_less_time_than_others_took);
}
