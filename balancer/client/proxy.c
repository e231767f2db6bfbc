#include "balancer/client/proxy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "balancer/client/failure.h"
#include "balancer/client/fit.h"
#include "common/clock.h"
#include "common/id.h"

enum {
    TRIES_MAX = 3,         /* servers that are asked */
    SPARES_MAX = 256,      /* what a crowd needed beyond goes back to the system */
    BUFFER_KEPT = 4 << 10, /* of a spare's */
};

static const int64_t read_timeout = CLOCK_SECOND; /* of a ticket server, before another is asked */
static const char pseudonym[] = "box-office";     /* in Via */

struct proxy {
    const struct gate *gate;
    struct exchanges *exchanges;
    size_t under_way, reads;
    struct proxied *spare; /* through next */
    size_t spares;
    struct buffer answer_fields; /* of the answer that begins */
};

/* One request on its way. */
struct proxied {
    struct proxy *proxy;
    struct http_request *http;
    struct visit visit;
    char id[ID_TEXT_SIZE]; /* in the log */
    char brought[FORWARDED_ID_MAX + 1];
    const char *request_id; /* as client and server know it: its own, or ours */
    struct buffer fields;   /* the head's, as servers are sent them */
    struct buffer
        line; /* method NUL target NUL: libmicrohttpd forgets its own where trailers are refused */
    size_t target; /* where that begins */
    bool needs_host;
    struct buffer kept; /* the body so far, while it may have to be sent again */
    bool has_body, body_ended, idempotent;
    bool repeatable; /* `kept` holds all of the body so far */
    unsigned tries;

    /* the present try's */
    struct exchange *exchange; /* NULL: none is under way */
    size_t server;
    unsigned start; /* of that server */
    int64_t chosen; /* clock_monotonic() */
    struct routing_done done;

    int64_t length;               /* of the answer's body; HTTP_LENGTH_UNKNOWN */
    const struct response *early; /* an answer that waits for the rest of the request's body */
    struct proxied *next;
};

struct proxy *proxy_open(const struct gate *gate, struct exchanges *exchanges)
{
    struct proxy *proxy = memory_new(sizeof *proxy);
    proxy->gate = gate;
    proxy->exchanges = exchanges;
    return proxy;
}

static void free_proxied(struct proxied *proxied)
{
    buffer_free(&proxied->fields);
    buffer_free(&proxied->kept);
    buffer_free(&proxied->line);
    free(proxied);
}

void proxy_close(struct proxy *proxy)
{
    assert(proxy->under_way == 0);
    while (proxy->spare != NULL) {
        struct proxied *proxied = proxy->spare;
        proxy->spare = proxied->next;
        free_proxied(proxied);
    }
    buffer_free(&proxy->answer_fields);
    free(proxy);
}

static struct proxied *take(struct proxy *proxy)
{
    struct proxied *proxied = proxy->spare;
    if (proxied == NULL)
        proxied = memory_new(sizeof *proxied);
    else
        proxy->spares--;
    proxy->spare = proxied->next;
    struct buffer fields = proxied->fields, kept = proxied->kept, line = proxied->line;
    *proxied = (struct proxied){.proxy = proxy, .fields = fields, .kept = kept, .line = line};
    proxy->under_way++;
    return proxied;
}

static bool is_read(const struct proxied *proxied)
{
    return proxied->visit.route->pool == POOL_TICKETS;
}

static void put_back(struct proxied *proxied)
{
    struct proxy *proxy = proxied->proxy;
    proxy->under_way--;
    proxy->reads -= is_read(proxied);
    if (proxy->spares == SPARES_MAX) {
        free_proxied(proxied);
        return;
    }
    buffer_rest(&proxied->fields, BUFFER_KEPT);
    buffer_rest(&proxied->kept, BUFFER_KEPT);
    buffer_rest(&proxied->line, BUFFER_KEPT);
    proxied->next = proxy->spare;
    proxy->spare = proxied;
    proxy->spares++;
}

static void refuse(struct proxied *proxied, enum problem problem, const char *detail)
{
    http_refuse_as(proxied->http, problem, detail, NULL, proxied->request_id);
}

/* --- the server's side ------------------------------------------------------------------------- */

/* The present try is over: its server is less busy, and the log says how it went. */
static void settle(struct proxied *proxied, enum routing_end how)
{
    proxied->done.request = proxied->id;
    proxied->done.took = clock_monotonic() - proxied->chosen;
    proxied->done.how = how;
    servers_done(proxied->proxy->gate->servers, proxied->server, &proxied->done);
    proxied->exchange = NULL;
}

