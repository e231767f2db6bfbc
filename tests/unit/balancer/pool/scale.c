#include "balancer/pool/scale.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

#define EVERY (250 * CLOCK_MILLISECOND)
#define HOUR  (3600 * CLOCK_SECOND)

/* Servers between 2 and 8, of which each may have 512 pending: 32 each are plenty. */
static const struct scale_rules *usual(void)
{
    static struct scale_rules rules;
    rules = scale_rules_default(2, 8, 512);
    return &rules;
}

/* One decider, and the time it lives in. */
struct desk {
    struct scale scale;
    const struct scale_rules *rules;
    int64_t now;
    struct routing_scale step; /* the last */
};

static struct desk desk_new(const struct scale_rules *rules)
{
    return (struct desk){.rules = rules, .now = 77 * CLOCK_SECOND};
}

/* The same figures again and again, for so long or until a step: the time it took, or -1. */
static int64_t hold(struct desk *desk, struct scale_sample sample, int64_t time)
{
    for (int64_t end = desk->now + time; desk->now <= end; desk->now += EVERY) {
        sample.time = desk->now;
        if (scale_add(&desk->scale, desk->rules, &sample, &desk->step)) {
            desk->now += EVERY;
            return desk->now - EVERY - (end - time);
        }
    }
    return -1;
}

/* --- one situation each, from the beginning ----------------------------------------------------- */

struct situation {
    const char *what;
    int64_t servers, missing, up, pending, waiting, commit, cpu, work;
    enum scale_verdict verdict; /* of the first step within 30 s; else the last */
    int64_t to;                 /* of a step */
    int64_t after;              /* seconds */
};

static const struct situation situations[] = {
    {"idle at the minimum", 2, 0, 2, 0, 0, 900, 3, 6, SCALE_FITS, 0, 0},
    {"a full server's worth each", 2, 0, 2, 64, 0, 900, 200, 400, SCALE_FITS, 0, 0},
    {"one ticket more", 2, 0, 2, 65, 0, 900, 200, 400, SCALE_OUT, 3, 2},
    {"three servers' worth and a half", 3, 0, 3, 170, 0, 900, 200, 400, SCALE_OUT, 6, 2},
    {"far too much: twice as many", 2, 0, 2, 1024, 5000, 900, 200, 400, SCALE_OUT, 4, 2},
    {"far too much, near the maximum", 6, 0, 6, 3072, 0, 900, 200, 400, SCALE_OUT, 8, 2},
    {"too much at the maximum", 8, 0, 8, 4096, 9000, 900, 900, 7200, SCALE_FULL, 0, 0},
    {"purchases wait, though little is pending", 2, 0, 2, 20, 4, 900, 9, 18, SCALE_OUT, 3, 2},
    {"what waits counts as what is pending", 3, 0, 3, 90, 40, 900, 9, 18, SCALE_OUT, 5, 2},
    {"processors at the rule", 2, 0, 2, 8, 0, 900, 700, 1400, SCALE_FITS, 0, 0},
    {"processors above it", 2, 0, 2, 8, 0, 900, 720, 1402, SCALE_OUT, 3, 2},
    {"one hot server alone", 4, 0, 4, 70, 0, 900, 1000, 1100, SCALE_FITS, 0, 0},
    {"a slow store", 2, 0, 2, 900, 800, 50000, 90, 170, SCALE_STORE, 0, 0},
    {"a slow store, and little to do", 2, 0, 2, 9, 0, 90000, 90, 170, SCALE_FITS, 0, 0},
    {"a store not that slow", 2, 0, 2, 900, 800, 49999, 90, 170, SCALE_OUT, 4, 2},
    {"slow commits of busy processors", 2, 0, 2, 900, 0, 90000, 500, 800, SCALE_OUT, 4, 2},
    {"too much, and one is missing for ever", 3, 1, 2, 900, 0, 900, 90, 170, SCALE_OUT, 5, 10},
    {"half of them", 4, 2, 2, 900, 0, 900, 90, 170, SCALE_OUT, 6, 10},
    {"more than half of them", 5, 3, 2, 900, 0, 900, 90, 170, SCALE_MISSING, 0, 0},
    {"none is up", 2, 2, 0, 0, 500, 0, 0, 0, SCALE_MISSING, 0, 0},
    {"others' servers do the work", 2, 0, 6, 190, 0, 900, 90, 170, SCALE_FITS, 0, 0},
    {"too much for others' servers too", 2, 0, 6, 200, 0, 900, 90, 170, SCALE_OUT, 3, 2},
    {"fewer than the minimum", 1, 1, 0, 0, 0, 0, 0, 0, SCALE_OUT, 2, 0},
    {"more than the maximum", 10, 0, 10, 9999, 0, 900, 90, 170, SCALE_IN, 9, 0},
    {"quiet", 5, 0, 5, 0, 0, 900, 2, 10, SCALE_IN, 4, 10},
    {"what four have room for twice", 5, 0, 5, 64, 0, 900, 2, 10, SCALE_IN, 4, 10},
    {"one ticket more than that", 5, 0, 5, 65, 0, 900, 2, 10, SCALE_FITS, 0, 0},
    {"processors that four have room for", 5, 0, 5, 0, 0, 900, 2, 1400, SCALE_IN, 4, 10},
    {"a little more", 5, 0, 5, 0, 0, 900, 2, 1401, SCALE_FITS, 0, 0},
    {"quiet, but one is missing for ever", 5, 1, 4, 0, 0, 900, 2, 8, SCALE_IN, 4, 10},
    {"what two have room for twice, and one is missing", 3, 1, 2, 32, 0, 900, 2, 8, SCALE_IN, 2,
     10},
    {"one ticket more, and one is missing", 3, 1, 2, 33, 0, 900, 2, 8, SCALE_MISSING, 0, 0},
    {"busy, and one is missing for ever", 5, 1, 4, 100, 0, 900, 2, 8, SCALE_MISSING, 0, 0},
    {"quiet, but all are missing", 5, 5, 0, 0, 0, 0, 0, 0, SCALE_MISSING, 0, 0},
};

