/* make failover: strikes the primary of a PostgreSQL pair under a cluster that sells, and proves after each blow that
 * nothing was lost; then shows that without a synchronous standby something is. */
#include <stdio.h>

#include "common/options.h"
#include "tests/failover/blows.h"
#include "tests/failover/own_network.h"
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"

enum {
    BLOWS_DEFAULT_MAX = 10000,
    CONTROL_BLOWS = 10,
};

static const enum blow all[] = {BLOW_KILLED,  BLOW_FROZEN,   BLOW_CUT_OFF,
                                BLOW_LAGGING, BLOW_IN_DOUBT, BLOW_RESTARTED};
static struct blows_settings settings = {.kinds = all, .kind_count = BLOWS, .progress = true};

static void blows(void)
{
    printf("  seed %llu\n", (unsigned long long)settings.seed);
    fflush(stdout);
    blows_run(&settings);
}

static void control(void)
{
    CU_ASSERT(blows_run_lax(settings.seed, CONTROL_BLOWS) > 0);
}

/* Before all others. */
static void network_of_its_own(void)
{
    if (!own_network_enter())
        suite_skip(
            "a network namespace is not to be had here: that takes root. Whom the network was to "
            "cut off is frozen instead");
}

int main(int argc, char **argv)
{
    int64_t seed, count;
    const struct option_entry table[] = {
        {"seed", "N", OPTION_NUMBER, "-1", -1, INT64_MAX, "repeats the blows of an earlier run",
         &seed},
        {"blows", "N", OPTION_NUMBER, "100", 1, BLOWS_DEFAULT_MAX, "to strike", &count},
    };
    options_read(
        table, sizeof table / sizeof *table, "failover [--seed N] [--blows N]",
        "Strikes the PostgreSQL primary of a cluster under load, and audits after each blow.", argc,
        argv);
    settings.seed = seed >= 0 ? (uint64_t)seed : dice_fresh_seed();
    settings.blows = (int)count;
    suite_add("failover", "network_of_its_own", network_of_its_own);
    suite_add("failover", "blows", blows);
    suite_add("failover", "control", control);
    int status = suite_main(1, argv);
    if (status != 0)
        printf("again: make failover SEED=%llu FAILOVERS=%d\n", (unsigned long long)settings.seed,
               settings.blows);
    return status;
}
