#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/admin/admin_parts.h"
#include "balancer/admin/wishes.h"
#include "balancer/pool/own_servers.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

static void refuse(struct http_request *request, enum problem problem)
{
    http_refuse(request, problem, problem_detail(problem), NULL);
}

/* False where it was refused. */
static bool is_json(struct http_request *request)
{
    if (json_media(http_header(request, "Content-Type")))
        return true;
    http_refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "Send JSON, as application/json.", NULL);
    return false;
}

/* --- what is kept -------------------------------------------------------------------------------- */

static struct members *copy_members(const struct admin *admin)
{
    struct members *copy = memory_new(sizeof *copy);
    *copy = *admin->members;
    return copy;
}

/* Writes them to the disk, and takes them; else they are freed, and all is as before. */
static bool keep(struct admin *admin, struct members *next)
{
    bool kept = members_save(next, admin->settings.members_file);
    struct members *useless = kept ? admin->members : next;
    int reason = errno;
    if (kept)
        admin->members = next;
    free(useless);
    errno = reason;
    return kept;
}

static bool keep_or_refuse(struct admin *admin, struct members *next, struct http_request *request)
{
    char detail[PROBLEM_DETAIL_SIZE];
    if (keep(admin, next))
        return true;
    snprintf(detail, sizeof detail,
             "The members file %.100s cannot be written (%s), so nothing was changed.",
             admin->settings.members_file, strerror(errno));
    http_refuse(request, PROBLEM_NOT_KEPT, detail, NULL);
    return false;
}

/* --- who was removed ----------------------------------------------------------------------------- */

static char *dismissal_of(struct admin *admin, const char *id)
{
    for (size_t i = 0; i < ADMIN_DISMISSED_MAX; i++)
        if (strcmp(admin->dismissed[i], id) == 0)
            return admin->dismissed[i];
    return NULL;
}

static void dismiss(struct admin *admin, const char *id)
{
    char *place = dismissal_of(admin, id);
    if (place == NULL)
        place = admin->dismissed[admin->dismissed_next++ % ADMIN_DISMISSED_MAX];
    snprintf(place, SERVER_SIZE, "%s", id);
}

static void forgive(struct admin *admin, const char *id)
{
    char *place = dismissal_of(admin, id);
    if (place != NULL)
        place[0] = '\0';
}

/* --- coming -------------------------------------------------------------------------------------- */

/* The places of our own servers are theirs. */
static bool full(struct servers *servers)
{
    struct server server;
    size_t count = 0;
    for (size_t i = 0; servers_get(servers, i, &server); i++)
        count += server.source != SOURCE_MASTER && server.state != SERVER_LEFT &&
                 server.state != SERVER_NEW;
    return count >= ROUTING_SERVERS_MAX - OWN_SERVERS_MAX;
}

static void refuse_pool(struct admin *admin, struct http_request *request, const char *pool)
{
    const struct servers *servers = admin->settings.servers;
    struct buffer detail = {0};
    buffer_printf(&detail, "There is no pool \"%s\"; the configuration has", pool);
    for (size_t i = 0; i < servers->pool_count; i++)
        buffer_printf(&detail, "%s %s", i > 0 ? "," : "", servers->pools[i].name);
    http_refuse(request, PROBLEM_INVALID_SERVER, buffer_text(&detail), NULL);
    buffer_free(&detail);
}

/* Whether there is a place for it; else the request is refused. */
static bool has_place(struct admin *admin, struct http_request *request,
                      const struct server_wish *wish)
{
    if (servers_pool_find(admin->settings.servers, wish->pool) == SERVER_NONE)
        refuse_pool(admin, request, wish->pool);
    else if (!admin->settings.allow_remote && !socket_loopback(wish->address))
        refuse(request, PROBLEM_REMOTE_ADDRESS);
    else
        return true;
    return false;
}

