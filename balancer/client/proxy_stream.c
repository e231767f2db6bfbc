#include "balancer/client/failure.h"
#include "balancer/client/proxy_parts.h"

/* The beginning of the body is kept for another try, as long as it is short. */
static void keep(struct proxied *proxied, const char *bytes, size_t length)
{
    proxied->repeatable = proxied->repeatable && proxied->kept.length + length <= EXCHANGE_BUFFER;
    if (proxied->repeatable)
        buffer_append(&proxied->kept, bytes, length);
    else
        buffer_clear(&proxied->kept);
}

/* Who waits for room waits with his body. */
static size_t body_comes(void *context, const char *bytes, size_t length)
{
    struct proxied *proxied = context;
    if (proxied->exchange == NULL)
        return 0;
    size_t taken = exchange_write(proxied->exchange, bytes, length);
    proxied->done.sent += (int64_t)taken;
    keep(proxied, bytes, taken);
    return taken;
}

static void give_up(struct proxied *proxied)
{
    enum exchange_failure failure = exchange_failure(proxied->exchange);
    proxy_end_try(proxied, failure_end(failure));
    proxy_refuse(proxied, failure_problem(failure), failure_detail(failure));
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
        proxy_answer(proxied, proxied->early);
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
        proxy_end_try(proxied, END_ANSWERED);
    if (count == EXCHANGE_BROKE)
        proxy_end_try(proxied, failure_end(exchange_failure(proxied->exchange)));
    return count == EXCHANGE_ENDED   ? HTTP_SOURCE_END
           : count == EXCHANGE_BROKE ? HTTP_SOURCE_FAILED
                                     : count;
}

static void over(void *context, bool whole)
{
    struct proxied *proxied = context;
    if (proxied->waiting)
        proxy_unqueue(proxied);
    if (proxied->exchange != NULL)
        proxy_end_try(proxied, whole ? END_ANSWERED : END_LEFT);
    proxy_put_back(proxied);
}

const struct http_stream_calls proxy_stream_calls = {
    .body = body_comes, .body_end = body_ends, .source = read_answer, .over = over};
