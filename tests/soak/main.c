/* make soak: kills processes of a cluster under load, and proves after each that nothing was lost.
 * make faults: breaks its servers in all ways instead. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/options.h"
#include "tests/lib/suite.h"
#include "tests/soak/outages.h"
#include "tests/soak/soak.h"

enum {
    KILLS_MAX = 1000000,
    FAULTS_MAX = 100000,
};

static struct soak_settings settings = {.recovery_max = 2 * CLOCK_SECOND, .progress = true};
static struct outages_settings outages = {.return_max = 2 * CLOCK_SECOND};

static void soak(void)
{
    soak_run(&settings);
}

static void faults(void)
{
    printf("  seed %llu\n", (unsigned long long)outages.seed);
    outages_run(&outages);
}

int main(int argc, char **argv)
{
    int64_t seed, kills, faulty;
    const struct option_entry table[] = {
        {"seed", "N", OPTION_NUMBER, "-1", -1, INT64_MAX, "repeats the blows of an earlier run",
         &seed},
        {"kills", "N", OPTION_NUMBER, "1000", 1, KILLS_MAX, "processes to kill", &kills},
        {"faults", "N", OPTION_NUMBER, "0", 0, FAULTS_MAX,
         "kills nothing but servers, and breaks them in all other ways, so often", &faulty},
    };
    options_read(table, sizeof table / sizeof *table, "soak [--seed N] [--kills N | --faults N]",
                 "Kills processes of a cluster under load, and audits after each blow.", argc,
                 argv);
    settings.seed = outages.seed = seed >= 0 ? (uint64_t)seed : dice_fresh_seed();
    settings.kills = (int)kills;
    outages.outages = (int)faulty;
    suite_add("soak", faulty > 0 ? "faults" : "kills", faulty > 0 ? faults : soak);
    int status = suite_main(1, argv);
    if (status != 0)
        printf("again: make %s SEED=%llu %s=%d\n", faulty > 0 ? "faults" : "soak",
               (unsigned long long)settings.seed, faulty > 0 ? "FAULTS" : "KILLS",
               (int)(faulty > 0 ? faulty : kills));
    return status;
}
