#include "tests/store/faulty_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/store/forgetful_vfs.h"

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    bool away;
    bool armed, dead;
    enum faulty_call call;
    int until; /* calls, the failing one with them */
    int met;
} disk;

/* SQLite allocates room for this, with the real file behind it. */
struct open_file {
    sqlite3_file base;
};

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

static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct open_file *)file + 1);
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

static int close_file(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

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

static int unlock_file(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int reserved_lock(sqlite3_file *file, int *reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}

static int control(sqlite3_file *file, int operation, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
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

static void index_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int unmap_index(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = reserved_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_index,
    .xShmLock = lock_index,
    .xShmBarrier = index_barrier,
    .xShmUnmap = unmap_index,
};

/* --- the disk's methods -------------------------------------------------------------------- */

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    struct open_file *opened = (struct open_file *)file;
    (void)vfs;
    memset(opened, 0, sizeof *opened);
    if (fails(FAULTY_OPEN))
        return kinds[FAULTY_OPEN].code;
    int rc = disk.real->xOpen(disk.real, path, real(file), flags, out_flags);
    if (rc == SQLITE_OK)
        opened->base.pMethods = &methods;
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
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "faulty";
    disk.vfs.pNext = NULL;
    disk.vfs.szOsFile = (int)sizeof(struct open_file) + disk.real->szOsFile;
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
