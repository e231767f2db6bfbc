#include "tools/rush/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

enum {
    WIDTH = 40,
};

void progress_open(struct progress *progress, int64_t total)
{
    progress->terminal = isatty(STDOUT_FILENO) == 1;
    progress->total = total;
    progress->every = progress->terminal ? 50 * CLOCK_MILLISECOND : CLOCK_SECOND;
}

void progress_bar(int64_t part, int64_t whole, int width)
{
    int64_t filled = whole > 0 ? part * width / whole : 0;
    for (int64_t i = 0; i < filled; i++)
        fputs("█", stdout);
}

void progress_draw(const struct progress *progress, int64_t done, int64_t sold)
{
    if (progress->terminal) {
        printf("\r\033[K%3" PRId64 "%% ", done * 100 / progress->total);
        progress_bar(done, progress->total, WIDTH);
        printf(" %" PRId64 " sold", sold);
    } else {
        printf("%" PRId64 " of %" PRId64 " buyers answered, %" PRId64 " sold\n", done,
               progress->total, sold);
    }
    fflush(stdout);
}

void progress_close(const struct progress *progress, int64_t done, int64_t sold)
{
    progress_draw(progress, done, sold);
    if (progress->terminal)
        printf("\n");
}
