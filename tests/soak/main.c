/* make soak: kills processes of a cluster under load, and proves after each that nothing was lost. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/options.h"
#include "tests/lib/suite.h"
#include "tests/soak/soak.h"

enum {
    KILLS_MAX = 1000000,
};

static struct soak_settings settings = {.recovery_max = 2 * CLOCK_SECOND, .progress = true};

static void soak(void)
{
    soak_run(&settings);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("soak", "kills", soak);
}

int main(int argc, char **argv)
{
    int64_t seed, kills;
    const struct option_entry table[] = {
        {"seed", "N", OPTION_NUMBER, "-1", -1, INT64_MAX, "repeats the blows of an earlier run",
         &seed},
        {"kills", "N", OPTION_NUMBER, "1000", 1, KILLS_MAX, "processes to kill", &kills},
    };
    options_read(table, sizeof table / sizeof *table, "soak [--seed N] [--kills N]",
                 "Kills processes of a cluster under load, and audits after each blow.", argc,
                 argv);
    settings.seed = seed >= 0 ? (uint64_t)seed : dice_fresh_seed();
    settings.kills = (int)kills;
    int status = suite_main(1, argv);
    if (status != 0)
        printf("again: make soak SEED=%llu KILLS=%d\n", (unsigned long long)settings.seed,
               settings.kills);
    return status;
}
