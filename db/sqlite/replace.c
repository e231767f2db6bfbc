#include "db/sqlite/replace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/sqlite/connection.h"

/* A damaged one cannot be folded, and is moved as it is. */
bool replace_fold(const char *path, char error[STORE_ERROR_SIZE])
{
    char why[STORE_ERROR_SIZE];
    struct connection connection;
    int rc = connection_open(&connection, path, true, why);
    if (rc == SQLITE_OK) {
        rc = connection_fold(&connection);
        connection_close(&connection);
    }
    rc &= 0xff;
    if (rc == SQLITE_OK || rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT)
        return true;
    snprintf(error, STORE_ERROR_SIZE,
             "the journal of %.200s cannot be folded in: %s; nothing was moved", path,
             sqlite3_errstr(rc));
    return false;
}

/* Moves the file FROM+ending. False with the reason, also where there is none: then errno is ENOENT. */
static bool move(const char *from, const char *to, const char *ending, char error[STORE_ERROR_SIZE])
{
    char old[STORE_PLACE_SIZE + 16];
    char new[STORE_PLACE_SIZE + 16];
    snprintf(old, sizeof old, "%s%s", from, ending);
    snprintf(new, sizeof new, "%s%s", to, ending);
    if (rename(old, new) == 0)
        return true;
    int code = errno;
    snprintf(error, STORE_ERROR_SIZE, "cannot move %.200s aside: %s", old, strerror(code));
    errno = code;
    return false;
}

/* Of what SQLite would take for the database's journal. */
static const char *const journals[] = {"-wal", "-shm", "-journal"};

enum {
    JOURNALS = sizeof journals / sizeof *journals,
};

static bool journal_left(const char *database)
{
    for (size_t i = 0; i < JOURNALS; i++) {
        struct stat file;
        char path[STORE_PLACE_SIZE + 16];
        snprintf(path, sizeof path, "%s%s", database, journals[i]);
        if (lstat(path, &file) == 0)
            return true;
    }
    return false;
}

/* Moves any journal, and says whether there was any. The journal goes before
 * its database, and durably: a database without its (empty) journal is whole, while a journal left behind would be
 * written into the next database of that name. */
static bool move_journal(const char *from, const char *to, bool *any, char error[STORE_ERROR_SIZE])
{
    *any = false;
    for (size_t i = 0; i < JOURNALS; i++) {
        if (move(from, to, journals[i], error))
            *any = true;
        else if (errno != ENOENT)
            return false;
    }
    return !*any || place_save_directory(from, error);
}

static void move_journal_back(const struct replacement *at)
{
    bool any;
    char why[STORE_ERROR_SIZE];
    move_journal(at->aside, at->place.database, &any, why);
}

static void name_aside(struct replacement *at)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(clock_now(), time);
    snprintf(at->aside, sizeof at->aside, "%.*s-%s", STORE_PLACE_SIZE - CLOCK_TEXT_SIZE - 1,
             at->place.database, time);
}

/* Gives the database its second name, so that there is no moment without a store; where the file system has no such
 * links, moves it. */
static bool keep_aside(const struct replacement *at, char error[STORE_ERROR_SIZE])
{
    const char *database = at->place.database;
    if (link(database, at->aside) == 0)
        return true;
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK)
        return move(database, at->aside, "", error);
    snprintf(error, STORE_ERROR_SIZE, "cannot keep %.200s aside: %s", database, strerror(errno));
    return false;
}

/* Where both names still are of one file, rename() leaves both. What cannot be put back is told of. */
static void put_back(const struct replacement *at, char error[STORE_ERROR_SIZE])
{
    if (rename(at->aside, at->place.database) == 0) {
        unlink(at->aside);
        move_journal_back(at);
        return;
    }
    size_t length = strlen(error);
    snprintf(error + length, STORE_ERROR_SIZE - length, "; the store is at %.200s now", at->aside);
}

static bool replace_store(const struct replacement *at, const struct part *part,
                          char error[STORE_ERROR_SIZE])
{
    bool any;
    const char *database = at->place.database;
    if (!place_unchanged(&at->place)) {
        snprintf(error, STORE_ERROR_SIZE, "%.200s was moved by somebody else", database);
        return false;
    }
    if (!replace_fold(database, error))
        return false;
    bool moved = move_journal(database, at->aside, &any, error) &&
                 (part == NULL ? move(database, at->aside, "", error) : keep_aside(at, error));
    if (!moved) {
        move_journal_back(at);
        return false;
    }
    if (place_save_directory(database, error) &&
        (part == NULL || part_replace(part, database, error)))
        return true;
    put_back(at, error);
    return false;
}

/* Where there was no database, but perhaps its journal. Whoever makes a store here meanwhile makes an empty file, and
 * then waits for the lock file. */
static bool place_first(struct replacement *at, const struct part *part,
                        char error[STORE_ERROR_SIZE])
{
    bool any;
    const char *database = at->place.database;
    if (!lock_file_seize(&at->file, &at->place, error))
        return false;
    if (access(database, F_OK) == 0) {
        snprintf(error, STORE_ERROR_SIZE, "%.200s was made by somebody else just now", database);
        return false;
    }
    bool placed = move_journal(database, at->aside, &any, error) &&
                  (part == NULL || part_place(part, database, error));
    if (!placed)
        move_journal_back(at);
    else if (!any)
        at->aside[0] = '\0';
    return placed;
}

bool replace_begin(struct replacement *at, const char *path, char error[STORE_ERROR_SIZE])
{
    *at = (struct replacement){.file = {.fd = -1}};
    return place_find(&at->place, path, false, &at->absent, error)
               ? lock_file_seize(&at->file, &at->place, error)
               : at->absent;
}

/* The lock file goes last: while it stands, a server that starts waits for it, and then looks anew. */
bool replace_with(struct replacement *at, const struct part *part, char error[STORE_ERROR_SIZE])
{
    name_aside(at);
    bool done = at->absent ? place_first(at, part, error) : replace_store(at, part, error);
    if (!done)
        at->aside[0] = '\0';
    if (at->file.fd >= 0 && (done || at->absent))
        unlink(at->place.lock);
    return done;
}

void replace_end(struct replacement *at)
{
    lock_file_close(&at->file);
}

bool replace_reset(const char *path, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE])
{
    struct replacement at;
    if (!replace_begin(&at, path, error))
        return false;
    bool nothing = at.absent && !journal_left(at.place.database);
    bool done = nothing || replace_with(&at, NULL, error);
    strcpy(aside, at.aside);
    replace_end(&at);
    return done;
}
