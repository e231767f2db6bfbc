/* What SQLite's file systems of tests have in common: each lies over the one that is the default, and hands on to it
 * what it does not do itself. */
#ifndef BOX_OFFICE_TEST_THROUGH_VFS_H
#define BOX_OFFICE_TEST_THROUGH_VFS_H

#include <sqlite3.h>

/* SQLite allocates room for this, with the file of the file system below behind it. */
struct through_file {
    sqlite3_file base;
    void *own; /* of who lies above */
};

static inline sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct through_file *)file + 1);
}

/* Methods that hand on: all but xRead, xWrite, xTruncate, xSync and xFileSize. */
extern const sqlite3_io_methods through_methods;

/* Makes `vfs` one of that name over the default one, which is returned; not yet registered. */
sqlite3_vfs *through_begin(sqlite3_vfs *vfs, const char *name);

#endif
