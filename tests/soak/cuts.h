/* The soak of power cuts: a cluster under load whose store and logs lie on a disk of their own, and whose
 * power is cut at random moments, by a seed that repeats the same cuts in the same order (though not at the
 * same microsecond). What the buyers were told is kept elsewhere, and after each cut held against what the
 * disk remembers.
 *
 * The disk forgets what was written and not synced; the memory of its file's own disk is not taken from it.
 *
 * Findings are failed assertions. Main thread only. Needs the privilege to mount: skips aloud without. */
#ifndef BOX_OFFICE_SOAK_CUTS_H
#define BOX_OFFICE_SOAK_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cuts_settings {
    uint64_t seed;
    int cuts;
    bool progress; /* told on stderr */
};

/* Runs it, and prints the figures on stdout. */
void cuts_run(const struct cuts_settings *settings);

/* Ways to answer before a sale is on the disk. */
enum cuts_weakness {
    CUTS_NORMAL,    /* synchronous = NORMAL */
    CUTS_EATMYDATA, /* fsync(2) and its kin do nothing: eatmydata(1) */
    CUTS_WEAKNESSES,
};

/* Cuts the power of such a cluster until sales that were acknowledged are lost, as they must be: or these
 * cuts would prove nothing. */
void cuts_must_lose(enum cuts_weakness weakness, uint64_t seed);

#endif