static void each_situation_has_its_answer(void)
{
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        const struct situation *s = &situations[i];
        struct desk desk = desk_new(usual());
        int64_t after = hold(&desk,
                             (struct scale_sample){.servers = s->servers,
                                                   .missing = s->missing,
                                                   .up = s->up,
                                                   .pending = s->pending,
                                                   .waiting = s->waiting,
                                                   .commit = s->commit,
                                                   .cpu = s->cpu,
                                                   .work = s->work},
                             30 * CLOCK_SECOND);
        bool steps = s->verdict == SCALE_OUT || s->verdict == SCALE_IN;
        bool right = desk.scale.verdict == s->verdict && (after >= 0) == steps &&
                     (!steps || (desk.step.from == s->servers && desk.step.to == s->to &&
                                 after == s->after * CLOCK_SECOND));
        if (!right)
            printf("  %s: verdict %d to %d after %d ms, \"%s\"\n", s->what, desk.scale.verdict,
                   (int)desk.step.to, (int)(after / CLOCK_MILLISECOND), desk.scale.why);
        CU_ASSERT(right);
        CU_ASSERT(strlen(desk.scale.why) > 0);
        CU_ASSERT(strlen(desk.scale.why) < ROUTING_WHY_SIZE - 1); /* nothing was cut */
    }
}

