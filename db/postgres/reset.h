/* Moving a PostgreSQL store aside: its schema gets another name. */
#ifndef BOX_OFFICE_POSTGRES_RESET_H
#define BOX_OFFICE_POSTGRES_RESET_H

#include "db/postgres/handle.h"

/* The contract is store_reset's. */
bool postgres_reset(const char *rest, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

/* The same inside the caller's transaction, which keeps everybody else out until it ends: renames the schema, so that
 * there is no store at its place, and fences all who sold from it; `aside` is the name that it has then. */
bool reset_move(struct postgres *postgres, char aside[SCHEMA_NAME_SIZE]);

/* Commits that transaction. Where the answer does not tell whether that was done, the reason says of `what`, "the store was
 * put aside", that it is not known, and which schema holds what was there if it was (aside is not ""). */
bool reset_commit(struct postgres *postgres, const char *what, const char *aside);

/* Whether nobody else uses the schema; else the reason tells who does. */
bool reset_alone(struct postgres *postgres);

#endif
