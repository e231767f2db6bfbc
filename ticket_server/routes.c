#include "ticket_server/routes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "ticket_server/accept.h"

enum {
    ALLOW_SIZE = 64,
};

static const struct route *const tables[] = {
    selling_routes, reading_routes, document_routes, event_routes,  order_routes,
    owed_routes,    token_routes,   key_routes,      ticket_routes, check_in_routes,
};

/* A path while it is compared: its parts are cut out of a copy. */
struct match {
    char text[ROUTE_PATH_MAX + ROUTE_PARTS_MAX];
    const char *parts[ROUTE_PARTS_MAX];
};

/* The length of the part at the beginning of `path` that "{}" stands for, of which `pattern` is what follows in
 * the pattern; 0: it does not fit. */
static size_t part_length(const char *path, const char *pattern)
{
    size_t ending = strcspn(pattern, "/"), length = strcspn(path, "/");
    if (length <= ending || strncmp(path + length - ending, pattern, ending) != 0)
        return 0;
    return length - ending;
}

static bool fits(const char *path, const char *pattern, struct match *match)
{
    char *out = match->text;
    size_t parts = 0;
    while (*pattern != '\0') {
        if (strncmp(pattern, "{}", 2) != 0) {
            if (*path++ != *pattern++)
                return false;
            continue;
        }
        pattern += 2;
        size_t length = part_length(path, pattern);
        if (length == 0)
            return false;
        match->parts[parts++] = out;
        memcpy(out, path, length);
        out[length] = '\0';
        out += length + 1;
        path += length;
    }
    return *path == '\0';
}

static bool method_fits(const struct route *route, const char *method)
{
    return strcmp(method, route->method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void add_method(char allow[ALLOW_SIZE], const char *method)
{
    size_t length = strlen(allow);
    snprintf(allow + length, ALLOW_SIZE - length, "%s%s", length > 0 ? ", " : "",
             strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
}

/* A store that is no longer at its place must not be read as if it were: another process of this server
 * opens what is there now. What is under way is left unanswered; the keys decide. */
static void check_store(const struct acceptor *acceptor)
{
    if (catalog_present(acceptor->catalog))
        return;
    log_line("the store was moved or replaced while it was in use; leaving");
    _exit(EXIT_TROUBLE);
}

/* Before the handler looks at anything: whoever may not ask learns nothing of what is there. */
static bool may_ask(struct acceptor *acceptor, struct http_request *request,
                    const struct route *route)
{
    if (route->scope == 0)
        return true;
    enum problem problem = guard_judge(&acceptor->guard, acceptor->catalog, request, route->scope);
    if (problem == PROBLEM_NONE)
        return true;
    guard_refuse(request, problem, route->scope);
    return false;
}

void routes_handle(struct acceptor *acceptor, struct http_request *request)
{
    const char *path = http_path(request), *method = http_method(request);
    char allow[ALLOW_SIZE] = "";
    struct match match;
    for (size_t i = 0; strlen(path) <= ROUTE_PATH_MAX && i < sizeof tables / sizeof *tables; i++) {
        for (const struct route *route = tables[i]; route->path != NULL; route++) {
            if (!fits(path, route->path, &match))
                continue;
            if (method_fits(route, method)) {
                check_store(acceptor);
                if (may_ask(acceptor, request, route))
                    route->handle(acceptor, request, match.parts);
                return;
            }
            add_method(allow, route->method);
        }
    }
    if (allow[0] == '\0')
        http_refuse(request, PROBLEM_NOT_FOUND, problem_detail(PROBLEM_NOT_FOUND), NULL);
    else
        http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, problem_detail(PROBLEM_METHOD_NOT_ALLOWED),
                    allow);
}
