/* What a copy that is put back takes from the PostgreSQL store whose place it takes; as db/sqlite/inherit.h says. */
#ifndef BOX_OFFICE_POSTGRES_INHERIT_H
#define BOX_OFFICE_POSTGRES_INHERIT_H

#include "db/postgres/connection.h"

/* The heir is what the connection sees, the other one lies in the schema `aside`; all in the caller's transaction. Tells
 * the heir how far numbers of tickets and of decisions, and boots of servers, have got there, where that can be read,
 * and adds its tokens and signing keys, as a whole or not at all: `access_kept`. False with the reason where the
 * transaction itself is of no use any more. */
bool inherit_from_schema(struct postgres *postgres, const char *aside, bool *access_kept);

#endif