/* The request is for one that is not in the list. */
static void bring_in(struct admin *admin, struct http_request *request,
                     const struct server_wish *wish, enum server_source source)
{
    struct servers *servers = admin->settings.servers;
    struct member member = {.weight = wish->weight, .source = source, .heard = clock_monotonic()};
    memcpy(member.id, wish->id, sizeof member.id);
    memcpy(member.pool, wish->pool, sizeof member.pool);
    memcpy(member.address, wish->address, sizeof member.address);
    const struct server_about about = {.id = wish->id,
                                       .address = wish->address,
                                       .pool = servers_pool_find(servers, wish->pool),
                                       .weight = wish->weight,
                                       .source = source};
    struct members *next = copy_members(admin);
    if (full(servers) || !members_put(next, &member)) {
        free(next);
        http_refuse(request, PROBLEM_OVERLOADED, "There is no room for another server.", NULL);
        return;
    }
    if (!keep_or_refuse(admin, next, request))
        return;
    forgive(admin, wish->id);
    servers_add(servers, &about);
    admin_server_joined(admin, wish->id);
    admin_announce(admin);
    admin_answer_server(admin, request, 201, wish->id);
}

static void refuse_known(struct http_request *request, const struct server *server)
{
    static const char *const details[] = {
        [SOURCE_MASTER] = "This balancer has started a server of this id.",
        [SOURCE_CONFIG] = "The configuration names a server of this id.",
        [SOURCE_ADDED] = "A server of this id was added already.",
        [SOURCE_JOINED] = "A server of this id has joined already."};
    if (server->health.leave)
        refuse(request, PROBLEM_SERVER_LEAVING);
    else
        http_refuse(request, PROBLEM_SERVER_EXISTS, details[server->source], NULL);
}

/* Reads the body; false where the request was refused. */
static bool read_wish(struct http_request *request, bool named, struct server_wish *wish)
{
    char detail[PROBLEM_DETAIL_SIZE];
    size_t length;
    const char *body = http_body(request, &length);
    if (!is_json(request))
        return false;
    enum problem problem = wish_server(body, length, named, wish, detail);
    if (problem == PROBLEM_NONE)
        return true;
    http_refuse(request, problem, detail, NULL);
    return false;
}

void admin_add(struct admin *admin, struct http_request *request)
{
    struct server_wish wish;
    struct server server;
    if (!read_wish(request, true, &wish) || !has_place(admin, request, &wish))
        return;
    if (servers_find(admin->settings.servers, wish.id, &server) != SERVER_NONE)
        refuse_known(request, &server);
    else
        bring_in(admin, request, &wish, SOURCE_ADDED);
}

/* --- joining ------------------------------------------------------------------------------------- */

/* It is started again elsewhere; only a process that starts says so, else two of one id would take it from each
 * other for ever. False where the request was refused. */
static bool move_to(struct admin *admin, struct http_request *request,
                    const struct server_wish *wish)
{
    struct members *next = copy_members(admin);
    struct member *member = members_find(next, wish->id);
    memcpy(member->address, wish->address, sizeof member->address);
    if (!keep_or_refuse(admin, next, request))
        return false;
    servers_joined(admin->settings.servers, wish->id, wish->address, 0);
    admin_announce(admin);
    return true;
}

/* The request is from one that has joined, and is in the list. */
static void refresh(struct admin *admin, struct http_request *request,
                    const struct server_wish *wish, const struct server *server)
{
    struct member *member = members_find(admin->members, wish->id);
    if (server->health.leave || member == NULL) {
        refuse(request, wish->heartbeat ? PROBLEM_SERVER_REMOVED : PROBLEM_SERVER_LEAVING);
        return;
    }
    if (member->weight != wish->weight) {
        http_refuse(request, PROBLEM_SERVER_EXISTS,
                    "It has joined with another weight; remove it, then it may join anew.", NULL);
        return;
    }
    bool elsewhere = strcmp(server->address, wish->address) != 0;
    if (elsewhere && wish->heartbeat) {
        refuse(request, PROBLEM_SERVER_MOVED);
        return;
    }
    if (elsewhere && !move_to(admin, request, wish))
        return;
    members_find(admin->members, wish->id)->heard = clock_monotonic();
    admin_answer_server(admin, request, 200, wish->id);
}

