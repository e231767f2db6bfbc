/* A cluster under load on a PostgreSQL primary with a standby, of which the primary is struck at random, by a seed
 * that repeats the same blows in the same order (though not at the same microsecond). After every blow all that
 * buyers know is held against the store.
 *
 * Findings are failed assertions, and end it. Main thread only. */
#ifndef BOX_OFFICE_TEST_BLOWS_H
#define BOX_OFFICE_TEST_BLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum blow {
    BLOW_KILLED, /* all of its processes at once */
    BLOW_FROZEN, /* for a while before it is killed, so that connections hang */
    BLOW_CUT_OFF, /* the same by its network; needs one of our own (own_network.h), else it is frozen */
    BLOW_LAGGING, /* the standby is away for a while before the primary is killed */
    BLOW_IN_DOUBT, /* the same, and the primary comes back with what its standby never had, is asked for it, and
                       is killed for good */
    BLOW_RESTARTED, /* it comes back as the primary */
    BLOWS,
};

struct blows_settings {
    uint64_t seed;
    int blows;              /* at most 10,000 */
    const enum blow *kinds; /* of blows, in turns; not owned */
    size_t kind_count;
    bool progress; /* told on stderr */
};

/* Strikes, and prints the figures on stdout. */
void blows_run(const struct blows_settings *settings);

/* The same where the primary does not wait for its standby, and LAGGING blows: how many acknowledged sales were lost
 * by the first that lost any, within so many blows; 0: none, so that what finds no loss above proves nothing. */
size_t blows_run_lax(uint64_t seed, int blows);

#endif
