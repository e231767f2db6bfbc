#include "tests/unit/balancer/client/counter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer/client/fit.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

enum {
    CONNECTIONS_MAX = 64,
    BODY_MAX = 16384,
    CONNECTION_MEMORY = 8192,
    LOG_SIZE = 1 << 20,
};

struct counter counter;

static void handle(void *context, struct http_request *request)
{
    (void)context;
    counter.accepted++;
    struct visit visit = {0};
    if (!visit_begin(&counter.gate, request, &visit))
        return;
    if (visit_flies(visit.route, request))
        purchases_accept(counter.purchases, request, &visit);
    else
        proxy_accept(counter.proxy, request, &visit);
}

static bool is_streamed(void *context, struct http_request *request)
{
    (void)context;
    const struct route *route = visit_route(&counter.gate, request);
    return route != NULL && !visit_flies(route, request) && fits_route(request, route);
}

static void turn(void *context)
{
    (void)context;
    proxy_turn(counter.proxy);
    purchases_turn(counter.purchases);
}

static void check(void *context)
{
    (void)context;
    purchases_check(counter.purchases);
    proxy_check(counter.proxy);
    loop_timer_set(counter.held.loop, &counter.check, clock_monotonic() + 20 * CLOCK_MILLISECOND);
}

void counter_up(size_t server)
{
    struct fake_server *fake = &counter.fakes[server];
    struct figures figures = {.store = HISTORY_STORE, .boot = fake->boot, .commit = fake->commit};
    figures.sold = fake->sold;
    servers_joined(&counter.servers, fake->id, fake->address, 77);
    check_told(&counter.servers, server, counter.servers.list[server].start, &figures);
}

