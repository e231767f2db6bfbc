/* The invariants that the audit proves: rows that are asked for, by topic. */
#ifndef BOX_OFFICE_SQL_AUDIT_CHECK_H
#define BOX_OFFICE_SQL_AUDIT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "db/sql/sql.h"

/* What names a row that breaks the invariant. */
enum audit_place {
    AUDIT_TEXT,
    AUDIT_KEY, /* a key, or an id: as sql_key has it */
};

/* The query returns a row for each that is to be checked: `place`, by which people find it, and whether it is `bad`
 * (NULL: it is not). It says nothing that one engine alone understands, where it stands among those of all engines. */
struct audit_check {
    const char *what;  /* the invariant */
    const char *units; /* what is counted */
    enum audit_place place;
    const char *rows;
};

struct audit_checks {
    const struct audit_check *checks;
    size_t count;
};

enum {
    AUDIT_SIZE = 2048, /* of a query's text, with what is put around it */
};

/* What tiers and tickets tell of each other and of their orders. */
extern const struct audit_checks audit_tickets;

/* What decisions, each on its own, say of themselves. */
extern const struct audit_checks audit_decisions;

/* What is counted, and what is owed, for what was decided. */
extern const struct audit_checks audit_counts;

/* Who may sign. */
bool audit_access(struct sql *sql, store_finding *finding, void *context);

/* Whether what `check` says of it is so; false where it could not be checked. */
bool audit_run_check(struct sql *sql, const struct audit_check *check, store_finding *finding,
                     void *context);

/* Tells what was found: of so many, so many are bad, for example the one at `place`. */
void audit_tell(const struct audit_check *check, int64_t checked, int64_t bad, const char *place,
                store_finding *finding, void *context);

/* A check of every engine's own, as each has another word for lower case of ASCII only, which the rule has in mind. */
#define AUDIT_BUYERS(lower_buyer)                                                                  \
    {                                                                                              \
        "a buyer's count is what is sold, held and waited for", "buyers", AUDIT_TEXT,              \
            "SELECT u.buyer AS place, sum(told) <> sum(counted) AS bad FROM"                       \
            "  (SELECT event, buyer, tickets AS told, 0 AS counted FROM buyers UNION ALL"          \
            "   SELECT event, " lower_buyer ", 0, quantity FROM decisions"                         \
            "   WHERE id IS NOT NULL AND state IN (0, 1, 2) AND buyer <> '') AS u"                 \
            "  JOIN events e ON e.event = u.event WHERE e.buyer_limit > 0 GROUP BY u.event, "      \
            "u.buyer"                                                                              \
    }

#endif
