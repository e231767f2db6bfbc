#include "db/sql/copy.h"

#include <stdio.h>
#include <string.h>

enum {
    TEXT_SIZE = 1024,    /* of a query */
    TOLD_EVERY = 1 << 12 /* rows */
};

static const struct copy_column servers[] = {{"server", COPY_TEXT}, {"boot", COPY_NUMBER}};

static const struct copy_column events[] = {
    {"event", COPY_NUMBER},        {"name", COPY_TEXT},           {"refusals", COPY_NUMBER},
    {"title", COPY_TEXT},          {"zone", COPY_TEXT},           {"starts_at", COPY_NUMBER},
    {"sale_from", COPY_NUMBER},    {"sale_until", COPY_NUMBER},   {"buyer_limit", COPY_NUMBER},
    {"hold_seconds", COPY_NUMBER}, {"waiting_list", COPY_NUMBER}, {"closed", COPY_NUMBER},
};

static const struct copy_column tiers[] = {
    {"event", COPY_NUMBER},       {"tier", COPY_NUMBER},    {"name", COPY_TEXT},
    {"price", COPY_NUMBER},       {"currency", COPY_TEXT},  {"capacity", COPY_NUMBER},
    {"sold", COPY_NUMBER},        {"held", COPY_NUMBER},    {"order_limit", COPY_NUMBER},
    {"next_number", COPY_NUMBER}, {"waiting", COPY_NUMBER},
};

static const struct copy_column decisions[] = {
    {"event", COPY_NUMBER},      {"decision", COPY_NUMBER},     {"key", COPY_KEY},
    {"fingerprint", COPY_BYTES}, {"created_at", COPY_NUMBER},   {"id", COPY_BYTES},
    {"state", COPY_NUMBER},      {"tier", COPY_NUMBER},         {"quantity", COPY_NUMBER},
    {"amount", COPY_NUMBER},     {"first_number", COPY_NUMBER}, {"currency", COPY_TEXT},
    {"buyer", COPY_TEXT},        {"server", COPY_TEXT},         {"router", COPY_TEXT},
    {"expires_at", COPY_NUMBER}, {"changed_at", COPY_NUMBER},   {"payment", COPY_TEXT},
    {"request", COPY_BYTES},     {"late", COPY_NUMBER},         {"problem", COPY_TEXT},
    {"remaining", COPY_NUMBER},
};

static const struct copy_column tickets[] = {
    {"event", COPY_NUMBER},      {"tier", COPY_NUMBER},          {"number", COPY_NUMBER},
    {"decision", COPY_NUMBER},   {"checked_in_at", COPY_NUMBER}, {"gate", COPY_TEXT},
    {"check_in_key", COPY_TEXT},
};

static const struct copy_column totals[] = {
    {"event", COPY_NUMBER}, {"tier", COPY_NUMBER}, {"server", COPY_TEXT}, {"sold", COPY_NUMBER}};

static const struct copy_column buyers[] = {
    {"event", COPY_NUMBER}, {"buyer", COPY_TEXT}, {"tickets", COPY_NUMBER}};

static const struct copy_column owed[] = {
    {"event", COPY_NUMBER},      {"owed", COPY_NUMBER}, {"decision", COPY_NUMBER},
    {"reference", COPY_TEXT},    {"at", COPY_NUMBER},   {"reason", COPY_TEXT},
    {"settled_at", COPY_NUMBER},
};

static const struct copy_column tokens[] = {
    {"id", COPY_BYTES},      {"name", COPY_TEXT},         {"hash", COPY_BYTES},
    {"scopes", COPY_NUMBER}, {"created_at", COPY_NUMBER}, {"revoked_at", COPY_NUMBER},
};

static const struct copy_column signing_keys[] = {
    {"number", COPY_NUMBER},    {"id", COPY_TEXT},           {"seed", COPY_BYTES},
    {"public_key", COPY_BYTES}, {"created_at", COPY_NUMBER}, {"retired_at", COPY_NUMBER},
};

#define COUNT(columns) ((int)(sizeof(columns) / sizeof *(columns)))

/* Each behind those that it refers to. */
static const struct copy_table tables[] = {
    {"servers", servers, COUNT(servers)}, {"events", events, COUNT(events)},
    {"tiers", tiers, COUNT(tiers)},       {"decisions", decisions, COUNT(decisions)},
    {"tickets", tickets, COUNT(tickets)}, {"totals", totals, COUNT(totals)},
    {"buyers", buyers, COUNT(buyers)},    {"owed", owed, COUNT(owed)},
    {"tokens", tokens, COUNT(tokens)},    {"signing_keys", signing_keys, COUNT(signing_keys)},
};

enum {
    TABLES = sizeof tables / sizeof *tables,
};

void copy_list_columns(const struct copy_table *table, char list[COPY_LIST_SIZE])
{
    size_t length = 0;
    for (int i = 0; i < table->count; i++)
        length += (size_t)snprintf(list + length, COPY_LIST_SIZE - length, "%s%s",
                                   i == 0 ? "" : ", ", table->columns[i].name);
}

/* --- inserting, one by one --------------------------------------------------------------------- */

struct inserting {
    struct sql *to;
    char text[TEXT_SIZE];
};

static bool begin_inserts(void *context, const struct copy_table *table)
{
    struct inserting *inserting = context;
    char names[COPY_LIST_SIZE];
    char *text = inserting->text;
    copy_list_columns(table, names);
    size_t length =
        (size_t)snprintf(text, TEXT_SIZE, "INSERT INTO %s (%s) VALUES (", table->name, names);
    for (int i = 1; i <= table->count; i++)
        length += (size_t)snprintf(text + length, TEXT_SIZE - length, "?%d%s", i,
                                   i == table->count ? ")" : ", ");
    return true;
}

