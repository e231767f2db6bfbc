/* A refusal stays a refusal, also when tickets come back: whoever wants to try again takes a new key. */
#include <sqlite3.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

static void ask(struct client *client, const char *url, const char *key, struct response *response)
{
    struct query query = {
        .url = url, .path = "/purchases", .body = "event=demo&quantity=2", .key = key};
    CU_ASSERT_FATAL(client_ask(client, &query, response));
}

/* Behind everybody's back: nothing is under way meanwhile, and the servers keep the database open, so
 * this connection does not fold the journal when it closes. */
static void raise_capacity(const struct cluster *cluster)
{
    sqlite3 *database;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(cluster->database, &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    CU_ASSERT_EQUAL(sqlite3_exec(database,
                                 "PRAGMA wal_autocheckpoint = 0;"
                                 "UPDATE tiers SET capacity = capacity + 10",
                                 NULL, NULL, NULL),
                    SQLITE_OK);
    sqlite3_close(database);
}

static void stays_refused(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    struct response first = {0}, again = {0};
    struct bought bought;
    cluster_open(&cluster, 3, 2);
    CU_ASSERT(client_buy(client, cluster.url, "event=demo&quantity=2", NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    ask(client, cluster.url, "refused-before-0001", &first);
    CU_ASSERT_EQUAL(first.status, 409);
    CU_ASSERT(cluster_quiet(&cluster));
    raise_capacity(&cluster);
    const char *const urls[] = {cluster.url, cluster.server[0].url, cluster.server[1].url};
    for (size_t i = 0; i < 3; i++) {
        ask(client, urls[i], "refused-before-0001", &again);
        CU_ASSERT_EQUAL(again.status, 409);
        CU_ASSERT_STRING_EQUAL(buffer_text(&again.body), buffer_text(&first.body));
    }
    CU_ASSERT(bought_read(&again, &bought));
    CU_ASSERT_STRING_EQUAL(bought.code, "sold_out");
    ask(client, cluster.url, "refused-before-0002", &again);
    CU_ASSERT_EQUAL(again.status, 201);
    CU_ASSERT_EQUAL(client_sold(client, cluster.url), 4);
    response_free(&first);
    response_free(&again);
    client_close(client);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("refusal", "stays_refused", stays_refused);
}
