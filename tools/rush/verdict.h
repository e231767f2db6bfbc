/* The end of a rush: what came of it, in words, and whether it adds up. */
#ifndef BOX_OFFICE_RUSH_VERDICT_H
#define BOX_OFFICE_RUSH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/rush/stock.h"
#include "tools/rush/tally.h"

struct verdict_case {
    int64_t buyers;
    int quantity;        /* of each purchase */
    int64_t rate;        /* buyers a second that were to come; 0: as they were answered */
    int64_t began, took; /* clock_monotonic() and µs */
    struct stock before, after;
    struct tally *tally; /* sorted */
};

/* Prints outcomes, servers, latencies and speed. */
void verdict_print(const struct verdict_case *rush);

/* Prints what the counts before and after prove, one line each; false where something is wrong. */
bool verdict_judge(const struct verdict_case *rush);

#endif
