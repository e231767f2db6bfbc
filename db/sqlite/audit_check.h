/* The invariants that the audit proves: one query each, by topic. */
#ifndef BOX_OFFICE_SQLITE_AUDIT_CHECK_H
#define BOX_OFFICE_SQLITE_AUDIT_CHECK_H

#include <stddef.h>

#include "db/sqlite/connection.h"

/* The query returns one row: how many were checked, how many of them break it, and one that does. */
struct audit_check {
    const char *what;  /* the invariant */
    const char *units; /* what was counted */
    const char *sql;
};

struct audit_checks {
    const struct audit_check *checks;
    size_t count;
};

/* What tiers and tickets tell of each other and of their orders. */
extern const struct audit_checks audit_tickets;

/* What decisions, each on its own, say of themselves. */
extern const struct audit_checks audit_decisions;

/* What is counted, and what is owed, for what was decided. */
extern const struct audit_checks audit_counts;

/* Who may sign. Its queries need what audit_access_prepare gives a connection. */
extern const struct audit_checks audit_access;
bool audit_access_prepare(struct connection *connection);

/* Where `bad` is a column of the rows, named by `place`. */
#define AUDIT_OF(place)                                                                            \
    "SELECT count(*), coalesce(sum(bad), 0), max(CASE WHEN bad THEN " place " END) FROM "

#endif
