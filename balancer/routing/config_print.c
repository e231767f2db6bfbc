#include <inttypes.h>

#include "balancer/routing/config.h"
#include "balancer/routing/config_rules.h"
#include "common/clock.h"
#include "common/json.h"

/* Before each condition but the first. */
static void separate(struct buffer *out, bool *first)
{
    buffer_add(out, *first ? "" : ", ");
    *first = false;
}

static void print_text(struct buffer *out, const char *name, const char *text, bool *first)
{
    if (text == NULL)
        return;
    separate(out, first);
    buffer_printf(out, "\"%s\": ", name);
    json_append(out, text);
}

/* A time as config_take_seconds takes it, which goes by milliseconds. */
static void print_figure(const struct config_figure *figure, const struct pool_rules *rules,
                         struct buffer *out)
{
    int64_t value = config_figure_value(figure, rules);
    buffer_printf(out, "\"%s\": ", figure->name);
    if (figure->unit == 0)
        buffer_printf(out, "%.10g", (double)value / CLOCK_SECOND);
    else
        buffer_printf(out, "%" PRId64, value / figure->unit);
}

/* Without those that are below what the file may say: none. */
static void print_figures(const struct config_figure *figures, const struct pool_rules *rules,
                          struct buffer *out, bool *first)
{
    for (; figures->name != NULL; figures++) {
        if (config_figure_value(figures, rules) < figures->min)
            continue;
        separate(out, first);
        print_figure(figures, rules, out);
    }
}

/* Before each field of a pool. */
static void begin_field(struct buffer *out, bool *first)
{
    buffer_add(out, *first ? "\n      " : ",\n      ");
    *first = false;
}

/* "name": {figures}, or false where that rule is off. */
static void print_rule(const char *name, bool on, const struct config_figure *figures,
                       const struct pool_rules *rules, struct buffer *out)
{
    bool first = true;
    buffer_printf(out, "\"%s\": ", name);
    if (!on) {
        buffer_add(out, "false");
        return;
    }
    buffer_add_char(out, '{');
    print_figures(figures, rules, out, &first);
    buffer_add_char(out, '}');
}

static void print_check(const struct pool_config *pool, struct buffer *out)
{
    const struct pool_rules *rules = &pool->rules;
    bool first = true;
    if (pool->tickets || rules->check == NULL) {
        print_rule("check", rules->check != NULL, config_check_figures, rules, out);
        return;
    }
    buffer_add(out, "\"check\": {");
    print_text(out, "path", rules->check, &first);
    buffer_printf(out, ", \"status\": [%" PRId64 ", %" PRId64 "]", rules->status_min,
                  rules->status_max);
    print_figures(config_check_figures, rules, out, &first);
    buffer_add_char(out, '}');
}

static void print_rules(const struct pool_config *pool, struct buffer *out, bool *first)
{
    const struct pool_rules *rules = &pool->rules;
    begin_field(out, first);
    print_check(pool, out);
    if (pool->tickets) {
        begin_field(out, first);
        print_rule("thresholds", true, config_threshold_figures, rules, out);
    }
    begin_field(out, first);
    print_rule("eject", rules->eject_failures > 0, config_eject_figures, rules, out);
    begin_field(out, first);
    print_figure(&config_out_most_figure, rules, out);
    begin_field(out, first);
    print_figure(&config_limit_figures[pool->tickets], rules, out);
    begin_field(out, first);
    print_rule("slow_start", rules->slow_start > 0, config_slow_start_figures, rules, out);
    begin_field(out, first);
    print_figure(&config_waiting_figure, rules, out);
    begin_field(out, first);
    print_rule("retries", true, config_retry_figures, rules, out);
}

static void print_servers(const struct pool_config *pool, struct buffer *out)
{
    buffer_add(out, "\"servers\": [\n");
    for (size_t i = 0; i < pool->count; i++)
        buffer_printf(out,
                      "        {\"id\": \"%s\", \"address\": \"%s\", \"weight\": %" PRId64 "}%s\n",
                      pool->servers[i].id, pool->servers[i].address, pool->servers[i].weight,
                      i + 1 < pool->count ? "," : "");
    buffer_add(out, "      ]");
}

