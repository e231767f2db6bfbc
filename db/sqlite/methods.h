/* SQLite as code that is common to all engines speaks to it: db/sql/sql.h. */
#ifndef BOX_OFFICE_SQLITE_METHODS_H
#define BOX_OFFICE_SQLITE_METHODS_H

#include "db/sql/sql.h"

/* A connection's base is a struct connection. */
extern const struct sql_methods sqlite_methods;

#endif
