/* A disk of which one call fails, for the databases of this process: a SQLite VFS in front of the one that was
 * the default, be it the usual one or the forgetful one.
 *
 * What fails is refused before it is done; of a short write, the first half is done. What goes around SQLite (the
 * lock file, the making of the database file) is not touched. Main thread only. */
#ifndef BOX_OFFICE_TEST_FAULTY_VFS_H
#define BOX_OFFICE_TEST_FAULTY_VFS_H

#include <stdbool.h>

/* The calls that can fail. */
enum faulty_call {
    FAULTY_WRITE,       /* EIO */
    FAULTY_WRITE_FULL,  /* ENOSPC */
    FAULTY_WRITE_SHORT, /* half of it is written, then ENOSPC */
    FAULTY_TRUNCATE,
    FAULTY_SYNC,
    FAULTY_OPEN,
    FAULTY_READ,
    FAULTY_DELETE,
    FAULTY_SIZE,   /* fstat */
    FAULTY_ACCESS, /* whether a file is there */
    FAULTY_LOCK,
    FAULTY_INDEX, /* the journal's index is mapped */
    FAULTY_INDEX_FULL,
    FAULTY_INDEX_LOCK,
    FAULTY_CALLS,
};

/* What is tried as the n-th call of this kind: the ways in which a write can fail take turns, and so none of them is
 * a kind of its own (false). With EVERY_FAULT=1 in the environment each is. */
bool faulty_every(void);
bool faulty_take_turns(enum faulty_call *call, int n);

const char *faulty_name(enum faulty_call call);

/* From now on databases are opened on it. With every database closed: removes it. */
void faulty_install(void);
void faulty_remove(void);

/* The n-th such call from now on fails (n >= 1), and, where the disk is dead, every later one of the kind. */
void faulty_arm(enum faulty_call call, int n, bool dead);

/* How many calls have failed since. */
int faulty_met(void);

/* While the disk is away every call fails, uncounted: to close a database as the end of its process would. */
void faulty_away(bool away);

/* No further one fails. */
void faulty_mend(void);

#endif
