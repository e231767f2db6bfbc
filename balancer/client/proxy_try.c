#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "balancer/client/failure.h"
#include "balancer/client/proxy_parts.h"
#include "common/clock.h"

static const int64_t read_timeout = CLOCK_SECOND; /* of a ticket server, before another is asked */

/* The present try is over: its server is less busy, and the log says how it went. */
static void settle(struct proxied *proxied, enum routing_end how)
{
    proxied->done.request = proxied->id;
    proxied->done.took = clock_monotonic() - proxied->chosen;
    proxied->done.how = how;
    servers_done(proxied->proxy->gate->servers, proxied->server, &proxied->done);
    proxied->exchange = NULL;
    proxied->proxy->reads -= proxy_reads(proxied);
}

void proxy_end_try(struct proxied *proxied, enum routing_end how)
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

void proxy_answer(struct proxied *proxied, const struct response *response)
{
    struct http_head head;
    const char *body;
    size_t length;
    make_head(proxied, response, &head);
    if (head.fields_length > http_head_room(proxied->http)) {
        proxy_end_try(proxied, END_BAD);
        proxy_refuse(proxied, PROBLEM_BAD_GATEWAY,
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
    proxy_end_try(proxied, END_ANSWERED);
}

/* --- once more ----------------------------------------------------------------------------------- */

/* What another server may be asked, as long as nothing of an answer has gone to the client. */
static bool is_repeatable(const struct proxied *proxied)
{
    const struct proxy *proxy = proxied->proxy;
    const struct pool_config *pool = &proxy->gate->config->pools[proxied->visit.route->pool];
    int64_t most = proxy_reads(proxied) ? PURCHASE_SECONDS * CLOCK_SECOND : pool->timeout;
    return proxied->tries < ROUTING_TRIES_MAX && proxied->repeatable &&
           clock_monotonic() - proxied->came < most;
}

static bool afford(struct proxied *proxied)
{
    return budget_spend(&proxied->proxy->budgets[proxied->visit.route->pool]);
}

static bool was_asked(const struct proxied *proxied, const struct server *server)
{
    for (unsigned i = 0; i < proxied->tries; i++)
        if (proxied->asked[i] == server->identity)
            return true;
    return false;
}

/* One that could take this now, and was not asked yet. */
static bool another_is_up(const struct proxied *proxied)
{
    struct servers *servers = proxied->proxy->gate->servers;
    size_t pool = proxied->visit.route->pool;
    struct server server;
    for (size_t i = 0; servers_get(servers, i, &server); i++)
        if (server.pool == pool && server.state == SERVER_UP && !was_asked(proxied, &server) &&
            (pool == POOL_TICKETS || server.busy < server.limit))
            return true;
    return false;
}

/* Of another server, if there is one. What was sent is sent again only where that does no harm; what a foreign
 * server is slow with, another would be slow with; who talks nonsense would talk it again. Where nothing was sent,
 * nobody is burdened. */
static bool may_repeat(struct proxied *proxied, enum exchange_failure failure, bool sent)
{
    bool hopeless = failure == EXCHANGE_OURS || (failure == EXCHANGE_LATE && !proxy_reads(proxied));
    if (hopeless || !is_repeatable(proxied))
        return false;
    if (failure == EXCHANGE_BAD && !another_is_up(proxied))
        return false;
    return !sent || (proxied->harmless && afford(proxied));
}

/* The server is in trouble, which another one may not be. */
static bool may_ask_another(struct proxied *proxied, unsigned status)
{
    bool trouble = status == 500 || (status >= 502 && status <= 504);
    return trouble && proxied->harmless && is_repeatable(proxied) && another_is_up(proxied) &&
           afford(proxied);
}

static void seek_again(struct proxied *proxied)
{
    visit_again(&proxied->visit);
    proxy_seek(proxied);
}

/* Of an answer that is not passed on. */
static void note_received(struct proxied *proxied)
{
    const char *body;
    size_t length;
    if (exchange_whole(proxied->exchange, &body, &length))
        proxied->done.received = (int64_t)length;
}

/* --- what the exchange calls --------------------------------------------------------------------- */

/* The head of the answer has come, and often all of it. What is answered drops the rest of the request's body
 * (http.h), which a server that has begun to answer may still want; one that refuses does not. */
static void head_comes(void *context, const struct response *response)
{
    struct proxied *proxied = context;
    proxied->done.status = response->status;
    proxied->length = response->length;
    if (may_ask_another(proxied, response->status)) {
        note_received(proxied);
        proxy_end_try(proxied, END_ANSWERED);
        seek_again(proxied);
    } else if (proxied->has_body && !proxied->body_ended && response->status < 400) {
        proxied->early = response;
    } else {
        proxy_answer(proxied, response);
    }
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

/* A server that cannot be reached is out until it answers a check; a ticket server, which is probed at
 * once, also where it broke the connection or answered nonsense. (One that is merely late may have waited for its turn.) */
static void judge_server(const struct proxied *proxied, enum exchange_failure failure,
                         const char *reason)
{
    char why[ROUTING_WHY_SIZE];
    bool broke = failure == EXCHANGE_LOST || failure == EXCHANGE_BAD;
    bool out = failure == EXCHANGE_CONNECT || (broke && proxy_reads(proxied));
    snprintf(why, sizeof why, "request: %.100s", reason);
    if (out)
        servers_failed(proxied->proxy->gate->servers, proxied->server, proxied->start, why);
}

static void failed(void *context, enum exchange_failure failure, bool sent, const char *why)
{
    struct proxied *proxied = context;
    judge_server(proxied, failure, why);
    settle(proxied, failure_end(failure));
    if (may_repeat(proxied, failure, sent))
        seek_again(proxied);
    else
        proxy_refuse(proxied, failure_problem(failure), failure_detail(failure));
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
    proxied->asked[proxied->tries - 1] = server.identity;
    struct exchange_request request = {
        .address = server.address,
        .method = proxied->line.data,
        .target = proxied->line.data + proxied->target,
        .fields = proxied->fields.data,
        .fields_length = proxied->fields.length,
        .needs_host = proxied->needs_host,
        .has_body = proxied->has_body,
        .body_length = http_chunked(http) ? EXCHANGE_CHUNKED : http_body_length(http),
        .repeatable = proxied->harmless,
        .timeout = proxy_reads(proxied) ? read_timeout : pool->timeout,
        .calls = exchange_calls,
        .context = proxied,
    };
    proxied->exchange = exchange_start(proxy->exchanges, &request);
    if (proxied->kept.length > 0)
        exchange_write(proxied->exchange, proxied->kept.data, proxied->kept.length);
    if (proxied->has_body && proxied->body_ended)
        exchange_write_end(proxied->exchange);
    /* Its body may have found no room, which nobody tells it any more. */
    if (proxied->tries > 1 || proxied->waiting)
        http_stream_read(http);
}

enum chosen proxy_try(struct proxied *proxied)
{
    struct proxy *proxy = proxied->proxy;
    if (proxy_reads(proxied) && proxy->reads == PROXY_READS_MAX)
        return CHOSEN_NO_ROOM;
    struct choice choice = visit_choice(&proxied->visit, proxied->http, proxied->id);
    choice.asked = proxied->asked;
    choice.asked_count = proxied->tries;
    choice.id = proxied->request_id != proxied->id ? proxied->request_id : NULL;
    enum chosen chosen = choose_for_request(proxy->gate->servers, &choice, &proxied->server);
    if (chosen != CHOSEN)
        return chosen;
    if (proxied->tries++ == 0)
        budget_earn(&proxy->budgets[choice.pool]);
    proxy->reads += proxy_reads(proxied);
    proxied->chosen = clock_monotonic();
    proxied->done = (struct routing_done){.sent = (int64_t)proxied->kept.length};
    start_exchange(proxied);
    return CHOSEN;
}