static void a_step_says_why_with_figures(void)
{
    static const struct {
        struct scale_sample sample;
        const char *why;
    } cases[] = {
        {{.servers = 2,
          .up = 2,
          .pending = 410,
          .waiting = 12,
          .commit = 3100,
          .cpu = 240,
          .work = 470},
         "410 tickets pending and 12 purchases waiting at 2 servers for 2 s, more than 32 each"},
        {{.servers = 2,
          .up = 2,
          .pending = 12,
          .waiting = 0,
          .commit = 3100,
          .cpu = 912,
          .work = 1822},
         "91 % of a processor at each of 2 servers for 2 s, more than 70 %"},
        {{.servers = 2, .up = 2, .pending = 12, .waiting = 7, .commit = 3100, .cpu = 9, .work = 18},
         "7 purchases waiting for room at 2 servers for 2 s"},
        {{.servers = 4, .up = 4, .pending = 9, .waiting = 0, .commit = 700, .cpu = 40, .work = 120},
         "2 tickets pending and 3 % of a processor at each of 4 servers for 10 s: 3 would have "
         "room for "
         "twice that"},
        {{.servers = 9, .up = 9, .pending = 9, .waiting = 0, .commit = 700, .cpu = 40, .work = 120},
         "9 servers, more than the maximum of 8"},
        {{.servers = 1, .up = 1}, "1 server, fewer than the minimum of 2"},
        {{.servers = 0, .up = 0}, "0 servers, fewer than the minimum of 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct desk desk = desk_new(usual());
        const struct scale_sample *sample = &cases[i].sample;
        CU_ASSERT(hold(&desk, *sample, 20 * CLOCK_SECOND) >= 0);
        CU_ASSERT_STRING_EQUAL(desk.step.why, cases[i].why);
        CU_ASSERT_EQUAL(desk.step.from, sample->servers);
        CU_ASSERT_EQUAL(desk.step.up, sample->up);
        CU_ASSERT_EQUAL(desk.step.pending, sample->pending);
        CU_ASSERT_EQUAL(desk.step.waiting, sample->waiting);
        CU_ASSERT_EQUAL(desk.step.commit, sample->commit);
        CU_ASSERT_EQUAL(desk.step.cpu, sample->cpu);
    }
}

static void what_holds_a_step_back_is_said(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 4, .missing = 1, .up = 3, .pending = 600};
    CU_ASSERT(hold(&desk, sample, 5 * CLOCK_SECOND) < 0);
    CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_MISSING);
    CU_ASSERT_STRING_EQUAL(desk.scale.why, "1 of 4 servers not up for 5 s");
    sample = (struct scale_sample){
        .servers = 4, .up = 4, .pending = 600, .commit = 81000, .cpu = 70, .work = 240};
    CU_ASSERT(hold(&desk, sample, 5 * CLOCK_SECOND) < 0);
    CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_STORE);
    CU_ASSERT_STRING_EQUAL(desk.scale.why,
                           "commits take 81 ms at 6 % of a processor: the store is slow");
}

/* --- what a step changes ------------------------------------------------------------------------- */

static void the_window_begins_anew_when_those_started_are_up(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 2, .up = 2, .pending = 1000};
    CU_ASSERT_EQUAL(hold(&desk, sample, 5 * CLOCK_SECOND), 2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(desk.step.to, 4);
    sample.servers = 4;
    sample.missing = 2;
    CU_ASSERT(hold(&desk, sample, 9 * CLOCK_SECOND) < 0);
    CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_MISSING);
    sample.missing = 0;
    sample.up = 4;
    CU_ASSERT_EQUAL(hold(&desk, sample, 5 * CLOCK_SECOND), 2 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(desk.step.to, 8);
}

/* Each step after the patience, in which those that it starts may come up. */
static void one_that_never_comes_up_keeps_no_other_from_it(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 3, .missing = 1, .up = 2, .pending = 80};
    CU_ASSERT_EQUAL(hold(&desk, sample, 20 * CLOCK_SECOND), 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(desk.step.to, 4);
    sample = (struct scale_sample){.servers = 4, .missing = 1, .up = 3, .pending = 110};
    CU_ASSERT_EQUAL(hold(&desk, sample, 20 * CLOCK_SECOND), 10 * CLOCK_SECOND - EVERY);
    CU_ASSERT_EQUAL(desk.step.to, 5);
    sample = (struct scale_sample){.servers = 5, .missing = 1, .up = 4, .pending = 110};
    CU_ASSERT(hold(&desk, sample, 20 * CLOCK_SECOND) < 0);
}

static void one_that_comes_and_goes_keeps_no_other_from_it(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample there = {.servers = 3, .up = 3, .pending = 500};
    struct scale_sample gone = {.servers = 3, .missing = 1, .up = 2, .pending = 500};
    bool stepped = false;
    for (int i = 0; i < 6 && !stepped; i++)
        stepped = hold(&desk, there, CLOCK_SECOND) >= 0 || hold(&desk, gone, CLOCK_SECOND) >= 0;
    CU_ASSERT(stepped);
    CU_ASSERT_EQUAL(desk.step.to, 6);
}

