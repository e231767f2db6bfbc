/* Children that use a store, started at one gate. A child is forked while no handle is open in this
 * process: SQLite's handles and what it remembers of them must not be carried over a fork.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_CHILD_H
#define BOX_OFFICE_TEST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/store/fixture.h"

/* What a child does; its result is the exit status. `parent` is a socket to the parent. */
typedef int child_body(struct fixture *fixture, int number, int parent);

struct child {
    pid_t pid;
    int socket; /* to it */
    struct fixture *fixture;
};

/* In a child: gives the basket's items ids of its own. A child makes the same ids as its parent does after
 * the fork, at the same time (common/id.c). Every child of a test has another mark. */
void child_renew_ids(struct basket *basket, int mark);

/* Opens the gate at which all children wait that were started since the last opening. */
void child_start(struct child *child, child_body *body, struct fixture *fixture, int number);
void child_open_gate(void);

/* Waits for its end: the exit status, or -1 where it was killed by a signal or took too long. */
int child_wait(struct child *child);

/* Kills it with SIGKILL and waits. */
void child_kill(struct child *child);

/* Writes it one byte. */
void child_ask(struct child *child);

/* Reads exactly that many bytes of what it writes; false where it ends or is silent for too long. */
bool child_read(struct child *child, void *bytes, size_t length);

#endif
