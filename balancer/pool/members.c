#include "balancer/pool/members.h"

#include <string.h>

#include "balancer/pool/own_servers.h"
#include "common/log.h"

bool member_id_valid(const char *id)
{
    return server_id_valid(id) && !own_server_named(id);
}

static size_t place_of(const struct members *members, const char *id)
{
    size_t i = 0;
    while (i < members->count && strcmp(members->servers[i].id, id) != 0)
        i++;
    return i;
}

struct member *members_find(struct members *members, const char *id)
{
    size_t i = place_of(members, id);
    return i < members->count ? &members->servers[i] : NULL;
}

bool members_put(struct members *members, const struct member *member)
{
    size_t i = place_of(members, member->id);
    if (i == MEMBERS_MAX)
        return false;
    members->servers[i] = *member;
    members->count += i == members->count;
    return true;
}

static size_t drained_place(const struct members *members, const char *id)
{
    size_t i = 0;
    while (i < members->drained_count && strcmp(members->drained[i], id) != 0)
        i++;
    return i;
}

bool members_drained(const struct members *members, const char *id)
{
    return drained_place(members, id) < members->drained_count;
}

/* Both keep their order, so that the file changes no more than it must. */
bool members_set_drained(struct members *members, const char *id, bool drained)
{
    size_t i = drained_place(members, id), last = members->drained_count - 1;
    if (drained == (i < members->drained_count))
        return true;
    if (drained && i == MEMBERS_MAX)
        return false;
    if (drained) {
        memccpy(members->drained[i], id, '\0', SERVER_SIZE);
        members->drained_count++;
    } else {
        memmove(members->drained[i], members->drained[i + 1], (last - i) * SERVER_SIZE);
        members->drained_count = last;
    }
    return true;
}

void members_remove(struct members *members, const char *id)
{
    size_t i = place_of(members, id);
    members_set_drained(members, id, false);
    if (i == members->count)
        return;
    members->count--;
    memmove(&members->servers[i], &members->servers[i + 1],
            (members->count - i) * sizeof *members->servers);
}

/* --- the list follows ---------------------------------------------------------------------------- */

static struct server_about about_of(const struct servers *servers, const struct member *member)
{
    return (struct server_about){
        .id = member->id,
        .address = member->address,
        .pool = servers_pool_find(servers, member->pool),
        .weight = member->weight,
        .source = member->source,
    };
}

static void add(struct servers *servers, const struct member *member, bool remote)
{
    const struct server_about about = about_of(servers, member);
    struct server server;
    bool waits = servers_find(servers, member->id, &server) != SERVER_NONE && server.health.leave;
    if (about.pool == SERVER_NONE)
        log_line("%s is kept, but not used: there is no pool %s", member->id, member->pool);
    else if (!remote && !socket_loopback(member->address))
        log_line("%s is kept, but not used: %s is another machine's, see --allow-remote",
                 member->id, member->address);
    else if (!servers_add(servers, &about) && !waits)
        log_line("%s is kept, but not used: there is no room for it, or it is configured",
                 member->id);
}

/* Nothing of it that a server cannot change while it is in the list has changed. */
static bool same(const struct member *a, const struct member *b)
{
    return a->weight == b->weight && strcmp(a->pool, b->pool) == 0 && a->source == b->source;
}

static void take(const struct members *before, const struct member *member, struct servers *servers,
                 bool remote)
{
    size_t i = before != NULL ? place_of(before, member->id) : 0;
    bool known = before != NULL && i < before->count;
    if (!known || !same(&before->servers[i], member))
        add(servers, member, remote);
    else if (strcmp(before->servers[i].address, member->address) != 0)
        servers_joined(servers, member->id, member->address, 0);
}

static void let_go(const struct members *before, const struct members *now, struct servers *servers)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct member *was = &before->servers[i];
        size_t place = place_of(now, was->id);
        if (place == now->count || !same(was, &now->servers[place]))
            servers_leave(servers, was->id, "removed");
    }
    for (size_t i = 0; i < before->drained_count; i++)
        if (!members_drained(now, before->drained[i]))
            servers_ready(servers, before->drained[i], "made ready");
}

void members_apply(const struct members *before, const struct members *now, struct servers *servers,
                   bool remote)
{
    if (before != NULL)
        let_go(before, now, servers);
    for (size_t i = 0; i < now->count; i++)
        take(before, &now->servers[i], servers, remote);
    for (size_t i = 0; i < now->drained_count; i++)
        if (before == NULL || !members_drained(before, now->drained[i]))
            servers_drain(servers, now->drained[i], "drained earlier");
}

size_t members_settle(const struct members *members, struct servers *servers, bool remote)
{
    size_t added = 0;
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->servers[i];
        const struct server_about about = about_of(servers, member);
        if (about.pool == SERVER_NONE || (!remote && !socket_loopback(member->address)) ||
            !servers_add(servers, &about))
            continue;
        if (members_drained(members, member->id))
            servers_drain(servers, member->id, "drained earlier");
        added++;
    }
    return added;
}
