#include "db/postgres/audit_index.h"

#include <stdio.h>

#include "db/sql/audit_check.h"
#include "db/sql/column.h"

enum {
    INDEXES_MAX = 64,
    LIST_SIZE = 256, /* of columns; of a condition */
};

struct index {
    char name[SCHEMA_NAME_SIZE], table[SCHEMA_NAME_SIZE];
    char columns[LIST_SIZE]; /* that it has in order */
    char where[LIST_SIZE];   /* of what rows */
    bool valid;
    int64_t lying, found; /* rows: in the table, and by the index */
};

static const struct audit_check check = {"every index finds all rows of its table", "indexes",
                                         AUDIT_TEXT, NULL};

static const char list[] =
    "SELECT CAST(c.relname AS text), CAST(t.relname AS text),"
    "       (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, false), ', ' ORDER BY k)"
    "          FROM generate_series(1, CAST(i.indnkeyatts AS integer)) AS k),"
    "       coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), i.indisvalid AND i.indisready"
    "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = "
    "i.indrelid"
    "  JOIN pg_namespace n ON n.oid = t.relnamespace"
    "  WHERE n.nspname = current_schema() ORDER BY t.relname, c.relname";

static bool list_indexes(struct sql *sql, struct index indexes[INDEXES_MAX], size_t *count)
{
    *count = 0;
    struct sql_query *query = sql_ask(sql, list);
    while (query != NULL && *count < INDEXES_MAX && sql_next(query)) {
        struct index *index = &indexes[(*count)++];
        column_text(query, 0, index->name, sizeof index->name);
        column_text(query, 1, index->table, sizeof index->table);
        column_text(query, 2, index->columns, sizeof index->columns);
        column_text(query, 3, index->where, sizeof index->where);
        index->valid = sql_number(query, 4) != 0;
    }
    return sql_end(query) == SQL_OK;
}

/* Which ways of reading a table the server may take, from now on in this transaction. */
static bool read_by(struct sql *sql, bool indexes, bool scans)
{
    char text[512];
    const char *scan = scans ? "on" : "off";
    const char *by_index = indexes ? "on" : "off";
    snprintf(text, sizeof text,
             "SELECT count(set_config(s.name, v.value, true)) FROM (VALUES"
             "  ('enable_seqscan', '%s'), ('enable_sort', '%s'), ('enable_bitmapscan', '%s'),"
             "  ('enable_indexscan', '%s'), ('enable_indexonlyscan', '%s')) AS v (name, value)"
             "  JOIN pg_settings s ON s.name = v.name",
             scan, scan, indexes && scans ? "on" : "off", by_index, by_index);
    struct sql_query *query = sql_ask(sql, text);
    if (query != NULL)
        sql_next(query);
    return sql_end(query) == SQL_OK;
}

static bool count_rows(struct sql *sql, const struct index *index, bool by_index, int64_t *rows)
{
    char text[AUDIT_SIZE];
    *rows = 0;
    snprintf(text, sizeof text, "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s %s%s) AS r",
             index->table, index->where, by_index ? "ORDER BY " : "",
             by_index ? index->columns : "");
    struct sql_query *query = sql_ask(sql, text);
    if (query != NULL && sql_next(query))
        *rows = sql_number(query, 0);
    return sql_end(query) == SQL_OK;
}

/* Nothing but an index has the rows in its order, and nothing sorts. One that is not valid is not used. */
static bool count_all(struct sql *sql, struct index *indexes, size_t count)
{
    bool counted = read_by(sql, false, true);
    for (size_t i = 0; counted && i < count; i++)
        counted = count_rows(sql, &indexes[i], false, &indexes[i].lying);
    counted = counted && read_by(sql, true, false);
    for (size_t i = 0; counted && i < count; i++)
        if (indexes[i].valid)
            counted = count_rows(sql, &indexes[i], true, &indexes[i].found);
    return counted && read_by(sql, true, true);
}

bool audit_indexes(struct postgres *postgres, store_finding *finding, void *context)
{
    struct index indexes[INDEXES_MAX];
    const char *place = "";
    int64_t wrong = 0;
    size_t count;
    if (!list_indexes(&postgres->sql, indexes, &count) ||
        !count_all(&postgres->sql, indexes, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (indexes[i].valid && indexes[i].found == indexes[i].lying)
            continue;
        wrong++;
        place = indexes[i].name;
    }
    audit_tell(&check, (int64_t)count, wrong, place, finding, context);
    return true;
}
