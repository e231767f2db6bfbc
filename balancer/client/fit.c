#include "balancer/client/fit.h"

#include <string.h>

#include "balancer/client/method.h"
#include "balancer/routing/path.h"

enum {
    PATH_LENGTH_MAX = 256, /* of what ticket servers are asked */
};

static const char flights[] = "/flights"; /* what we alone send */
static const char check_ins[] = "/check-ins";
static const char path_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

/* A tunnel; and what echoes fields back that are for servers only. */
static bool is_never_passed_on(const struct http_request *request)
{
    return strcmp(http_method(request), "CONNECT") == 0 ||
           strcmp(http_method(request), "TRACE") == 0;
}

static bool has_simple_path(const struct http_request *request)
{
    const char *path = http_path(request);
    return path[strspn(path, path_characters)] == '\0' && strlen(path) <= PATH_LENGTH_MAX &&
           path_is_plain(path);
}

/* Which methods a path has is known to the ticket servers. */
static bool fits_tickets(const struct http_request *request)
{
    return has_simple_path(request) && strcmp(http_path(request), flights) != 0;
}

bool fits_route(const struct http_request *request, const struct route *route)
{
    return !is_never_passed_on(request) &&
           (route->pool == CONFIG_TICKETS ? fits_tickets(request)
                                          : !path_climbs(http_path(request)));
}

/* Of what goes to ticket servers one by one, they keep the key of a check-in only. */
static bool key_is_kept(const struct http_request *http, const struct route *route)
{
    return route->pool != CONFIG_TICKETS ||
           (strcmp(http_method(http), "POST") == 0 && strcmp(http_path(http), check_ins) == 0);
}

bool fit_is_harmless(const struct http_request *http, const struct route *route)
{
    return method_is_safe(http_method(http)) ||
           (http_header(http, "Idempotency-Key") != NULL && key_is_kept(http, route));
}

bool fit_has_body(const struct http_request *http)
{
    return http_chunked(http) || http_body_length(http) > 0 ||
           method_tells_length(http_method(http));
}

void refuse_unfit(struct http_request *request, const struct route *route)
{
    if (route->pool != CONFIG_TICKETS && path_climbs(http_path(request)))
        http_refuse(request, PROBLEM_MALFORMED, "The path has a segment \".\" or \"..\".", NULL);
    else if (is_never_passed_on(request))
        http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "CONNECT and TRACE are not passed on.",
                    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    else
        http_refuse(request, PROBLEM_NOT_FOUND, "There is nothing at this path.", NULL);
}
