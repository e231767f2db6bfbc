/* Random walks through all that can be decided, held against the oracle after each step.
 *
 * SEQUENCES=N walks so many; SEED=N begins with that seed, which the failing walk's tells. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/walk.h"

enum {
    SEQUENCES = 300,
    ENOUGH = 1000, /* walks that meet all there is to meet, also what is rare */
    PROGRESS = 500,
    LATE_MAX = 5, /* times that a walk begins anew */
};

/* What a walk of that seed is to be repeated with, and what it did until it failed. */
static void tell_failure(struct fixture *fixture, uint64_t seed, int steps, const char *why)
{
    struct walk_met met = {0};
    char again[WALK_WHY_SIZE];
    printf("  SEED=%" PRIu64 " SEQUENCES=1: after %d steps, the shortest that fail: %s\n", seed,
           steps, why);
    walk_run(fixture, seed, &met, true, again);
}

/* Reads, and batches whose items are past their deadlines, are waited for only shortly, as they should: on a machine
 * that has much else to do PostgreSQL may be late for one. That is no difference, and the walk is taken anew. */
static int walk(struct fixture *fixture, uint64_t seed, struct walk_met *met, char *why)
{
    int failed = walk_run(fixture, seed, met, false, why);
    for (int i = 1; i < LATE_MAX && failed != 0 && strstr(why, "not answer in time") != NULL; i++) {
        printf("  SEED=%" PRIu64 " again: %s\n", seed, why);
        failed = walk_run(fixture, seed, met, false, why);
    }
    return failed;
}

static uint64_t sequences(const struct fixture *fixture)
{
    const char *given = getenv("SEQUENCES");
    if (given != NULL && given[0] != '\0')
        return strtoull(given, NULL, 10);
    return SEQUENCES / fixture_effort(fixture);
}

static void tell_progress(const struct fixture *fixture, uint64_t done, uint64_t count)
{
    int scheme = (int)strcspn(fixture->url, ":");
    if (done % PROGRESS == 0)
        fprintf(stderr, "  %.*s: %" PRIu64 " of %" PRIu64 " walks\n", scheme, fixture->url, done,
                count);
}

static void agrees_with_the_oracle(struct fixture *fixture)
{
    static struct walk_met met;
    char why[WALK_WHY_SIZE];
    uint64_t seed = dice_seed(), count = sequences(fixture);
    met = (struct walk_met){0};
    for (uint64_t i = 0; i < count; i++) {
        int failed = walk(fixture, seed + i, &met, why);
        CU_ASSERT_EQUAL(failed, 0);
        tell_progress(fixture, i + 1, count);
        if (failed == 0)
            continue;
        tell_failure(fixture, seed + i, failed, why);
        return;
    }
    if (count >= ENOUGH)
        CU_ASSERT_EQUAL(walk_never_met(&met), 0);
}

static const struct fixture_case cases[] = {
    {"agrees with the oracle", 0, agrees_with_the_oracle},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store random", cases, 1);
}
