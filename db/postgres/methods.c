#include "db/postgres/methods.h"

#include "db/postgres/bulk.h"
#include "db/postgres/connection.h"
#include "db/postgres/transaction.h"
#include "db/postgres/value.h"

static int64_t changed(struct sql *sql)
{
    return ((struct postgres *)sql)->changed;
}

const struct sql_methods postgres_methods = {
    .query = postgres_query,
    .ask = postgres_ask,
    .bind_number = postgres_bind_number,
    .bind_text = postgres_bind_text,
    .bind_bytes = postgres_bind_bytes,
    .bind_key = postgres_bind_key,
    .bind_null = postgres_bind_null,
    .ahead = postgres_ahead,
    .next = postgres_next,
    .is_null = postgres_is_null,
    .number = postgres_number,
    .text = postgres_column_text,
    .bytes = postgres_bytes,
    .key = postgres_key,
    .end = postgres_end,
    .run = postgres_run,
    .run_one = postgres_run_one,
    .settle = postgres_settle,
    .changed = changed,
    .transact = postgres_transact,
    .again = postgres_again,
    .lock = bulk_lock,
    .lock_event = bulk_lock_event,
    .expect_locked = bulk_expect_locked,
    .begin_reading = postgres_begin_reading,
    .end_reading = postgres_end_reading,
    .find_keys = bulk_find_keys,
    .add = bulk_add,
    .add_tickets = bulk_add_tickets,
};
