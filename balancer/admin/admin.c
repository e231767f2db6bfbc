#include "balancer/admin/admin.h"

#include <stdlib.h>
#include <string.h>

#include "balancer/admin/admin_parts.h"
#include "common/clock.h"

enum {
    CONNECTION_MEMORY = 16 * 1024,
};

static const int64_t interval = CLOCK_SECOND;

static void set_timer(struct admin *admin, int64_t now)
{
    loop_timer_set(admin->settings.loop, &admin->timer, now + interval);
}

static void ring(void *context)
{
    struct admin *admin = context;
    int64_t now = clock_monotonic();
    admin_bury(admin, now);
    admin_give_up(admin, now);
    set_timer(admin, now);
}

/* Whoever has joined is given its time from now on. */
static void all_heard(struct members *members)
{
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < members->count; i++)
        members->servers[i].heard = now;
}

struct admin *admin_open(const struct admin_settings *settings)
{
    struct admin *admin = memory_new(sizeof *admin);
    admin->settings = *settings;
    admin->timer = (struct loop_timer){.ring = ring, .context = admin};
    if (!token_read(settings->token_file, admin->token)) {
        free(admin);
        return NULL;
    }
    admin->members = memory_new(sizeof *admin->members);
    members_load(admin->members, settings->members_file, false);
    members_apply(NULL, admin->members, settings->servers, settings->allow_remote);
    return admin;
}

static void catch_up(struct admin *admin)
{
    const struct admin_settings *settings = &admin->settings;
    struct members *before = admin->members;
    admin->members = memory_new(sizeof *admin->members);
    members_load(admin->members, settings->members_file, true);
    members_apply(before, admin->members, settings->servers, settings->allow_remote);
    free(before);
    all_heard(admin->members);
}

bool admin_lead(struct admin *admin, int listen_fd, unsigned connections_max)
{
    const struct http_settings http = {
        .listen_fd = listen_fd,
        .connections_max = connections_max,
        .body_max = ADMIN_BODY_MAX,
        .connection_memory = CONNECTION_MEMORY,
        .handler = admin_handle,
        .context = admin,
    };
    admin->replaced = false;
    catch_up(admin);
    admin->http = http_open(admin->settings.loop, &http);
    if (admin->http == NULL)
        return false;
    if (admin->settings.calls.changed != NULL)
        admin->settings.calls.changed(admin->settings.calls.context);
    set_timer(admin, clock_monotonic());
    return true;
}

void admin_server_joined(struct admin *admin, const char *id)
{
    if (members_drained(admin->members, id))
        servers_drain(admin->settings.servers, id, "drained earlier");
}

/* From now on the members are another router's to change. */
void admin_quiesce(struct admin *admin)
{
    admin->replaced = true;
    loop_timer_set(admin->settings.loop, &admin->timer, 0);
    admin_done(admin, ADMIN_RELOAD, NULL);
    admin_done(admin, ADMIN_UPGRADE, NULL);
    if (admin->http != NULL)
        http_quiesce(admin->http);
}

bool admin_idle(const struct admin *admin)
{
    return admin->http == NULL || http_unanswered(admin->http) == 0;
}

void admin_close(struct admin *admin)
{
    for (int i = 0; i < ADMIN_COMMANDS; i++)
        admin_done(admin, (enum admin_command)i, "The balancer stops.");
    loop_timer_forget(admin->settings.loop, &admin->timer);
    if (admin->http != NULL)
        http_close(admin->http);
    free(admin->members);
    free(admin);
}
