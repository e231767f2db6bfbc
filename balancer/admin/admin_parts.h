/* What the parts of the admin API share: admin.c begins and ends it, api.c finds out what a request is for,
 * show.c tells of servers, membership.c changes them, commands.c hands commands on. Nobody else includes
 * this. */
#ifndef BOX_OFFICE_ADMIN_PARTS_H
#define BOX_OFFICE_ADMIN_PARTS_H

#include "balancer/admin/admin.h"
#include "balancer/admin/attempts.h"
#include "balancer/admin/token.h"
#include "balancer/pool/members.h"

enum {
    ADMIN_REMOVALS_MAX = 32, /* who wait for a server to leave: fewer than may be connected */
    ADMIN_DISMISSED_MAX = 64,
};

/* Who waits for a command. */
struct admin_waiting {
    struct http_request *request; /* NULL: nobody */
    int64_t deadline;             /* clock_monotonic() */
};

struct admin {
    struct admin_settings settings;
    char token[TOKEN_SIZE];
    struct members *members; /* owned; as in the file */
    struct http_server *http;
    struct loop_timer timer; /* each second */
    struct attempts attempts;
    struct admin_waiting waiting[ADMIN_COMMANDS];
    size_t removals;
    bool unread;   /* the members file could not be read: what is in it is not known */
    bool replaced; /* another router leads: the members are its to change */
    char dismissed[ADMIN_DISMISSED_MAX]
                  [SERVER_SIZE]; /* removed; a heartbeat does not bring them back */
    size_t dismissed_next;
};

/* --- answers --- */

/* Answers with the body, which is freed. `location`: of a 201 or 202; else NULL. */
void admin_answer(struct http_request *request, unsigned status, struct buffer *body,
                  const char *location);
void admin_answer_server(struct admin *admin, struct http_request *request, unsigned status,
                         const char *id);

/* Appends a server, or all of them. */
void admin_show(struct buffer *out, const struct servers *servers, const struct server *server);
void admin_show_all(struct buffer *out, struct servers *servers);

/* --- what a request is for; `id` is the one in its path --- */

void admin_add(struct admin *admin, struct http_request *request);
void admin_join(struct admin *admin, struct http_request *request, const char *id);
void admin_change(struct admin *admin, struct http_request *request, const char *id);
void admin_remove(struct admin *admin, struct http_request *request, const char *id);
void admin_command(struct admin *admin, struct http_request *request, enum admin_command command);

/* --- what came of it --- */

/* Servers have come, or have another address. */
void admin_announce(const struct admin *admin);

/* --- each second --- */

/* Removes members that have fallen silent and cannot be reached. */
void admin_bury(struct admin *admin, int64_t now);

/* Answers who has waited for a command for too long. */
void admin_give_up(struct admin *admin, int64_t now);

#endif
