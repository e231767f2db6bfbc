/* PostgreSQL as code that is common to all engines speaks to it: db/sql/sql.h. */
#ifndef BOX_OFFICE_POSTGRES_METHODS_H
#define BOX_OFFICE_POSTGRES_METHODS_H

#include "db/sql/sql.h"

/* A struct postgres begins with what these take. */
extern const struct sql_methods postgres_methods;

#endif