static void close_exchange(struct proxied *proxied, enum routing_end how)
{
    exchange_close(proxied->exchange);
    settle(proxied, how);
}

static void add_answer_field(struct buffer *fields, const char *name, const char *value)
{
    buffer_append(fields, name, strlen(name) + 1);
    buffer_append(fields, value, strlen(value) + 1);
}

/* The server's fields, and ours. */
static void make_head(struct proxied *proxied, const struct response *response,
                      struct http_head *head)
{
    const struct gate *gate = proxied->proxy->gate;
    struct buffer *fields = &proxied->proxy->answer_fields;
    char cookie[SESSION_SET_COOKIE_SIZE];
    const char *name, *value;
    struct server server;
    size_t at = 0;
    buffer_clear(fields);
    while (response_next_field(response, &at, &name, &value))
        if (strcasecmp(name, "Request-Id") != 0)
            add_answer_field(fields, name, value);
    add_answer_field(fields, "Request-Id", proxied->request_id);
    if (proxied->visit.affinity == AFFINITY_COOKIE &&
        servers_get(gate->servers, proxied->server, &server) &&
        visit_cookie(gate, &proxied->visit, server.id, cookie))
        add_answer_field(fields, "Set-Cookie", cookie);
    *head = (struct http_head){.status = response->status,
                               .fields = fields->data,
                               .fields_length = fields->length,
                               .length = response->length};
}

/* What it says of its length, it says of another answer's body. */
static bool is_bare(const struct proxied *proxied, const struct response *response)
{
    return response->status == 304 || strcmp(http_method(proxied->http), "HEAD") == 0;
}

static void answer(struct proxied *proxied, const struct response *response)
{
    struct http_head head;
    const char *body;
    size_t length;
    make_head(proxied, response, &head);
    if (head.fields_length > http_head_room(proxied->http)) {
        close_exchange(proxied, END_BAD);
        refuse(proxied, PROBLEM_BAD_GATEWAY,
               "The server's answer has longer headers than fit here.");
        return;
    }
    if (!exchange_whole(proxied->exchange, &body, &length)) {
        http_stream_answer(proxied->http, &head);
        return;
    }
    if (head.length < 0 && !is_bare(proxied, response))
        head.length = (int64_t)length;
    proxied->done.received = (int64_t)length;
    http_stream_answer_whole(proxied->http, &head, body);
    close_exchange(proxied, END_ANSWERED);
}

/* The head of the answer has come, and often all of it. What is answered drops the rest of the request's body
 * (http.h), which a server that has begun to answer may still want; one that refuses does not. */
static void head_comes(void *context, const struct response *response)
{
    struct proxied *proxied = context;
    proxied->done.status = response->status;
    proxied->length = response->length;
    if (proxied->has_body && !proxied->body_ended && response->status < 400)
        proxied->early = response;
    else
        answer(proxied, response);
}

static void readable(void *context)
{
    struct proxied *proxied = context;
    http_stream_write(proxied->http);
}

static void room(void *context)
{
    struct proxied *proxied = context;
    http_stream_read(proxied->http);
}

/* Whether a server may be asked again, which may be the same one. What was sent is sent again only where that does no harm; a foreign
 * server that is slow would be slow again. */
static bool may_repeat(const struct proxied *proxied, enum exchange_failure failure, bool sent)
{
    if (proxied->tries == TRIES_MAX || !proxied->repeatable || failure == EXCHANGE_BAD ||
        failure == EXCHANGE_OURS)
        return false;
    if (failure == EXCHANGE_LATE && !is_read(proxied))
        return false;
    return !sent || proxied->idempotent;
}

/* A server that cannot be reached is out until it answers a check; a ticket server, which is probed at
 * once, also where it broke the connection. (One that is merely late may have waited for its turn.) */
static void judge_server(const struct proxied *proxied, enum exchange_failure failure,
                         const char *reason)
{
    char why[ROUTING_WHY_SIZE];
    bool out = failure == EXCHANGE_CONNECT || (failure == EXCHANGE_LOST && is_read(proxied));
    snprintf(why, sizeof why, "request: %.100s", reason);
    if (out)
        servers_failed(proxied->proxy->gate->servers, proxied->server, proxied->start, why);
}

static void try_next(struct proxied *proxied);

