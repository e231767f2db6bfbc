#include "balancer/client/fit.h"

#include <string.h>

#include "balancer/client/method.h"

enum {
    PATH_LENGTH_MAX = 256, /* of what ticket servers are asked */
};

static const char path_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

static bool is_tunnel(const struct http_request *request)
{
    return strcmp(http_method(request), "CONNECT") == 0;
}

static bool has_simple_path(const struct http_request *request)
{
    const char *path = http_path(request);
    return path[strspn(path, path_characters)] == '\0' && strlen(path) <= PATH_LENGTH_MAX;
}

bool fits_route(const struct http_request *request, const struct route *route)
{
    return route->pool == CONFIG_TICKETS
               ? method_reads(http_method(request)) && has_simple_path(request)
               : !is_tunnel(request);
}

void refuse_unfit(struct http_request *request)
{
    if (is_tunnel(request))
        http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "No tunnel begins here.",
                    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    else if (!method_reads(http_method(request)))
        http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "This can only be read.", "GET, HEAD");
    else
        http_refuse(request, PROBLEM_NOT_FOUND, "There is nothing at this path.", NULL);
}
