#include "tests/lib/asks.h"

#include "db/sql/handle.h"

static struct {
    const struct sql_methods *real;
    struct sql_methods methods; /* those, but for what counts */
    size_t count;
} asks;

static struct sql_query *count(struct sql *sql, enum named_query which)
{
    asks.count++;
    return asks.real->query(sql, which);
}

void asks_begin(struct store *store)
{
    struct sql *sql = ((struct sql_handle *)store)->sql;
    asks.real = sql->methods;
    asks.methods = *asks.real;
    asks.methods.query = count;
    asks.count = 0;
    sql->methods = &asks.methods;
}

size_t asks_end(struct store *store)
{
    ((struct sql_handle *)store)->sql->methods = asks.real;
    return asks.count;
}
