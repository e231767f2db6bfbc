#include "tests/failover/pair.h"

#include <string.h>

#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    LEAD_SECONDS = 60,
};

struct pg_server *pair_primary(struct pair *pair)
{
    return &pair->servers[pair->primary];
}

struct pg_server *pair_standby(struct pair *pair)
{
    return &pair->servers[1 - pair->primary];
}

/* Whoever is promoted waits for a standby from its first commit on: so it is told before. */
static void tell_strictness(const struct pair *pair, const struct pg_server *server)
{
    pg_server_sql(server, "ALTER SYSTEM SET synchronous_standby_names = '%s'",
                  pair->strict ? "ANY 1 (*)" : "");
    pg_server_sql(server, "SELECT pg_reload_conf()");
}

/* A standby that fell silent is no reason to wait long for the next one. */
static const char settings[] = "wal_sender_timeout = 10s\nwal_retrieve_retry_interval = 100ms\n";

void pair_open(struct pair *pair, bool strict)
{
    const struct pg_server_terms terms = {.durable = false, .settings = settings};
    *pair = (struct pair){.strict = strict};
    const struct pg_server *const servers[] = {&pair->servers[0], &pair->servers[1]};
    pg_server_start(&pair->servers[0], &terms);
    pg_server_follow(&pair->servers[1], &pair->servers[0]);
    for (int i = 0; i < 2; i++) {
        process_spare(pair->servers[i].process.pid);
        tell_strictness(pair, &pair->servers[i]);
    }
    pg_servers_url(servers, 2, pair->url);
}

static bool leads(void *context)
{
    char value[PG_SERVER_VALUE_SIZE];
    pg_server_ask(context, value, "SELECT NOT pg_is_in_recovery()");
    return strcmp(value, "t") == 0;
}

void pair_promote(struct pair *pair)
{
    CU_ASSERT_EQUAL_FATAL(pair_primary(pair)->process.pid, 0);
    pair->primary = 1 - pair->primary;
    pg_server_sql(pair_primary(pair), "SELECT pg_promote(false)");
    CU_ASSERT_FATAL(wait_until(leads, pair_primary(pair), LEAD_SECONDS));
}

void pair_rejoin(struct pair *pair)
{
    pg_server_rejoin(pair_standby(pair), pair_primary(pair));
    process_spare(pair_standby(pair)->process.pid);
}

void pair_restart(struct pair *pair)
{
    pg_server_restart(pair_primary(pair));
    process_spare(pair_primary(pair)->process.pid);
}

void pair_return(struct pair *pair)
{
    pg_server_restart(pair_standby(pair));
    process_spare(pair_standby(pair)->process.pid);
}

void pair_close(struct pair *pair)
{
    pg_server_discard(pair_standby(pair));
    pg_server_discard(pair_primary(pair));
}
