#include "balancer/admin/admin.h"

#include <stdlib.h>
#include <string.h>

#include "balancer/admin/admin_parts.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    CONNECTION_MEMORY = 16 * 1024,
};

static const int64_t interval = CLOCK_SECOND;

static void set_timer(struct admin *admin, int64_t now)
{
    loop_timer_set(admin->settings.loop, &admin->timer, now + interval);
}

void admin_announce(const struct admin *admin)
{
    if (admin->settings.calls.changed != NULL)
        admin->settings.calls.changed(admin->settings.calls.context);
}

/* Whoever has joined is given its time from now on. */
static void all_heard(struct members *members)
{
    int64_t now = clock_monotonic();
    for (size_t i = 0; i < members->count; i++)
        members->servers[i].heard = now;
}

/* The list follows what is in the file. */
static void follow(struct admin *admin, struct members *now)
{
    const struct admin_settings *settings = &admin->settings;
    members_apply(admin->members, now, settings->servers, settings->allow_remote);
    free(admin->members);
    admin->members = now;
    all_heard(now);
}

/* The file says nothing, but what it said when this router was started is known: that goes on. It is written
 * anew, as the damaged one was put aside. */
static void go_on(struct admin *admin)
{
    const char *path = admin->settings.members_file;
    bool known = admin->members->count > 0 || admin->members->drained_count > 0;
    all_heard(admin->members);
    if (!known)
        log_line("servers that were added are to be added again");
    else if (members_save(admin->members, path))
        log_line("servers that were added before stay");
    else
        log_errno("the members file %s cannot be written", path);
}

/* Reads what the router before may have written. What cannot be read now is tried again each second, and
 * nothing is changed until then: the file may hold more than is known here. */
static void catch_up(struct admin *admin)
{
    struct members *now = memory_new(sizeof *now);
    const char *path = admin->settings.members_file;
    enum members_found found = members_load(now, path, true);
    if (found == MEMBERS_UNREAD && !admin->unread)
        log_errno("the members file %s cannot be read; until it can, servers stay as they are",
                  path);
    admin->unread = found == MEMBERS_UNREAD;
    if (found == MEMBERS_READ || found == MEMBERS_ABSENT) {
        follow(admin, now);
        return;
    }
    free(now);
    if (found == MEMBERS_DAMAGED)
        go_on(admin);
}

static void look_after(struct admin *admin, int64_t now)
{
    const struct admin_settings *settings = &admin->settings;
    admin_bury(admin, now);
    if (members_settle(admin->members, settings->servers, settings->allow_remote) > 0)
        admin_announce(admin);
}

static void ring(void *context)
{
    struct admin *admin = context;
    int64_t now = clock_monotonic();
    if (admin->unread)
        catch_up(admin);
    else
        look_after(admin, now);
    admin_give_up(admin, now);
    set_timer(admin, now);
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
    if (members_load(admin->members, settings->members_file, false) == MEMBERS_UNREAD)
        log_errno("the members file %s cannot be read", settings->members_file);
    members_apply(NULL, admin->members, settings->servers, settings->allow_remote);
    return admin;
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
    admin_announce(admin);
    set_timer(admin, clock_monotonic());
    return true;
}

void admin_server_joined(struct admin *admin, const char *id)
{
    if (members_drained(admin->members, id))
        servers_drain(admin->settings.servers, id, "drained earlier");
}

bool admin_drained(const struct admin *admin, const char *id)
{
    return members_drained(admin->members, id);
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
