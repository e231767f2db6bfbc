/* A PostgreSQL primary with a synchronous standby loses its primary, in short: see tests/failover. SEED=N repeats a
 * run. */
#include "tests/failover/blows.h"
#include "tests/failover/pair.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/dice.h"
#include "tests/lib/process.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CONTROL_BLOWS = 5,
    ASK_MILLISECONDS = 1000, /* so long, nobody is answered who should not be */
    REPEATS = 3,             /* at one ticket server or the other */
    COMMITTED_SECONDS = 30,
    SOLD_SECONDS = 60,
};

static void primary_is_lost(void)
{
    static const enum blow kinds[] = {BLOW_KILLED, BLOW_IN_DOUBT};
    const struct blows_settings settings = {
        .seed = dice_seed(), .blows = 2, .kinds = kinds, .kind_count = 2};
    process_sweep();
    blows_run(&settings);
}

/* --- what one disk alone has ------------------------------------------------------------------- */

struct doubt {
    struct pair pair;
    struct cluster cluster;
    struct client *client;
};

static const char key[] = "of-one-disk-alone-1", form[] = "event=demo&quantity=2";

/* One attempt: its status; 0 where none came in time. */
static long ask(struct doubt *doubt, int milliseconds)
{
    const struct query query = {.url = doubt->cluster.url,
                                .path = "/purchases",
                                .body = form,
                                .key = key,
                                .alone = true,
                                .patience = milliseconds};
    struct response answer = {0};
    client_ask(doubt->client, &query, &answer);
    long status = answer.status;
    response_free(&answer);
    return status;
}

static bool is_committed_here(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value, "SELECT count(*) = 1 FROM box_office.decisions");
    return value[0] == 't';
}

static bool is_sold(void *context)
{
    return ask(context, ASK_MILLISECONDS) == 201;
}

/* Both servers find the new primary for their readers, too; two in a row are asked in turn. */
static bool can_be_read(void *context)
{
    struct doubt *doubt = context;
    return client_sold(doubt->client, doubt->cluster.url) >= 0 &&
           client_sold(doubt->client, doubt->cluster.url) >= 0;
}

/* A purchase is committed at the primary alone, which crashes: when it is back, everybody sees that purchase, and no
 * standby has it. Who asks again must not be told of it, as it will be lost with this disk. */
static void repeat_waits_for_the_standby(void)
{
    static struct doubt doubt;
    struct pair *pair = &doubt.pair;
    process_sweep();
    pair_open(pair, true);
    cluster_open_store(&doubt.cluster, pair->url, 10, 2);
    doubt.client = client_open();
    pg_server_kill(pair_standby(pair));
    CU_ASSERT_NOT_EQUAL(ask(&doubt, ASK_MILLISECONDS), 201);
    pg_server_kill(pair_primary(pair));
    pair_restart(pair);
    CU_ASSERT(wait_until(is_committed_here, pair_primary(pair), COMMITTED_SECONDS));
    for (int i = 0; i < REPEATS; i++)
        CU_ASSERT_NOT_EQUAL(ask(&doubt, ASK_MILLISECONDS), 201);
    pg_server_kill(pair_primary(pair));
    pair_return(pair);
    pair_promote(pair);
    pair_rejoin(pair);
    CU_ASSERT(wait_until(is_sold, &doubt, SOLD_SECONDS));
    CU_ASSERT(wait_until(can_be_read, &doubt, SOLD_SECONDS));
    CU_ASSERT_EQUAL(client_sold(doubt.client, doubt.cluster.url), 2);
    CU_ASSERT(cluster_quiet(&doubt.cluster));
    audit_clean(&doubt.cluster, NULL);
    client_close(doubt.client);
    cluster_close(&doubt.cluster);
    pair_close(pair);
}

/* What finds nothing lost above would find it. */
static void without_it_sales_are_lost(void)
{
    process_sweep();
    CU_ASSERT(blows_run_lax(dice_seed(), CONTROL_BLOWS) > 0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("failover", "primary_is_lost", primary_is_lost);
    suite_add("failover", "repeat_waits_for_the_standby", repeat_waits_for_the_standby);
    suite_add("failover", "without_it_sales_are_lost", without_it_sales_are_lost);
}
