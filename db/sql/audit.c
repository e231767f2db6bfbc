#include "db/sql/audit.h"

#include <stdio.h>

#include "db/sql/column.h"

enum {
    SENTENCE_SIZE = 512,
};

void audit_tell(const struct audit_check *check, int64_t checked, int64_t bad, const char *place,
                store_finding *finding, void *context)
{
    char sentence[SENTENCE_SIZE];
    if (bad == 0)
        snprintf(sentence, sizeof sentence, "%s: %lld %s", check->what, (long long)checked,
                 check->units);
    else
        snprintf(sentence, sizeof sentence, "%s: not so for %lld of %lld %s, e.g. %.300s",
                 check->what, (long long)bad, (long long)checked, check->units, place);
    finding(context, bad == 0, sentence);
}

static bool count(struct sql *sql, const struct audit_check *check, int64_t *checked, int64_t *bad)
{
    char text[AUDIT_SIZE];
    snprintf(text, sizeof text, "SELECT count(*), count(CASE WHEN r.bad THEN 1 END) FROM (%s) AS r",
             check->rows);
    struct sql_query *query = sql_ask(sql, text);
    bool counted = query != NULL && sql_next(query);
    if (counted) {
        *checked = sql_number(query, 0);
        *bad = sql_number(query, 1);
    }
    return sql_end(query) == SQL_OK && counted;
}

static bool find_bad(struct sql *sql, const struct audit_check *check, char place[KEY_SIZE])
{
    char text[AUDIT_SIZE];
    snprintf(text, sizeof text, "SELECT r.place FROM (%s) AS r WHERE r.bad LIMIT 1", check->rows);
    struct sql_query *query = sql_ask(sql, text);
    snprintf(place, KEY_SIZE, "?");
    if (query != NULL && sql_next(query) && !sql_is_null(query, 0)) {
        if (check->place == AUDIT_KEY)
            sql_key(query, 0, place);
        else
            column_text(query, 0, place, KEY_SIZE);
    }
    return sql_end(query) == SQL_OK;
}

bool audit_run_check(struct sql *sql, const struct audit_check *check, store_finding *finding,
                     void *context)
{
    int64_t checked;
    int64_t bad;
    char place[KEY_SIZE];
    if (!count(sql, check, &checked, &bad) || (bad > 0 && !find_bad(sql, check, place)))
        return false;
    audit_tell(check, checked, bad, place, finding, context);
    return true;
}

static bool run_checks(struct sql *sql, const struct audit_checks *topic, store_finding *finding,
                       void *context)
{
    bool checked = true;
    for (size_t i = 0; checked && i < topic->count; i++)
        checked = audit_run_check(sql, &topic->checks[i], finding, context);
    return checked;
}

bool audit_prove(struct sql *sql, const struct audit_checks *own, store_finding *finding,
                 void *context)
{
    return run_checks(sql, own, finding, context) &&
           run_checks(sql, &audit_tickets, finding, context) &&
           run_checks(sql, &audit_decisions, finding, context) &&
           run_checks(sql, &audit_counts, finding, context) && audit_access(sql, finding, context);
}

void audit_keep_broken(void *context, bool ok, const char *sentence)
{
    char *broken = context;
    if (!ok && broken[0] == '\0')
        snprintf(broken, STORE_ERROR_SIZE, "%s", sentence);
}

bool audit_access_holds(struct sql *sql)
{
    char broken[STORE_ERROR_SIZE] = "";
    return audit_access(sql, audit_keep_broken, broken) && broken[0] == '\0';
}
