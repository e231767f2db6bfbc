#include "tests/store/faulty_vfs.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/through_vfs.h"

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_io_methods methods;
    bool away;
    bool armed, dead;
    enum faulty_call call;
    int until; /* calls, the failing one with them */
    int met;
} disk;

static const struct {
    const char *name;
    int code;
} kinds[FAULTY_CALLS] = {
    [FAULTY_WRITE] = {"write", SQLITE_IOERR_WRITE},
    [FAULTY_WRITE_FULL] = {"write, disk full", SQLITE_FULL},
    [FAULTY_WRITE_SHORT] = {"short write", SQLITE_FULL},
    [FAULTY_TRUNCATE] = {"truncate", SQLITE_IOERR_TRUNCATE},
    [FAULTY_SYNC] = {"sync", SQLITE_IOERR_FSYNC},
    [FAULTY_OPEN] = {"open", SQLITE_CANTOPEN},
    [FAULTY_READ] = {"read", SQLITE_IOERR_READ},
    [FAULTY_DELETE] = {"delete", SQLITE_IOERR_DELETE},
    [FAULTY_SIZE] = {"size", SQLITE_IOERR_FSTAT},
    [FAULTY_ACCESS] = {"access", SQLITE_IOERR_ACCESS},
    [FAULTY_LOCK] = {"lock", SQLITE_IOERR_LOCK},
    [FAULTY_INDEX] = {"index", SQLITE_IOERR_SHMMAP},
    [FAULTY_INDEX_FULL] = {"index, disk full", SQLITE_IOERR_SHMSIZE},
    [FAULTY_INDEX_LOCK] = {"index lock", SQLITE_IOERR_SHMLOCK},
};

const char *faulty_name(enum faulty_call call)
{
    return kinds[call].name;
}

bool faulty_every(void)
{
    return getenv("EVERY_FAULT") != NULL;
}

bool faulty_take_turns(enum faulty_call *call, int n)
{
    if (faulty_every())
        return true;
    if (*call == FAULTY_WRITE)
        *call = (enum faulty_call)(FAULTY_WRITE + n % 3);
    else if (*call == FAULTY_INDEX)
        *call = (enum faulty_call)(FAULTY_INDEX + n % 2);
    else
        return *call != FAULTY_WRITE_FULL && *call != FAULTY_WRITE_SHORT &&
               *call != FAULTY_INDEX_FULL;
    return true;
}

/* Counts a call: true where it is the one to fail. */
static bool fails(enum faulty_call call)
{
    if (disk.away)
        return true;
    if (!disk.armed || call != disk.call)
        return false;
    if (disk.until > 1) {
        disk.until--;
        return false;
    }
    disk.armed = disk.dead;
    disk.met++;
    return true;
}

/* --- the file's methods -------------------------------------------------------------------- */

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    if (fails(FAULTY_READ))
        return kinds[FAULTY_READ].code;
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    const sqlite3_io_methods *below = real(file)->pMethods;
    if (fails(FAULTY_WRITE))
        return kinds[FAULTY_WRITE].code;
    if (fails(FAULTY_WRITE_FULL))
        return kinds[FAULTY_WRITE_FULL].code;
    if (!fails(FAULTY_WRITE_SHORT))
        return below->xWrite(real(file), bytes, count, offset);
    int rc = below->xWrite(real(file), bytes, count / 2, offset);
    return rc != SQLITE_OK ? rc : kinds[FAULTY_WRITE_SHORT].code;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(FAULTY_TRUNCATE))
        return kinds[FAULTY_TRUNCATE].code;
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
    if (fails(FAULTY_SYNC)) {
        real(file)->pMethods->xFileControl(real(file), FORGETFUL_LOSE, NULL);
        return kinds[FAULTY_SYNC].code;
    }
    return real(file)->pMethods->xSync(real(file), flags);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    if (fails(FAULTY_SIZE))
        return kinds[FAULTY_SIZE].code;
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int lock_file(sqlite3_file *file, int level)
{
    if (fails(FAULTY_LOCK))
        return kinds[FAULTY_LOCK].code;
    return real(file)->pMethods->xLock(real(file), level);
}

static int map_index(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    if (fails(FAULTY_INDEX))
        return kinds[FAULTY_INDEX].code;
    if (fails(FAULTY_INDEX_FULL))
        return kinds[FAULTY_INDEX_FULL].code;
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}

/* Letting go of a lock is never refused. */
static int lock_index(sqlite3_file *file, int offset, int count, int flags)
{
    if ((flags & SQLITE_SHM_LOCK) != 0 && fails(FAULTY_INDEX_LOCK))
        return kinds[FAULTY_INDEX_LOCK].code;
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

/* --- the disk's methods -------------------------------------------------------------------- */

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    struct through_file *opened = (struct through_file *)file;
    (void)vfs;
    memset(opened, 0, sizeof *opened);
    if (fails(FAULTY_OPEN))
        return kinds[FAULTY_OPEN].code;
    int rc = disk.real->xOpen(disk.real, path, real(file), flags, out_flags);
    if (rc == SQLITE_OK)
        opened->base.pMethods = &disk.methods;
    return rc;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    (void)vfs;
    if (fails(FAULTY_DELETE))
        return kinds[FAULTY_DELETE].code;
    return disk.real->xDelete(disk.real, path, sync_directory);
}

static int look_for_file(sqlite3_vfs *vfs, const char *path, int flags, int *there)
{
    (void)vfs;
    if (fails(FAULTY_ACCESS))
        return kinds[FAULTY_ACCESS].code;
    return disk.real->xAccess(disk.real, path, flags, there);
}

void faulty_install(void)
{
    if (sqlite3_vfs_find("faulty") != NULL) /* left behind by a test that failed */
        faulty_remove();
    memset(&disk, 0, sizeof disk);
    disk.real = through_begin(&disk.vfs, "faulty");
    disk.methods = through_methods;
    disk.methods.xRead = read_file;
    disk.methods.xWrite = write_file;
    disk.methods.xTruncate = truncate_file;
    disk.methods.xSync = sync_file;
    disk.methods.xFileSize = size_of_file;
    disk.methods.xLock = lock_file;
    disk.methods.xShmMap = map_index;
    disk.methods.xShmLock = lock_index;
    disk.vfs.xOpen = open_file;
    disk.vfs.xDelete = delete_file;
    disk.vfs.xAccess = look_for_file;
    CU_ASSERT_EQUAL_FATAL(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void faulty_remove(void)
{
    CU_ASSERT_EQUAL(sqlite3_vfs_unregister(&disk.vfs), SQLITE_OK);
}

void faulty_arm(enum faulty_call call, int n, bool dead)
{
    disk.armed = true;
    disk.dead = dead;
    disk.call = call;
    disk.until = n;
    disk.met = 0;
}

int faulty_met(void)
{
    return disk.met;
}

void faulty_away(bool away)
{
    disk.away = away;
}

void faulty_mend(void)
{
    disk.armed = false;
}
