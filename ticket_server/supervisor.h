/* The pipe to the master that started this process and watches over it: a stream socket on which each
 * side writes lines.
 *
 *   to the master    ready ADDRESS BOOT     once, when it listens
 *                    stalled PID            that process has held the store's writer lock against us
 *   from the master  stop                   drain, and leave
 *   its end          the master is gone */
#ifndef BOX_OFFICE_SUPERVISOR_H
#define BOX_OFFICE_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/loop.h"

enum {
    SUPERVISOR_LINE_SIZE = 64,
};

struct supervisor {
    /* the loop's thread */
    int fd;       /* owned from supervisor_open to supervisor_close */
    bool watched; /* until its end is seen */
    struct loop *loop;
    loop_call *stop, *gone; /* called at most once each */
    void *context;
    char line[SUPERVISOR_LINE_SIZE]; /* what has come of a line */
    size_t length;
};

/* Watches the descriptor, which is closed on exec and made non-blocking. */
void supervisor_open(struct supervisor *supervisor, struct loop *loop, int fd, loop_call *stop,
                     loop_call *gone, void *context);
void supervisor_close(struct supervisor *supervisor);

/* Any thread: a line is one write. What cannot be written is dropped: the master is gone, or will
 * notice by other means. */
void supervisor_ready(const struct supervisor *supervisor, const char *address, int64_t boot);
void supervisor_stalled(const struct supervisor *supervisor, pid_t owner);

#endif
