/* Scaling in simulated time: a shop with a day of quiet and rush hours, a store that all servers share, servers
 * that take a while to start and crash at times. And shapes of load that mean to make it flap. */
#include <inttypes.h>
#include <stdio.h>

#include "balancer/pool/scale.h"
#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"

#define EVERY (250 * CLOCK_MILLISECOND)
#define HOUR  (3600 * CLOCK_SECOND)

enum {
    TICKS_PER_SECOND = 4,
    MIN = 2,
    MAX = 8,
    SERVER_RATE = 400, /* purchases that a server decides in a second, at most ... */
    STORE_RATE = 3000, /* ... and the store, from all servers together */
    SERVER_LIMIT = 512,
    CPU_FULL = 950, /* per mille, of a server that decides as much as it can */
    MISSING_MAX = 64,
};

struct shop {
    struct scale scale;
    struct scale_rules rules;
    struct dice dice;
    int64_t now, servers;
    int64_t up_at[MISSING_MAX]; /* of those that are missing; 0: none */
    int64_t backlog;
    bool never_up;     /* who is started crashes again and again */
    bool store_crawls; /* the store does a twentieth */
    uint32_t crashes;  /* one server in so many seconds, on average; 0: none */
    int64_t period;    /* of a load that goes up and down */
    bool telegraph;

    /* what came of it */
    int64_t most, fewest, outs, ins, backlog_most;
};

/* What comes in a second. */
typedef int64_t arrivals(struct shop *shop);

static void shop_open(struct shop *shop, uint64_t seed)
{
    *shop = (struct shop){
        .rules = scale_rules_default(MIN, MAX, SERVER_LIMIT),
        .dice = dice_new(seed),
        .servers = MIN,
        .fewest = MIN,
        .most = MIN,
    };
}

static int64_t shop_missing(struct shop *shop)
{
    int64_t missing = 0;
    for (size_t i = 0; i < MISSING_MAX; i++) {
        if (shop->up_at[i] != 0 && shop->up_at[i] <= shop->now && !shop->never_up)
            shop->up_at[i] = 0;
        missing += shop->up_at[i] != 0;
    }
    return missing;
}

/* For half a second to three. */
static void shop_misses_one(struct shop *shop)
{
    for (size_t i = 0; i < MISSING_MAX; i++)
        if (shop->up_at[i] == 0) {
            shop->up_at[i] =
                shop->now + CLOCK_SECOND / 2 + 10 * CLOCK_MILLISECOND * dice_roll(&shop->dice, 250);
            return;
        }
}

static void shop_finds_one(struct shop *shop)
{
    for (size_t i = 0; i < MISSING_MAX; i++)
        if (shop->up_at[i] != 0) {
            shop->up_at[i] = 0;
            return;
        }
}

static void shop_obeys(struct shop *shop, const struct routing_scale *step)
{
    CU_ASSERT_EQUAL(step->from, shop->servers);
    CU_ASSERT(step->to >= MIN && step->to <= MAX && step->to != step->from);
    CU_ASSERT(step->to >= step->from - 1 && step->to <= 2 * step->from);
    if (step->to < step->from) {
        shop_finds_one(shop); /* who is missing goes first */
        shop->ins++;
    } else {
        shop->outs++;
    }
    for (int64_t i = step->from; i < step->to; i++)
        shop_misses_one(shop);
    shop->servers = step->to;
    if (shop->servers > shop->most)
        shop->most = shop->servers;
    if (shop->servers < shop->fewest)
        shop->fewest = shop->servers;
}

/* A quarter of a second. */
static void shop_tick(struct shop *shop, int64_t come)
{
    struct routing_scale step;
    if (shop->crashes > 0 && dice_roll(&shop->dice, shop->crashes * TICKS_PER_SECOND) == 0 &&
        shop_missing(shop) < shop->servers)
        shop_misses_one(shop);
    int64_t missing = shop_missing(shop), up = shop->servers - missing;
    int64_t store = shop->store_crawls ? STORE_RATE / 20 : STORE_RATE;
    int64_t able = up * SERVER_RATE < store ? up * SERVER_RATE : store;
    int64_t all = shop->backlog + come;
    int64_t done = all < able / TICKS_PER_SECOND ? all : able / TICKS_PER_SECOND;
    shop->backlog = all - done;
    int64_t pending = shop->backlog < up * SERVER_LIMIT ? shop->backlog : up * SERVER_LIMIT;
    int64_t work = done * TICKS_PER_SECOND * CPU_FULL / SERVER_RATE;
    struct scale_sample sample = {
        .time = shop->now += EVERY,
        .servers = shop->servers,
        .missing = missing,
        .up = up,
        .pending = pending,
        .waiting = shop->backlog - pending,
        .commit = shop->store_crawls ? 80 * CLOCK_MILLISECOND : 2 * CLOCK_MILLISECOND,
        .cpu = up > 0 ? work / up : 0,
        .work = work,
    };
    if (scale_add(&shop->scale, &shop->rules, &sample, &step))
        shop_obeys(shop, &step);
    if (shop->backlog > shop->backlog_most)
        shop->backlog_most = shop->backlog;
}