static void bind_column(struct sql_query *insert, struct sql_query *row, int column,
                        enum copy_kind kind)
{
    char key[KEY_SIZE];
    size_t size;
    if (sql_is_null(row, column)) {
        sql_bind_null(insert, column + 1);
        return;
    }
    switch (kind) {
    case COPY_NUMBER:
        sql_bind_number(insert, column + 1, sql_number(row, column));
        break;
    case COPY_TEXT:
        sql_bind_text(insert, column + 1, sql_text(row, column, &size));
        break;
    case COPY_KEY:
        sql_key(row, column, key);
        sql_bind_key(insert, column + 1, key);
        break;
    case COPY_BYTES: {
        const void *bytes = sql_bytes(row, column, &size);
        sql_bind_bytes(insert, column + 1, bytes, size);
        break;
    }
    }
}

static bool insert_row(void *context, const struct copy_table *table, struct sql_query *row)
{
    struct inserting *inserting = context;
    struct sql_query *insert = sql_ask(inserting->to, inserting->text);
    if (insert == NULL)
        return false;
    for (int i = 0; i < table->count; i++)
        bind_column(insert, row, i, table->columns[i].kind);
    return sql_run(insert) == SQL_OK;
}

static bool end_inserts(void *context)
{
    struct inserting *inserting = context;
    return sql_settle(inserting->to) == SQL_OK;
}

/* --- the store --------------------------------------------------------------------------------- */

struct copying {
    struct sql *from, *to;
    const struct copy_sink *sink;
    store_progress *progress;
    void *context;
    int64_t done, total; /* rows */
};

static void tell(const struct copying *copying)
{
    if (copying->progress != NULL)
        copying->progress(copying->context, copying->done, copying->total);
}

static struct sql_query *ask_rows(struct sql *from, const struct copy_table *table,
                                  char text[TEXT_SIZE])
{
    char names[COPY_LIST_SIZE];
    copy_list_columns(table, names);
    snprintf(text, TEXT_SIZE, "SELECT %s FROM %s", names, table->name);
    return sql_ask(from, text);
}

static bool copy_rows(struct copying *copying, const struct copy_table *table,
                      struct sql_query *row)
{
    const struct copy_sink *sink = copying->sink;
    if (!sink->begin(sink->context, table))
        return false;
    while (row != NULL && sql_next(row)) {
        if (!sink->row(sink->context, table, row))
            return false;
        if (++copying->done % TOLD_EVERY == 0)
            tell(copying);
    }
    return sink->end(sink->context);
}

static bool copy_table(struct copying *copying, const struct copy_table *table)
{
    char text[TEXT_SIZE];
    struct sql_query *row = ask_rows(copying->from, table, text);
    bool copied = row != NULL && copy_rows(copying, table, row);
    return sql_end(row) == SQL_OK && copied;
}

static bool count_rows(struct copying *copying)
{
    copying->total = 0;
    for (int i = 0; i < TABLES; i++) {
        char text[TEXT_SIZE];
        snprintf(text, sizeof text, "SELECT count(*) FROM %s", tables[i].name);
        struct sql_query *query = sql_ask(copying->from, text);
        if (query != NULL && sql_next(query))
            copying->total += sql_number(query, 0);
        if (sql_end(query) != SQL_OK)
            return false;
    }
    return true;
}

/* Its one row stands there already, with what the engine says of itself. */
static bool copy_identity(struct copying *copying)
{
    struct sql_query *row = sql_ask(copying->from, "SELECT id, first_number FROM store");
    struct sql_query *update =
        sql_ask(copying->to, "UPDATE store SET id = ?1, first_number = ?2 WHERE one = 1");
    bool copied = row != NULL && update != NULL && sql_next(row);
    if (copied) {
        int64_t changed;
        bind_column(update, row, 0, COPY_TEXT);
        bind_column(update, row, 1, COPY_NUMBER);
        copied = sql_run_counting(update, &changed) == SQL_OK && changed == 1;
    }
    return sql_end(row) == SQL_OK && copied;
}

bool copy_store(struct sql *from, struct sql *to, const struct copy_sink *sink,
                store_progress *progress, void *context)
{
    struct inserting inserting = {.to = to};
    const struct copy_sink inserts = {&inserting, begin_inserts, insert_row, end_inserts};
    struct copying copying = {from, to, sink == NULL ? &inserts : sink, progress, context, 0, 0};
    bool copied = count_rows(&copying) && copy_identity(&copying);
    for (int i = 0; copied && i < TABLES; i++)
        copied = copy_table(&copying, &tables[i]);
    tell(&copying);
    return copied;
}

bool copy_skip_numbers(struct sql *sql)
{
    char text[TEXT_SIZE];
    snprintf(
        text, sizeof text,
        "UPDATE store SET first_number = %d + (SELECT max(n) FROM"
        "  (SELECT first_number AS n FROM store UNION ALL SELECT next_number FROM tiers) AS u)",
        STORE_NUMBERS_SKIPPED);
    return sql_run(sql_ask(sql, text)) == SQL_OK &&
           sql_run(sql_ask(
               sql, "UPDATE tiers SET next_number = (SELECT first_number FROM store)")) == SQL_OK &&
           sql_settle(sql) == SQL_OK;
}
