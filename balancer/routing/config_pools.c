#include <stdlib.h>
#include <string.h>

#include "balancer/routing/config_reading.h"
#include "common/clock.h"

static const char *const pool_fields[] = {"servers", "check", "timeout", "connections", NULL};
enum pool_field {
    POOL_SERVERS,
    POOL_CHECK,
    POOL_TIMEOUT,
    POOL_CONNECTIONS,
};

static const char *const server_fields[] = {"id", "address", "weight", NULL};
enum server_field {
    FIELD_ID,
    FIELD_ADDRESS,
    FIELD_WEIGHT,
};

/* --- servers ----------------------------------------------------------------------------------- */

/* "server-1", "server-2", …: the balancer gives these names to the ticket servers it starts. */
static bool is_our_own(const char *id)
{
    static const char prefix[] = "server-";
    const char *number = id + sizeof prefix - 1;
    return strncmp(id, prefix, sizeof prefix - 1) == 0 && *number != '\0' &&
           number[strspn(number, "0123456789")] == '\0';
}

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
    if (is_our_own(id))
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

/* The target of a GET: visible ASCII from '/' on; a query is fine, a fragment is never sent (RFC 9112,
 * section 3.2.1). */
static bool is_target(const char *text)
{
    if (*text != '/')
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '#')
            return false;
    return true;
}

static void read_pool_field(struct config_reading *reading, int field, struct pool_config *pool)
{
    int64_t seconds = 0;
    switch (field) {
    case POOL_SERVERS:
        read_servers(reading, pool);
        break;
    case POOL_CHECK:
        pool->check = config_take_copy(
            reading, is_target,
            "\"check\" takes a path that begins with '/', up to 1024 visible ASCII characters");
        break;
    case POOL_TIMEOUT:
        if (config_take_number(reading, "timeout", 1, CONFIG_TIMEOUT_MAX, &seconds))
            pool->timeout = seconds * CLOCK_SECOND;
        break;
    case POOL_CONNECTIONS:
        config_take_number(reading, "connections", 1, CONFIG_CONNECTIONS_MAX, &pool->connections);
        break;
    }
}

static void read_pool(struct config_reading *reading, struct pool_config *pool)
{
    uint32_t seen = 0;
    size_t at = config_here(reading);
    pool->timeout = 30 * CLOCK_SECOND;
    pool->connections = 1024;
    if (!config_enter(reading, JSON_OBJECT, "a pool is an object"))
        return;
    while (json_more(&reading->reader))
        read_pool_field(reading, config_take_field(reading, "a pool", pool_fields, &seen), pool);
    config_need(reading, at, "a pool", pool_fields, seen, POOL_SERVERS);
}

/* Its servers are the balancer's: what they are given and how they are probed is settled. */
static void read_tickets(struct config_reading *reading, size_t at)
{
    if (reading->tickets_seen)
        config_refuse(reading, at, "\"tickets\" comes twice");
    reading->tickets_seen = true;
    if (!config_enter(reading, JSON_OBJECT, "a pool is an object"))
        return;
    if (json_more(&reading->reader))
        config_refuse(reading, config_here(reading),
                      "the pool \"tickets\" has no fields: the balancer starts its servers "
                      "(--servers N); write \"tickets\": {}");
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
    read_pool(reading, pool);
}

void config_read_pools(struct config_reading *reading)
{
    if (!config_enter(reading, JSON_OBJECT, "\"pools\" takes an object of pools by their names"))
        return;
    while (json_more(&reading->reader))
        read_named_pool(reading);
}
