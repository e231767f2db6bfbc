#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/routing/config_reading.h"
#include "common/clock.h"

static const char *const pool_fields[] = {"servers",    "check",    "timeout",     "thresholds",
                                          "eject",      "out_most", "connections", "max_pending",
                                          "slow_start", "waiting",  "retries",     NULL};
enum pool_field {
    POOL_SERVERS,
    POOL_CHECK,
    POOL_TIMEOUT,
    POOL_THRESHOLDS,
    POOL_EJECT,
    POOL_OUT_MOST,
    POOL_CONNECTIONS,
    POOL_MAX_PENDING,
    POOL_SLOW_START,
    POOL_WAITING,
    POOL_RETRIES,
};

/* What is not for every pool. */
struct misplaced {
    enum pool_field field;
    bool tickets; /* where it is refused: in "tickets", or elsewhere */
    const char *reason;
};
static const struct misplaced misplaced[] = {
    {POOL_SERVERS, true,
     "the pool \"tickets\" takes no \"servers\": the balancer starts them (--servers N)"},
    {POOL_TIMEOUT, true, "the pool \"tickets\" takes no \"timeout\": purchases have their own"},
    {POOL_CONNECTIONS, true, "the pool \"tickets\" takes \"max_pending\", not \"connections\""},
    {POOL_MAX_PENDING, false,
     "\"max_pending\" is for the pool \"tickets\"; others take \"connections\""},
    {POOL_THRESHOLDS, false,
     "\"thresholds\" are for the pool \"tickets\": other servers do not report"},
};

static const char *const server_fields[] = {"id", "address", "weight", NULL};
enum server_field {
    FIELD_ID,
    FIELD_ADDRESS,
    FIELD_WEIGHT,
};

/* --- servers ----------------------------------------------------------------------------------- */

static bool has_port(const char *address)
{
    unsigned port;
    return socket_address_parse(address, &port) && port > 0;
}

static void read_id(struct config_reading *reading, char id[SERVER_SIZE])
{
    size_t at = config_here(reading);
    if (!config_take_text(reading, id, SERVER_SIZE, server_id_valid,
                          "\"id\" takes 1 to 32 of a-z 0-9 -"))
        return;
    if (own_server_named(id))
        config_refuse(reading, at,
                      "\"%s\" is a name that the balancer gives to ticket servers; "
                      "choose another",
                      id);
    for (size_t i = 0; i < reading->config->server_count; i++)
        if (strcmp(reading->servers[i].id, id) == 0)
            config_refuse(reading, at, "another server has the id \"%s\" already", id);
}

static void read_server_field(struct config_reading *reading, int field,
                              struct server_config *server)
{
    if (field == FIELD_ID)
        read_id(reading, server->id);
    else if (field == FIELD_ADDRESS)
        config_take_text(reading, server->address, sizeof server->address, has_port,
                         "\"address\" takes a numeric address and a port, e.g. 127.0.0.1:9001");
    else if (field == FIELD_WEIGHT)
        config_take_number(reading, "weight", 1, CONFIG_WEIGHT_MAX, &server->weight);
}

static void read_server(struct config_reading *reading)
{
    struct server_config server = {.weight = 1};
    uint32_t seen = 0;
    size_t at = config_here(reading);
    if (reading->config->server_count == CONFIG_SERVERS_MAX)
        config_refuse(reading, at, "there may be at most %d servers in all", CONFIG_SERVERS_MAX);
    if (!config_enter(reading, JSON_OBJECT, "a server is an object"))
        return;
    while (json_more(&reading->reader))
        read_server_field(reading, config_take_field(reading, "a server", server_fields, &seen),
                          &server);
    if (config_need(reading, at, "a server", server_fields, seen, FIELD_ID) &&
        config_need(reading, at, "a server", server_fields, seen, FIELD_ADDRESS))
        reading->servers[reading->config->server_count++] = server;
}

static void read_servers(struct config_reading *reading, struct pool_config *pool)
{
    size_t first = reading->config->server_count;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_ARRAY, "\"servers\" takes an array"))
        return;
    while (json_more(&reading->reader))
        read_server(reading);
    pool->count = reading->config->server_count - first;
    if (pool->count == 0) {
        config_refuse(reading, at, "\"servers\" takes at least one server");
        return;
    }
    pool->servers = memory_new(pool->count * sizeof *pool->servers);
    memcpy(pool->servers, reading->servers + first, pool->count * sizeof *pool->servers);
}

/* --- pools ------------------------------------------------------------------------------------- */