static void print_pool(const struct pool_config *pool, struct buffer *out)
{
    bool first = true;
    buffer_printf(out, "    \"%s\": {", pool->name);
    if (!pool->tickets) {
        begin_field(out, &first);
        print_servers(pool, out);
        begin_field(out, &first);
        buffer_printf(out, "\"timeout\": %" PRId64, pool->timeout / CLOCK_SECOND);
    }
    print_rules(pool, out, &first);
    buffer_add(out, "\n    }");
}

static void print_methods(const struct route_match *match, struct buffer *out, bool *first)
{
    if (match->method_count == 0)
        return;
    separate(out, first);
    buffer_add(out, "\"method\": [");
    for (size_t i = 0; i < match->method_count; i++)
        buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", match->methods[i]);
    buffer_add_char(out, ']');
}

static void print_fields(struct buffer *out, const char *name, const struct route_field *fields,
                         size_t count, bool *first)
{
    if (count == 0)
        return;
    separate(out, first);
    buffer_printf(out, "\"%s\": {", name);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", fields[i].name);
        if (fields[i].value != NULL)
            json_append(out, fields[i].value);
        else
            buffer_add(out, "true");
    }
    buffer_add_char(out, '}');
}

static void print_match(const struct route_match *match, struct buffer *out)
{
    bool first = true;
    buffer_add_char(out, '{');
    print_methods(match, out, &first);
    print_text(out, match->prefix ? "prefix" : "path", match->path, &first);
    print_text(out, "host", match->host, &first);
    print_fields(out, "header", match->headers, match->header_count, &first);
    print_fields(out, "cookie", match->cookies, match->cookie_count, &first);
    if (match->asks_token) {
        separate(out, &first);
        buffer_printf(out, "\"authenticated\": %s", match->authenticated ? "true" : "false");
    }
    buffer_add_char(out, '}');
}

static void print_route(const struct config *config, const struct route *route, struct buffer *out)
{
    buffer_printf(out, "    {\n      \"name\": \"%s\",\n      \"match\": ", route->name);
    print_match(&route->match, out);
    buffer_printf(out, ",\n      \"pool\": \"%s\",\n      \"policy\": \"%s\",\n",
                  config->pools[route->pool].name, policy_name(route->policy));
    if (route->affinity != AFFINITY_NONE)
        buffer_printf(out, "      \"affinity\": \"%s\",\n", affinity_name(route->affinity));
    buffer_printf(out, "      \"demand_token\": %s\n    }", route->demand_token ? "true" : "false");
}

static void print_jwt(const struct jwt_config *jwt, struct buffer *out)
{
    bool first = false;
    buffer_printf(out, ",\n  \"jwt\": {\"algorithm\": \"%s\"", jwt_algorithm_name(jwt->algorithm));
    print_text(out, "key_file", jwt->key_file, &first);
    print_text(out, "issuer", jwt->issuer, &first);
    print_text(out, "audience", jwt->audience, &first);
    buffer_add_char(out, '}');
}

static void print_networks(const struct config *config, struct buffer *out)
{
    char text[NETWORK_SIZE];
    buffer_add(out, ",\n  \"trusted_proxies\": [");
    for (size_t i = 0; i < config->trusted_count; i++) {
        network_spell(&config->trusted[i], text);
        buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", text);
    }
    buffer_add_char(out, ']');
}

void config_print(const struct config *config, struct buffer *out)
{
    buffer_add(out, "{\n  \"pools\": {\n");
    for (size_t i = 0; i < config->pool_count; i++) {
        print_pool(&config->pools[i], out);
        buffer_add(out, i + 1 < config->pool_count ? ",\n" : "\n");
    }
    buffer_add(out, "  },\n  \"routes\": [\n");
    for (size_t i = 0; i < config->route_count; i++) {
        print_route(config, &config->routes[i], out);
        buffer_add(out, i + 1 < config->route_count ? ",\n" : "\n");
    }
    buffer_add(out, "  ]");
    if (config->has_jwt)
        print_jwt(&config->jwt, out);
    print_networks(config, out);
    buffer_add(out, "\n}\n");
}