static void open_servers(size_t up)
{
    char error[LOG_ERROR_SIZE];
    servers_init(&counter.servers);
    config_builtin(&counter.config, POLICY_FEWEST_SOLD);
    CU_ASSERT_FATAL(gate_open(&counter.gate, &counter.config, &counter.servers, "unused"));
    counter.log = routing_log_open(&counter.servers, counter.directory, LOG_SIZE, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(counter.log);
    for (size_t i = 0; i < COUNTER_SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        fake_server_open(&counter.fakes[i], counter.held.loop, id);
        if (i < up)
            counter_up(i);
    }
}

/* The pool "files" of all fakes, to which everything goes by turns. */
static void open_files(const struct pool_rules *rules)
{
    char error[LOG_ERROR_SIZE], reason[CONFIG_ERROR_SIZE] = "";
    struct buffer text = {0};
    for (size_t i = 0; i < COUNTER_SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%zu", i + 1);
        fake_server_open(&counter.fakes[i], counter.held.loop, id);
    }
    buffer_printf(
        &text,
        "{\"pools\": {\"files\": {\"servers\": [{\"id\": \"files-1\", \"address\": \"%s\"}, "
        "{\"id\": \"files-2\", \"address\": \"%s\"}], \"connections\": %d}}, "
        "\"routes\": [{\"name\": \"all\", \"pool\": \"files\"}]}",
        counter.fakes[0].address, counter.fakes[1].address, (int)rules->limit);
    CU_ASSERT_FATAL(config_read("files", text.data, text.length, &counter.config, reason));
    CU_ASSERT_STRING_EQUAL(reason, "");
    servers_init(&counter.servers);
    CU_ASSERT_FATAL(gate_open(&counter.gate, &counter.config, &counter.servers, "unused"));
    counter.servers.pools[1].rules = *rules;
    counter.log = routing_log_open(&counter.servers, counter.directory, LOG_SIZE, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(counter.log);
    for (size_t i = 0; i < COUNTER_SERVERS; i++)
        check_answered(&counter.servers, i, counter.servers.list[i].start);
    buffer_free(&text);
}

static void open_http(void)
{
    char address[ADDRESS_SIZE];
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, address);
    snprintf(counter.url, sizeof counter.url, "http://%s", address);
    struct http_settings settings = {.listen_fd = fd,
                                     .connections_max = CONNECTIONS_MAX,
                                     .body_max = BODY_MAX,
                                     .connection_memory = CONNECTION_MEMORY,
                                     .handler = handle,
                                     .streams = is_streamed};
    counter.http = http_open(counter.held.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(counter.http);
}

/* What is behind the counter must be there. */
static void open_counter(size_t waiting_max)
{
    counter.upstream = upstream_open(counter.held.loop, 2);
    counter.purchases = purchases_open(counter.held.loop, &counter.gate, counter.log,
                                       counter.upstream, waiting_max, 1);
    counter.exchanges = exchanges_open(counter.held.loop);
    counter.proxy = proxy_open(&counter.gate, counter.exchanges, 1);
    loop_each_turn(counter.held.loop, turn, NULL);
    open_http();
    counter.check.ring = check;
    check(NULL);
    held_loop_free(&counter.held);
}

static void begin(void)
{
    memset(&counter, 0, sizeof counter);
    files_directory(counter.directory);
    held_loop_open(&counter.held);
}

void counter_open(size_t up, size_t waiting_max)
{
    begin();
    open_servers(up);
    open_counter(waiting_max);
}

void counter_open_files(const struct pool_rules *rules)
{
    begin();
    open_files(rules);
    open_counter(1);
}

void counter_close(void)
{
    held_loop_hold(&counter.held);
    http_close(counter.http);
    purchases_close(counter.purchases);
    proxy_close(counter.proxy);
    exchanges_close(counter.exchanges);
    upstream_close(counter.upstream);
    for (size_t i = 0; i < COUNTER_SERVERS; i++)
        fake_server_close(&counter.fakes[i]);
    loop_no_turn(counter.held.loop, turn, NULL);
    held_loop_close(&counter.held);
    servers_stopped(&counter.servers);
    routing_log_close(counter.log);
    servers_free(&counter.servers);
    gate_close(&counter.gate);
    config_free(&counter.config);
    buffer_free(&counter.answer.bytes);
    files_remove(counter.directory);
}

int counter_send(const char *request)
{
    int fd = raw_connect(counter.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    return fd;
}

int counter_buy(int quantity)
{
    char request[256], body[64];
    int length = snprintf(body, sizeof body, "event=demo&quantity=%d", quantity);
    snprintf(request, sizeof request,
             "POST /purchases HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s",
             length, body);
    return counter_send(request);
}

unsigned counter_receive(int fd)
{
    raw_receive(fd, &counter.answer, false, COUNTER_SECONDS);
    close(fd);
    return counter.answer.status;
}

unsigned counter_ask(const char *request)
{
    return counter_receive(counter_send(request));
}

bool counter_head_has(const char *text)
{
    return strcasestr(buffer_text(&counter.answer.bytes), text) != NULL;
}

bool counter_body_has(const char *text)
{
    return strstr(raw_body(&counter.answer), text) != NULL;
}

static bool has_accepted(void *context)
{
    return counter.accepted >= *(const unsigned *)context;
}

void counter_hold_at(unsigned accepted)
{
    held_loop_hold(&counter.held);
    CU_ASSERT(held_loop_until(&counter.held, has_accepted, &accepted, COUNTER_SECONDS));
}

/* What is waited for. */
struct asked {
    const struct fake_server *fake;
    unsigned requests;
};

static bool is_asked(void *context)
{
    const struct asked *asked = context;
    return asked->fake->requests >= asked->requests;
}

void counter_hold_at_server(size_t server, unsigned requests)
{
    struct asked asked = {&counter.fakes[server], requests};
    held_loop_hold(&counter.held);
    CU_ASSERT(held_loop_until(&counter.held, is_asked, &asked, COUNTER_SECONDS));
}

bool counter_logged(const char *text)
{
    char path[FILES_PATH_SIZE];
    struct buffer log = {0};
    files_path(path, counter.directory, "routing.log");
    files_read(path, &log);
    bool found = strstr(buffer_text(&log), text) != NULL;
    buffer_free(&log);
    return found;
}
