#include "db/sqlite/copy_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/sql/audit.h"
#include "db/sqlite/audit.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/make.h"
#include "db/sqlite/part.h"
#include "db/sqlite/schema.h"
#include "db/sqlite/spans.h"

struct copy_file {
    char target[STORE_PLACE_SIZE]; /* of one that is being made */
    char *error;                   /* not owned */
    struct part part;              /* fd -1: none */
    struct connection connection;
};

/* Nobody sees the part before it is whole, so nothing is gained by a journal, nor by syncing it before its end. What its
 * constraints say is said of the store by the proof, in words of what is wrong there. */
static const char hurry[] = "PRAGMA journal_mode = OFF;"
                            "PRAGMA synchronous = OFF;"
                            "PRAGMA cache_size = -65536;"
                            "PRAGMA ignore_check_constraints = ON;";

static struct copy_file *new_file(char error[STORE_ERROR_SIZE])
{
    struct copy_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        abort();
    file->part.fd = -1;
    file->error = error;
    return file;
}

static bool begin_part(struct copy_file *file)
{
    struct connection *connection = &file->connection;
    return part_vacant(file->target, file->error) &&
           part_open(&file->part, file->target, file->error) &&
           connection_open(connection, file->part.path, true, file->error) == SQLITE_OK &&
           connection_execute(connection, hurry) && connection_execute(connection, "BEGIN") &&
           schema_migrate(connection, SCHEMA_VERSION) &&
           connection_execute(connection, "INSERT INTO store (one, id) VALUES (1, '')");
}

struct copy_file *copy_file_make(const char *to, char error[STORE_ERROR_SIZE])
{
    struct copy_file *file = new_file(error);
    if ((size_t)snprintf(file->target, sizeof file->target, "%s", to) < sizeof file->target &&
        begin_part(file))
        return file;
    if (strlen(to) >= sizeof file->target)
        snprintf(error, STORE_ERROR_SIZE, "%.300s is too long a name", to);
    copy_file_close(file);
    return NULL;
}

bool copy_file_place(struct copy_file *file)
{
    struct connection *connection = &file->connection;
    bool whole = spans_note_all(connection) && connection_execute(connection, "COMMIT");
    connection_close(connection);
    return whole && part_prove(&file->part, file->error) && part_save(&file->part, file->error) &&
           part_place(&file->part, file->target, file->error);
}

/* Of the present version, by way of a part beside it. */
static bool renew(struct copy_file *file, const char *from)
{
    struct store_made made;
    bool copied = part_open(&file->part, from, file->error) &&
                  part_copy(&file->part, &file->connection, NULL, NULL, file->error);
    connection_close(&file->connection);
    return copied && make_store(file->part.path, 0, &made, file->error) &&
           connection_open(&file->connection, file->part.path, false, file->error) == SQLITE_OK;
}

static bool open_present(struct copy_file *file, const char *from)
{
    if (access(from, F_OK) != 0) {
        snprintf(file->error, STORE_ERROR_SIZE, "%.300s is not there: there is nothing to restore",
                 from);
        return false;
    }
    if (connection_open(&file->connection, from, false, file->error) != SQLITE_OK)
        return false;
    switch (schema_inspect(&file->connection)) {
    case SCHEMA_PRESENT:
        return true;
    case SCHEMA_OLD:
        return renew(file, from);
    case SCHEMA_EMPTY:
        snprintf(file->error, STORE_ERROR_SIZE, "%.300s holds no store", from);
        return false;
    default:
        return false;
    }
}

static bool prove(struct copy_file *file)
{
    char broken[STORE_ERROR_SIZE] = "";
    if (!connection_execute(&file->connection, "BEGIN") ||
        !audit_connection(&file->connection, audit_keep_broken, broken))
        return false;
    if (broken[0] != '\0')
        snprintf(file->error, STORE_ERROR_SIZE, "the copy is not sound: %.400s", broken);
    return broken[0] == '\0';
}

struct copy_file *copy_file_open(const char *from, char error[STORE_ERROR_SIZE])
{
    struct copy_file *file = new_file(error);
    if (open_present(file, from) && prove(file))
        return file;
    copy_file_close(file);
    return NULL;
}

struct sql *copy_file_sql(struct copy_file *file)
{
    return &file->connection.base;
}

void copy_file_close(struct copy_file *file)
{
    if (file == NULL)
        return;
    if (file->connection.db != NULL)
        connection_close(&file->connection);
    part_close(&file->part);
    free(file);
}
