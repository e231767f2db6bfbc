#include "balancer/client/visit.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/routing/path.h"
#include "balancer/routing/routes.h"
#include "common/admit.h"
#include "common/clock.h"

enum {
    SESSION_SECONDS = 24 * 60 * 60,        /* a cookie's */
    SESSION_RENEWED = SESSION_SECONDS / 2, /* it is written anew when so much is left of it */
    SUBJECT_BYTES = 8,                     /* of a subject's hash, in the log */
};

/* --- routes ------------------------------------------------------------------------------------ */

static const char *header_of(const void *context, const char *name)
{
    return http_header(context, name);
}

/* No token is one that is malformed. */
static enum jwt_verdict check_token(const struct gate *gate, const struct http_request *request,
                                    char subject[JWT_SUBJECT_SIZE])
{
    size_t length;
    const char *token = jwt_bearer(http_header(request, "Authorization"), &length);
    if (token == NULL || !gate->config->has_jwt ||
        http_header_count(request, "Authorization") >
            1) /* and the server might read the other one */
        return JWT_MALFORMED;
    return jwt_check(&gate->jwt, token, length, clock_now() / CLOCK_SECOND, subject);
}

/* By a path that is not plain, the route is the one of what a server would make of it. */
static const struct route *find_route(const struct gate *gate, const struct http_request *request,
                                      const char *path)
{
    char subject[JWT_SUBJECT_SIZE];
    struct route_request asked = {
        .method = http_method(request),
        .path = path,
        .host = gate->asks_host ? http_header(request, "Host") : NULL,
        .authenticated = gate->asks_token && check_token(gate, request, subject) == JWT_GOOD,
        .header = header_of,
        .context = request,
    };
    return routes_find(gate->config, &asked);
}

static const struct route *find_decoded(const struct gate *gate, const struct http_request *request,
                                        const char *path)
{
    char *decoded = memory_new(strlen(path) + 1);
    const struct route *route =
        path_decode(path, decoded) ? find_route(gate, request, decoded) : NULL;
    free(decoded);
    return route;
}

const struct route *visit_route(const struct gate *gate, struct http_request *request)
{
    const char *path = http_path(request);
    const struct route *route =
        path_is_plain(path) ? find_route(gate, request, path) : find_decoded(gate, request, path);
    http_set_note(request, route);
    return route;
}

bool visit_flies(const struct route *route, const struct http_request *request)
{
    return route->pool == POOL_TICKETS && admit_finds(http_method(request), http_path(request));
}

/* --- who asks ---------------------------------------------------------------------------------- */

static bool trusts(const void *context, const char *address)
{
    return config_trusts(context, address);
}

static void take_field(void *context, const char *name, size_t name_length, const char *value,
                       size_t value_length)
{
    forwarded_field(context, name, name_length, value, value_length);
}

/* The address that a trusted proxy tells, where one is connected. */
static void find_client(const struct gate *gate, const struct http_request *request,
                        struct visit *visit)
{
    const char *peer = http_client(request);
    if (gate->config->trusted_count == 0 || !config_trusts(gate->config, peer))
        return;
    struct forwarded fields;
    forwarded_begin(&fields);
    http_headers(request, take_field, &fields);
    forwarded_client(&fields, peer, trusts, gate->config, visit->client);
}

/* --- sessions ---------------------------------------------------------------------------------- */

static void to_hexadecimal(const unsigned char *bytes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Who may read the log need not learn who it was: a subject is named by a hash that takes our key. */
static void name_subject(const struct gate *gate, const char *subject, struct visit *visit)
{
    unsigned char hash[32];
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, gate->session_key, sizeof gate->session_key, subject,
                     strlen(subject), hash);
    to_hexadecimal(hash, SUBJECT_BYTES, visit->session_text);
}

/* A server of the pool that the session is at. It may leave before it is chosen; then the choice finds it is not
 * there. */