static void shop_runs(struct shop *shop, int64_t time, arrivals *load)
{
    for (int64_t end = shop->now + time; shop->now < end;)
        shop_tick(shop, load(shop) / TICKS_PER_SECOND);
}

static void shop_tells(const struct shop *shop, const char *what)
{
    printf("  %s: %" PRId64 " steps out, %" PRId64 " in, %" PRId64 " to %" PRId64
           " servers, backlog up to %" PRId64 "\n",
           what, shop->outs, shop->ins, shop->fewest, shop->most, shop->backlog_most);
}

/* --- a day --------------------------------------------------------------------------------------- */

/* Between 0 and `height`, highest in the middle of `from` to `to` hours. */
static int64_t hump(int64_t time, int64_t from, int64_t to, int64_t height)
{
    int64_t at = time - from * HOUR, length = (to - from) * HOUR;
    if (at <= 0 || at >= length)
        return 0;
    return height * 4 * (at / CLOCK_SECOND) * ((length - at) / CLOCK_SECOND) /
           (length / CLOCK_SECOND) / (length / CLOCK_SECOND);
}

/* A few at night, some by day, many at noon and in the evening; at ten the sale of something begins, and 5,000
 * stand there. A third more or less, by chance. */
static int64_t day(struct shop *shop)
{
    int64_t time = shop->now;
    int64_t rate =
        20 + hump(time, 6, 24, 500) + hump(time, 11, 14, 1700) + hump(time, 18, 22, 2300);
    rate = rate * (67 + dice_roll(&shop->dice, 67)) / 100;
    return time == 10 * HOUR ? rate + 5000 * TICKS_PER_SECOND : rate;
}

static void a_day_is_followed_without_flapping(void)
{
    uint64_t first = dice_seed();
    for (uint64_t seed = first; seed < first + 3; seed++) {
        struct shop shop;
        char what[48];
        shop_open(&shop, seed);
        shop.crashes = 3600;
        shop_runs(&shop, 5 * HOUR, day);
        CU_ASSERT_EQUAL(shop.servers, MIN);
        CU_ASSERT_EQUAL(shop.outs, 0);
        shop_runs(&shop, 15 * HOUR, day);
        CU_ASSERT_EQUAL(shop.servers, MAX); /* eight in the evening */
        shop_runs(&shop, 5 * HOUR, day);
        CU_ASSERT_EQUAL(shop.servers, MIN);
        CU_ASSERT_EQUAL(shop.backlog, 0);
        CU_ASSERT(shop.backlog_most < 7000);
        snprintf(what, sizeof what, "the day of SEED=%" PRIu64, seed);
        shop_tells(&shop, what);
        CU_ASSERT(shop.outs + shop.ins <= 60);
    }
}

/* --- the worst hours ----------------------------------------------------------------------------- */

/* Either nothing or more than eight could do. */
static int64_t square(struct shop *shop)
{
    return shop->now % shop->period < shop->period / 2 ? 3500 : 0;
}

/* Slowly more and more, then nothing at once. */
static int64_t sawtooth(struct shop *shop)
{
    return 3000 * (shop->now % shop->period / CLOCK_MILLISECOND) /
           (shop->period / CLOCK_MILLISECOND);
}

/* All at once, then nothing. */
static int64_t spike(struct shop *shop)
{
    return shop->now % shop->period < EVERY ? 100000 : 0;
}

/* About as much as makes the third server due, to and fro by chance. */
static int64_t brink(struct shop *shop)
{
    int64_t step = shop->now / shop->period % 3; /* longer than any window */
    return 560 + 40 * step + dice_roll(&shop->dice, 160) - 80;
}

/* What turns up comes to stay for a while by chance, and then leaves. */
static int64_t telegraph(struct shop *shop)
{
    if (dice_roll(&shop->dice, (uint32_t)(shop->period / EVERY)) == 0)
        shop->telegraph = !shop->telegraph;
    return shop->telegraph ? 2500 : 10;
}

static int64_t nothing(struct shop *shop)
{
    (void)shop;
    return 0;
}

/* Whatever the load was, the quiet after it is followed too. */
static void shop_rests(struct shop *shop)
{
    shop->backlog = 0;
    shop_runs(shop, HOUR / 4, nothing);
    CU_ASSERT_EQUAL(shop->servers, MIN);
}

