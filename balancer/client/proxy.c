#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/client/fit.h"
#include "balancer/client/proxy_parts.h"
#include "common/clock.h"
#include "common/id.h"

enum {
    SPARES_MAX = 256,      /* what a crowd needed beyond goes back to the system */
    BUFFER_KEPT = 4 << 10, /* of a spare's */
};

static const char pseudonym[] = "box-office"; /* in Via */

struct proxy *proxy_open(const struct gate *gate, struct exchanges *exchanges, size_t workers)
{
    struct proxy *proxy = memory_new(sizeof *proxy);
    proxy->gate = gate;
    proxy->exchanges = exchanges;
    proxy_queues_open(proxy, workers);
    for (size_t i = 0; i < gate->servers->pool_count; i++)
        budget_open(&proxy->budgets[i], &gate->servers->pools[i].rules, workers);
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
    assert(proxy->accepted == 0);
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
    proxy->accepted++;
    return proxied;
}

void proxy_put_back(struct proxied *proxied)
{
    struct proxy *proxy = proxied->proxy;
    proxy->accepted--;
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

void proxy_refuse(struct proxied *proxied, enum problem problem, const char *detail)
{
    http_refuse_as(proxied->http, problem, detail, NULL, proxied->request_id);
}

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
        proxy_refuse(
            proxied, PROBLEM_BAD_GATEWAY,
            "This request has come through this balancer too often: its route leads back here.");
    else if (!forwarded_end(&fields, &hop, &proxied->fields))
        proxy_refuse(proxied, PROBLEM_MALFORMED, "The request's headers cannot be passed on.");
    else
        return true;
    return false;
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
    if (!fits_route(http, visit->route)) {
        refuse_unfit(http, visit->route);
        return;
    }
    struct proxied *proxied = take(proxy);
    proxied->http = http;
    proxied->visit = *visit;
    proxied->came = clock_monotonic();
    buffer_clear(&proxied->kept);
    keep_line(proxied);
    proxied->has_body = fit_has_body(http);
    proxied->harmless = fit_is_harmless(http, visit->route);
    proxied->repeatable = true;
    name(proxied);
    http_stream(http, &proxy_stream_calls, proxied);
    if (make_fields(proxied))
        proxy_seek(proxied);
}
