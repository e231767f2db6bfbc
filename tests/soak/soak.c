#include "tests/soak/soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/soak/mishaps.h"
#include "tests/soak/strikes.h"

enum {
    DECK = 20,                   /* kills, in which each kind has its share */
    KILLS_PER_SCENE = 40,        /* then another store and other logs: audits stay short */
    KILLS_PER_MISHAP = 8,        /* one of them after so many kills */
    SCENES_PER_SHORTAGE = 4,     /* one in so many sells out; which one, the seed says */
    SHORTAGE_PER_KILL = 300,     /* tickets */
    BLOWS_PER_DOUBLE = 4,        /* one in so many hits two at once */
    SALES_BETWEEN_MAX = 200,     /* before the next blow */
    KILLS_PER_PROGRESS_LINE = 50 /* where stderr is no terminal */
};

struct soak {
    const struct soak_settings *settings;
    struct dice dice;
    struct counts *counts;
    int64_t begun_at;
    int kills;
    unsigned scenes;
    int next_mishap;
    int deck[DECK];
    int dealt; /* of the deck */
    int mishaps[MISHAPS];
};

static const char *const victim_names[VICTIMS] = {"ticket server", "router", "master", "buyers"};

static void fill_deck(struct soak *soak)
{
    static const int shares[VICTIMS] = {
        [VICTIM_SERVER] = 11, [VICTIM_ROUTER] = 4, [VICTIM_MASTER] = 1, [VICTIM_BUYER] = 4};
    int count = 0;
    for (int victim = 0; victim < VICTIMS; victim++)
        for (int i = 0; i < shares[victim]; i++)
            soak->deck[count++] = victim;
    dice_shuffle(&soak->dice, soak->deck, DECK);
    soak->dealt = 0;
}

static enum victim deal(struct soak *soak)
{
    if (soak->dealt == DECK)
        fill_deck(soak);
    return (enum victim)soak->deck[soak->dealt++];
}

static enum mishap next_mishap(struct soak *soak)
{
    int which = soak->next_mishap++ % MISHAPS;
    if (which == 0) {
        for (int i = 0; i < MISHAPS; i++)
            soak->mishaps[i] = i;
        dice_shuffle(&soak->dice, soak->mishaps, MISHAPS);
    }
    return (enum mishap)soak->mishaps[which];
}

/* --- what is told ------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell_progress(const struct soak *soak, const char *now)
{
    bool terminal = isatty(STDERR_FILENO);
    int64_t seconds = (clock_monotonic() - soak->begun_at) / CLOCK_SECOND;
    if (!soak->settings->progress || (!terminal && soak->kills % KILLS_PER_PROGRESS_LINE != 0))
        return;
    fprintf(stderr, "%ssoak: %d of %d kills, %d mishaps, %d audits, %" PRId64 " s: %s%s",
            terminal ? "\r\033[K" : "", soak->kills, soak->settings->kills, soak->counts->mishaps,
            soak->counts->audits, seconds, now, terminal ? "" : "\n");
}

static void print_recovery(struct counts *counts, enum victim victim)
{
    int count = counts->recovered[victim];
    if (count == 0)
        return;
    int64_t *list = counts->recoveries[victim];
    qsort(list, (size_t)count, sizeof *list, by_time);
    printf("  %-14s %5d kills   up and selling after: median %" PRId64 " ms, worst %" PRId64
           " ms\n",
           victim_names[victim], counts->kills[victim], list[count / 2] / CLOCK_MILLISECOND,
           list[count - 1] / CLOCK_MILLISECOND);
}

static void print_figures(const struct soak *soak)
{
    struct counts *counts = soak->counts;
    printf("  soak with seed %" PRIu64 ": %d kills, %d mishaps, %d audits in %" PRId64 " s\n",
           soak->settings->seed, soak->kills, counts->mishaps, counts->audits,
           (clock_monotonic() - soak->begun_at) / CLOCK_SECOND);
    for (int victim = 0; victim < VICTIMS; victim++)
        print_recovery(counts, (enum victim)victim);
    printf("  purchases %" PRId64 ": sold %" PRId64 " (%" PRId64 " tickets), sold out %" PRId64
           " (in %d scenes); slowest %" PRId64 " ms\n",
           counts->begun, counts->sold, counts->tickets, counts->refused, counts->sold_out,
           counts->slowest / CLOCK_MILLISECOND);
    printf("  repeated with their key while router or master was away: %" PRId64 "\n",
           counts->excused);
}

/* --- the blows --------------------------------------------------------------------------------- */

static void land(struct soak *soak, struct scene *scene, int left)
{
    enum victim victims[STRIKES_MAX] = {deal(soak)};
    size_t count = 1;
    bool two = left > 1 && dice_roll(&soak->dice, BLOWS_PER_DOUBLE) == 0 && soak->dealt < DECK;
    if (two && victims[0] != VICTIM_MASTER && soak->deck[soak->dealt] != VICTIM_MASTER)
        victims[count++] = deal(soak);
    scene_progress(scene, (int)dice_roll(&soak->dice, SALES_BETWEEN_MAX) + 1);
    tell_progress(soak, victim_names[victims[0]]);
    strikes_land(scene, victims, count);
    soak->kills += (int)count;
    scene_audit(scene);
}

static void befall(struct soak *soak, struct scene *scene)
{
    enum mishap mishap = next_mishap(soak);
    tell_progress(soak, mishap_names[mishap]);
    mishap_befall(scene, mishap);
    scene_audit(scene);
}

static bool all_is_well(unsigned failures, const struct soak *soak, const char *what)
{
    if (CU_get_number_of_failures() == failures)
        return true;
    printf("  %s, after kill %d of seed %" PRIu64 "\n", what, soak->kills, soak->settings->seed);
    return false;
}

/* One store: at most KILLS_PER_SCENE kills, and the mishaps between them. */
static bool play(struct soak *soak)
{
    struct scene scene;
    unsigned failures = CU_get_number_of_failures();
    int left = soak->settings->kills - soak->kills;
    int goal = soak->kills + (left < KILLS_PER_SCENE ? left : KILLS_PER_SCENE);
    bool shortage = (soak->settings->seed + soak->scenes++) % SCENES_PER_SHORTAGE == 0;
    int64_t capacity = shortage ? (int64_t)(goal - soak->kills) * SHORTAGE_PER_KILL : SCENE_PLENTY;
    bool well = true;
    scene_open(&scene, capacity, dice_roll(&soak->dice, UINT32_MAX), soak->counts);
    scene.recovery_max = soak->settings->recovery_max;
    while (well && soak->kills < goal) {
        land(soak, &scene, goal - soak->kills);
        well = all_is_well(failures, soak, "not as it should be");
        if (well && soak->kills / KILLS_PER_MISHAP > soak->next_mishap) {
            befall(soak, &scene);
            well = all_is_well(failures, soak, "not as it should be after a mishap");
        }
    }
    scene_close(&scene);
    return well && all_is_well(failures, soak, "the books do not balance");
}

void soak_run(const struct soak_settings *settings)
{
    struct soak soak = {.settings = settings,
                        .dice = dice_new(settings->seed),
                        .counts = memory_new(sizeof *soak.counts),
                        .begun_at = clock_monotonic(),
                        .dealt = DECK};
    printf("  seed %" PRIu64 "\n", settings->seed);
    fflush(stdout);
    while (soak.kills < settings->kills && play(&soak))
        continue;
    if (settings->progress && isatty(STDERR_FILENO))
        fprintf(stderr, "\n");
    print_figures(&soak);
    free(soak.counts);
}
