/* A child process of the master: started, watched, and started again after a pause when it dies.
 *
 * The master's thread only. */
#ifndef BOX_OFFICE_CHILD_H
#define BOX_OFFICE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/loop.h"
#include "common/outcome.h"
#include "common/socket.h"

enum {
    CHILD_ARGUMENTS_MAX = 64,
    CHILD_INHERITED_MAX = 3,
};

struct child {
    char name[SERVER_SIZE];               /* "router" or a server's id */
    char *arguments[CHILD_ARGUMENTS_MAX]; /* the program first; texts not owned; NULL at the end */
    char channel_option[64];            /* text of the argument that names its end of the channel */
    int inherited[CHILD_INHERITED_MAX]; /* further descriptors it gets, or -1 */

    pid_t pid;                  /* 0: not running */
    int channel;                /* our end; -1 while not running */
    bool ready;                 /* it said so since it was started */
    bool doomed;                /* it was killed, and its end has not been seen yet */
    bool was_ready;             /* ever */
    int64_t ready_at;           /* clock_monotonic() */
    int64_t pause;              /* before the next start; microseconds */
    int failures;               /* ends in a row before it had been ready for a second */
    char address[ADDRESS_SIZE]; /* of a ticket server that is ready */
    struct loop_timer restart;
};

/* Starts the process. channel_option becomes `prefix` followed by the number of the descriptor that is
 * its end of the channel. False with a line on stderr where that failed. */
bool child_start(struct child *child, const char *prefix);

/* To be called when it has ended: how long to wait before it is started again. The pause doubles from
 * 50 ms to 5 s, and begins anew for a child that was ready for a second, as `failures` does. */
int64_t child_pause(struct child *child);

/* Says how a process ended, e.g. "killed by signal 9 (Killed)". */
void child_ending(int status, char *text, size_t size);

#endif
