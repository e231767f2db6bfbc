/* What an organiser sets for one event must not be to the cost of the others. */
#include <sqlite3.h>
#include <stdio.h>

#include "tests/cluster/organiser.h"
#include "tests/lib/suite.h"

#define TIERS "\"tiers\":[{\"name\":\"a\",\"price\":1,\"currency\":\"EUR\",\"capacity\":5}]"

enum {
    FAR_ASKED = 20,
};

static struct organiser box;

static void run_sql(const char *sql)
{
    sqlite3 *database;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(box.cluster.database, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    CU_ASSERT_EQUAL(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void ask_for_it_beside_others(void)
{
    for (int i = 0; i < FAR_ASKED; i++) {
        organiser_buy(&box, "event=far&tier=a", 409, "\"code\":\"not_on_sale_yet\"");
        organiser_buy(&box, "event=demo", 201, "\"state\":\"sold\"");
    }
    CU_ASSERT(cluster_all_up(&box.cluster));
    CU_ASSERT(cluster_nobody_crashed(&box.cluster));
}

/* The first such refusal used to make an answer unreadable, and put one server after the other out of the running; also
 * where a store holds what nobody may set any more. */
static void a_sale_far_in_the_future(void)
{
    organiser_open(&box, 100);
    organiser_expect(&box, "POST", "/events",
                     "{\"name\":\"far\",\"sale_from\":\"2113-01-01T00:00:00Z\"," TIERS "}", 422,
                     "no later than 2112");
    organiser_expect(&box, "POST", "/events",
                     "{\"name\":\"far\",\"sale_from\":\"2112-09-17T23:53:47.370496Z\"," TIERS "}",
                     201, "2112-09-17T23:53:47.370496Z");
    ask_for_it_beside_others();
    run_sql("UPDATE events SET sale_from = 253402300799999999 WHERE name = 'far'");
    ask_for_it_beside_others();
    organiser_close(&box);
}

static void a_buyers_limit_too_late(void)
{
    organiser_open(&box, 100);
    run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 50000)"
            "  INSERT INTO decisions (event, key, fingerprint, created_at, problem, remaining)"
            "    SELECT 1, 'key-of-somebody-' || i, zeroblob(16), 1, 'sold_out', 0 FROM n");
    organiser_expect(&box, "PATCH", "/events/demo", "{\"buyer_limit\":4}", 409,
                     "set buyer_limit before the sale");
    run_sql("DELETE FROM decisions");
    organiser_expect(&box, "PATCH", "/events/demo", "{\"buyer_limit\":4}", 200,
                     "\"buyer_limit\":4");
    organiser_close(&box);
}

static __attribute__((constructor)) void add(void)
{
    suite_add("organiser", "a sale far in the future", a_sale_far_in_the_future);
    suite_add("organiser", "a buyer's limit too late", a_buyers_limit_too_late);
}
