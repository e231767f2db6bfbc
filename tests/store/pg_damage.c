/* The audit of a store on PostgreSQL finds an index that does not have what its table has. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/postgres.h"
#include "tests/store/fixture.h"

static const char *schema_of(const struct fixture *fixture)
{
    return strstr(fixture->url, "schema=") + strlen("schema=");
}

/* Whether the server keeps and uses the index from now on. Its superuser alone may say so. */
static void set_index(struct fixture *fixture, const char *index, bool used)
{
    pg_server_sql(pg_server_shared(),
                  "UPDATE pg_index SET indisready = %s, indisvalid = %s"
                  "  WHERE indexrelid = '%s.%s'::regclass",
                  used ? "true" : "false", used ? "true" : "false", schema_of(fixture), index);
}

static void refuse_one(struct fixture *fixture, const char *key)
{
    struct store *store = fixture_seller(fixture, "server-1");
    CU_ASSERT_EQUAL(buy(store, key, 9).problem, PROBLEM_SOLD_OUT);
    store_close(store);
}

static void look_for_index(void *context, bool ok, const char *sentence)
{
    bool *told = context;
    if (!ok && strstr(sentence, "every index finds all rows of its table") != NULL)
        *told = strstr(sentence, "e.g. refusals") != NULL;
}

static void expect_lost(struct fixture *fixture)
{
    bool told = false;
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_audit(reader, look_for_index, &told), STORE_FOUND);
    CU_ASSERT(told);
    store_close(reader);
}

static void loses_a_row(struct fixture *fixture)
{
    fixture->damaged = true;
    refuse_one(fixture, "a-key-refused-once");
    CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    set_index(fixture, "refusals", false);
    expect_lost(fixture); /* it is not used */
    refuse_one(fixture, "a-key-refused-twice");
    set_index(fixture, "refusals", true);
    expect_lost(fixture);
    fixture_sql(fixture, "REINDEX INDEX %s.refusals", schema_of(fixture));
    CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
}

static const struct fixture_case cases[] = {
    {"loses a row", 5, loses_a_row},
};

static __attribute__((constructor)) void add(void)
{
    fixture_add_on("postgresql", "store index", cases, sizeof cases / sizeof *cases);
}