/* Load that comes and goes faster than servers should leaves few steps; what is slower is followed. */
static void no_rhythm_makes_it_flap(void)
{
    static const struct {
        const char *name;
        arrivals *load;
    } shapes[] = {{"square", square},
                  {"sawtooth", sawtooth},
                  {"spike", spike},
                  {"brink", brink},
                  {"telegraph", telegraph}};
    static const int64_t periods[] = {1,  2,  3,  4,  5,  8,  10,  12,  15, 20,
                                      24, 25, 30, 40, 60, 90, 120, 180, 300};
    uint64_t seed = dice_seed();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t j = 0; j < sizeof periods / sizeof *periods; j++) {
            int64_t most = periods[j] <= 40 ? 100 : 300;
            struct shop shop;
            char what[48];
            shop_open(&shop, seed);
            shop.period = periods[j] * CLOCK_SECOND;
            shop_runs(&shop, HOUR, shapes[i].load);
            snprintf(what, sizeof what, "%s of %d s", shapes[i].name, (int)periods[j]);
            if (shop.outs + shop.ins > most)
                shop_tells(&shop, what);
            CU_ASSERT(shop.outs + shop.ins <= most);
            shop_rests(&shop);
        }
}

/* --- when more servers are no help --------------------------------------------------------------- */

static int64_t much(struct shop *shop)
{
    return 2500 + dice_roll(&shop->dice, 500);
}

static void servers_that_crash_again_and_again_are_not_multiplied(void)
{
    struct shop shop;
    shop_open(&shop, dice_seed());
    shop.never_up = true;
    shop_runs(&shop, HOUR, much);
    CU_ASSERT_EQUAL(shop.outs, 2);
    CU_ASSERT_EQUAL(shop.servers, 3 * MIN);
    CU_ASSERT_EQUAL(shop.scale.verdict, SCALE_MISSING);
    shop_rests(&shop);
    CU_ASSERT_EQUAL(shop.outs, 2);
}

static void servers_that_are_repaired_are_joined_by_more(void)
{
    struct shop shop;
    shop_open(&shop, dice_seed());
    shop.never_up = true;
    shop_runs(&shop, CLOCK_SECOND * 60, much);
    shop.never_up = false;
    shop_runs(&shop, CLOCK_SECOND * 10, much);
    CU_ASSERT_EQUAL(shop.servers, MAX);
}

static void a_store_that_crawls_starts_no_servers(void)
{
    struct shop shop;
    shop_open(&shop, dice_seed());
    shop.store_crawls = true;
    shop_runs(&shop, HOUR, much);
    CU_ASSERT_EQUAL(shop.outs, 0);
    CU_ASSERT_EQUAL(shop.scale.verdict, SCALE_STORE);
    shop.store_crawls = false; /* and now there is a backlog */
    shop_runs(&shop, 10 * CLOCK_SECOND, much);
    CU_ASSERT_EQUAL(shop.servers, MAX);
}

static void servers_that_crash_often_are_no_reason_to_flap(void)
{
    struct shop shop;
    shop_open(&shop, dice_seed());
    shop.crashes = 20;
    shop_runs(&shop, HOUR, much);
    shop_tells(&shop, "a crash every 20 s");
    CU_ASSERT_EQUAL(shop.servers, MAX);
    CU_ASSERT(shop.outs + shop.ins <= 12);
}

/* --- a load step --------------------------------------------------------------------------------- */

/* So many buyers, each of whom comes again when he has got his ticket: what is pending is the same however
 * many servers there are. */
static void a_step_of_load_scales_to_the_maximum_and_back(void)
{
    struct routing_scale step;
    struct shop shop;
    int64_t began;
    shop_open(&shop, dice_seed());
    for (int phase = 0; phase < 2; phase++) {
        began = shop.now;
        while (shop.servers != (phase == 0 ? MAX : MIN) && shop.now - began < 300 * CLOCK_SECOND) {
            int64_t missing = shop_missing(&shop);
            int64_t pending = phase == 0 ? 380 + dice_roll(&shop.dice, 132) : 0;
            struct scale_sample sample = {.time = shop.now += EVERY,
                                          .servers = shop.servers,
                                          .missing = missing,
                                          .up = shop.servers - missing,
                                          .pending = pending,
                                          .commit = 4 * CLOCK_MILLISECOND,
                                          .cpu = phase == 0 ? 250 : 2,
                                          .work = phase == 0 ? 500 : 4};
            if (scale_add(&shop.scale, &shop.rules, &sample, &step))
                shop_obeys(&shop, &step);
        }
        CU_ASSERT(shop.now - began <= (phase == 0 ? 10 : 65) * CLOCK_SECOND);
    }
    CU_ASSERT_EQUAL(shop.outs, 2);
    CU_ASSERT_EQUAL(shop.ins, MAX - MIN);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("scale days", "a day is followed without flapping",
              a_day_is_followed_without_flapping);
    suite_add("scale days", "no rhythm makes it flap", no_rhythm_makes_it_flap);
    suite_add("scale days", "servers that crash again and again are not multiplied",
              servers_that_crash_again_and_again_are_not_multiplied);
    suite_add("scale days", "servers that are repaired are joined by more",
              servers_that_are_repaired_are_joined_by_more);
    suite_add("scale days", "a store that crawls starts no servers",
              a_store_that_crawls_starts_no_servers);
    suite_add("scale days", "servers that crash often are no reason to flap",
              servers_that_crash_often_are_no_reason_to_flap);
    suite_add("scale days", "a step of load scales to the maximum and back",
              a_step_of_load_scales_to_the_maximum_and_back);
}
