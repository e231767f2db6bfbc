#include "db/sqlite/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/sql/audit.h"
#include "db/sqlite/audit.h"
#include "db/sqlite/handle.h"
#include "db/sqlite/place.h"

enum {
    PAGES_AT_ONCE = 1024, /* 4 MiB, then the progress is told */
};

static bool fail(char error[STORE_ERROR_SIZE], const char *what, const char *path)
{
    snprintf(error, STORE_ERROR_SIZE, "cannot %s %.300s: %s", what, path, strerror(errno));
    return false;
}

bool part_open(struct part *part, const char *target, char error[STORE_ERROR_SIZE])
{
    part->fd = -1;
    if ((size_t)snprintf(part->path, sizeof part->path, "%s.part", target) >= STORE_PLACE_SIZE) {
        errno = ENAMETOOLONG;
        return fail(error, "use", target);
    }
    int fd = open(part->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "make", part->path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(error, STORE_ERROR_SIZE, "another process writes %.300s just now", part->path);
        close(fd);
        return false;
    }
    part->fd = fd;
    return (fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0) || fail(error, "empty", part->path);
}

static int copy_pages(sqlite3_backup *backup, store_progress *progress, void *context)
{
    int rc;
    do {
        rc = sqlite3_backup_step(backup, PAGES_AT_ONCE);
        int total = sqlite3_backup_pagecount(backup);
        if (progress != NULL)
            progress(context, total - sqlite3_backup_remaining(backup), total);
    } while (rc == SQLITE_OK);
    return rc;
}

/* In the source's transaction, which keeps the source from changing under the copy. */
static bool copy_into(struct connection *copy, struct connection *source, store_progress *progress,
                      void *context)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy->db, "main", source->db, "main");
    if (backup == NULL)
        return connection_fail(copy, "write to");
    int rc = copy_pages(backup, progress, context);
    if (sqlite3_backup_finish(backup) != SQLITE_OK || rc != SQLITE_DONE)
        return connection_fail(copy, "write to");
    return connection_execute(copy,
                              "PRAGMA journal_mode = DELETE"); /* the source's was taken along */
}

bool part_copy(const struct part *part, struct connection *source, store_progress *progress,
               void *context, char error[STORE_ERROR_SIZE])
{
    struct connection copy;
    sqlite3_int64 tables;
    if (!connection_execute(source, "BEGIN") ||
        !connection_number(source, "SELECT count(*) FROM sqlite_schema", &tables)) {
        memmove(error, source->base.error, STORE_ERROR_SIZE);
        return false;
    }
    bool copied = connection_open(&copy, part->path, true, error) == SQLITE_OK;
    if (copied) {
        copied = copy_into(&copy, source, progress, context);
        connection_close(&copy);
    }
    connection_rollback(source);
    return copied;
}

bool part_prove(const struct part *part, char error[STORE_ERROR_SIZE])
{
    char broken[STORE_ERROR_SIZE] = "";
    struct handle *handle = handle_new(false);
    bool sound = connection_open(&handle->connection, part->path, false,
                                 handle->common.base.error) == SQLITE_OK &&
                 audit_run(&handle->common.base, audit_keep_broken, broken) == STORE_FOUND;
    if (!sound)
        memcpy(error, handle->common.base.error, STORE_ERROR_SIZE);
    else if (broken[0] != '\0')
        snprintf(error, STORE_ERROR_SIZE, "the copy is not sound: %.400s", broken);
    handle_close(&handle->common.base);
    return sound && broken[0] == '\0';
}

bool part_save(const struct part *part, char error[STORE_ERROR_SIZE])
{
    return fsync(part->fd) == 0 || fail(error, "save", part->path);
}

/* Not every file system can refuse to replace: there it is looked for first. */
static bool rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (access(to, F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

bool part_vacant(const char *target, char error[STORE_ERROR_SIZE])
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct stat file;
        char path[STORE_PLACE_SIZE + 16];
        snprintf(path, sizeof path, "%s%s", target, endings[i]);
        if (lstat(path, &file) != 0)
            continue;
        snprintf(error, STORE_ERROR_SIZE,
                 i == 0 ? "%.300s exists already: choose another name"
                        : "%.300s, the journal of another database, would be taken for the copy's: "
                          "move it, or choose another name",
                 path);
        return false;
    }
    return true;
}

bool part_place(const struct part *part, const char *target, char error[STORE_ERROR_SIZE])
{
    if (!part_vacant(target, error))
        return false;
    if (!rename_new(part->path, target))
        return fail(error, "make", target);
    if (place_save_directory(target, error))
        return true;
    rename(target, part->path); /* to be removed as a part */
    return false;
}

bool part_replace(const struct part *part, const char *target, char error[STORE_ERROR_SIZE])
{
    if (rename(part->path, target) != 0)
        return fail(error, "replace", target);
    return place_save_directory(target, error);
}

void part_close(struct part *part)
{
    static const char *const endings[] = {"-journal", "-wal", "-shm", "-lock", ""};
    if (part->fd < 0)
        return;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[sizeof part->path + 16];
        snprintf(path, sizeof path, "%s%s", part->path, endings[i]);
        unlink(path);
    }
    close(part->fd);
    part->fd = -1;
}