static void failed(void *context, enum exchange_failure failure, bool sent, const char *why)
{
    struct proxied *proxied = context;
    judge_server(proxied, failure, why);
    settle(proxied, failure_end(failure));
    if (!may_repeat(proxied, failure, sent)) {
        refuse(proxied, failure_problem(failure), failure_detail(failure));
        return;
    }
    visit_again(&proxied->visit);
    try_next(proxied);
}

static const struct exchange_calls exchange_calls = {
    .head = head_comes, .readable = readable, .room = room, .failed = failed};

static void start_exchange(struct proxied *proxied)
{
    struct proxy *proxy = proxied->proxy;
    const struct pool_config *pool = &proxy->gate->config->pools[proxied->visit.route->pool];
    struct http_request *http = proxied->http;
    struct server server;
    servers_get(proxy->gate->servers, proxied->server, &server);
    proxied->start = server.start;
    struct exchange_request request = {
        .address = server.address,
        .method = proxied->line.data,
        .target = proxied->line.data + proxied->target,
        .fields = proxied->fields.data,
        .fields_length = proxied->fields.length,
        .needs_host = proxied->needs_host,
        .has_body = proxied->has_body,
        .body_length = http_chunked(http) ? EXCHANGE_CHUNKED : http_body_length(http),
        .repeatable = proxied->idempotent,
        .timeout = is_read(proxied) ? read_timeout : pool->timeout,
        .calls = exchange_calls,
        .context = proxied,
    };
    proxied->exchange = exchange_start(proxy->exchanges, &request);
    if (proxied->kept.length > 0)
        exchange_write(proxied->exchange, proxied->kept.data, proxied->kept.length);
    if (proxied->has_body && proxied->body_ended)
        exchange_write_end(proxied->exchange);
    if (proxied->tries > 1) /* the try before may have left no room, which nobody tells any more */
        http_stream_read(http);
}

static void refuse_choice(struct proxied *proxied, enum chosen chosen)
{
    if (chosen == CHOSEN_NO_ROOM)
        refuse(proxied, PROBLEM_OVERLOADED, problem_detail(PROBLEM_OVERLOADED));
    else
        refuse(proxied, PROBLEM_NO_SERVER,
               is_read(proxied) ? "No ticket server is up. Try again in a moment."
                                : "No server for this is up. Try again in a moment.");
}

static void try_next(struct proxied *proxied)
{
    struct choice choice = visit_choice(&proxied->visit, proxied->http, proxied->id);
    choice.id = proxied->request_id != proxied->id ? proxied->request_id : NULL;
    enum chosen chosen =
        choose_for_request(proxied->proxy->gate->servers, &choice, &proxied->server);
    if (chosen != CHOSEN) {
        refuse_choice(proxied, chosen);
        return;
    }
    proxied->tries++;
    proxied->chosen = clock_monotonic();
    proxied->done = (struct routing_done){.sent = (int64_t)proxied->kept.length};
    start_exchange(proxied);
}

/* --- the client's side ------------------------------------------------------------------------- */

/* The beginning of the body is kept for another try, as long as it is short. */
static void keep(struct proxied *proxied, const char *bytes, size_t length)
{
    proxied->repeatable = proxied->repeatable && proxied->kept.length + length <= EXCHANGE_BUFFER;
    if (proxied->repeatable)
        buffer_append(&proxied->kept, bytes, length);
    else
        buffer_clear(&proxied->kept);
}

static size_t body_comes(void *context, const char *bytes, size_t length)
{
    struct proxied *proxied = context;
    size_t taken = exchange_write(proxied->exchange, bytes, length);
    proxied->done.sent += (int64_t)taken;
    keep(proxied, bytes, taken);
    return taken;
}

static void give_up(struct proxied *proxied)
{
    enum exchange_failure failure = exchange_failure(proxied->exchange);
    close_exchange(proxied, failure_end(failure));
    refuse(proxied, failure_problem(failure), failure_detail(failure));
}

static void body_ends(void *context)
{
    struct proxied *proxied = context;
    proxied->body_ended = true;
    if (proxied->has_body && proxied->exchange != NULL)
        exchange_write_end(proxied->exchange);
    if (proxied->early == NULL)
        return;
    /* It has not reached the client yet: what has broken off meanwhile is no answer. */
    if (exchange_error(proxied->exchange)[0] != '\0')
        give_up(proxied);
    else
        answer(proxied, proxied->early);
}

