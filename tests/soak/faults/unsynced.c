/* A store that answers before its commits are on the disk: what a power cut then costs is seen nowhere else. */
#include "db/sqlite/connection.h"
#include "tests/soak/faults/fault.h"

typedef int open_call(struct connection *connection, const char *path, bool writes, char *error);
open_call __real_connection_open, __wrap_connection_open;

int __wrap_connection_open(struct connection *connection, const char *path, bool writes,
                           char *error)
{
    char word[FAULT_WORD_SIZE];
    int code = __real_connection_open(connection, path, writes, error);
    if (code == SQLITE_OK && writes && fault_on(FAULT_UNSYNCED, word) &&
        !connection_execute(connection, "PRAGMA synchronous = NORMAL")) {
        connection_close(connection);
        code = SQLITE_ERROR;
    }
    return code;
}