static size_t server_of_session(const struct gate *gate, const struct visit *visit)
{
    const char *pool = gate->config->pools[visit->route->pool].name;
    struct server server;
    for (size_t i = 0; servers_get(gate->servers, i, &server); i++)
        if (server.pool == visit->route->pool && server.state != SERVER_LEFT &&
            session_is_at(gate->session_key, pool, &visit->session, server.id))
            return i;
    return SERVER_NONE;
}

/* A session whose server is not known here any more begins anew: it is at none. */
static void find_session(const struct gate *gate, const struct http_request *request,
                         struct visit *visit)
{
    const char *pool = gate->config->pools[visit->route->pool].name, *cookie;
    int64_t now = clock_now() / CLOCK_SECOND;
    size_t length;
    if (session_find(http_header(request, "Cookie"), pool, &cookie, &length) &&
        session_read(gate->session_key, pool, cookie, length, now, &visit->session))
        visit->pinned = server_of_session(gate, visit);
    if (visit->pinned == SERVER_NONE)
        session_new(&visit->session, now + SESSION_SECONDS);
    session_id_text(&visit->session, visit->session_text);
}

/* --- all --------------------------------------------------------------------------------------- */

static bool refuse(struct http_request *request, enum problem problem, const char *detail)
{
    http_refuse(request, problem, detail, NULL);
    return false;
}

static bool refuse_token(struct http_request *request, enum jwt_verdict verdict)
{
    char detail[PROBLEM_DETAIL_SIZE];
    const char *problem =
        http_header(request, "Authorization") != NULL ? jwt_verdict_text(verdict) : "there is none";
    snprintf(detail, sizeof detail, "A token is needed (Authorization: Bearer <token>), but %s.",
             problem);
    return refuse(request, PROBLEM_UNAUTHORIZED, detail);
}

bool visit_begin(const struct gate *gate, struct http_request *request, struct visit *visit)
{
    char subject[JWT_SUBJECT_SIZE];
    const struct route *route = visit->route = http_note(request);
    visit->pinned = SERVER_NONE;
    if (route == NULL)
        return refuse(request, PROBLEM_NOT_FOUND, "There is nothing at this path.");
    bool needs_token = route->demand_token || route->affinity == AFFINITY_JWT;
    enum jwt_verdict verdict = needs_token ? check_token(gate, request, subject) : JWT_MALFORMED;
    bool token = verdict == JWT_GOOD;
    if (route->demand_token && !token)
        return refuse_token(request, verdict);
    find_client(gate, request, visit);
    visit->affinity = route->affinity != AFFINITY_JWT || token ? route->affinity : AFFINITY_NONE;
    if (visit->affinity == AFFINITY_JWT)
        name_subject(gate, subject, visit);
    else if (visit->affinity == AFFINITY_COOKIE)
        find_session(gate, request, visit);
    return true;
}

struct choice visit_choice(const struct visit *visit, const struct http_request *request,
                           const char *id)
{
    return (struct choice){
        .request = id,
        .client = visit->client[0] != '\0' ? visit->client : http_client(request),
        .route = visit->route->name,
        .pool = visit->route->pool,
        .policy = visit->route->policy,
        .affinity = visit->affinity,
        .session = visit->session_text,
        .pinned = visit->pinned,
    };
}

void visit_again(struct visit *visit)
{
    if (visit->affinity != AFFINITY_COOKIE || visit->pinned != SERVER_NONE)
        return;
    session_new(&visit->session, visit->session.expires);
    session_id_text(&visit->session, visit->session_text);
}

bool visit_cookie(const struct gate *gate, struct visit *visit, const char *server,
                  char out[SESSION_SET_COOKIE_SIZE])
{
    const char *pool = gate->config->pools[visit->route->pool].name;
    int64_t now = clock_now() / CLOCK_SECOND;
    char cookie[SESSION_COOKIE_SIZE];
    if (visit->affinity != AFFINITY_COOKIE)
        return false;
    bool there = session_is_at(gate->session_key, pool, &visit->session, server);
    if (there && visit->session.expires - now > SESSION_RENEWED)
        return false;
    visit->session.expires = now + SESSION_SECONDS;
    session_write(gate->session_key, pool, &visit->session, server, cookie);
    session_set_cookie(pool, cookie, out);
    return true;
}
