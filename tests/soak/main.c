/* make soak: kills processes of a cluster under load, and proves after each that nothing was lost.
 * Cuts its power. make faults: breaks its servers in all ways instead. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/options.h"
#include "tests/lib/suite.h"
#include "tests/soak/cuts.h"
#include "tests/soak/outages.h"
#include "tests/soak/soak.h"

enum {
    KILLS_MAX = 1000000,
    FAULTS_MAX = 100000,
    CUTS_MAX = 1000000,
};

static struct soak_settings settings = {.recovery_max = 2 * CLOCK_SECOND, .progress = true};
static struct cuts_settings cuts = {.progress = true};
static struct outages_settings outages = {.return_max = 2 * CLOCK_SECOND};

static void soak(void)
{
    soak_run(&settings);
}

static void power_cuts(void)
{
    printf("  seed %llu\n", (unsigned long long)cuts.seed);
    fflush(stdout);
    cuts_run(&cuts);
}

static void soak_postgres(void)
{
    struct pg_server database;
    pg_server_start(&database, &(struct pg_server_terms){.durable = true});
    scenes_sell_from(&database);
    soak_run(&settings);
    scenes_sell_from(NULL);
    pg_server_discard(&database);
}

static void faults(void)
{
    printf("  seed %llu\n", (unsigned long long)outages.seed);
    outages_run(&outages);
}

/* The kinds of soak, by the option that asks for it. */
static const struct kind {
    const char *name, *with;
    void (*body)(void);
} kinds[] = {
    {"cuts", "", power_cuts},
    {"faults", "", faults},
    {"kills", "--postgres", soak_postgres},
    {"kills", "", soak},
};

int main(int argc, char **argv)
{
    int64_t seed, kills, faulty, cut;
    bool postgres;
    const struct option_entry table[] = {
        {"seed", "N", OPTION_NUMBER, "-1", -1, INT64_MAX, "repeats the blows of an earlier run",
         &seed},
        {"kills", "N", OPTION_NUMBER, "1000", 1, KILLS_MAX, "processes to kill", &kills},
        {"postgres", NULL, OPTION_FLAG, NULL, 0, 0,
         "lets the clusters whose processes are killed sell from a PostgreSQL server of the soak's "
         "own",
         &postgres},
        {"cuts", "N", OPTION_NUMBER, "0", 0, CUTS_MAX, "kills nothing, and cuts the power so often",
         &cut},
        {"faults", "N", OPTION_NUMBER, "0", 0, FAULTS_MAX,
         "kills nothing but servers, and breaks them in all other ways, so often", &faulty},
    };
    options_read(table, sizeof table / sizeof *table,
                 "soak [--seed N] [--kills N [--postgres] | --cuts N | --faults N]",
                 "Kills processes of a cluster under load, and audits after each blow.", argc,
                 argv);
    settings.seed = outages.seed = cuts.seed = seed >= 0 ? (uint64_t)seed : dice_fresh_seed();
    settings.kills = (int)kills;
    cuts.cuts = (int)cut;
    outages.outages = (int)faulty;
    const struct kind *kind = &kinds[cut > 0 ? 0 : faulty > 0 ? 1 : postgres ? 2 : 3];
    suite_add("soak", kind->name, kind->body);
    int status = suite_main(1, argv);
    if (status != 0)
        printf("again: build/soak %s --seed %llu --%s %d\n", kind->with,
               (unsigned long long)settings.seed, kind->name,
               (int)(cut > 0      ? cut
                     : faulty > 0 ? faulty
                                  : kills));
    return status;
}
