/* Where a PostgreSQL store lies: libpq's URL, and the schema that holds the tables.
 *
 * The URL has one parameter of ours, schema=NAME, which libpq never sees. What is told to people never holds a
 * password. */
#ifndef BOX_OFFICE_POSTGRES_PLACE_H
#define BOX_OFFICE_POSTGRES_PLACE_H

#include <libpq-fe.h>

#include "db/store.h"

enum {
    SCHEMA_NAME_SIZE = 64,    /* as PostgreSQL bounds names */
    PLACE_HOSTS_MAX = 16,     /* that one URL names */
    PLACE_OPTION_SIZE = 1024, /* of one option's value; and its NUL */
};

struct postgres_place {
    PQconninfoOption
        *options; /* owned; those with a `val` are the URL's; hosts may be the environment's */
    char schema[SCHEMA_NAME_SIZE]; /* [a-z_][a-z0-9_]* */
    size_t hosts;                  /* at least 1: tried one after the other */
    char plain[STORE_PLACE_SIZE];  /* the URL, without passwords */
};

/* `rest` is the URL behind "postgresql:" or "postgres:". False with the reason, and then there is nothing to free. */
bool postgres_place_parse(struct postgres_place *place, const char *rest,
                          char error[STORE_ERROR_SIZE]);
void postgres_place_free(struct postgres_place *place);

/* An option's value as the URL names it, or of hosts PGHOST, PGHOSTADDR and PGPORT; NULL: nobody does. */
const char *postgres_place_option(const struct postgres_place *place, const char *keyword);

/* Of the options host, hostaddr and port, which list several: that of the host `index`, "" where it has none. */
void postgres_place_part(const struct postgres_place *place, const char *keyword, size_t index,
                         char part[PLACE_OPTION_SIZE]);

/* The plain URL of another schema at the same place. */
void postgres_place_beside(const struct postgres_place *place, const char *schema,
                           char url[STORE_PLACE_SIZE]);

#endif
