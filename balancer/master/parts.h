/* What the parts of the master share: master.c has its life, signals and the children's voices, begin.c what
 * is needed before, slots.c the ticket servers, routers.c the routers, handover.c how one router follows
 * another, upgrade.c how one program does, state.c what it leaves to the next. Nobody else includes this. */
#ifndef BOX_OFFICE_MASTER_PARTS_H
#define BOX_OFFICE_MASTER_PARTS_H

#include "balancer/child.h"
#include "balancer/message.h"
#include "balancer/pool/own_servers.h"
#include "balancer/settings.h"
#include "common/buffer.h"
#include "common/loop.h"

enum {
    ROUTERS_DRAINING_MAX = 8,
    ROUTERS_MAX = ROUTERS_DRAINING_MAX + 2, /* one that serves, and one that is to */
    MASTER_PATH_SIZE = 4096,
};

struct master;

enum router_role {
    ROUTER_NONE,     /* no process, and none is wanted */
    ROUTER_CURRENT,  /* serves; started again when it dies */
    ROUTER_NEXT,     /* has been started to take over, and does not serve yet */
    ROUTER_DRAINING, /* another has taken over */
};

struct router_process {
    struct master *master;
    struct child child;
    enum router_role role;
    int config_fd; /* the configuration's text, owned; -1: built in */
    size_t up;     /* servers, as it says */
    bool serving;
    bool leads;              /* was told so, and has not become quiet since */
    bool deaf;               /* a message to it was lost: its channel is full */
    struct loop_timer limit; /* when it is killed: it does not come to serve, or to an end */
};

/* What a ticket server has been told to stop for. */
enum slot_order { ORDER_NONE, ORDER_RETIRE, ORDER_RENEW };

/* The place of a ticket server: server-1, server-2, … */
struct slot {
    struct master *master;
    struct child child; /* whose `restart` also says when one that was told to stop is killed */
    bool wanted;
    enum slot_order order;
    int64_t restarts; /* since the first start, because it had ended */
    int64_t
        renewed; /* clock_monotonic(): it was started again by order; 0: it has been ready since */
};

/* The program on disk, while it is tried. */
struct trial {
    struct child child; /* pid 0: there is none */
    int state_fd, config_fd;
    bool fit;                /* it said so */
    struct loop_timer limit; /* when it is killed */
};

struct master {
    const struct settings *settings;
    char **argv; /* as the first of its programs got them; not owned */
    int argc;
    struct loop *loop;
    int public_fd, admin_fd, signal_fd;
    char self[MASTER_PATH_SIZE];          /* the program itself, where it was when it was started */
    char ticket_server[MASTER_PATH_SIZE]; /* beside it */
    struct router_process routers[ROUTERS_MAX];
    struct slot slots[OWN_SERVERS_MAX];
    int64_t begun; /* of the first settings->servers_min: so many have had their first start */
    struct trial trial;
    bool upgrading; /* of the handover that is under way: to another program ... */
    bool asked;     /* ... and the router asked for it */
    bool greeted, stopping;
    int status; /* of exit */
    struct loop_timer greet_timer, stop_timer;
};

/* master.c */
void master_watch(struct master *master, struct child *child); /* hears its channel */
void master_watch_room(struct master *master,
                       struct child *child); /* and when there is room in it */
void master_reap(struct master *master);
void master_greet(struct master *master); /* if it is time to */
void master_stop(struct master *master, int status);
/* A child that fails before anybody was of use has said why; starting it again would not help. */
bool master_is_hopeless(const struct master *master, int status);

/* begin.c: all end the process with one line where they fail. */
void begin_programs(struct master *master); /* self, unless it is known, and ticket_server */
void begin_listening(struct master *master);
void begin_places(const struct master *master);    /* what the router will need is there */
int begin_config(const struct settings *settings); /* the text of its file; -1: there is none */

/* slots.c */
void slots_prepare(struct master *master);
void slots_start_next(struct master *master);
struct slot *slots_find(struct master *master, const struct child *child);
void slot_heard(struct slot *slot, const struct message *message);
void slot_ended(struct slot *slot, int status);
/* The leading router wants this. */
void slots_obey(struct master *master, const struct message *message);
/* Whether one is ended and started again by order, and is not ready yet; not for ever. */
bool slots_renewing(const struct master *master);
void slots_stop(struct master *master);
bool slots_left(const struct master *master);

/* routers.c */
void routers_prepare(struct master *master);
struct router_process *routers_in(struct master *master, enum router_role role); /* or NULL */
bool router_start_next(struct router_process *router);
void router_start_current(struct router_process *router); /* now, or after a pause */
void router_free(struct router_process *router);          /* its process is gone */
void router_heard(struct router_process *router, const struct message *message);
void router_ended(struct router_process *router, int status);
void router_tell(struct router_process *router, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* There is room again, after it has lost messages: it is told all that holds now. */
void router_tell_again(struct router_process *router);
void routers_tell(struct master *master, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Lets the current router lead as soon as no other does. */
void routers_lead(struct master *master);
void routers_stop(struct master *master);
bool routers_left(const struct master *master);

/* handover.c */
bool handover_is_under_way(struct master *master);
bool handover_may_begin(struct master *master, const char **reason);
void handover_refuse(struct master *master, bool asked, const char *what, const char *reason);
void handover_begin(struct master *master,
                    int config_fd); /* the descriptor is its own from now on */
void handover_serving(struct router_process *next);
void handover_quiet(struct router_process *before);
void handover_failed(struct router_process *next, const char *how);

/* upgrade.c */
void upgrade_prepare(struct master *master);
void upgrade_ended(struct master *master, int status); /* the trial */

/* state.c */
void state_write(const struct master *master, int config_fd, struct buffer *out);
/* Fills in what state_write took. False where the text is none of ours, or of another version. */
bool state_read(struct master *master, int *config_fd, const char *text);

#endif
