/* What a failure of PostgreSQL means to us. */
#ifndef BOX_OFFICE_POSTGRES_FAILURE_H
#define BOX_OFFICE_POSTGRES_FAILURE_H

#include <stdbool.h>

enum failure {
    FAILURE_CONFLICT, /* what was written breaks a rule of the tables, or does not fit its column */
    FAILURE_AGAIN,    /* the transaction was given up for another one: it may be run again */
    FAILURE_LOST,     /* this connection is of no use any more */
    FAILURE_GONE,     /* the tables are not there any more */
    FAILURE_OTHER,
};

/* By SQLSTATE; `fatal`: the server ends the session with it. */
enum failure failure_of(const char *code, bool fatal);

#endif
