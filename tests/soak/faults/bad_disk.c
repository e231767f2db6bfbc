/* A disk with bad spots: every k-th write, or sync, of the store's files fails. SQLite's own methods for files stay in
 * place, but for these. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tests/soak/faults/fault.h"

typedef int open_call(sqlite3_vfs *disk, sqlite3_filename path, sqlite3_file *file, int flags,
                      int *out_flags);

static open_call *open_really;

/* SQLite's methods, which differ in their locks only, and ours: of a database, of a journal. */
static struct {
    const sqlite3_io_methods *real;
    sqlite3_io_methods ours;
} tables[2];
static pthread_mutex_t guard =
    PTHREAD_MUTEX_INITIALIZER; /* of the tables while they are filled in */

/* Whether this call is one of those that fail: the switch's word is its name, a dash, and k. */
static bool fails(const char *call, _Atomic unsigned *calls)
{
    static struct fault_lately lately = FAULT_LATELY;
    char word[FAULT_WORD_SIZE], name[FAULT_WORD_SIZE];
    unsigned every = 0;
    return fault_on_lately(&lately, FAULT_BAD_DISK, word) &&
           sscanf(word, "%31[a-z]-%u", name, &every) == 2 && strcmp(name, call) == 0 && every > 0 &&
           ++*calls % every == 0;
}

/* Writing and syncing are the same of all files. */
static const sqlite3_io_methods *real(const sqlite3_file *file)
{
    return tables[file->pMethods == &tables[1].ours].real;
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    static _Atomic unsigned writes, half;
    if (fails("write", &writes))
        return SQLITE_IOERR_WRITE;
    if (!fails("full", &half))
        return real(file)->xWrite(file, bytes, count, offset);
    int rc = real(file)->xWrite(file, bytes, count / 2, offset);
    return rc != SQLITE_OK ? rc : SQLITE_FULL;
}

static int sync_file(sqlite3_file *file, int flags)
{
    static _Atomic unsigned syncs;
    return fails("sync", &syncs) ? SQLITE_IOERR_FSYNC : real(file)->xSync(file, flags);
}

static int open_file(sqlite3_vfs *disk, sqlite3_filename path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    int rc = open_really(disk, path, file, flags, out_flags);
    if (rc != SQLITE_OK || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
        return rc;
    size_t i = (flags & SQLITE_OPEN_WAL) != 0;
    pthread_mutex_lock(&guard);
    if (tables[i].real == NULL) {
        tables[i].real = file->pMethods;
        tables[i].ours = *file->pMethods;
        tables[i].ours.xWrite = write_file;
        tables[i].ours.xSync = sync_file;
    }
    if (file->pMethods == tables[i].real)
        file->pMethods = &tables[i].ours;
    pthread_mutex_unlock(&guard);
    return rc;
}

static __attribute__((constructor)) void install(void)
{
    sqlite3_vfs *disk = sqlite3_vfs_find(NULL);
    open_really = disk->xOpen;
    disk->xOpen = open_file;
}
