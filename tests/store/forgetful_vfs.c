#include "tests/store/forgetful_vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "tests/lib/dice.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"
#include "tests/store/through_vfs.h"

enum {
    FILES_MAX = 64,
    SECTOR = 512,
    PAGE = 4096, /* of the page cache */
    PAGES_MAX = 1024,
    INDEX_SIZE = 32768,
};

/* What is saved of a file. What is not is in the real one. */
struct saved {
    char path[FILES_PATH_SIZE]; /* "": a free place */
    struct buffer content;      /* as of the last sync */
    bool name;                  /* its name is saved */
    bool lost[PAGES_MAX];       /* pages that the system takes for saved: a sync of them failed */
    bool truncated;             /* since then, to so many bytes at least once */
    size_t length;
};

struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_io_methods methods;
    struct dice dice;
    int until_failure; /* operations; 0: none is to come */
    int until_sync;    /* that fails; 0: none */
    bool failed;
    struct saved files[FILES_MAX];
};
static struct disk disk;

/* Counts an operation that changes something: true where the power fails in the midst of it. */
static bool power_fails(void)
{
    if (disk.until_failure > 0 && --disk.until_failure == 0)
        disk.failed = true;
    return disk.failed;
}

static struct saved *find(const char *path, bool make)
{
    struct saved *vacant = NULL;
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct saved *saved = &disk.files[i];
        if (strcmp(saved->path, path) == 0)
            return saved;
        if (saved->path[0] == '\0' && vacant == NULL)
            vacant = saved;
    }
    if (!make)
        return NULL;
    CU_ASSERT_FATAL(vacant != NULL && strlen(path) < sizeof vacant->path);
    strcpy(vacant->path, path);
    return vacant;
}

static void forget(struct saved *saved)
{
    buffer_free(&saved->content);
    memset(saved, 0, sizeof *saved);
}

/* The directory is saved as it is: what was removed from it stays away. */
static void save_directory(void)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        if (disk.files[i].path[0] != '\0' && access(disk.files[i].path, F_OK) != 0)
            forget(&disk.files[i]);
}

/* Puts the pages that are lost back as they were saved before. */
static void keep_lost(struct saved *saved, const struct buffer *before)
{
    for (size_t i = 0; i < PAGES_MAX; i++) {
        size_t from = i * PAGE, until = from + PAGE;
        if (!saved->lost[i] || from >= saved->content.length)
            continue;
        if (until > saved->content.length)
            until = saved->content.length;
        size_t there = before->length > from ? before->length - from : 0;
        memset(saved->content.data + from, 0, until - from);
        if (there > 0)
            memcpy(saved->content.data + from, before->data + from,
                   there < until - from ? there : until - from);
    }
}

/* All that the file holds now is saved, but for what is lost, and so is its name: with a new file SQLite also
 * syncs the directory. */
static int save(struct saved *saved, sqlite3_file *file)
{
    sqlite3_int64 size = 0;
    if (!saved->name)
        save_directory();
    int rc = file->pMethods->xFileSize(file, &size);
    if (rc != SQLITE_OK)
        return rc;
    struct buffer before = saved->content;
    saved->content = (struct buffer){0};
    buffer_reserve(&saved->content, (size_t)size + 1);
    saved->content.length = (size_t)size;
    saved->name = true;
    saved->truncated = false;
    if (size > 0)
        rc = file->pMethods->xRead(file, saved->content.data, (int)size, 0);
    keep_lost(saved, &before);
    buffer_free(&before);
    return rc;
}

/* What a sync that failed was to save: Linux takes those pages for clean from then on, and does not write them until
 * they are written anew. */
