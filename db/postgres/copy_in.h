/* Rows of a copy that is put back, on their way into the tables: by COPY, in chunks, as inserting them takes several
 * times as long. */
#ifndef BOX_OFFICE_POSTGRES_COPY_IN_H
#define BOX_OFFICE_POSTGRES_COPY_IN_H

#include "common/buffer.h"
#include "db/postgres/connection.h"
#include "db/sql/copy.h"

/* One owner; ended by copy_in_end. */
struct copy_in {
    struct postgres *postgres; /* not owned; in a transaction */
    struct buffer rows;        /* that have not been sent */
};

/* Rows go to the connection, whose transaction is the caller's; where one of its functions fails, that is of no use
 * any more. */
struct copy_sink copy_in_begin(struct copy_in *in, struct postgres *postgres);
void copy_in_end(struct copy_in *in);

#endif