static void steps_in_come_one_at_a_time(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {0};
    for (int64_t servers = 8; servers > 2; servers--) {
        sample.servers = sample.up = servers;
        CU_ASSERT_EQUAL(hold(&desk, sample, 60 * CLOCK_SECOND), 10 * CLOCK_SECOND);
        CU_ASSERT_EQUAL(desk.step.to, servers - 1);
    }
    sample.servers = sample.up = 2;
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) < 0);
}

/* Load that is back each time a server has gone: it goes after 10, 20, 40, 80, 80 s of quiet. */
static void load_that_comes_back_at_once_makes_the_next_step_in_later(void)
{
    static const int64_t quiet[] = {10, 20, 40, 80, 80};
    struct scale_sample busy = {.servers = 2, .up = 2, .pending = 90};
    struct scale_sample idle = {.servers = 3, .up = 3};
    struct desk desk = desk_new(usual());
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
        CU_ASSERT(hold(&desk, busy, 5 * CLOCK_SECOND) >= 0);
        CU_ASSERT_EQUAL(desk.step.to, 3);
        int64_t after = hold(&desk, idle, 200 * CLOCK_SECOND);
        CU_ASSERT(after >= quiet[i] * CLOCK_SECOND - EVERY);
        CU_ASSERT(after <= quiet[i] * CLOCK_SECOND);
        CU_ASSERT_EQUAL(desk.step.to, 2);
    }
}

/* Not before there was no step out for twice the longest quiet, 160 s. */
static void calm_makes_the_quiet_shorter_again(void)
{
    static const int64_t quiet[] = {40, 40, 40, 40, 20, 10};
    struct scale_sample busy = {.servers = 2, .up = 2, .pending = 90};
    struct scale_sample idle = {.servers = 3, .up = 3};
    struct desk desk = desk_new(usual());
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(hold(&desk, busy, 5 * CLOCK_SECOND) >= 0);
        CU_ASSERT(hold(&desk, idle, 200 * CLOCK_SECOND) >= 0);
    }
    CU_ASSERT(hold(&desk, busy, 5 * CLOCK_SECOND) >= 0);
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
        idle.servers = idle.up = 8 - (int64_t)i;
        CU_ASSERT_EQUAL(hold(&desk, idle, 200 * CLOCK_SECOND), quiet[i] * CLOCK_SECOND);
    }
}

static void no_step_out_follows_a_step_before_it_has_cooled(void)
{
    struct scale_rules rules = *usual();
    struct scale_sample sample = {.servers = 2, .up = 2, .pending = 90};
    rules.cool = 9 * CLOCK_SECOND;
    struct desk desk = desk_new(&rules);
    CU_ASSERT(hold(&desk, sample, 5 * CLOCK_SECOND) >= 0);
    sample = (struct scale_sample){.servers = 3, .up = 3, .pending = 150};
    CU_ASSERT(hold(&desk, sample, 5 * CLOCK_SECOND) < 0);
    CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_COOLS);
    CU_ASSERT(hold(&desk, sample, 5 * CLOCK_SECOND) >= 0);
    CU_ASSERT_EQUAL(desk.step.to, 5);
    sample = (struct scale_sample){.servers = 1, .up = 1}; /* somebody took them away */
    CU_ASSERT_EQUAL(hold(&desk, sample, 20 * CLOCK_SECOND), 9 * CLOCK_SECOND - EVERY);
    CU_ASSERT_EQUAL(desk.step.to, 2);
}

static void a_server_that_just_went_missing_may_be_back_in_a_moment(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 4, .up = 4};
    CU_ASSERT(hold(&desk, sample, 8 * CLOCK_SECOND) < 0);
    sample = (struct scale_sample){.servers = 4, .missing = 1, .up = 3};
    CU_ASSERT_EQUAL(hold(&desk, sample, 20 * CLOCK_SECOND), 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(desk.step.to, 3);
}

/* --- what must not count ------------------------------------------------------------------------- */

