/* Outages of all kinds in short: see tests/soak/outages.h. SEED=N repeats a run. */
#include "common/clock.h"
#include "tests/lib/dice.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/soak/outages.h"

enum {
    OUTAGES = 30,
    SLOWER = 5, /* under the sanitizers, where there is less to do, everything may take longer */
};

static void outages_of_all_kinds(void)
{
    bool slow = load_scaled(100) < 100;
    const struct outages_settings settings = {.seed = dice_seed(),
                                              .outages = load_scaled(OUTAGES),
                                              .return_max = 2 * CLOCK_SECOND * (slow ? SLOWER : 1)};
    outages_run(&settings);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("faults", "outages_of_all_kinds", outages_of_all_kinds);
}
