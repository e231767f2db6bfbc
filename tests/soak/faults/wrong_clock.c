/* A wall clock that was set wrong, and is set again while the program runs. The monotonic one is as ever. */
#include <stdint.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/soak/faults/fault.h"

int64_t __real_clock_now(void);
int64_t __wrap_clock_now(void);

int64_t __wrap_clock_now(void)
{
    static struct fault_lately lately = FAULT_LATELY;
    char word[FAULT_WORD_SIZE];
    bool wrong = fault_on_lately(&lately, FAULT_WRONG_CLOCK, word);
    return __real_clock_now() + (wrong ? strtoll(word, NULL, 10) * CLOCK_SECOND : 0);
}
