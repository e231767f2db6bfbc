#include "db/postgres/failure.h"

#include <stddef.h>
#include <string.h>

/* The first that fits: a whole code or a class. */
static const struct {
    const char *code;
    enum failure failure;
} failures[] = {
    {"40001", FAILURE_AGAIN}, /* serialization_failure */
    {"40P01", FAILURE_AGAIN}, /* deadlock_detected */
    {"40003", FAILURE_LOST},  /* statement_completion_unknown: as if the answer had been lost */
    {"22", FAILURE_CONFLICT}, /* data exceptions */
    {"23", FAILURE_CONFLICT}, /* integrity constraints */
    {"08", FAILURE_LOST},     /* connection exceptions */
    {"57P", FAILURE_LOST},    /* the server stops, or starts */
    {"25006", FAILURE_LOST},  /* read_only_sql_transaction: it is a replica now */
    {"25P03", FAILURE_LOST},  /* idle_in_transaction_session_timeout */
    {"42P01", FAILURE_GONE},  /* undefined_table */
    {"3F000", FAILURE_GONE},  /* invalid_schema_name */
};

enum failure failure_of(const char *code, bool fatal)
{
    if (fatal)
        return FAILURE_LOST;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (strncmp(code, failures[i].code, strlen(failures[i].code)) == 0)
            return failures[i].failure;
    return FAILURE_OTHER;
}
