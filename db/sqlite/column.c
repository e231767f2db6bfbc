#include "db/sqlite/column.h"

#include <string.h>

void column_text(sqlite3_stmt *row, int column, char *text, size_t size)
{
    const unsigned char *value = sqlite3_column_text(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    if (length >= size)
        length = size - 1;
    if (value != NULL)
        memcpy(text, value, length);
    text[value == NULL ? 0 : length] = '\0';
}

void column_bytes(sqlite3_stmt *row, int column, uint8_t *bytes, size_t size)
{
    const void *value = sqlite3_column_blob(row, column);
    memset(bytes, 0, size);
    if (value != NULL && (size_t)sqlite3_column_bytes(row, column) == size)
        memcpy(bytes, value, size);
}

void column_key(sqlite3_stmt *row, int column, char key[KEY_SIZE])
{
    struct id id;
    if (sqlite3_column_type(row, column) != SQLITE_BLOB) {
        column_text(row, column, key, KEY_SIZE);
        return;
    }
    column_bytes(row, column, id.bytes, sizeof id.bytes);
    id_format(&id, key);
}

enum problem column_problem(sqlite3_stmt *row, int column)
{
    const unsigned char *code = sqlite3_column_text(row, column);
    enum problem problem = code == NULL ? PROBLEM_NONE : problem_from_code((const char *)code);
    return problem == PROBLEM_NONE ? PROBLEM_SOLD_OUT : problem;
}

void column_sale(sqlite3_stmt *row, struct sale *sale)
{
    column_bytes(row, 0, sale->id.bytes, sizeof sale->id.bytes);
    column_text(row, 1, sale->event, sizeof sale->event);
    column_text(row, 2, sale->tier, sizeof sale->tier);
    column_text(row, 3, sale->buyer, sizeof sale->buyer);
    column_text(row, 4, sale->server, sizeof sale->server);
    column_text(row, 5, sale->currency, sizeof sale->currency);
    sale->quantity = sqlite3_column_int(row, 6);
    sale->first_number = sqlite3_column_int64(row, 7);
    sale->amount = sqlite3_column_int64(row, 8);
    sale->created_at = sqlite3_column_int64(row, 9);
    sale->state = (enum order_state)sqlite3_column_int(row, 10);
    column_bytes(row, 11, sale->request.bytes, sizeof sale->request.bytes);
    sale->expires_at = sqlite3_column_int64(row, 12);
}

void column_counts(sqlite3_stmt *row, struct tier_counts *counts)
{
    column_text(row, 0, counts->event, sizeof counts->event);
    column_text(row, 1, counts->tier, sizeof counts->tier);
    column_text(row, 2, counts->currency, sizeof counts->currency);
    counts->price = sqlite3_column_int64(row, 3);
    counts->capacity = sqlite3_column_int64(row, 4);
    counts->sold = sqlite3_column_int64(row, 5);
    counts->held = sqlite3_column_int64(row, 6);
    counts->limit = sqlite3_column_int64(row, 7);
    counts->waiting = sqlite3_column_int64(row, 8);
}
