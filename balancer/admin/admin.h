/* The admin API: what the balancer knows of its servers, and the ways to change it. As JSON.
 *
 *   GET /servers           every server: state, since when and why, its last check, counters
 *   POST /servers          adds one: {"id","pool","url","weight"}; 201
 *   GET /servers/ID        one server
 *   PUT /servers/ID        a ticket server joins by itself: {"pool","url","weight"}; 201; the same again with
 *                          "heartbeat":true at least every MEMBER_SILENCE seconds: 200. It may join from
 *                          another address (it was started anew); a heartbeat from elsewhere: 409
 *   PATCH /servers/ID      {"state":"drain"}: nothing new for it; {"state":"ready"}: as before
 *   DELETE /servers/ID     ?drain=30s: lets it finish what it has, and answers when it has left the list
 *   POST /reload, POST /upgrade, POST /rolling-restart     see the calls below
 *   GET /rolling-restart   how far it is
 *   GET /healthz           200 where a ticket server is up, else 503; open, as it tells only whether it sells, too:
 *                          "selling" is false while the last flight of each was refused by its store. That is no
 *                          503: who were taken out for it would get no flight that could show otherwise
 *
 * All but the last need the bearer token. What is added or drained is in the members file (pool/members.h),
 * on the disk, before it is in force and before it is answered. Errors are problems (common/problem.h).
 *
 * The main thread of the router only. */
#ifndef BOX_OFFICE_ADMIN_H
#define BOX_OFFICE_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "balancer/pool/departures.h"
#include "balancer/pool/servers.h"
#include "common/buffer.h"
#include "common/http.h"
#include "common/loop.h"

enum {
    ADMIN_BODY_MAX = 16 * 1024,
    ADMIN_WHY_SIZE = 200,       /* the reason of a refusal, in words */
    ADMIN_COMMAND_SECONDS = 30, /* for a command to be done */
    MEMBER_SILENCE =
        10, /* seconds: who has joined, is silent for so long and not to be reached, leaves */
};

enum admin_command {
    ADMIN_RELOAD,
    ADMIN_UPGRADE,
    ADMIN_ROLLING_RESTART,
    ADMIN_COMMANDS,
};

/* What the router does for the admin API; each may be NULL, where it does not. */
struct admin_calls {
    /* Servers have come, or have another address: they should be checked at once. */
    void (*changed)(void *context);

    /* Begins the command. False, with the reason, where it cannot begin. Of a rolling restart that is all:
     * its progress tells the rest. Else admin_done follows, within ADMIN_COMMAND_SECONDS, or admin_quiesce,
     * which says that it is done; neither from inside of this call. */
    bool (*command)(void *context, enum admin_command command, char why[ADMIN_WHY_SIZE]);

    /* Appends the progress of the present or last rolling restart, a JSON object with at least
     * {"running":bool,"done":N,"total":N,"detail":"a sentence"}: servers that have been renewed, of how many;
     * where it is at, or how it ended. */
    void (*progress)(void *context, struct buffer *out);

    void *context;
};

/* Not owned, all of it; it stays until admin_close. */
struct admin_settings {
    struct loop *loop;
    struct servers *servers;
    struct departures *departures;
    const char *token_file;   /* --token-file */
    const char *members_file; /* --members */
    const char *config_file;  /* --config, or NULL; only named */
    bool allow_remote;        /* --allow-remote: servers on other machines may be added */
    struct admin_calls calls;
};

struct admin;

/* Before the workers start: reads the token, and the members file, whose servers join the list (so that a
 * router has them before it leads). NULL with a line on stderr where there is no token to be had. */
struct admin *admin_open(const struct admin_settings *settings);

/* From now on this router leads: reads the members file again, which another router may have written since,
 * lets the list of servers follow, and listens. `listen_fd`: owned by it from now on; at most
 * `connections_max` clients at once. False with a line on stderr where it cannot listen. */
bool admin_lead(struct admin *admin, int listen_fd, unsigned connections_max);

/* The master has told of a server: if it is to be drained, it is. */
void admin_server_joined(struct admin *admin, const char *id);

/* Whether a server of this id is to be drained for good, as the members file says. */
bool admin_drained(const struct admin *admin, const char *id);

/* A command is over. `why`: the reason of its refusal; NULL: it is done. Nothing where nobody waits. */
void admin_done(struct admin *admin, enum admin_command command, const char *why);

/* Another router leads: closes the listener, and answers who waits for a reload or an upgrade: it is done.
 * Who waits for a server to leave still does. On connections that are left nothing is changed any more (503
 * with Retry-After): asked again, on a new connection, the router that leads answers. */
void admin_quiesce(struct admin *admin);

/* Whether nobody waits for an answer, so that admin_close cuts nobody off. */
bool admin_idle(const struct admin *admin);

/* Answers who waits still, if there is time: the balancer stops. Call departures_close first. */
void admin_close(struct admin *admin);

/* The http_handler behind the listener; the context is the struct admin. */
void admin_handle(void *context, struct http_request *request);

#endif
