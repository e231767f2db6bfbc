/* How far a rush is: a bar on a terminal, else a plain line now and then. */
#ifndef BOX_OFFICE_RUSH_PROGRESS_H
#define BOX_OFFICE_RUSH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal;
    int64_t total; /* buyers */
    int64_t every; /* µs: how often progress_draw should be called */
};

void progress_open(struct progress *progress, int64_t total);
void progress_draw(const struct progress *progress, int64_t done, int64_t sold);

/* Draws for the last time, and ends the line. */
void progress_close(const struct progress *progress, int64_t done, int64_t sold);

/* Prints a bar of `part` in `whole`, `width` characters at the most. */
void progress_bar(int64_t part, int64_t whole, int width);

#endif