static void a_spike_moves_nothing(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample calm = {.servers = 2, .up = 2, .pending = 20};
    struct scale_sample spike = {.servers = 2, .up = 2, .pending = INT64_MAX, .waiting = INT64_MAX};
    for (int i = 0; i < 200; i++) {
        CU_ASSERT(hold(&desk, calm, CLOCK_SECOND) < 0);
        CU_ASSERT(hold(&desk, spike, 0) < 0);
    }
}

static void a_spike_does_not_break_the_quiet(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample calm = {.servers = 3, .up = 3};
    struct scale_sample spike = {.servers = 3, .up = 3, .pending = 1500, .waiting = 90};
    int64_t began = desk.now;
    bool stepped = false;
    for (int i = 0; i < 6 && !stepped; i++)
        stepped = hold(&desk, calm, 3 * CLOCK_SECOND) >= 0 || hold(&desk, spike, 0) >= 0;
    CU_ASSERT(stepped);
    CU_ASSERT_EQUAL(desk.step.to, 2);
    CU_ASSERT(desk.now - began <= 11 * CLOCK_SECOND);
}

/* Now and then, but not for most of the window: neither more are due nor fewer. */
static void purchases_that_wait_at_times_are_no_quiet(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample calm = {.servers = 3, .up = 3};
    struct scale_sample waits = {.servers = 3, .up = 3, .waiting = 1};
    for (int i = 0; i < 40; i++) {
        CU_ASSERT(hold(&desk, calm, EVERY) < 0);
        CU_ASSERT(hold(&desk, waits, 0) < 0);
    }
}

static void what_was_seen_before_a_gap_says_nothing(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 2, .up = 2, .pending = 900};
    for (int i = 0; i < 20; i++) {
        CU_ASSERT(hold(&desk, sample, 1500 * CLOCK_MILLISECOND) < 0);
        CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_WATCHES);
        desk.now += i % 2 == 0 ? 3 * CLOCK_SECOND : -9 * CLOCK_SECOND; /* backwards, even */
    }
    desk.now -= HOUR;
    CU_ASSERT_EQUAL(hold(&desk, sample, 5 * CLOCK_SECOND), 2 * CLOCK_SECOND);
}

static void few_samples_are_no_window(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 2, .up = 2, .pending = 900};
    for (int i = 0; i < 20; i++) { /* one each 2 s, as of a router that hardly runs */
        CU_ASSERT(hold(&desk, sample, 0) < 0);
        desk.now += 2 * CLOCK_SECOND - EVERY;
    }
}

static void a_ring_that_is_full_forgets_the_oldest(void)
{
    struct desk desk = desk_new(usual());
    struct scale_sample sample = {.servers = 2, .up = 2, .pending = 900};
    int64_t began = desk.now;
    bool stepped = false;
    for (int i = 0; i < 3000 && !stepped; i++, desk.now += CLOCK_MILLISECOND) {
        sample.time = desk.now;
        stepped = scale_add(&desk.scale, desk.rules, &sample, &desk.step);
        CU_ASSERT(desk.scale.count <= SCALE_SAMPLES);
    }
    CU_ASSERT(stepped);
    CU_ASSERT_EQUAL(desk.now - began, 2 * CLOCK_SECOND + CLOCK_MILLISECOND);
}

static void figures_out_of_all_bounds_do_no_harm(void)
{
    static const int64_t wild[] = {INT64_MIN, -1, 0, 1, INT64_C(1) << 53, INT64_MAX};
    enum { WILD = sizeof wild / sizeof *wild };
    for (unsigned i = 0; i < WILD * WILD * WILD * WILD; i++) {
        struct desk desk = desk_new(usual());
        int64_t a = wild[i % WILD], b = wild[i / WILD % WILD], c = wild[i / WILD / WILD % WILD],
                d = wild[i / WILD / WILD / WILD];
        struct scale_sample sample = {.servers = a,
                                      .missing = b,
                                      .up = c,
                                      .pending = d,
                                      .waiting = a,
                                      .commit = b,
                                      .cpu = c,
                                      .work = d};
        if (hold(&desk, sample, 12 * CLOCK_SECOND) < 0)
            continue;
        CU_ASSERT(desk.step.to >= 0 && desk.step.to <= ROUTING_SERVERS_MAX);
        CU_ASSERT(desk.step.to != desk.step.from);
        CU_ASSERT(desk.step.pending >= 0 && desk.step.cpu >= 0 && desk.step.commit >= 0);
    }
}

