/* The power is cut under a whole cluster; see tests/soak/cuts.h. SEED=N repeats a run. */
#include "tests/lib/dice.h"
#include "tests/lib/suite.h"
#include "tests/soak/cuts.h"

enum {
    CUTS = 10,
};

static void ten_cuts(void)
{
    const struct cuts_settings settings = {.seed = dice_seed(), .cuts = CUTS};
    cuts_run(&settings);
}

static void synchronous_normal_loses_sales(void)
{
    cuts_must_lose(CUTS_NORMAL, dice_seed());
}

static void eatmydata_loses_sales(void)
{
    cuts_must_lose(CUTS_EATMYDATA, dice_seed());
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("power", "ten_cuts", ten_cuts);
    suite_add("power", "synchronous_normal_loses_sales", synchronous_normal_loses_sales);
    suite_add("power", "eatmydata_loses_sales", eatmydata_loses_sales);
}