static void lose(struct saved *saved, sqlite3_file *file)
{
    struct buffer now = {0};
    sqlite3_int64 size = 0;
    CU_ASSERT_EQUAL_FATAL(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    CU_ASSERT_FATAL(size <= PAGES_MAX * PAGE);
    buffer_reserve(&now, (size_t)size + 1);
    if (size > 0)
        CU_ASSERT_EQUAL(file->pMethods->xRead(file, now.data, (int)size, 0), SQLITE_OK);
    for (size_t from = 0; from < (size_t)size; from += PAGE) {
        size_t length = (size_t)size - from < PAGE ? (size_t)size - from : PAGE;
        if (saved->content.length < from + length ||
            memcmp(now.data + from, saved->content.data + from, length) != 0)
            saved->lost[from / PAGE] = true;
    }
    buffer_free(&now);
}

static void write_anew(struct saved *saved, size_t from, size_t length)
{
    for (size_t i = from / PAGE; i < PAGES_MAX && i * PAGE < from + length; i++)
        saved->lost[i] = false;
}

/* --- the file's methods -------------------------------------------------------------------- */

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    if (disk.failed)
        return SQLITE_IOERR_READ;
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

/* The bytes of a write in whose midst the power fails are there, to be kept in part. */
static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    if (disk.failed)
        return SQLITE_IOERR_WRITE;
    struct saved *saved = ((struct through_file *)file)->own;
    if (saved != NULL)
        write_anew(saved, (size_t)offset, (size_t)count);
    int rc = real(file)->pMethods->xWrite(real(file), bytes, count, offset);
    return power_fails() ? SQLITE_IOERR_WRITE : rc;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    struct saved *saved = ((struct through_file *)file)->own;
    if (power_fails())
        return SQLITE_IOERR_TRUNCATE;
    if (saved != NULL && (!saved->truncated || (size_t)size < saved->length)) {
        saved->truncated = true;
        saved->length = (size_t)size;
    }
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
    struct saved *saved = ((struct through_file *)file)->own;
    (void)flags;
    if (disk.until_sync > 0 && --disk.until_sync == 0)
        disk.failed = true;
    if (power_fails())
        return SQLITE_IOERR_FSYNC;
    return saved != NULL ? save(saved, real(file)) : SQLITE_OK;
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    if (disk.failed)
        return SQLITE_IOERR_FSTAT;
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int control(sqlite3_file *file, int operation, void *argument)
{
    struct saved *saved = ((struct through_file *)file)->own;
    if (operation == FORGETFUL_LOSE && saved != NULL)
        lose(saved, real(file));
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

/* --- the disk's methods -------------------------------------------------------------------- */

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
                     int *out_flags)
{
    struct through_file *opened = (struct through_file *)file;
    (void)vfs;
    memset(opened, 0, sizeof *opened);
    if (disk.failed)
        return SQLITE_CANTOPEN;
    bool existed = path != NULL && access(path, F_OK) == 0;
    int rc = disk.real->xOpen(disk.real, path, real(file), flags, out_flags);
    if (rc != SQLITE_OK)
        return rc;
    opened->base.pMethods = &disk.methods;
    if (path == NULL)
        return SQLITE_OK;
    bool known = find(path, false) != NULL;
    opened->own = find(path, true);
    return existed && !known ? save(opened->own, real(file)) : SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
    (void)vfs;
    if (power_fails())
        return SQLITE_IOERR_DELETE;
    int rc = disk.real->xDelete(disk.real, path, 0);
    struct saved *saved = find(path, false);
    if (saved != NULL && !saved->name)
        forget(saved);
    if (sync_directory)
        save_directory();
    return rc;
}

void forgetful_install(uint64_t seed)
{
    if (sqlite3_vfs_find("forgetful") != NULL) /* left behind by a test that failed */
        forgetful_remove();
    memset(&disk, 0, sizeof disk);
    disk.dice = dice_new(seed);
    disk.real = through_begin(&disk.vfs, "forgetful");
    disk.methods = through_methods;
    disk.methods.xRead = read_file;
    disk.methods.xWrite = write_file;
    disk.methods.xTruncate = truncate_file;
    disk.methods.xSync = sync_file;
    disk.methods.xFileSize = size_of_file;
    disk.methods.xFileControl = control;
    disk.vfs.xOpen = open_file;
    disk.vfs.xDelete = delete_file;
    CU_ASSERT_EQUAL_FATAL(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void forgetful_fail_after(int operations)
{
    disk.until_failure = operations;
}

void forgetful_fail_in_sync(int syncs)
{
    disk.until_sync = syncs;
}

bool forgetful_failed(void)
{
    return disk.failed;
}

/* --- the cut ------------------------------------------------------------------------------- */

static bool kept(unsigned eighths)
{
    return dice_roll(&disk.dice, 8) < eighths;
}

/* Appends a sector of `from`, with zeros where that is shorter. */
static void add_sector(struct buffer *out, const struct buffer *from, size_t at, size_t length)
{
    char *room = buffer_reserve(out, length);
    size_t there = at < from->length ? from->length - at : 0;
    memset(room, 0, length);
    if (there > 0)
        memcpy(room, from->data + at, there < length ? there : length);
    out->length += length;
}

/* Each sector as it was saved, or as it is now. What was written behind a truncation is not saved
 * without it. */
static void mix(struct saved *saved, const struct buffer *now, unsigned eighths)
{
    struct buffer mixed = {0};
    bool cut = saved->truncated && saved->length < saved->content.length;
    saved->truncated = false;
    if (cut && !kept(eighths))
        return;
    if (cut)
        saved->content.length = saved->length;
    size_t length = kept(eighths) ? now->length : saved->content.length;
    for (size_t at = 0; at < length; at += SECTOR)
        add_sector(&mixed, kept(eighths) ? now : &saved->content, at,
                   length - at < SECTOR ? length - at : SECTOR);
    buffer_free(&saved->content);
    saved->content = mixed;
}

static void cut_file(struct saved *saved, unsigned eighths)
{
    struct buffer now = {0};
    bool there = access(saved->path, F_OK) == 0;
    bool removed = there ? !saved->name && !kept(eighths) : kept(eighths);
    if (removed) {
        unlink(saved->path);
        forget(saved);
        return;
    }
    if (there) {
        files_read(saved->path, &now);
        mix(saved, &now, eighths);
        buffer_free(&now);
    }
    files_write(saved->path, buffer_text(&saved->content), saved->content.length);
    saved->name = true;
    memset(saved->lost, 0, sizeof saved->lost);
}

/* The index beside a database is memory: SQLite must not believe what it finds there. */
static void spoil_index(const char *journal)
{
    char path[FILES_PATH_SIZE], bytes[INDEX_SIZE];
    size_t length = strlen(journal);
    if (length < 4 || strcmp(journal + length - 4, "-wal") != 0)
        return;
    snprintf(path, sizeof path, "%.*s-shm", (int)length - 4, journal);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)dice_roll(&disk.dice, 256);
    files_write(path, bytes, sizeof bytes);
}

void forgetful_cut(unsigned eighths)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        if (disk.files[i].path[0] == '\0')
            continue;
        spoil_index(disk.files[i].path);
        cut_file(&disk.files[i], eighths);
    }
    disk.failed = false;
    disk.until_failure = disk.until_sync = 0;
}

/* What nobody knows is saved as it is when it is opened. */
void forgetful_adopt(void)
{
    for (size_t i = 0; i < FILES_MAX; i++)
        forget(&disk.files[i]);
}

void forgetful_remove(void)
{
    CU_ASSERT_EQUAL(sqlite3_vfs_unregister(&disk.vfs), SQLITE_OK);
    forgetful_adopt();
}