/* --- unusual bounds ------------------------------------------------------------------------------ */

static void the_last_server_stays_unless_others_sell(void)
{
    struct scale_rules rules = scale_rules_default(0, 4, 512);
    struct desk desk = desk_new(&rules);
    struct scale_sample sample = {.servers = 1, .up = 1};
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) < 0);
    sample.up = 2; /* one that joined by itself */
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) >= 0);
    CU_ASSERT_EQUAL(desk.step.to, 0);
    sample = (struct scale_sample){0};
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) >= 0);
    CU_ASSERT_EQUAL(desk.step.to, 1);
    CU_ASSERT_STRING_EQUAL(desk.step.why, "no server is there");
}

static void none_is_started_where_none_may_be(void)
{
    struct scale_rules rules = scale_rules_default(0, 0, 512);
    struct desk desk = desk_new(&rules);
    struct scale_sample sample = {.up = 1, .pending = 4000, .waiting = 4000, .work = 9000};
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) < 0);
    CU_ASSERT_EQUAL(desk.scale.verdict, SCALE_FULL);
    sample = (struct scale_sample){0};
    CU_ASSERT(hold(&desk, sample, 60 * CLOCK_SECOND) < 0);
}

/* Where servers may have little pending, plenty is half of that. */
static void plenty_follows_from_the_limit(void)
{
    CU_ASSERT_EQUAL(scale_rules_default(1, 2, 512).pending, 32);
    CU_ASSERT_EQUAL(scale_rules_default(1, 2, 64).pending, 32);
    CU_ASSERT_EQUAL(scale_rules_default(1, 2, 63).pending, 31);
    CU_ASSERT_EQUAL(scale_rules_default(1, 2, 1).pending, 1);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("scale", "each situation has its answer", each_situation_has_its_answer);
    suite_add("scale", "a step says why, with figures", a_step_says_why_with_figures);
    suite_add("scale", "what holds a step back is said", what_holds_a_step_back_is_said);
    suite_add("scale", "the window begins anew when those started are up",
              the_window_begins_anew_when_those_started_are_up);
    suite_add("scale", "one that never comes up keeps no other from it",
              one_that_never_comes_up_keeps_no_other_from_it);
    suite_add("scale", "one that comes and goes keeps no other from it",
              one_that_comes_and_goes_keeps_no_other_from_it);
    suite_add("scale", "steps in come one at a time", steps_in_come_one_at_a_time);
    suite_add("scale", "load that comes back at once makes the next step in later",
              load_that_comes_back_at_once_makes_the_next_step_in_later);
    suite_add("scale", "calm makes the quiet shorter again", calm_makes_the_quiet_shorter_again);
    suite_add("scale", "a server that just went missing may be back in a moment",
              a_server_that_just_went_missing_may_be_back_in_a_moment);
    suite_add("scale", "no step out follows a step before it has cooled",
              no_step_out_follows_a_step_before_it_has_cooled);
    suite_add("scale", "a spike moves nothing", a_spike_moves_nothing);
    suite_add("scale", "a spike does not break the quiet", a_spike_does_not_break_the_quiet);
    suite_add("scale", "purchases that wait at times are no quiet",
              purchases_that_wait_at_times_are_no_quiet);
    suite_add("scale", "what was seen before a gap says nothing",
              what_was_seen_before_a_gap_says_nothing);
    suite_add("scale", "few samples are no window", few_samples_are_no_window);
    suite_add("scale", "a ring that is full forgets the oldest",
              a_ring_that_is_full_forgets_the_oldest);
    suite_add("scale", "figures out of all bounds do no harm",
              figures_out_of_all_bounds_do_no_harm);
    suite_add("scale", "the last server stays unless others sell",
              the_last_server_stays_unless_others_sell);
    suite_add("scale", "none is started where none may be", none_is_started_where_none_may_be);
    suite_add("scale", "plenty follows from the limit", plenty_follows_from_the_limit);
}
