#include "tests/store/fixture_faults.h"

#include <string.h>

#include "tests/store/faulty_vfs.h"
#include "tests/store/fixture_engine.h"
#include "tests/store/forgetful_vfs.h"

static void sqlite_install(uint64_t seed)
{
    forgetful_install(seed);
    faulty_install();
}

static void sqlite_remove(void)
{
    faulty_remove();
    forgetful_remove();
}

static void sqlite_fail(unsigned kind, int n)
{
    faulty_arm((enum faulty_call)(kind % FAULTY_CALLS), n, false);
}

static bool sqlite_mend(void)
{
    faulty_mend();
    return faulty_met() > 0;
}

static void sqlite_abandon(struct store *store)
{
    faulty_away(true);
    store_close(store);
    faulty_away(false);
}

static const struct fixture_faults sqlite_faults = {
    .install = sqlite_install,
    .remove = sqlite_remove,
    .fail = sqlite_fail,
    .mend = sqlite_mend,
    .abandon = sqlite_abandon,
    .cut = forgetful_cut,
    .adopt = forgetful_adopt,
};

const struct fixture_faults *fixture_faults(const struct fixture *fixture)
{
    return strcmp(fixture->engine->name, "sqlite") == 0 ? &sqlite_faults : NULL;
}
