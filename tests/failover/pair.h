/* A PostgreSQL primary with a standby, which take turns: what befalls the primary, and who follows it.
 *
 * Both keep their ports, so that one URL finds whoever leads. Strict: whoever leads answers no commit before the
 * other one has it on disk, also when it has just begun to lead and the other one is not back yet. Main thread only;
 * what cannot be had ends the test with a failed assertion. */
#ifndef BOX_OFFICE_TEST_PAIR_H
#define BOX_OFFICE_TEST_PAIR_H

#include <stdbool.h>

#include "tests/lib/postgres.h"

struct pair {
    struct pg_server servers[2];
    int primary; /* 0 or 1 */
    bool strict; /* else the primary does not wait for its standby: sales can be lost */
    char url[PG_SERVER_URL_SIZE];
};

void pair_open(struct pair *pair, bool strict);
struct pg_server *pair_primary(struct pair *pair);
struct pg_server *pair_standby(struct pair *pair);

/* Lets the standby lead. The primary must have been killed before: one that still ran might sell, too. */
void pair_promote(struct pair *pair);

/* Makes the one that was killed the standby of the other, and waits until it follows. */
void pair_rejoin(struct pair *pair);

/* Starts the killed primary again, as the primary. */
void pair_restart(struct pair *pair);

/* Starts the killed standby again, as the standby of whoever leads, or led. */
void pair_return(struct pair *pair);

void pair_close(struct pair *pair);

#endif
