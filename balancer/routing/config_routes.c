#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "balancer/routing/config_reading.h"

static const char *const route_fields[] = {"name",     "match",        "pool", "policy",
                                           "affinity", "demand_token", NULL};
enum route_field_index {
    ROUTE_NAME,
    ROUTE_MATCH,
    ROUTE_POOL,
    ROUTE_POLICY,
    ROUTE_AFFINITY,
    ROUTE_DEMAND_TOKEN,
};

static const char *const match_fields[] = {"method", "path",   "prefix",        "host",
                                           "header", "cookie", "authenticated", NULL};
enum match_field_index {
    MATCH_METHOD,
    MATCH_PATH,
    MATCH_PREFIX,
    MATCH_HOST,
    MATCH_HEADER,
    MATCH_COOKIE,
    MATCH_AUTHENTICATED,
};

/* --- what texts may be ------------------------------------------------------------------------- */

/* Each byte is of `allowed`, and there is at least one. */
static bool consists_of(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

#define LETTERS  "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS   "0123456789"

/* RFC 9110, section 5.6.2; also a cookie's name (RFC 6265, section 4.1.1). */
static bool is_token(const char *text)
{
    return consists_of(text, LETTERS CAPITALS DIGITS "!#$%&'*+-.^_`|~");
}

/* A token too, but the ones in use are all capitals, and "get" would match nothing. */
static bool is_method(const char *text)
{
    return consists_of(text, CAPITALS "-");
}

/* RFC 3986, section 3.3, as it comes: encoded, without query. */
static bool is_path(const char *text)
{
    if (*text != '/')
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '?' || *text == '#')
            return false;
    return true;
}

/* RFC 9110, section 5.5: as a receiver sees it, without white space around. */
static bool is_header_value(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 0 && text[i] < ' ') || text[i] == 0x7f)
            return false;
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

/* RFC 6265, section 4.1.1: cookie-octets. */
static bool is_cookie_value(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f || strchr("\",;\\", *text) != NULL)
            return false;
    return true;
}

static bool is_bracketed_address(const char *text)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr bytes;
    size_t length = strlen(text);
    if (length < 2 || text[0] != '[' || text[length - 1] != ']' || length - 2 >= sizeof address)
        return false;
    memcpy(address, text + 1, length - 2);
    address[length - 2] = '\0';
    return inet_pton(AF_INET6, address, &bytes) == 1;
}

static bool is_host(const char *text)
{
    return consists_of(text, LETTERS CAPITALS DIGITS "-._") || is_bracketed_address(text);
}

/* --- match ------------------------------------------------------------------------------------- */

static void read_method(struct config_reading *reading, struct route_match *match)
{
    size_t at = config_here(reading);
    if (match->method_count == CONFIG_METHODS_MAX) {
        config_refuse(reading, at, "\"method\" takes at most %d methods", CONFIG_METHODS_MAX);
        return;
    }
    char *method = config_take_copy(reading, is_method, "a method is of A-Z, e.g. GET");
    if (method == NULL)
        return;
    for (size_t i = 0; i < match->method_count; i++)
        if (strcmp(match->methods[i], method) == 0)
            config_refuse(reading, at, "this method comes twice");
    match->methods[match->method_count++] = method;
}

static void read_methods(struct config_reading *reading, struct route_match *match)
{
    static const char right[] = "\"method\" takes an array of methods, e.g. [\"GET\", \"HEAD\"]";
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_ARRAY, right))
        return;
    while (json_more(&reading->reader))
        read_method(reading, match);
    if (match->method_count == 0)
        config_refuse(reading, at, "%s", right);
}

/* Headers, or cookies: they differ in what a value may be, and in whether case counts in a name. */
struct field_kind {
    const char *plural;
    const char *right_name, *right_value;
    bool (*valid_value)(const char *text);
    int (*compare)(const char *a, const char *b);
};

static const struct field_kind headers = {
    "headers",
    "a header's name is a token as in RFC 9110, up to 1024 bytes",
    "a header takes its value, without spaces around, or true for any",
    is_header_value,
    strcasecmp,
};
static const struct field_kind cookies = {
    "cookies",
    "a cookie's name is a token as in RFC 9110, up to 1024 bytes",
    "a cookie takes its value, spelled as in RFC 6265, or true for any",
    is_cookie_value,
    strcmp,
};