/* Reads a field's name that this pool may have: its index or -1. */
static int take_pool_field(struct config_reading *reading, const struct pool_config *pool,
                           uint32_t *seen)
{
    size_t at = config_here(reading);
    int field = config_take_field(reading, "a pool", pool_fields, seen);
    for (size_t i = 0; i < sizeof misplaced / sizeof *misplaced; i++)
        if (field == (int)misplaced[i].field && pool->tickets == misplaced[i].tickets) {
            config_refuse(reading, at, "%s", misplaced[i].reason);
            return -1;
        }
    return field;
}

static void read_timeout(struct config_reading *reading, struct pool_config *pool)
{
    int64_t seconds = 0;
    if (config_take_number(reading, "timeout", 1, CONFIG_TIMEOUT_MAX, &seconds))
        pool->timeout = seconds * CLOCK_SECOND;
}

static void read_pool_field(struct config_reading *reading, int field, struct pool_config *pool,
                            size_t *from)
{
    struct pool_rules *rules = &pool->rules;
    switch (field) {
    case POOL_SERVERS:
        read_servers(reading, pool);
        break;
    case POOL_CHECK:
        config_read_check(reading, pool);
        break;
    case POOL_TIMEOUT:
        read_timeout(reading, pool);
        break;
    case POOL_THRESHOLDS:
        config_read_thresholds(reading, rules);
        break;
    case POOL_EJECT:
        config_read_eject(reading, rules);
        break;
    case POOL_OUT_MOST:
        config_take_figure(reading, &config_out_most_figure, rules);
        break;
    case POOL_CONNECTIONS:
    case POOL_MAX_PENDING:
        config_take_figure(reading, &config_limit_figures[pool->tickets], rules);
        break;
    case POOL_SLOW_START:
        config_read_slow_start(reading, rules, from);
        break;
    case POOL_WAITING:
        config_take_figure(reading, &config_waiting_figure, rules);
        break;
    case POOL_RETRIES:
        config_read_retries(reading, rules);
        break;
    }
}

/* A slow start begins below the limit, whichever of the two comes first in the file. Where the file does not
 * say from what, a low limit is enough. */
static void judge_slow_start(struct config_reading *reading, struct pool_config *pool, size_t from)
{
    struct pool_rules *rules = &pool->rules;
    if (rules->slow_from <= rules->limit)
        return;
    if (from > 0)
        config_refuse(reading, from, "\"from\" (%" PRId64 ") is more than \"%s\" (%" PRId64 ")",
                      rules->slow_from, config_limit_figures[pool->tickets].name, rules->limit);
    rules->slow_from = rules->limit;
}

static void read_pool(struct config_reading *reading, struct pool_config *pool)
{
    uint32_t seen = 0;
    size_t from = 0;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_OBJECT, "a pool is an object"))
        return;
    while (json_more(&reading->reader))
        read_pool_field(reading, take_pool_field(reading, pool, &seen), pool, &from);
    judge_slow_start(reading, pool, from);
    if (!pool->tickets)
        config_need(reading, at, "a pool", pool_fields, seen, POOL_SERVERS);
}

static void read_tickets(struct config_reading *reading, size_t at)
{
    if (reading->tickets_seen)
        config_refuse(reading, at, "\"tickets\" comes twice");
    reading->tickets_seen = true;
    read_pool(reading, &reading->config->pools[CONFIG_TICKETS]);
}

static void read_named_pool(struct config_reading *reading)
{
    struct config *config = reading->config;
    char name[CONFIG_NAME_SIZE];
    size_t at = config_here(reading);
    if (!config_take_name(reading, name, sizeof name, server_id_valid,
                          "a pool's name is 1 to 32 of a-z 0-9 -"))
        return;
    if (strcmp(name, config->pools[CONFIG_TICKETS].name) == 0) {
        read_tickets(reading, at);
        return;
    }
    for (size_t i = 0; i < config->pool_count; i++)
        if (strcmp(config->pools[i].name, name) == 0)
            config_refuse(reading, at, "another pool is named \"%s\" already", name);
    if (config->pool_count == CONFIG_POOLS_MAX)
        config_refuse(reading, at, "there may be at most %d pools, \"tickets\" included",
                      CONFIG_POOLS_MAX);
    if (json_reader_failed(&reading->reader))
        return;
    struct pool_config *pool = &config->pools[config->pool_count++];
    memcpy(pool->name, name, sizeof name);
    pool->timeout = 30 * CLOCK_SECOND;
    pool->rules = pool_rules_default(false);
    read_pool(reading, pool);
}

void config_read_pools(struct config_reading *reading)
{
    if (!config_enter(reading, JSON_OBJECT, "\"pools\" takes an object of pools by their names"))
        return;
    while (json_more(&reading->reader))
        read_named_pool(reading);
}
