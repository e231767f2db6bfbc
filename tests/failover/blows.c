#include "tests/failover/blows.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/failover/own_network.h"
#include "tests/failover/pair.h"
#include "tests/lib/audit.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/soak/crowd.h"

enum {
    BLOWS_MAX = 10000,
    BLOWS_PER_STAGE = 20, /* then other servers and another store: audits stay short */
    SERVERS = 3,
    CAPACITY = 10000000,
    DEALS_BETWEEN_MAX = 150,       /* before the next blow */
    MOMENT_MILLISECONDS_MAX = 800, /* of hanging connections */
    WAITING_SECONDS = 3,           /* for somebody who waits for the standby */
    FIRST_DEAL_SECONDS = 60,
};

static const char *const names[BLOWS] = {"killed",         "frozen",           "cut off",
                                         "standby behind", "back with doubts", "restarted"};

/* What came of all stages so far. */
struct counts {
    int blows[BLOWS];
    int64_t gaps[BLOWS][BLOWS_MAX]; /* the longest time without a sale */
    int done;
    int64_t sold, tickets, excused, slowest;
};

/* A cluster on one pair. */
struct stage {
    struct pair pair;
    struct cluster cluster;
    struct crowd crowd;
    struct dice dice;
};

/* --- waiting ----------------------------------------------------------------------------------- */

static bool has_come(void *context)
{
    return clock_monotonic() >= *(const int64_t *)context;
}

/* Chance decides how long: that is the point of it. */
static void let_pass(struct stage *stage)
{
    int64_t moment =
        clock_monotonic() + dice_roll(&stage->dice, MOMENT_MILLISECONDS_MAX) * CLOCK_MILLISECOND;
    CU_ASSERT(wait_until(has_come, &moment, WAITING_SECONDS));
}

static bool somebody_waits(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value,
                  "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    return value[0] == 't';
}

struct first {
    struct crowd *crowd;
    size_t first;
    int64_t since, ended;
};

static bool first_deal_made(void *context)
{
    struct first *first = context;
    crowd_read(first->crowd);
    first->ended = crowd_first_deal(first->crowd, first->first, first->since);
    return first->ended != 0;
}

/* --- the blows --------------------------------------------------------------------------------- */

static void hang(struct stage *stage, bool by_network)
{
    struct pg_server *primary = pair_primary(&stage->pair);
    if (by_network)
        own_network_drop_port(primary->port);
    else
        pg_server_freeze(primary);
    let_pass(stage);
    pg_server_kill(primary);
    if (by_network)
        own_network_repair();
}

/* The standby is away, and whoever sells waits for it. */
static void lag(struct stage *stage, bool doubts)
{
    struct pair *pair = &stage->pair;
    pg_server_kill(pair_standby(pair));
    if (pair->strict)
        CU_ASSERT(wait_until(somebody_waits, pair_primary(pair), WAITING_SECONDS));
    let_pass(stage);
    pg_server_kill(pair_primary(pair));
    if (doubts) {
        pair_restart(pair);
        CU_ASSERT(wait_until(somebody_waits, pair_primary(pair), WAITING_SECONDS));
        let_pass(stage);
        pg_server_kill(pair_primary(pair));
    }
    pair_return(pair);
}

static void strike(struct stage *stage, enum blow blow)
{
    struct pair *pair = &stage->pair;
    if (blow == BLOW_KILLED || blow == BLOW_RESTARTED)
        pg_server_kill(pair_primary(pair));
    else if (blow == BLOW_FROZEN || blow == BLOW_CUT_OFF)
        hang(stage, blow == BLOW_CUT_OFF && own_network_entered());
    else
        lag(stage, blow == BLOW_IN_DOUBT);
    if (blow == BLOW_RESTARTED) {
        pair_restart(pair);
    } else {
        pair_promote(pair);
        pair_rejoin(pair);
    }
}

/* The longest time without a sale; all ticket servers are up then. */
static int64_t land(struct stage *stage, enum blow blow)
{
    struct crowd *crowd = &stage->crowd;
    struct first look = {crowd, crowd->deal_count, 0, 0};
    int64_t struck_at = clock_monotonic();
    strike(stage, blow);
    look.since = clock_monotonic();
    CU_ASSERT(wait_until(first_deal_made, &look, FIRST_DEAL_SECONDS));
    CU_ASSERT(cluster_all_up(&stage->cluster));
    crowd_excuse(crowd, struck_at);
    return crowd_longest_gap(crowd, look.first, struck_at);
}

/* --- a stage ----------------------------------------------------------------------------------- */

static void stage_open(struct stage *stage, bool strict, uint64_t seed)
{
    *stage = (struct stage){.dice = dice_new(seed)};
    pair_open(&stage->pair, strict);
    cluster_open_store(&stage->cluster, stage->pair.url, CAPACITY, SERVERS);
    crowd_open(&stage->crowd, &stage->cluster, seed);
}

