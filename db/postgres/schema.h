/* The tables of a PostgreSQL store, as the steps that lead from an empty schema to the present version. */
#ifndef BOX_OFFICE_POSTGRES_SCHEMA_H
#define BOX_OFFICE_POSTGRES_SCHEMA_H

#include "db/postgres/connection.h"

enum {
    TABLES_VERSION = 1, /* of an up-to-date store: of this engine's own steps */
};

enum tables_state {
    TABLES_NONE, /* there is no such schema, or nothing in it */
    TABLES_OLD,
    TABLES_PRESENT,
    TABLES_REFUSED,    /* not ours, or newer than we know: the reason is told */
    TABLES_UNREADABLE, /* for another reason, which is told: perhaps only now */
};

/* What the schema is to us; `there` where it is there, even if empty. Changes nothing there; `postgres` knows from now
 * on which store it is. */
enum tables_state tables_inspect(struct postgres *postgres, bool *there);

/* The same, of what most likely is a store: with fewer questions where it is one. */
enum tables_state tables_expect(struct postgres *postgres);

/* Takes the steps that a store in this state lacks, inside the caller's transaction, gives it an id where it has none,
 * and fences whoever sells from an old one. */
enum sql_result tables_migrate(struct postgres *postgres, enum tables_state state, bool there);

#endif