void admin_join(struct admin *admin, struct http_request *request, const char *id)
{
    struct server_wish wish;
    struct server server;
    if (!read_wish(request, false, &wish) || !has_place(admin, request, &wish))
        return;
    snprintf(wish.id, sizeof wish.id, "%s", id);
    bool known = servers_find(admin->settings.servers, id, &server) != SERVER_NONE;
    if (!member_id_valid(id))
        http_refuse(request, PROBLEM_INVALID_SERVER,
                    "The balancer gives this name to a server it starts; choose another --id.",
                    NULL);
    else if (strcmp(wish.pool, ROUTING_TICKETS) != 0)
        http_refuse(request, PROBLEM_INVALID_SERVER,
                    "Only ticket servers join by themselves, and theirs is the pool \"tickets\".",
                    NULL);
    else if (known && server.source != SOURCE_JOINED)
        refuse_known(request, &server);
    else if (known)
        refresh(admin, request, &wish, &server);
    else if (wish.heartbeat && dismissal_of(admin, id) != NULL)
        refuse(request, PROBLEM_SERVER_REMOVED);
    else
        bring_in(admin, request, &wish, SOURCE_JOINED);
}

/* --- draining ------------------------------------------------------------------------------------ */

/* False where the request was refused. */
static bool note_drained(struct admin *admin, struct http_request *request, const char *id,
                         bool drain)
{
    if (members_drained(admin->members, id) == drain)
        return true;
    struct members *next = copy_members(admin);
    if (members_set_drained(next, id, drain))
        return keep_or_refuse(admin, next, request);
    free(next);
    http_refuse(request, PROBLEM_OVERLOADED, "Too many servers are drained.", NULL);
    return false;
}

void admin_change(struct admin *admin, struct http_request *request, const char *id)
{
    struct servers *servers = admin->settings.servers;
    char detail[PROBLEM_DETAIL_SIZE];
    struct server server;
    size_t length;
    bool drain;
    const char *body = http_body(request, &length);
    if (!is_json(request))
        return;
    enum problem problem = wish_state(body, length, &drain, detail);
    if (problem != PROBLEM_NONE) {
        http_refuse(request, problem, detail, NULL);
        return;
    }
    if (servers_find(servers, id, &server) == SERVER_NONE) {
        refuse(request, PROBLEM_NO_SUCH_SERVER);
        return;
    }
    if (server.health.leave) {
        refuse(request, PROBLEM_SERVER_LEAVING);
        return;
    }
    if (!note_drained(admin, request, id, drain))
        return;
    if (drain)
        servers_drain(servers, id, "drained by the admin API");
    else
        servers_ready(servers, id, "made ready by the admin API");
    admin_announce(admin);
    admin_answer_server(admin, request, 200, id);
}

/* --- going --------------------------------------------------------------------------------------- */

/* Who waits for a server to leave. */
struct removal {
    struct admin *admin;
    struct http_request *request;
};

static void answer_removed(struct http_request *request, const struct departure_report *report)
{
    struct buffer body = {0};
    buffer_add(&body, "{\"id\":");
    json_append(&body, report->id);
    buffer_printf(&body,
                  ",\"waited\":{\"requests\":%lld,\"tickets\":%lld},\"took_ms\":%lld,\"cut\":%s}",
                  (long long)report->requests, (long long)report->tickets,
                  (long long)(report->took / CLOCK_MILLISECOND),
                  report->end == DEPARTURE_CUT ? "true" : "false");
    admin_answer(request, 200, &body, NULL);
}

static void removed(void *context, const struct departure_report *report)
{
    struct removal *removal = context;
    if (report->end == DEPARTURE_CALLED_OFF)
        http_refuse(removal->request, PROBLEM_SERVER_LEAVING,
                    "The balancer stops; the server is removed, and not yet empty.", NULL);
    else
        answer_removed(removal->request, report);
    removal->admin->removals--;
    free(removal);
}

