#include "db/sql/column.h"

#include <string.h>

void column_text(struct sql_query *row, int column, char *text, size_t size)
{
    size_t length;
    const char *value = sql_text(row, column, &length);
    if (length >= size)
        length = size - 1;
    memcpy(text, value, length);
    text[length] = '\0';
}

void column_bytes(struct sql_query *row, int column, uint8_t *bytes, size_t size)
{
    size_t length;
    const void *value = sql_bytes(row, column, &length);
    memset(bytes, 0, size);
    if (length == size)
        memcpy(bytes, value, size);
}

enum problem column_problem(struct sql_query *row, int column)
{
    size_t length;
    enum problem problem = problem_from_code(sql_text(row, column, &length));
    return problem == PROBLEM_NONE ? PROBLEM_SOLD_OUT : problem;
}

void column_sale(struct sql_query *row, struct sale *sale)
{
    column_bytes(row, 0, sale->id.bytes, sizeof sale->id.bytes);
    column_text(row, 1, sale->event, sizeof sale->event);
    column_text(row, 2, sale->tier, sizeof sale->tier);
    column_text(row, 3, sale->buyer, sizeof sale->buyer);
    column_text(row, 4, sale->server, sizeof sale->server);
    column_text(row, 5, sale->currency, sizeof sale->currency);
    sale->quantity = (int)sql_number(row, 6);
    sale->first_number = sql_number(row, 7);
    sale->amount = sql_number(row, 8);
    sale->created_at = sql_number(row, 9);
    sale->state = (enum order_state)sql_number(row, 10);
    column_bytes(row, 11, sale->request.bytes, sizeof sale->request.bytes);
    sale->expires_at = sql_number(row, 12);
}

void column_counts(struct sql_query *row, struct tier_counts *counts)
{
    column_text(row, 0, counts->event, sizeof counts->event);
    column_text(row, 1, counts->tier, sizeof counts->tier);
    column_text(row, 2, counts->currency, sizeof counts->currency);
    counts->price = sql_number(row, 3);
    counts->capacity = sql_number(row, 4);
    counts->sold = sql_number(row, 5);
    counts->held = sql_number(row, 6);
    counts->limit = sql_number(row, 7);
    counts->waiting = sql_number(row, 8);
}
