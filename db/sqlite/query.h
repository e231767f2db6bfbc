/* The queries of a SQLite store, as db/sql/query.h lists them. */
#ifndef BOX_OFFICE_SQLITE_QUERY_H
#define BOX_OFFICE_SQLITE_QUERY_H

#include "db/sql/query.h"

const char *sqlite_query_text(enum named_query which);

#endif
