/* The routing log of a cluster as it grows: each line once, also where the file is rotated meanwhile.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_TAIL_H
#define BOX_OFFICE_TEST_TAIL_H

#include "common/buffer.h"
#include "tests/lib/routing.h"

struct tail {
    char path[FILES_PATH_SIZE];
    int fd;             /* -1: not opened yet */
    struct buffer rest; /* a line that has not come whole yet */
};

/* From the first line that is in the file now. */
void tail_open(struct tail *tail, const struct cluster *cluster);

/* Calls `visit` for each line that has come since the last call; one that is not spelled as it must be is a
 * failed assertion. */
void tail_read(struct tail *tail, routing_visit *visit, void *context);
void tail_close(struct tail *tail);

#endif
