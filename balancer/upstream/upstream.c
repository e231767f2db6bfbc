#include "balancer/upstream/upstream.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    CONNECT_TIMEOUT_MS = 1000,
    URL_SIZE = 2048,
    IDLE_CALLS_MAX = 64,       /* calls kept for reuse, with their memory ... */
    IDLE_BODY_MAX = 128 << 10, /* ... up to this: as long as a full flight's answer usually is */
    IDLE_CONNECTIONS_MAX = 512,
};

struct call {
    struct upstream *upstream;
    CURL *easy;         /* owned */
    struct buffer body; /* of the answer */
    size_t answer_max;
    upstream_done *done;
    void *context;
    struct call *next; /* in the list of idle ones */
    char error[CURL_ERROR_SIZE];
};

struct upstream {
    struct loop *loop;
    CURLM *multi;
    struct curl_slist *post_headers;
    struct loop_timer timer;
    struct call *idle;
    size_t idle_count;
    size_t under_way;
};

static void finish(struct call *call, CURLcode result);

/* libcurl has something to say only after one of the socket or timer actions. */
static void collect(struct upstream *upstream)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(upstream->multi, &left)) != NULL) {
        struct call *call;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(call, result);
    }
}

static void socket_ready(void *context, int fd, uint32_t events)
{
    struct upstream *upstream = context;
    int running;
    int action = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(upstream->multi, fd, action, &running);
    collect(upstream);
}

static void timer_rings(void *context)
{
    struct upstream *upstream = context;
    int running;
    curl_multi_socket_action(upstream->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(upstream);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct upstream *upstream = context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (known != NULL)
            loop_unwatch(upstream->loop, fd);
        curl_multi_assign(upstream->multi, fd, NULL);
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    loop_watch(upstream->loop, fd, events, socket_ready, upstream);
    curl_multi_assign(upstream->multi, fd, upstream);
    return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *context)
{
    struct upstream *upstream = context;
    (void)multi;
    int64_t at = milliseconds < 0 ? 0 : clock_monotonic() + milliseconds * CLOCK_MILLISECOND;
    loop_timer_set(upstream->loop, &upstream->timer, at);
    return 0;
}

struct upstream *upstream_open(struct loop *loop, long connections_per_server)
{
    struct upstream *upstream = memory_new(sizeof *upstream);
    upstream->loop = loop;
    upstream->multi = curl_multi_init();
    /* An empty Expect keeps libcurl from waiting for "100 Continue" on large bodies. */
    upstream->post_headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *more = curl_slist_append(upstream->post_headers, "Expect:");
    if (upstream->multi == NULL || upstream->post_headers == NULL || more == NULL)
        die(EXIT_TROUBLE, "out of memory");
    upstream->timer.ring = timer_rings;
    upstream->timer.context = upstream;
    curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETDATA, upstream);
    curl_multi_setopt(upstream->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(upstream->multi, CURLMOPT_TIMERDATA, upstream);
    curl_multi_setopt(upstream->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_server);
    curl_multi_setopt(upstream->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX);
    return upstream;
}

static void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    buffer_free(&call->body);
    free(call);
}

void upstream_close(struct upstream *upstream)
{
    assert(upstream->under_way == 0);
    while (upstream->idle != NULL) {
        struct call *call = upstream->idle;
        upstream->idle = call->next;
        call_free(call);
    }
    curl_multi_cleanup(upstream->multi);
    loop_timer_forget(upstream->loop, &upstream->timer);
    curl_slist_free_all(upstream->post_headers);
    free(upstream);
}

static size_t take_body(char *bytes, size_t one, size_t length, void *context)
{
    struct call *call = context;
    (void)one;
    if (call->body.length + length > call->answer_max)
        return 0;
    buffer_append(&call->body, bytes, length);
    return length;
}

/* What is the same for every request is set once per handle. */
static struct call *call_new(struct upstream *upstream)
{
    struct call *call = memory_new(sizeof *call);
    call->upstream = upstream;
    call->easy = curl_easy_init();
    if (call->easy == NULL)
        die(EXIT_TROUBLE, "out of memory");
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(call->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    return call;
}

static struct call *call_take(struct upstream *upstream)
{
    struct call *call = upstream->idle;
    if (call == NULL)
        return call_new(upstream);
    upstream->idle = call->next;
    upstream->idle_count--;
    call->error[0] = '\0';
    return call;
}

static void call_put_back(struct call *call)
{
    struct upstream *upstream = call->upstream;
    upstream->under_way--;
    buffer_rest(&call->body, IDLE_BODY_MAX);
    if (upstream->idle_count == IDLE_CALLS_MAX) {
        call_free(call);
        return;
    }
    call->next = upstream->idle;
    upstream->idle = call;
    upstream->idle_count++;
}

static void finish(struct call *call, CURLcode result)
{
    long status = 0, request_size = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_size);
    const char *error = call->error[0] != '\0' ? call->error : curl_easy_strerror(result);
    struct upstream_answer answer = {
        .answered = result == CURLE_OK,
        .late = result == CURLE_OPERATION_TIMEDOUT || result == CURLE_COULDNT_RESOLVE_HOST,
        .sent = request_size > 0,
        .status = (unsigned)status,
        .body = buffer_text(&call->body),
        .length = call->body.length,
        .error = result == CURLE_OK ? "" : error,
    };
    curl_multi_remove_handle(call->upstream->multi, call->easy);
    call->done(call->context, &answer);
    call_put_back(call);
}

struct call *upstream_send(struct upstream *upstream, const struct upstream_request *request)
{
    struct call *call = call_take(upstream);
    char url[URL_SIZE];
    int length = snprintf(url, sizeof url, "http://%s%s", request->address, request->path);
    assert(length > 0 && (size_t)length < sizeof url);
    (void)length;
    call->answer_max = request->answer_max;
    call->done = request->done;
    call->context = request->context;
    upstream->under_way++;
    curl_easy_setopt(call->easy, CURLOPT_URL, url);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout / CLOCK_MILLISECOND));
    if (request->body != NULL) {
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
        curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, upstream->post_headers);
    } else {
        curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L);
    }
    if (curl_multi_add_handle(upstream->multi, call->easy) != CURLM_OK)
        die(EXIT_TROUBLE, "out of memory");
    return call;
}

void upstream_cancel(struct call *call)
{
    curl_multi_remove_handle(call->upstream->multi, call->easy);
    call_put_back(call);
}
