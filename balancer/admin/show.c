#include <unistd.h>

#include "balancer/admin/admin_parts.h"
#include "common/clock.h"
#include "common/json.h"

static void add_name(struct buffer *out, const char *name)
{
    buffer_add(out, ",\"");
    buffer_add(out, name);
    buffer_add(out, "\":");
}

static void add_number(struct buffer *out, const char *name, int64_t number)
{
    add_name(out, name);
    buffer_add_number(out, number);
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    add_name(out, name);
    json_append(out, text);
}

static void add_bool(struct buffer *out, const char *name, bool value)
{
    add_name(out, name);
    buffer_add(out, value ? "true" : "false");
}

static void add_time(struct buffer *out, const char *name, int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(time, text);
    add_text(out, name, text);
}

static const char *source_name(enum server_source source)
{
    static const char *const names[] = {[SOURCE_MASTER] = "master",
                                        [SOURCE_CONFIG] = "config",
                                        [SOURCE_ADDED] = "added",
                                        [SOURCE_JOINED] = "joined"};
    return names[source];
}

/* null where there was none. */
static void add_check(struct buffer *out, const struct server_check *check)
{
    add_name(out, "check");
    if (check->at == 0) {
        buffer_add(out, "null");
        return;
    }
    buffer_add(out, check->passed ? "{\"passed\":true" : "{\"passed\":false");
    add_time(out, "at", check->at);
    add_text(out, "reason", check->reason);
    add_number(out, "took_us", check->took);
    buffer_add_char(out, '}');
}

static void add_counters(struct buffer *out, const struct server *server)
{
    add_number(out, "told", server->told);
    add_number(out, "pending", server->pending);
    add_number(out, "limit", server->limit);
    add_number(out, "busy", server->busy);
    add_number(out, "requests", server->requests);
    add_number(out, "failures", server->failures);
    add_number(out, "checks", server->checks);
    add_number(out, "checks_failed", server->checks_failed);
    add_number(out, "ejections", server->ejections);
    add_number(out, "restarts", server->restarts);
    add_number(out, "boot", server->boot);
    add_number(out, "commit", server->commit);
    add_number(out, "sales", server->sales);
}

void admin_show(struct buffer *out, const struct servers *servers, const struct server *server)
{
    buffer_add(out, "{\"id\":");
    json_append(out, server->id);
    add_text(out, "pool", servers->pools[server->pool].name);
    add_text(out, "address", server->address);
    add_text(out, "source", source_name(server->source));
    add_number(out, "pid", server->pid);
    add_number(out, "weight", server->weight);
    add_text(out, "state", server_state_name(server->state));
    add_time(out, "since", server->since);
    add_text(out, "why", server->why);
    add_bool(out, "drain", server->health.drain);
    add_bool(out, "leave", server->health.leave);
    add_check(out, &server->check);
    add_counters(out, server);
    buffer_add_char(out, '}');
}

void admin_show_all(struct buffer *out, struct servers *servers)
{
    struct server server;
    bool any = false;
    buffer_add(out, "{\"router\":");
    json_append(out, servers->router);
    add_number(out, "pid", getpid());
    buffer_add(out, ",\"servers\":[");
    for (size_t i = 0; servers_get(servers, i, &server); i++) {
        if (server.state == SERVER_LEFT || server.state == SERVER_NEW)
            continue;
        buffer_add(out, any ? "," : "");
        admin_show(out, servers, &server);
        any = true;
    }
    buffer_add(out, "]}");
}
