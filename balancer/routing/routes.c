#include "balancer/routing/routes.h"

#include <string.h>
#include <strings.h>

static bool path_matches(const struct route_match *match, const char *path)
{
    if (!match->prefix)
        return strcmp(path, match->path) == 0;
    if (strncmp(path, match->path, match->path_length) != 0)
        return false;
    char next = path[match->path_length];
    return next == '\0' || next == '/' || match->path[match->path_length - 1] == '/';
}

static bool method_matches(const struct route_match *match, const char *method)
{
    for (size_t i = 0; i < match->method_count; i++)
        if (strcmp(match->methods[i], method) == 0)
            return true;
    return match->method_count == 0;
}

/* An IPv6 address has colons of its own, and brackets around them. */
static size_t host_length(const char *host)
{
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
    return bracket != NULL ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

static bool is_port(const char *text)
{
    return text[0] == '\0' || (text[0] == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

static bool host_matches(const char *wanted, const char *host)
{
    if (host == NULL)
        return false;
    size_t length = host_length(host);
    return length == strlen(wanted) && strncasecmp(host, wanted, length) == 0 &&
           is_port(host + length);
}

static bool headers_match(const struct route_match *match, const struct route_request *request)
{
    for (size_t i = 0; i < match->header_count; i++) {
        const char *value = request->header(request->context, match->headers[i].name);
        const char *wanted = match->headers[i].value;
        if (value == NULL || (wanted != NULL && strcmp(value, wanted) != 0))
            return false;
    }
    return true;
}

/* One "name=value" of a Cookie header, spaces around it left out. */
struct cookie {
    const char *name, *value;
    size_t name_length, value_length;
};

static void trim(const char **from, const char **to)
{
    while (*from < *to && (**from == ' ' || **from == '\t'))
        ++*from;
    while (*from < *to && ((*to)[-1] == ' ' || (*to)[-1] == '\t'))
        --*to;
}

/* Reads the next cookie and steps behind it; false at the end. What has no '=' is no cookie: its name is
 * empty, which no route asks for. */
static bool next_cookie(const char **at, struct cookie *cookie)
{
    if (**at == '\0')
        return false;
    const char *from = *at, *to = *at + strcspn(*at, ";");
    *at = *to == ';' ? to + 1 : to;
    trim(&from, &to);
    const char *equals = memchr(from, '=', (size_t)(to - from));
    *cookie = (struct cookie){.name = from, .value = to};
    if (equals != NULL) {
        cookie->name_length = (size_t)(equals - from);
        cookie->value = equals + 1;
        cookie->value_length = (size_t)(to - cookie->value);
    }
    return true;
}

static bool is_text(const char *text, const char *bytes, size_t length)
{
    return strlen(text) == length && memcmp(text, bytes, length) == 0;
}

static bool cookie_matches(const struct route_field *wanted, const char *cookies)
{
    struct cookie cookie;
    while (next_cookie(&cookies, &cookie))
        if (is_text(wanted->name, cookie.name, cookie.name_length))
            return wanted->value == NULL ||
                   is_text(wanted->value, cookie.value, cookie.value_length);
    return false;
}

static bool cookies_match(const struct route_match *match, const struct route_request *request)
{
    const char *cookies = request->header(request->context, "Cookie");
    for (size_t i = 0; i < match->cookie_count; i++)
        if (cookies == NULL || !cookie_matches(&match->cookies[i], cookies))
            return false;
    return true;
}

/* The path first: it tells most routes apart, and costs least. */
static bool matches(const struct route_match *match, const struct route_request *request)
{
    return (match->path == NULL || path_matches(match, request->path)) &&
           method_matches(match, request->method) &&
           (match->host == NULL || host_matches(match->host, request->host)) &&
           (!match->asks_token || match->authenticated == request->authenticated) &&
           (match->header_count == 0 || headers_match(match, request)) &&
           (match->cookie_count == 0 || cookies_match(match, request));
}

const struct route *routes_find(const struct config *config, const struct route_request *request)
{
    for (size_t i = 0; i < config->route_count; i++)
        if (matches(&config->routes[i].match, request))
            return &config->routes[i];
    return NULL;
}

bool routes_ask_token(const struct config *config)
{
    for (size_t i = 0; i < config->route_count; i++)
        if (config->routes[i].match.asks_token)
            return true;
    return false;
}
