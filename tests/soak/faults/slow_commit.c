/* A slow disk: a batch's commit takes longer, and with it the store's writer lock is held longer. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/sqlite/connection.h"
#include "tests/soak/faults/fault.h"

typedef int run_call(struct connection *connection, sqlite3_stmt *statement);
run_call __real_connection_run, __wrap_connection_run;

int __wrap_connection_run(struct connection *connection, sqlite3_stmt *statement)
{
    char word[FAULT_WORD_SIZE];
    if (strcmp(sqlite3_sql(statement), "COMMIT") == 0 && fault_on(FAULT_SLOW_COMMIT, word)) {
        long milliseconds = strtol(word, NULL, 10);
        const struct timespec pause = {.tv_sec = milliseconds / 1000,
                                       .tv_nsec = milliseconds % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    return __real_connection_run(connection, statement);
}
