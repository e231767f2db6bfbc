#include "tests/soak/cuts.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"
#include "tests/soak/ground.h"

enum {
    CUTS_PER_STORE = 40, /* then another disk: audits stay short */
    STORES_PER_SHORTAGE = 3,
    SHORTAGE_PER_CUT = 150, /* tickets */
    PLENTY = 10000000,
    DEALS_BETWEEN_MAX = 150,     /* before the next cut */
    FAILURES = 20,               /* that buyers get from a dead disk */
    LINES_LOST_SECONDS = 40,     /* Linux writes back what is 30 s old, and looks every 5 s */
    CUTS_PER_PROGRESS_LINE = 50, /* where stderr is no terminal */
    DECK = 10,
};

/* When the power is cut. */
enum moment {
    MOMENT_LOAD,  /* under load; all that runs ends with it */
    MOMENT_ALIVE, /* only the disk goes at first, and buyers are told so */
    MOMENT_START, /* with the first sale after the last cut: most servers are still starting */
    MOMENT_STOP,  /* while the cluster is stopping, and folds its journal */
    MOMENTS,
};

static const char *const moment_names[MOMENTS] = {"under load", "disk first", "starting",
                                                  "stopping"};
static const int shares[MOMENTS] = {
    [MOMENT_LOAD] = 5, [MOMENT_ALIVE] = 2, [MOMENT_START] = 1, [MOMENT_STOP] = 2};

struct cuts {
    const struct cuts_settings *settings;
    struct dice dice;
    struct ground ground;
    int64_t begun_at;
    int deck[DECK];
    int dealt; /* of the deck */
    int done, stores, sold_out;
    int at[MOMENTS];
    int64_t begun, sold, refused, tickets, excused;
    struct audit_beyond beyond; /* of all stores; the worst */
    int64_t *back; /* owned: of each cut, from the start after it to the first purchase decided */
};

static enum moment next_moment(struct cuts *cuts)
{
    if (cuts->dealt == DECK) {
        int count = 0;
        for (int moment = 0; moment < MOMENTS; moment++)
            for (int i = 0; i < shares[moment]; i++)
                cuts->deck[count++] = moment;
        dice_shuffle(&cuts->dice, cuts->deck, DECK);
        cuts->dealt = 0;
    }
    return (enum moment)cuts->deck[cuts->dealt++];
}

/* --- one cut ----------------------------------------------------------------------------------- */

/* At some moment of every other life the system writes all that it has to the disk, as it does by itself every
 * few seconds: then only the end of the logs is lost. */
static void sell(struct cuts *cuts, uint32_t deals)
{
    struct ground *ground = &cuts->ground;
    uint32_t before = dice_roll(&cuts->dice, 2) == 0 ? dice_roll(&cuts->dice, deals) : deals;
    CU_ASSERT(crowd_progress(&ground->crowd, (size_t)before));
    if (before == deals)
        return;
    disk_sync(&ground->disk);
    CU_ASSERT(crowd_progress(&ground->crowd, (size_t)(deals - before)));
}

static void lead_to(struct cuts *cuts, enum moment moment)
{
    struct ground *ground = &cuts->ground;
    if (moment != MOMENT_START)
        sell(cuts, dice_roll(&cuts->dice, DEALS_BETWEEN_MAX) + 1);
    CU_ASSERT(cluster_nobody_crashed(&ground->cluster));
    if (moment != MOMENT_STOP)
        return;
    ground_excuse(ground);
    process_signal(ground->cluster.master.pid, SIGTERM);
    ground_await_failures(ground, (int)dice_roll(&cuts->dice, FAILURES) + 1);
}

/* With the power goes the end of the logs, and no more than that. */
static void audit(struct cuts *cuts, bool exact, struct audit_beyond *beyond)
{
    const struct crowd *crowd = &cuts->ground.crowd;
    audit_incomplete(&cuts->ground.cluster, &crowd->known, exact, beyond);
    CU_ASSERT(beyond->sales <= (int64_t)crowd->begun);
    CU_ASSERT(beyond->milliseconds <= LINES_LOST_SECONDS * 1000);
    if (beyond->milliseconds > cuts->beyond.milliseconds)
        cuts->beyond.milliseconds = beyond->milliseconds;
}

/* `next`: when the next one will be. */
static void one_cut(struct cuts *cuts, enum moment moment, enum moment next)
{
    struct ground *ground = &cuts->ground;
    lead_to(cuts, moment);
    if (moment == MOMENT_ALIVE)
        ground_cut_disk_first(ground, FAILURES);
    else
        ground_cut(ground);
    cuts->at[moment]++;
    audit(cuts, false, &(struct audit_beyond){0});
    int64_t since = clock_monotonic();
    ground_begin_again(ground);
    cuts->back[cuts->done++] = clock_monotonic() - since;
    if (next != MOMENT_START)
        ground_all_up(ground);
}

/* --- what is told ------------------------------------------------------------------------------ */

