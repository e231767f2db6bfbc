/* A store handle's part that all SQL engines share: the first member of theirs. */
#ifndef BOX_OFFICE_SQL_HANDLE_H
#define BOX_OFFICE_SQL_HANDLE_H

#include "db/engine.h"
#include "db/sql/batch.h"
#include "db/sql/sql.h"

struct sql_handle {
    struct store base;  /* first: a store pointer of ours is a handle pointer */
    struct sql *sql;    /* the connection, which the engine owns */
    struct batch batch; /* of a seller: working memory */
    struct sale
        *moved; /* owned: orders that moved unasked in the transaction under way, or the last one */
    size_t moved_count, moved_room;
};

/* Frees what this part owns. */
void sql_handle_free(struct sql_handle *handle);

#endif