static ssize_t read_answer(void *context, char *bytes, size_t size)
{
    struct proxied *proxied = context;
    if (proxied->exchange == NULL)
        return HTTP_SOURCE_END;
    ssize_t count = exchange_read(proxied->exchange, bytes, size);
    if (count > 0)
        proxied->done.received += count;
    bool all = count == EXCHANGE_ENDED || proxied->done.received == proxied->length;
    if (all)
        close_exchange(proxied, END_ANSWERED);
    if (count == EXCHANGE_BROKE)
        close_exchange(proxied, failure_end(exchange_failure(proxied->exchange)));
    return count == EXCHANGE_ENDED   ? HTTP_SOURCE_END
           : count == EXCHANGE_BROKE ? HTTP_SOURCE_FAILED
                                     : count;
}

static void over(void *context, bool whole)
{
    struct proxied *proxied = context;
    if (proxied->exchange != NULL)
        close_exchange(proxied, whole ? END_ANSWERED : END_LEFT);
    put_back(proxied);
}

static const struct http_stream_calls stream_calls = {
    .body = body_comes, .body_end = body_ends, .source = read_answer, .over = over};

/* --- the way in -------------------------------------------------------------------------------- */

static void take_field(void *context, const char *name, size_t name_length, const char *value,
                       size_t value_length)
{
    forwarded_field(context, name, name_length, value, value_length);
}

/* False where the request cannot be passed on; it is refused then. */
static bool make_fields(struct proxied *proxied)
{
    struct http_request *http = proxied->http;
    const char *peer = http_client(http);
    const struct config *config = proxied->proxy->gate->config;
    struct forwarded fields;
    struct forwarding hop = {
        .peer = peer,
        .peer_trusted = config->trusted_count > 0 && config_trusts(config, peer),
        .proto = "http",
        .request_id = proxied->request_id,
        .via = pseudonym,
        .http10 = strcmp(http_version(http), "HTTP/1.0") == 0,
    };
    forwarded_begin(&fields);
    http_headers(http, take_field, &fields);
    buffer_clear(&proxied->fields);
    if (forwarded_loops(&fields, pseudonym))
        refuse(proxied, PROBLEM_BAD_GATEWAY,
               "This request has come through this balancer too often: its route leads back here.");
    else if (!forwarded_end(&fields, &hop, &proxied->fields))
        refuse(proxied, PROBLEM_MALFORMED, "The request's headers cannot be passed on.");
    else
        return true;
    return false;
}

static bool admit(const struct proxy *proxy, struct http_request *http, const struct visit *visit)
{
    bool fits = fits_route(http, visit->route);
    bool full = visit->route->pool == POOL_TICKETS && proxy->reads == PROXY_READS_MAX;
    if (!fits)
        refuse_unfit(http, visit->route);
    else if (full)
        http_refuse(http, PROBLEM_OVERLOADED, problem_detail(PROBLEM_OVERLOADED), NULL);
    return fits && !full;
}

/* Client and server know it by the Request-Id that the client brought, if that can be kept. */
static void name(struct proxied *proxied)
{
    const char *brought = http_header(proxied->http, "Request-Id");
    struct id id = id_make();
    id_format(&id, proxied->id);
    proxied->request_id = proxied->id;
    if (!request_id_valid(brought))
        return;
    snprintf(proxied->brought, sizeof proxied->brought, "%s", brought);
    proxied->request_id = proxied->brought;
}

static void keep_line(struct proxied *proxied)
{
    const struct http_request *http = proxied->http;
    const char *method = http_method(http), *query = http_query(http);
    buffer_clear(&proxied->line);
    buffer_append(&proxied->line, method, strlen(method) + 1);
    proxied->target = proxied->line.length;
    buffer_add(&proxied->line, http_path(http));
    buffer_append(&proxied->line, query, strlen(query) + 1);
    proxied->needs_host = http_header(http, "Host") == NULL;
}

void proxy_accept(struct proxy *proxy, struct http_request *http, const struct visit *visit)
{
    if (!admit(proxy, http, visit))
        return;
    struct proxied *proxied = take(proxy);
    proxied->http = http;
    proxied->visit = *visit;
    proxy->reads += is_read(proxied);
    buffer_clear(&proxied->kept);
    keep_line(proxied);
    proxied->has_body = fit_has_body(http);
    proxied->idempotent = fit_is_idempotent(http);
    proxied->repeatable = true;
    name(proxied);
    http_stream(http, &stream_calls, proxied);
    if (make_fields(proxied))
        try_next(proxied);
}
