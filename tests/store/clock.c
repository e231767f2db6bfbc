#include "tests/store/clock.h"

#include <stdatomic.h>

#include "common/clock.h"

int64_t __real_clock_now(void);
int64_t __wrap_clock_now(void);

/* Atomic, because the product's threads read them, too. */
static _Atomic int64_t stopped_at; /* 0: it runs */
static _Atomic int64_t stepped;

int64_t __wrap_clock_now(void)
{
    int64_t stopped = atomic_load(&stopped_at);
    return stopped != 0 ? stopped : __real_clock_now() + atomic_load(&stepped);
}

void clock_stop(int64_t at)
{
    atomic_store(&stopped_at, at);
}

void clock_step(int64_t span)
{
    if (atomic_load(&stopped_at) != 0)
        atomic_fetch_add(&stopped_at, span);
    else
        atomic_fetch_add(&stepped, span);
}

void clock_run(void)
{
    atomic_store(&stopped_at, 0);
    atomic_store(&stepped, 0);
}