static void tell_progress(const struct cuts *cuts)
{
    bool terminal = isatty(STDERR_FILENO);
    int64_t seconds = (clock_monotonic() - cuts->begun_at) / CLOCK_SECOND;
    if (!cuts->settings->progress || (!terminal && cuts->done % CUTS_PER_PROGRESS_LINE != 0))
        return;
    fprintf(stderr, "%ssoak: %d of %d power cuts, %" PRId64 " s%s", terminal ? "\r\033[K" : "",
            cuts->done, cuts->settings->cuts, seconds, terminal ? "" : "\n");
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void print_figures(struct cuts *cuts)
{
    printf("  soak with seed %" PRIu64 ": %d power cuts, each audited, of %d stores in %" PRId64
           " s\n",
           cuts->settings->seed, cuts->done, cuts->stores,
           (clock_monotonic() - cuts->begun_at) / CLOCK_SECOND);
    for (int moment = 0; moment < MOMENTS; moment++)
        printf("  %-14s %5d cuts\n", moment_names[moment], cuts->at[moment]);
    if (cuts->done > 0) {
        qsort(cuts->back, (size_t)cuts->done, sizeof *cuts->back, by_time);
        printf("  started again: the first purchase decided after: median %" PRId64
               " ms, worst %" PRId64 " ms\n",
               cuts->back[(size_t)cuts->done / 2] / CLOCK_MILLISECOND,
               cuts->back[(size_t)cuts->done - 1] / CLOCK_MILLISECOND);
    }
    printf("  beyond the end of the logs that were left: %" PRId64 " sales, up to %" PRId64 " ms\n",
           cuts->beyond.sales, cuts->beyond.milliseconds);
    printf("  purchases %" PRId64 ": sold %" PRId64 " (%" PRId64 " tickets), sold out %" PRId64
           " (in %d stores); attempts that failed meanwhile: %" PRId64 "\n",
           cuts->begun, cuts->sold, cuts->tickets, cuts->refused, cuts->sold_out, cuts->excused);
}

/* --- the soak ---------------------------------------------------------------------------------- */

static bool all_is_well(unsigned failures, const struct cuts *cuts, const char *what)
{
    if (CU_get_number_of_failures() == failures)
        return true;
    printf("  %s, after cut %d of seed %" PRIu64 "\n", what, cuts->done, cuts->settings->seed);
    return false;
}

/* All keys are brought to their end; then store and buyers must agree to the last ticket. */
static void settle(struct cuts *cuts)
{
    struct ground *ground = &cuts->ground;
    const struct crowd *crowd = &ground->crowd;
    CU_ASSERT(crowd_end(&ground->crowd));
    CU_ASSERT(crowd_judge(&ground->crowd));
    CU_ASSERT(cluster_quiet(&ground->cluster));
    audit_repeats(&ground->cluster, &crowd->known);
    struct audit_beyond beyond = {0};
    audit(cuts, true, &beyond);
    cuts->beyond.sales += beyond.sales;
    cuts->begun += (int64_t)crowd->begun;
    cuts->sold += (int64_t)crowd->known.sold;
    cuts->tickets += crowd->known.tickets;
    cuts->refused += crowd->known.sold_out;
    cuts->excused += (int64_t)crowd->excused;
    cuts->sold_out += crowd->known.sold_out > 0;
}

/* One store; false where something is wrong, or no disk is to be had. */
static bool play(struct cuts *cuts)
{
    unsigned failures = CU_get_number_of_failures();
    int left = cuts->settings->cuts - cuts->done;
    int goal = cuts->done + (left < CUTS_PER_STORE ? left : CUTS_PER_STORE);
    bool shortage = (cuts->settings->seed + (uint64_t)cuts->stores) % STORES_PER_SHORTAGE == 0;
    int64_t capacity = shortage ? (int64_t)(goal - cuts->done) * SHORTAGE_PER_CUT : PLENTY;
    if (!ground_open(&cuts->ground, "balancer", capacity))
        return false;
    cuts->stores++;
    ground_invite(&cuts->ground, dice_roll(&cuts->dice, UINT32_MAX));
    bool well = true;
    enum moment moment = next_moment(cuts);
    while (well && cuts->done < goal) {
        enum moment next = cuts->done + 1 < goal ? next_moment(cuts) : MOMENT_LOAD;
        one_cut(cuts, moment, next);
        tell_progress(cuts);
        well = all_is_well(failures, cuts, "not as it should be");
        moment = next;
    }
    if (well)
        settle(cuts);
    ground_close(&cuts->ground);
    return all_is_well(failures, cuts, "the books do not balance") && well;
}

void cuts_run(const struct cuts_settings *settings)
{
    struct cuts cuts = {.settings = settings,
                        .dice = dice_new(settings->seed),
                        .begun_at = clock_monotonic(),
                        .dealt = DECK,
                        .back = memory_new((size_t)settings->cuts * sizeof *cuts.back)};
    while (cuts.done < settings->cuts && play(&cuts))
        continue;
    if (settings->progress && isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    if (cuts.stores > 0)
        print_figures(&cuts);
    free(cuts.back);
}