static void read_field(struct config_reading *reading, const struct field_kind *kind,
                       struct route_field *fields, size_t *count)
{
    char name[CONFIG_TEXT_MAX + 1];
    bool any;
    size_t at = config_here(reading);
    if (*count == CONFIG_FIELDS_MAX)
        config_refuse(reading, at, "a route takes at most %d %s", CONFIG_FIELDS_MAX, kind->plural);
    if (!config_take_name(reading, name, sizeof name, is_token, kind->right_name))
        return;
    for (size_t i = 0; i < *count; i++)
        if (kind->compare(fields[i].name, name) == 0) {
            char shown[CONFIG_SHOWN_SIZE];
            config_refuse(reading, at, "\"%s\" comes twice", config_shown(name, shown));
        }
    struct route_field *field = &fields[*count];
    if (json_peek(&reading->reader) == JSON_TRUE)
        json_read_bool(&reading->reader, &any);
    else
        field->value = config_take_copy(reading, kind->valid_value, kind->right_value);
    field->name = memory_copy(name);
    ++*count;
}

static void read_fields(struct config_reading *reading, const struct field_kind *kind,
                        struct route_field *fields, size_t *count)
{
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_OBJECT, "conditions on headers or cookies are an object"))
        return;
    while (json_more(&reading->reader))
        read_field(reading, kind, fields, count);
    if (*count == 0)
        config_refuse(reading, at, "there are no %s; leave this out where any request will do",
                      kind->plural);
}

static void read_path(struct config_reading *reading, bool prefix, struct route_match *match)
{
    if (match->path != NULL) {
        config_refuse(reading, config_here(reading), "\"path\" and \"prefix\" exclude each other");
        return;
    }
    match->path = config_take_copy(
        reading, is_path,
        prefix ? "\"prefix\" takes a path that begins with '/', without query, up to 1024 bytes"
               : "\"path\" takes a path that begins with '/', without query, up to 1024 bytes");
    match->path_length = match->path != NULL ? strlen(match->path) : 0;
    match->prefix = prefix;
}

static void read_host(struct config_reading *reading, struct route_match *match)
{
    match->host =
        config_take_copy(reading, is_host, "\"host\" takes a name or an address, without port");
    for (char *c = match->host; c != NULL && *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

static void read_match_field(struct config_reading *reading, int field, struct route_match *match,
                             struct route_marks *marks)
{
    switch (field) {
    case MATCH_METHOD:
        read_methods(reading, match);
        break;
    case MATCH_PATH:
    case MATCH_PREFIX:
        read_path(reading, field == MATCH_PREFIX, match);
        break;
    case MATCH_HOST:
        read_host(reading, match);
        break;
    case MATCH_HEADER:
        read_fields(reading, &headers, match->headers, &match->header_count);
        break;
    case MATCH_COOKIE:
        read_fields(reading, &cookies, match->cookies, &match->cookie_count);
        break;
    case MATCH_AUTHENTICATED:
        marks->authenticated = config_here(reading);
        match->asks_token = config_take_bool(reading, "authenticated", &match->authenticated);
        break;
    }
}

static void read_match(struct config_reading *reading, struct route_match *match,
                       struct route_marks *marks)
{
    uint32_t seen = 0;
    if (!config_enter(reading, JSON_OBJECT, "\"match\" takes an object of conditions"))
        return;
    while (json_more(&reading->reader))
        read_match_field(reading, config_take_field(reading, "\"match\"", match_fields, &seen),
                         match, marks);
}

/* --- routes ------------------------------------------------------------------------------------ */

static bool is_policy(const char *text)
{
    enum policy policy;
    return policy_parse(text, strlen(text), &policy);
}

static bool parse_affinity(const char *text, enum affinity *affinity)
{
    for (enum affinity i = AFFINITY_NONE + 1; i < AFFINITY_COUNT; i++)
        if (strcmp(text, affinity_name(i)) == 0) {
            *affinity = i;
            return true;
        }
    return false;
}

static bool is_affinity(const char *text)
{
    enum affinity affinity;
    return parse_affinity(text, &affinity);
}

static void read_name(struct config_reading *reading, struct route *route)
{
    struct config *config = reading->config;
    size_t at = config_here(reading);
    if (!config_take_text(reading, route->name, sizeof route->name, server_id_valid,
                          "a route's name is 1 to 32 of a-z 0-9 -"))
        return;
    for (size_t i = 0; &config->routes[i] < route; i++)
        if (strcmp(config->routes[i].name, route->name) == 0)
            config_refuse(reading, at, "another route is named \"%s\" already", route->name);
}

static void read_policy(struct config_reading *reading, struct route *route)
{
    char text[CONFIG_SHOWN_SIZE] = "";
    if (config_take_text(reading, text, sizeof text, is_policy,
                         "\"policy\" takes one of " POLICY_NAMES))
        policy_parse(text, strlen(text), &route->policy);
}

static void read_affinity(struct config_reading *reading, struct route *route)
{
    char text[CONFIG_SHOWN_SIZE] = "";
    if (config_take_text(reading, text, sizeof text, is_affinity,
                         "\"affinity\" takes one of cookie, jwt, address"))
        parse_affinity(text, &route->affinity);
}

static void read_route_field(struct config_reading *reading, int field, struct route *route,
                             struct route_marks *marks)
{
    size_t at = config_here(reading);
    switch (field) {
    case ROUTE_NAME:
        read_name(reading, route);
        break;
    case ROUTE_MATCH:
        read_match(reading, &route->match, marks);
        break;
    case ROUTE_POOL:
        marks->pool = at;
        config_take_text(reading, marks->pool_name, sizeof marks->pool_name, server_id_valid,
                         "\"pool\" takes the name of a pool, 1 to 32 of a-z 0-9 -");
        break;
    case ROUTE_POLICY:
        marks->policy = at;
        read_policy(reading, route);
        break;
    case ROUTE_AFFINITY:
        marks->affinity = at;
        read_affinity(reading, route);
        break;
    case ROUTE_DEMAND_TOKEN:
        marks->demand_token = at;
        config_take_bool(reading, "demand_token", &route->demand_token);
        break;
    }
}

static void read_route(struct config_reading *reading)
{
    struct config *config = reading->config;
    uint32_t seen = 0;
    size_t at = config_here(reading);
    if (config->route_count == CONFIG_ROUTES_MAX)
        config_refuse(reading, at, "there may be at most %d routes", CONFIG_ROUTES_MAX);
    if (!config_enter(reading, JSON_OBJECT, "a route is an object"))
        return;
    struct route_marks *marks = &reading->marks[config->route_count];
    struct route *route = &config->routes[config->route_count++];
    route->policy = POLICY_ROUND_ROBIN;
    while (json_more(&reading->reader))
        read_route_field(reading, config_take_field(reading, "a route", route_fields, &seen), route,
                         marks);
    config_need(reading, at, "a route", route_fields, seen, ROUTE_NAME);
    config_need(reading, at, "a route", route_fields, seen, ROUTE_POOL);
}

void config_read_routes(struct config_reading *reading)
{
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_ARRAY, "\"routes\" takes an array"))
        return;
    while (json_more(&reading->reader))
        read_route(reading);
    if (reading->config->route_count == 0)
        config_refuse(reading, at, "\"routes\" takes at least one route");
}

