#include "balancer/routing/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/routing/config_reading.h"

static const char *const config_fields[] = {"pools", "routes", "jwt", "trusted_proxies", NULL};
enum config_field {
    CONFIG_POOLS,
    CONFIG_ROUTES,
    CONFIG_JWT,
    CONFIG_TRUSTED_PROXIES,
};

static const char *const jwt_fields[] = {"algorithm", "key_file", "issuer", "audience", NULL};
enum jwt_field {
    JWT_ALGORITHM,
    JWT_KEY_FILE,
    JWT_ISSUER,
    JWT_AUDIENCE,
};

#define A_NETWORK "a network like 10.0.0.0/8 or ::1/128, without bits behind the prefix"

/* --- tokens ------------------------------------------------------------------------------------ */

static bool parse_algorithm(const char *text, enum jwt_algorithm *algorithm)
{
    for (enum jwt_algorithm i = 0; i < JWT_ALGORITHM_COUNT; i++)
        if (strcmp(text, jwt_algorithm_name(i)) == 0) {
            *algorithm = i;
            return true;
        }
    return false;
}

static bool is_algorithm(const char *text)
{
    enum jwt_algorithm algorithm;
    return parse_algorithm(text, &algorithm);
}

static bool is_not_empty(const char *text)
{
    return *text != '\0';
}

static void read_algorithm(struct config_reading *reading, struct jwt_config *jwt)
{
    char text[CONFIG_SHOWN_SIZE] = "";
    if (config_take_text(reading, text, sizeof text, is_algorithm,
                         "\"algorithm\" takes HS256, RS256 or ES256"))
        parse_algorithm(text, &jwt->algorithm);
}

static void read_jwt_field(struct config_reading *reading, int field, struct jwt_config *jwt)
{
    switch (field) {
    case JWT_ALGORITHM:
        read_algorithm(reading, jwt);
        break;
    case JWT_KEY_FILE:
        jwt->key_line = config_line(reading, config_here(reading));
        jwt->key_file = config_take_copy(reading, is_not_empty,
                                         "\"key_file\" takes the name of a file, up to 1024 bytes");
        break;
    case JWT_ISSUER:
        jwt->issuer = config_take_copy(reading, is_not_empty,
                                       "\"issuer\" takes a token's \"iss\", 1 to 1024 bytes");
        break;
    case JWT_AUDIENCE:
        jwt->audience = config_take_copy(reading, is_not_empty,
                                         "\"audience\" takes a token's \"aud\", 1 to 1024 bytes");
        break;
    }
}

static void read_jwt(struct config_reading *reading)
{
    struct config *config = reading->config;
    uint32_t seen = 0;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_OBJECT, "\"jwt\" takes an object"))
        return;
    config->has_jwt = true;
    while (json_more(&reading->reader))
        read_jwt_field(reading, config_take_field(reading, "\"jwt\"", jwt_fields, &seen),
                       &config->jwt);
    config_need(reading, at, "\"jwt\"", jwt_fields, seen, JWT_ALGORITHM);
    config_need(reading, at, "\"jwt\"", jwt_fields, seen, JWT_KEY_FILE);
}

/* --- trusted proxies --------------------------------------------------------------------------- */

static bool is_network(const char *text)
{
    struct network network;
    return network_parse(text, strlen(text), &network);
}

static void read_network(struct config_reading *reading)
{
    struct config *config = reading->config;
    char text[NETWORK_SIZE];
    size_t at = config_here(reading);
    if (config->trusted_count == CONFIG_NETWORKS_MAX)
        config_refuse(reading, at, "there may be at most %d trusted proxies", CONFIG_NETWORKS_MAX);
    if (config_take_text(reading, text, sizeof text, is_network,
                         "\"trusted_proxies\" takes " A_NETWORK))
        network_parse(text, strlen(text), &config->trusted[config->trusted_count++]);
}

static void read_networks(struct config_reading *reading)
{
    if (!config_enter(reading, JSON_ARRAY, "\"trusted_proxies\" takes an array"))
        return;
    while (json_more(&reading->reader))
        read_network(reading);
}

bool config_trust(struct config *config, const char *list, char error[CONFIG_ERROR_SIZE])
{
    char shown[CONFIG_SHOWN_SIZE];
    const char *from = list;
    for (bool more = true; more;) {
        struct network network;
        size_t length = strcspn(from, ",");
        if (!network_parse(from, length, &network)) {
            snprintf(error, CONFIG_ERROR_SIZE, "'%s' is not " A_NETWORK, config_shown(from, shown));
            return false;
        }
        if (config->trusted_count == CONFIG_NETWORKS_MAX) {
            snprintf(error, CONFIG_ERROR_SIZE, "there may be at most %d trusted proxies",
                     CONFIG_NETWORKS_MAX);
            return false;
        }
        config->trusted[config->trusted_count++] = network;
        more = from[length] == ',';
        from += length + more;
    }
    return true;
}

