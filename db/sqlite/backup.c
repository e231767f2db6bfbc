#include "db/sqlite/backup.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/sql/copy.h"
#include "db/sqlite/handle.h"
#include "db/sqlite/inherit.h"
#include "db/sqlite/make.h"
#include "db/sqlite/part.h"
#include "db/sqlite/replace.h"
#include "db/sqlite/schema.h"

static bool exists(const char *path)
{
    struct stat file;
    return lstat(path, &file) == 0;
}

static bool write_backup(const struct part *part, struct store *store, const char *to,
                         store_progress *progress, void *context, char error[STORE_ERROR_SIZE])
{
    struct handle *handle = (struct handle *)store;
    return part_copy(part, &handle->connection, progress, context, error) &&
           part_prove(part, error) && part_save(part, error) && part_place(part, to, error);
}

bool backup_make(const char *path, const char *to, store_progress *progress, void *context,
                 char error[STORE_ERROR_SIZE])
{
    struct part part;
    if (!part_vacant(to, error))
        return false;
    bool absent;
    struct store *store = handle_open_reader(path, &absent, error);
    if (store == NULL)
        return false;
    bool done =
        part_open(&part, to, error) && write_backup(&part, store, to, progress, context, error);
    part_close(&part);
    handle_close(store);
    return done;
}

static bool same_file(const char *path, const char *other)
{
    struct stat a;
    struct stat b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Opens the copy for reading; one of an older version will do, too. */
static bool open_copy(struct connection *copy, const char *path, const char *from,
                      char error[STORE_ERROR_SIZE])
{
    if (!exists(from) || same_file(path, from)) {
        snprintf(error, STORE_ERROR_SIZE, "%.300s is %s", from,
                 exists(from) ? "the store itself" : "not there: there is nothing to restore");
        return false;
    }
    if (connection_open(copy, from, false, error) != SQLITE_OK)
        return false;
    enum schema_state state = schema_inspect(copy);
    if (state == SCHEMA_OLD || state == SCHEMA_PRESENT)
        return true;
    if (state == SCHEMA_EMPTY)
        snprintf(error, STORE_ERROR_SIZE, "%.300s holds no store", from);
    connection_close(copy);
    return false;
}

/* What must not be as it was when the copy was made. */
static bool bring_to_now(const struct part *part, const struct replacement *at, bool *access_kept,
                         char error[STORE_ERROR_SIZE])
{
    struct connection heir;
    if (connection_open(&heir, part->path, true, error) != SQLITE_OK)
        return false;
    *access_kept = !at->absent && inherit_from(&heir, at->place.database);
    bool skipped = copy_skip_numbers(&heir.base);
    connection_close(&heir);
    return skipped;
}

/* A store as a server would open it: of the present version, with its journal, all in the one file. */
static bool prepare(const struct part *part, const struct replacement *at, bool *access_kept,
                    char error[STORE_ERROR_SIZE])
{
    struct store_made made;
    return make_store(part->path, 0, &made, error) && bring_to_now(part, at, access_kept, error) &&
           part_prove(part, error) && replace_fold(part->path, error) && part_save(part, error);
}

/* In the making beside the database itself, not beside a link to it: that may be on another file system. */
static bool put_back(struct replacement *at, struct connection *copy, store_progress *progress,
                     void *context, struct store_restored *restored, char error[STORE_ERROR_SIZE])
{
    struct part part;
    bool done = part_open(&part, at->place.database, error) &&
                part_copy(&part, copy, progress, context, error) &&
                prepare(&part, at, &restored->access_kept, error) && replace_with(at, &part, error);
    part_close(&part);
    if (!done)
        return false;
    strcpy(restored->aside, at->aside);
    restored->journal_only = at->absent && at->aside[0] != '\0';
    return true;
}

bool backup_restore(const char *path, const char *from, store_progress *progress, void *context,
                    struct store_restored *restored, char error[STORE_ERROR_SIZE])
{
    struct replacement at;
    struct connection copy;
    if (!replace_begin(&at, path, error))
        return false;
    bool done = open_copy(&copy, path, from, error);
    if (done) {
        done = put_back(&at, &copy, progress, context, restored, error);
        connection_close(&copy);
    }
    replace_end(&at);
    return done;
}
