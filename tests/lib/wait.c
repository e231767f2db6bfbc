#include "tests/lib/wait.h"

#include <time.h>

#include "common/clock.h"

bool wait_until(wait_condition *condition, void *context, int seconds)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    int64_t deadline = clock_monotonic() + seconds * CLOCK_SECOND;
    while (!condition(context)) {
        if (clock_monotonic() > deadline)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}