bool config_trusts(const struct config *config, const char *address)
{
    for (size_t i = 0; i < config->trusted_count; i++)
        if (network_holds(&config->trusted[i], address))
            return true;
    return false;
}

/* --- the whole --------------------------------------------------------------------------------- */

static void begin(struct config *config)
{
    memset(config, 0, sizeof *config);
    struct pool_config *tickets = &config->pools[CONFIG_TICKETS];
    config->pool_count = CONFIG_TICKETS + 1;
    snprintf(tickets->name, sizeof tickets->name, "tickets");
    tickets->tickets = true;
    tickets->rules = pool_rules_default(true);
}

static void read_field(struct config_reading *reading, int field)
{
    switch (field) {
    case CONFIG_POOLS:
        config_read_pools(reading);
        break;
    case CONFIG_ROUTES:
        config_read_routes(reading);
        break;
    case CONFIG_JWT:
        read_jwt(reading);
        break;
    case CONFIG_TRUSTED_PROXIES:
        read_networks(reading);
        break;
    }
}

static void read_all(struct config_reading *reading)
{
    uint32_t seen = 0;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_OBJECT, "a configuration is an object"))
        return;
    while (json_more(&reading->reader))
        read_field(reading, config_take_field(reading, "a configuration", config_fields, &seen));
    config_need(reading, at, "a configuration", config_fields, seen, CONFIG_ROUTES);
    if (json_finish(&reading->reader))
        config_judge_routes(reading);
}

/* What is no JSON the reader of JSON has refused, with an offset. */
static void explain(struct config_reading *reading)
{
    const struct json_reader *reader = &reading->reader;
    if (reading->error[0] != '\0')
        return;
    struct config_reading fresh = {.file = reading->file, .error = reading->error};
    json_reader_open(&fresh.reader, reader->begin, (size_t)(reader->end - reader->begin));
    config_refuse(&fresh, reader->failed_at, "%.*s", (int)reader->reason_length, reader->error);
}

bool config_read(const char *file, const char *text, size_t length, struct config *config,
                 char error[CONFIG_ERROR_SIZE])
{
    struct config_reading *reading = memory_new(sizeof *reading);
    reading->file = file;
    reading->config = config;
    reading->error = error;
    reading->servers = memory_new(CONFIG_SERVERS_MAX * sizeof *reading->servers);
    error[0] = '\0';
    begin(config);
    json_reader_open(&reading->reader, text, length);
    if (length > CONFIG_FILE_MAX)
        config_refuse(reading, 0, "the file is longer than %d bytes", CONFIG_FILE_MAX);
    read_all(reading);
    bool good = !json_reader_failed(&reading->reader);
    if (!good) {
        explain(reading);
        config_free(config);
    }
    free(reading->servers);
    free(reading);
    return good;
}

static void add_route(struct config *config, const char *name, const char *path, bool prefix,
                      enum policy policy)
{
    struct route *route = &config->routes[config->route_count++];
    snprintf(route->name, sizeof route->name, "%s", name);
    route->match.path = memory_copy(path);
    route->match.path_length = strlen(path);
    route->match.prefix = prefix;
    route->pool = CONFIG_TICKETS;
    route->policy = policy;
}

/* Of the latest route. */
static void add_methods(struct config *config, const char *one, const char *other)
{
    struct route_match *match = &config->routes[config->route_count - 1].match;
    match->methods[match->method_count++] = memory_copy(one);
    match->methods[match->method_count++] = memory_copy(other);
}

void config_builtin(struct config *config, enum policy purchases)
{
    begin(config);
    add_route(config, "purchase", "/purchases", false, purchases);
    add_route(config, "hold", "/holds", true, purchases);
    add_methods(config, "POST", "DELETE");
    add_route(config, "read-hold", "/holds", true, POLICY_ROUND_ROBIN);
    add_route(config, "read", "/events", true, POLICY_ROUND_ROBIN);
    add_route(config, "tokens", "/tokens", true, POLICY_ROUND_ROBIN);
    add_route(config, "keys", "/keys", true, POLICY_ROUND_ROBIN);
    add_route(config, "check-in", "/check-ins", false, POLICY_ROUND_ROBIN);
    add_route(config, "document", "/openapi.json", false, POLICY_ROUND_ROBIN);
}

static void free_fields(struct route_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(fields[i].name);
        free(fields[i].value);
    }
}

static void free_match(struct route_match *match)
{
    free(match->path);
    free(match->host);
    for (size_t i = 0; i < match->method_count; i++)
        free(match->methods[i]);
    free_fields(match->headers, match->header_count);
    free_fields(match->cookies, match->cookie_count);
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->pool_count; i++) {
        free(config->pools[i].servers);
        free(config->pools[i].check);
    }
    for (size_t i = 0; i < config->route_count; i++)
        free_match(&config->routes[i].match);
    free(config->jwt.key_file);
    free(config->jwt.issuer);
    free(config->jwt.audience);
    memset(config, 0, sizeof *config);
}