/* --- what goes together ------------------------------------------------------------------------ */

static void find_pool(struct config_reading *reading, struct route *route,
                      const struct route_marks *marks)
{
    const struct config *config = reading->config;
    while (route->pool < config->pool_count &&
           strcmp(config->pools[route->pool].name, marks->pool_name) != 0)
        route->pool++;
    if (route->pool == config->pool_count)
        config_refuse(reading, marks->pool, "no pool is named \"%s\"; name it in \"pools\"",
                      marks->pool_name);
}

static void judge_route(struct config_reading *reading, const struct route *route,
                        const struct route_marks *marks)
{
    if (route->policy == POLICY_FEWEST_SOLD && route->pool != CONFIG_TICKETS)
        config_refuse(
            reading, marks->policy,
            "\"fewest-sold\" is for the pool \"tickets\": the servers of \"%s\" sell none",
            marks->pool_name);
    if (route->policy == POLICY_LEAST_WORKLOAD && route->pool != CONFIG_TICKETS)
        config_refuse(reading, marks->policy,
                      "\"least-workload\" is for the pool \"tickets\": the servers of \"%s\" "
                      "report none",
                      marks->pool_name);
    if (reading->config->has_jwt)
        return;
    if (route->affinity == AFFINITY_JWT)
        config_refuse(reading, marks->affinity, "affinity by \"jwt\" needs the section \"jwt\"");
    if (route->demand_token)
        config_refuse(reading, marks->demand_token,
                      "\"demand_token\" needs the section \"jwt\", to verify tokens by");
    if (route->match.asks_token)
        config_refuse(reading, marks->authenticated,
                      "\"authenticated\" needs the section \"jwt\", to verify tokens by");
}

void config_judge_routes(struct config_reading *reading)
{
    struct config *config = reading->config;
    for (size_t i = 0; i < config->route_count; i++) {
        find_pool(reading, &config->routes[i], &reading->marks[i]);
        judge_route(reading, &config->routes[i], &reading->marks[i]);
    }
}
