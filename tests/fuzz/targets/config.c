/* A configuration file: it is refused in one line that begins with the file's name and a line that it
 * has, or it is within its bounds, and what is printed of it is taken again and prints the same. */
#include "balancer/routing/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/fuzz/fuzz.h"

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

static void check_refusal(const char *error, size_t lines)
{
    char *end;
    must(strncmp(error, "f.json:", 7) == 0 && isdigit((unsigned char)error[7]),
         "a refusal names file and line");
    unsigned long line = strtoul(error + 7, &end, 10);
    must(line >= 1 && line <= lines, "it is a line of the file");
    must(strncmp(end, ": ", 2) == 0 && end[2] != '\0', "a reason follows");
    must(strlen(error) < CONFIG_ERROR_SIZE && strchr(error, '\n') == NULL, "a refusal is one line");
}

static void check_rules(const struct pool_rules *rules)
{
    must(rules->interval >= 50 * CLOCK_MILLISECOND && rules->interval <= 60 * CLOCK_SECOND,
         "checks have an interval");
    must(rules->check_timeout >= 10 * CLOCK_MILLISECOND, "a check ends");
    must(rules->status_min >= 200 && rules->status_min <= rules->status_max &&
             rules->status_max <= 599,
         "some status is fine");
    must(rules->rise > 0 && rules->fall > 0, "a check counts");
    must(rules->eject_share > 0 && rules->eject_share <= 1000 && rules->eject_requests > 0,
         "failures have a share");
    must(rules->eject_pause > 0 && rules->eject_pause <= rules->eject_pause_max &&
             rules->eject_pause_max <= 3600 * CLOCK_SECOND,
         "an ejection ends");
    must(rules->out_most >= 0 && rules->out_most <= 1000, "no more are out than there are");
    must(rules->slow_from > 0 && rules->slow_from <= rules->limit &&
             rules->limit <= CONFIG_CONNECTIONS_MAX,
         "a limit grows from below");
    must(rules->waiting > 0 && rules->waiting <= CONFIG_WAITING_MAX, "those who wait are bounded");
    must(rules->retry_reserve >= 0 && rules->retry_reserve <= 1000000 && rules->retry_share >= 0 &&
             rules->retry_share <= 1000,
         "retries do not multiply");
}

static void check_pools(const struct config *config)
{
    size_t servers = 0;
    must(config->pool_count >= 1 && config->pool_count <= CONFIG_POOLS_MAX, "pools are bounded");
    for (size_t i = 0; i < config->pool_count; i++) {
        const struct pool_config *pool = &config->pools[i];
        must(pool->tickets == (i == CONFIG_TICKETS), "tickets is the first");
        must(pool->tickets || pool->count > 0, "another pool has servers");
        must(pool->tickets || pool->timeout >= CLOCK_SECOND, "its timeout is positive");
        must(pool->tickets || pool->rules.check == pool->check, "its check is its own");
        check_rules(&pool->rules);
        servers += pool->count;
    }
    must(servers == config->server_count && servers <= CONFIG_SERVERS_MAX, "servers are bounded");
}

static void check_routes(const struct config *config)
{
    must(config->route_count >= 1 && config->route_count <= CONFIG_ROUTES_MAX,
         "routes are bounded");
    for (size_t i = 0; i < config->route_count; i++) {
        const struct route *route = &config->routes[i];
        must(route->pool < config->pool_count, "a route's pool is there");
        must(route->policy < POLICY_COUNT && route->affinity < AFFINITY_COUNT,
             "policy and affinity are known");
        must(route->policy != POLICY_FEWEST_SOLD || route->pool == CONFIG_TICKETS,
             "only tickets are sold");
        must(config->has_jwt || (!route->demand_token && !route->match.asks_token &&
                                 route->affinity != AFFINITY_JWT),
             "who asks for tokens can verify them");
        must(route->match.path == NULL || route->match.path_length == strlen(route->match.path),
             "a path's length is its length");
    }
}

static void check_again(const struct config *config)
{
    struct buffer once = {0}, twice = {0};
    struct config again;
    char error[CONFIG_ERROR_SIZE];
    config_print(config, &once);
    /* Spelled out with its defaults, a file near the bound may pass it. */
    if (once.length <= CONFIG_FILE_MAX) {
        must(config_read("again", once.data, once.length, &again, error),
             "what is printed is taken again");
        config_print(&again, &twice);
        must(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0,
             "it prints the same");
        config_free(&again);
    }
    buffer_free(&once);
    buffer_free(&twice);
}

void fuzz_config(const uint8_t *data, size_t size)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE];
    const char *text = (const char *)data;
    if (!config_read("f.json", text != NULL ? text : "", size, &config, error)) {
        check_refusal(error, count_lines(text, size));
        return;
    }
    check_pools(&config);
    check_routes(&config);
    check_again(&config);
    config_free(&config);
}
