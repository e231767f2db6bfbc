#include "tests/unit/balancer/pool/own_servers.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

struct own_servers own;

void own_open(int count)
{
    memset(&own, 0, sizeof own);
    servers_init(&own.servers);
    own.loop = loop_open();
    departures_open(&own.departures, &own.servers, own.loop);
    own.pid = 100;
    for (int i = 1; i <= count; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%d", i);
        own_joins(id);
        own_is_up(id);
    }
    history_text(&own.servers);
}

void own_close(void)
{
    departures_close(&own.departures);
    loop_close(own.loop);
    servers_free(&own.servers);
    buffer_free(&own.orders);
}

void own_joins(const char *id)
{
    CU_ASSERT(servers_joined(&own.servers, id, "127.0.0.1:1", ++own.pid));
}

void own_is_up(const char *id)
{
    struct server server;
    struct figures figures = {.store = HISTORY_STORE, .boot = own.pid};
    size_t index = servers_find(&own.servers, id, &server);
    CU_ASSERT_NOT_EQUAL_FATAL(index, SERVER_NONE);
    check_told(&own.servers, index, server.start, &figures);
}

struct server own_get(const char *id)
{
    struct server server = {.state = SERVER_LEFT};
    servers_find(&own.servers, id, &server);
    return server;
}

void own_pending(const char *id, int64_t pending)
{
    size_t index = servers_find(&own.servers, id, NULL);
    CU_ASSERT_NOT_EQUAL_FATAL(index, SERVER_NONE);
    struct server *server = &own.servers.list[index];
    if (pending == 0 && server->busy > 0) { /* a flight that is given up */
        struct settlement all = {.released = server->pending, .lost = server->busy};
        servers_settle(&own.servers, index, &all, NULL);
        return;
    }
    server->pending = server->busy = pending;
}

static void note(const char *order, const char *id)
{
    buffer_printf(&own.orders, "%s%s %s", own.orders.length > 0 ? " " : "", order, id);
}

void own_start(void *context, const char *id)
{
    (void)context;
    note("start", id);
}

void own_retire(void *context, const char *id)
{
    (void)context;
    note("retire", id);
}

void own_renew(void *context, const char *id)
{
    (void)context;
    note("renew", id);
}

bool own_drained(void *context, const char *id)
{
    (void)context;
    return strcmp(own.drained, id) == 0;
}

void own_expect(const char *orders)
{
    const char *got = buffer_text(&own.orders);
    if (strcmp(got, orders) != 0)
        printf("  expected: %s\n  but got:  %s\n", orders, got);
    CU_ASSERT_STRING_EQUAL(got, orders);
    buffer_clear(&own.orders);
}
