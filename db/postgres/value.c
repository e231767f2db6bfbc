#include "db/postgres/value.h"

#include <stdio.h>
#include <string.h>

#include "db/postgres/connection.h"
#include "db/postgres/key.h"

static struct postgres_value *value_of(struct sql_query *query, int at)
{
    return &((struct postgres_query *)query)->value[at - 1];
}

static void set(struct postgres_value *value, const char *data, size_t size, bool binary)
{
    value->data = data;
    value->size = (int)size;
    value->binary = binary;
}

void postgres_bind_number(struct sql_query *query, int at, int64_t number)
{
    struct postgres_value *value = value_of(query, at);
    int length = snprintf(value->own, sizeof value->own, "%lld", (long long)number);
    set(value, value->own, (size_t)length, false);
}

void postgres_bind_text(struct sql_query *query, int at, const char *text)
{
    set(value_of(query, at), text, strlen(text), false);
}

void postgres_bind_bytes(struct sql_query *query, int at, const void *bytes, size_t size)
{
    set(value_of(query, at), size == 0 ? "" : bytes, size, true);
}

void postgres_bind_key(struct sql_query *query, int at, const char *key)
{
    struct postgres_value *value = value_of(query, at);
    set(value, value->own, key_pack(key, (uint8_t *)value->own), true);
}

void postgres_bind_null(struct sql_query *query, int at)
{
    value_of(query, at)->data = NULL;
}

/* --- columns ----------------------------------------------------------------------------------- */

bool postgres_is_null(struct sql_query *query, int column)
{
    const struct postgres_query *row = (const struct postgres_query *)query;
    return PQgetisnull(row->rows, row->row, column) != 0;
}

/* As binary results have whole numbers: the highest byte first. */
int64_t postgres_number_in(const PGresult *rows, int row, int column)
{
    size_t size = (size_t)PQgetlength(rows, row, column);
    const unsigned char *bytes = (const unsigned char *)PQgetvalue(rows, row, column);
    if (size == 0 || size > 8)
        return 0;
    uint64_t number = size > 1 && bytes[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

int64_t postgres_number(struct sql_query *query, int column)
{
    const struct postgres_query *row = (const struct postgres_query *)query;
    return postgres_number_in(row->rows, row->row, column);
}

const char *postgres_column_text(struct sql_query *query, int column, size_t *length)
{
    return postgres_bytes(query, column, length);
}

const void *postgres_bytes(struct sql_query *query, int column, size_t *size)
{
    const struct postgres_query *row = (const struct postgres_query *)query;
    *size = (size_t)PQgetlength(row->rows, row->row, column);
    return PQgetvalue(row->rows, row->row, column);
}

void postgres_key(struct sql_query *query, int column, char key[KEY_SIZE])
{
    size_t size;
    const uint8_t *packed = postgres_bytes(query, column, &size);
    key_unpack(packed, size, key);
}
