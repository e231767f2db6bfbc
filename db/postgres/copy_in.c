#include "db/postgres/copy_in.h"

#include <stdio.h>

#include "db/postgres/key.h"
#include "db/postgres/wire.h"

enum {
    CHUNK = 1 << 16, /* bytes; then they are sent */
    TEXT_SIZE = COPY_LIST_SIZE + 64,
};

/* --- values, as COPY reads them ---------------------------------------------------------------- */

static void add_text(struct buffer *rows, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '\\':
            buffer_add(rows, "\\\\");
            break;
        case '\n':
            buffer_add(rows, "\\n");
            break;
        case '\r':
            buffer_add(rows, "\\r");
            break;
        case '\t':
            buffer_add(rows, "\\t");
            break;
        default:
            buffer_add_char(rows, text[i]);
        }
    }
}

static void add_bytes(struct buffer *rows, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    buffer_add(rows, "\\\\x");
    for (size_t i = 0; i < size; i++) {
        buffer_add_char(rows, digits[bytes[i] >> 4]);
        buffer_add_char(rows, digits[bytes[i] & 15]);
    }
}

static void add_key(struct buffer *rows, struct sql_query *row, int column)
{
    char key[KEY_SIZE];
    uint8_t packed[KEY_PACKED_SIZE];
    sql_key(row, column, key);
    size_t size = key_pack(key, packed);
    add_bytes(rows, packed, size);
}

static void add_column(struct buffer *rows, struct sql_query *row, int column, enum copy_kind kind)
{
    size_t size;
    if (sql_is_null(row, column)) {
        buffer_add(rows, "\\N");
        return;
    }
    switch (kind) {
    case COPY_NUMBER:
        buffer_add_number(rows, sql_number(row, column));
        break;
    case COPY_TEXT: {
        const char *text = sql_text(row, column, &size);
        add_text(rows, text, size);
        break;
    }
    case COPY_BYTES: {
        const uint8_t *bytes = sql_bytes(row, column, &size);
        add_bytes(rows, bytes, size);
        break;
    }
    case COPY_KEY:
        add_key(rows, row, column);
        break;
    }
}

/* --- sending ----------------------------------------------------------------------------------- */

static bool fail(struct postgres *postgres)
{
    wire_lose(postgres, PQerrorMessage(postgres->link));
    return false;
}

/* A connection copies outside its pipeline only. */
static bool begin(void *context, const struct copy_table *table)
{
    struct copy_in *in = context;
    struct postgres *postgres = in->postgres;
    char columns[COPY_LIST_SIZE];
    char text[TEXT_SIZE];
    copy_list_columns(table, columns);
    snprintf(text, sizeof text, "COPY %s (%s) FROM STDIN", table->name, columns);
    if (postgres_settle(&postgres->sql) != SQL_OK || postgres->link == NULL)
        return false;
    if (PQexitPipelineMode(postgres->link) == 0 || PQsendQuery(postgres->link, text) == 0)
        return fail(postgres);
    PGresult *result = wire_take(postgres);
    bool ready = PQresultStatus(result) == PGRES_COPY_IN;
    if (!ready && result != NULL)
        wire_told(postgres, result);
    PQclear(result);
    buffer_clear(&in->rows);
    return ready;
}

/* Waits until they have left, so that no more than a chunk is ever kept. */
static bool send_rows(struct copy_in *in)
{
    struct postgres *postgres = in->postgres;
    int sent = PQputCopyData(postgres->link, in->rows.data, (int)in->rows.length);
    buffer_clear(&in->rows);
    if (sent == 1)
        return wire_push(postgres);
    return fail(postgres);
}

static bool add_row(void *context, const struct copy_table *table, struct sql_query *row)
{
    struct copy_in *in = context;
    for (int i = 0; i < table->count; i++) {
        if (i > 0)
            buffer_add_char(&in->rows, '\t');
        add_column(&in->rows, row, i, table->columns[i].kind);
    }
    buffer_add_char(&in->rows, '\n');
    return in->rows.length < CHUNK || send_rows(in);
}

static bool end(void *context)
{
    struct copy_in *in = context;
    struct postgres *postgres = in->postgres;
    bool done = in->rows.length == 0 || send_rows(in);
    if (!done)
        return false;
    if (PQputCopyEnd(postgres->link, NULL) != 1)
        return fail(postgres);
    PGresult *result;
    while ((result = wire_take(postgres)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            wire_told(postgres, result);
            done = false;
        }
        PQclear(result);
        if (postgres->link == NULL)
            return false;
    }
    return done && postgres->link != NULL && PQenterPipelineMode(postgres->link) == 1;
}

struct copy_sink copy_in_begin(struct copy_in *in, struct postgres *postgres)
{
    *in = (struct copy_in){.postgres = postgres};
    return (struct copy_sink){in, begin, add_row, end};
}

void copy_in_end(struct copy_in *in)
{
    buffer_free(&in->rows);
}
