/* Programs under test, as processes: started, told signals, waited for with a deadline.
 *
 * The programs are those beside the running test program, so BUILD=build/asan tests its own. Each
 * process leads a process group, and its stdout and stderr go to files. This process adopts what a
 * killed master leaves behind, so that nothing left running goes unnoticed; and what it started
 * dies with it. Main thread only (the kernel ties a child's life to the thread that made it). */
#ifndef BOX_OFFICE_TEST_PROCESS_H
#define BOX_OFFICE_TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buffer.h"
#include "tests/lib/files.h"

struct process {
    pid_t pid;  /* 0: none, or waited for */
    int status; /* as of process_wait */
    char out[FILES_PATH_SIZE];
    char err[FILES_PATH_SIZE];
};

enum {
    PROCESS_RUNNING = -1,
    PROCESS_KILLED = 256, /* plus the signal's number */
};

/* The path of a program that others have made: from PATH, or where what only administrators use lies. One
 * that is not installed is a failed assertion. */
void process_find(char path[FILES_PATH_SIZE], const char *name);

/* Starts argv[0] (a path below the build directory, or an absolute one) with its output in files under
 * `directory`. argv ends with NULL. */
void process_start(struct process *process, const char *directory, const char *const *argv);

/* The exit status; PROCESS_KILLED + signal; PROCESS_RUNNING where it does not end within `seconds`.
 * May be called again. */
int process_wait(struct process *process, int seconds);

/* Starts, and waits: the exit status, as above. Where it is not the one expected, what the program
 * wrote is shown and the assertion fails. */
int process_run(struct process *process, const char *directory, const char *const *argv,
                int expected);

/* The same of a process that a killed one of ours has left behind, and that we may have adopted. Where
 * it is gone and nobody knows how, 0. */
int process_wait_orphan(pid_t pid, int seconds);

/* Shows what it wrote on stdout and stderr, for the reader of a failed test. */
void process_show(const struct process *process);

/* True where the pid is a living process (a zombie is not). */
bool process_alive(pid_t pid);

/* The living children of a process: how many, the first `max` of them in `children`. */
size_t process_children(pid_t parent, pid_t *children, size_t max);

/* Whether each of its threads has stopped, or is gone. */
bool process_stopped(pid_t pid);

/* Stops it (SIGSTOP) and waits until it is stopped: from then on it does nothing more. */
void process_freeze(pid_t pid);

/* Sends a signal to a process of ours; a pid that is none (0, -1) is a failed assertion. */
void process_signal(pid_t pid, int signal);

/* Kills a process of ours and all that it has started and that is in its group, all at once; and waits until
 * they are gone, without asking how they ended. */
void process_kill_group(const struct process *process);
void process_group_gone(struct process *process, int seconds);

/* True where nothing we or our processes started is still there, within `seconds`, and none of those
 * that were adopted crashed: they exit 0, or were killed with SIGKILL. */
bool process_none_left(int seconds);

/* From now on this child of ours is nobody's leftover: it may outlive those who are waited for above. */
void process_spare(pid_t pid);

/* Kills all that a failed test left running, and waits for it. */
void process_sweep(void);

#endif