static void progress(struct stage *stage)
{
    int deals = (int)dice_roll(&stage->dice, DEALS_BETWEEN_MAX) + 1;
    CU_ASSERT(crowd_progress(&stage->crowd, (size_t)load_scaled(deals)));
}

static void stage_close(struct stage *stage)
{
    cluster_close(&stage->cluster);
    pair_close(&stage->pair);
    crowd_free(&stage->crowd);
}

/* --- all --------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void print_figures(const struct blows_settings *settings, struct counts *counts,
                          int64_t begun_at)
{
    printf("  failovers with seed %" PRIu64 ": %d in %" PRId64 " s; %" PRId64
           " acknowledged sales of %" PRId64 " tickets, slowest %" PRId64
           " ms; asked again %" PRId64 " times\n",
           settings->seed, counts->done, (clock_monotonic() - begun_at) / CLOCK_SECOND,
           counts->sold, counts->tickets, counts->slowest / CLOCK_MILLISECOND, counts->excused);
    for (int blow = 0; blow < BLOWS; blow++) {
        int count = counts->blows[blow];
        if (count == 0)
            continue;
        qsort(counts->gaps[blow], (size_t)count, sizeof counts->gaps[blow][0], by_time);
        printf("  %-17s %4d   without a sale: median %" PRId64 " ms, worst %" PRId64 " ms\n",
               names[blow], count, counts->gaps[blow][count / 2] / CLOCK_MILLISECOND,
               counts->gaps[blow][count - 1] / CLOCK_MILLISECOND);
    }
}

static void tell_progress(const struct blows_settings *settings, const struct counts *counts,
                          const char *now)
{
    if (settings->progress && isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kfailovers: %d of %d: %s", counts->done, settings->blows, now);
    else if (settings->progress)
        fprintf(stderr, "failovers: %d of %d: %s\n", counts->done, settings->blows, now);
}

static void one(struct stage *stage, const struct blows_settings *settings, struct counts *counts)
{
    enum blow blow = settings->kinds[(size_t)counts->done % settings->kind_count];
    tell_progress(settings, counts, names[blow]);
    progress(stage);
    counts->gaps[blow][counts->blows[blow]++] = land(stage, blow);
    counts->done++;
    crowd_read(&stage->crowd);
    audit_clean(&stage->cluster, &stage->crowd.known);
    CU_ASSERT(crowd_judge(&stage->crowd));
    CU_ASSERT(cluster_nobody_crashed(&stage->cluster));
}

/* False where something was found. */
static bool play(const struct blows_settings *settings, uint64_t seed, struct counts *counts)
{
    static struct stage stage;
    unsigned failures = CU_get_number_of_failures();
    stage_open(&stage, true, seed);
    for (int i = 0; i < BLOWS_PER_STAGE && counts->done < settings->blows &&
                    CU_get_number_of_failures() == failures;
         i++)
        one(&stage, settings, counts);
    CU_ASSERT(crowd_end(&stage.crowd));
    CU_ASSERT(crowd_judge(&stage.crowd));
    CU_ASSERT(cluster_quiet(&stage.cluster));
    audit_repeats(&stage.cluster, &stage.crowd.known);
    audit_exact(&stage.cluster, &stage.crowd.known);
    counts->sold += (int64_t)stage.crowd.known.sold;
    counts->tickets += stage.crowd.known.tickets;
    counts->excused += (int64_t)stage.crowd.excused;
    if (stage.crowd.slowest > counts->slowest)
        counts->slowest = stage.crowd.slowest;
    stage_close(&stage);
    return CU_get_number_of_failures() == failures;
}

void blows_run(const struct blows_settings *settings)
{
    struct counts *counts = memory_new(sizeof *counts);
    struct dice dice = dice_new(settings->seed);
    int64_t begun_at = clock_monotonic();
    CU_ASSERT_FATAL(settings->blows <= BLOWS_MAX);
    while (counts->done < settings->blows && play(settings, dice_roll(&dice, UINT32_MAX), counts))
        continue;
    if (settings->progress && isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    print_figures(settings, counts, begun_at);
    free(counts);
}

size_t blows_run_lax(uint64_t seed, int blows)
{
    static struct stage stage;
    size_t lost = 0;
    stage_open(&stage, false, seed);
    for (int i = 0; i < blows && lost == 0; i++) {
        progress(&stage);
        land(&stage, BLOW_LAGGING);
        crowd_read(&stage.crowd);
        lost = audit_lost(&stage.cluster, &stage.crowd.known);
        printf("  failover %d without a synchronous standby: %zu of %zu acknowledged sales lost\n",
               i + 1, lost, stage.crowd.known.sold);
    }
    crowd_kill_all(&stage.crowd);
    stage_close(&stage);
    return lost;
}