static void begin_removal(struct admin *admin, struct http_request *request, const char *id,
                          int64_t drain)
{
    struct members *next = copy_members(admin);
    members_remove(next, id);
    if (!keep_or_refuse(admin, next, request))
        return;
    struct removal *removal = memory_new(sizeof *removal);
    *removal = (struct removal){admin, request};
    admin->removals++;
    dismiss(admin, id);
    const struct departure_wish wish = {.id = id,
                                        .kind = DEPARTURE_LEAVE,
                                        .deadline = clock_monotonic() + drain,
                                        .why = "removed by the admin API",
                                        .done = removed,
                                        .context = removal};
    departures_begin(admin->settings.departures, &wish);
    admin_announce(admin);
}

/* It is in the members file, but has no place in the list. */
static void remove_unused(struct admin *admin, struct http_request *request, const char *id)
{
    struct members *next = copy_members(admin);
    members_remove(next, id);
    if (keep_or_refuse(admin, next, request))
        answer_removed(request, &(struct departure_report){.id = id});
}

static void refuse_configured(const struct admin *admin, struct http_request *request)
{
    char detail[PROBLEM_DETAIL_SIZE];
    const char *file = admin->settings.config_file;
    snprintf(detail, sizeof detail,
             "Take it out of %.100s and reload; until then, drain keeps it out of use.",
             file != NULL ? file : "the configuration");
    http_refuse(request, PROBLEM_SERVER_CONFIGURED, detail, NULL);
}

static bool no_room(const struct admin *admin)
{
    return admin->removals == ADMIN_REMOVALS_MAX ||
           admin->settings.departures->count == DEPARTURES_MAX;
}

void admin_remove(struct admin *admin, struct http_request *request, const char *id)
{
    char detail[PROBLEM_DETAIL_SIZE];
    struct server server;
    int64_t drain;
    enum problem problem = wish_query(http_query(request), &drain, detail);
    bool known = servers_find(admin->settings.servers, id, &server) != SERVER_NONE;
    if (problem != PROBLEM_NONE)
        http_refuse(request, problem, detail, NULL);
    else if (!known && members_find(admin->members, id) != NULL)
        remove_unused(admin, request, id);
    else if (!known)
        refuse(request, PROBLEM_NO_SUCH_SERVER);
    else if (server.source == SOURCE_CONFIG)
        refuse_configured(admin, request);
    else if (server.source == SOURCE_MASTER)
        refuse(request, PROBLEM_SERVER_STARTED);
    else if (server.health.leave || departures_has(admin->settings.departures, id))
        refuse(request, PROBLEM_SERVER_LEAVING);
    else if (no_room(admin))
        http_refuse(request, PROBLEM_OVERLOADED, "Too many servers are leaving already.", NULL);
    else
        begin_removal(admin, request, id, drain);
}

/* --- falling silent ------------------------------------------------------------------------------ */

static bool silent(const struct admin *admin, const struct member *member, int64_t now)
{
    struct server server;
    return member->source == SOURCE_JOINED && now - member->heard > MEMBER_SILENCE * CLOCK_SECOND &&
           (servers_find(admin->settings.servers, member->id, &server) == SERVER_NONE ||
            !server_state_alive(server.state));
}

void admin_bury(struct admin *admin, int64_t now)
{
    char id[SERVER_SIZE];
    size_t i = 0;
    while (i < admin->members->count && !silent(admin, &admin->members->servers[i], now))
        i++;
    if (i == admin->members->count)
        return;
    memcpy(id, admin->members->servers[i].id, sizeof id);
    struct members *next = copy_members(admin);
    members_remove(next, id);
    if (!keep(admin, next))
        return; /* tried again in a second */
    log_line("%s has joined, but is silent for %d s and cannot be reached: it is off the list", id,
             MEMBER_SILENCE);
    servers_leave(admin->settings.servers, id, "silent, and not to be reached");
}
