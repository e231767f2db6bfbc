/* A disk that forgets, for the databases of this process: a SQLite VFS in front of the usual one.
 *
 * Written bytes can be read back at once, as from the page cache; only what was synced since survives a
 * power cut. A cut leaves of each file what was last synced, and of what was written since nothing, or
 * any of its sectors (of 512 bytes): then also its length, a file's name, or a removal may have been
 * saved or not. The index of the journal, which is shared memory, holds anything afterwards.
 *
 * What goes around SQLite (the lock file, the making of the database file) is not touched. Syncs cost
 * nothing here. Main thread only. */
#ifndef BOX_OFFICE_TEST_FORGETFUL_VFS_H
#define BOX_OFFICE_TEST_FORGETFUL_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on databases are opened on it; `seed` decides what a cut leaves. */
void forgetful_install(uint64_t seed);

/* The power fails in the midst of the n-th write, sync, truncation or removal from now on (0: not at
 * all). From then on every operation fails. */
void forgetful_fail_after(int operations);

/* The same, in the midst of the n-th sync. */
void forgetful_fail_in_sync(int syncs);
bool forgetful_failed(void);

/* A file control of SQLite's, for what is in front of this disk: a sync of the file has failed, and has saved
 * nothing. Later ones save what is written anew, and nothing else. */
enum {
    FORGETFUL_LOSE = 0x626f6c6f,
};

/* With every database closed: the power fails, if it has not yet, and comes back. Of what was not synced
 * so many eighths survive, by chance: 0, none; 8, all. */
void forgetful_cut(unsigned eighths);

/* With every database closed: another process has written to them. What there is now is saved. */
void forgetful_adopt(void);

/* With every database closed. */
void forgetful_remove(void);

#endif
