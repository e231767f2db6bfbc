/* A ticket server that no master has started, at an address of its own, with a breakable server before it
 * where that is wanted (tests/breakable): what joins a balancer at run time.
 *
 * What cannot be had ends the test with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_LONE_SERVER_H
#define BOX_OFFICE_TEST_LONE_SERVER_H

#include "common/outcome.h"
#include "tests/lib/cluster.h"
#include "tests/lib/peers.h"

enum {
    LONE_OPTIONS_MAX = 8,
};

struct lone_server {
    const struct cluster *cluster; /* whose store it sells from and whose log directory it has */
    char id[SERVER_SIZE];
    const char *program; /* below the build directory */
    struct peer peer;    /* its address and process */
    struct peer front;   /* those of the breakable server; without one, those of itself */
    char control[FILES_PATH_SIZE];
    char netns[24];                            /* the network namespace it runs in; "": ours */
    const char *options[LONE_OPTIONS_MAX + 1]; /* further ones; NULL ends them */
};

/* Starts "ticket_server" and waits until it answers. `options`: at most LONE_OPTIONS_MAX words, then NULL;
 * or NULL. It joins nobody, unless they say so. */
void lone_open(struct lone_server *lone, const struct cluster *cluster, const char *id,
               const char *const *options);

/* The same within a network namespace, at this address there. */
void lone_open_within(struct lone_server *lone, const struct cluster *cluster, const char *id,
                      const char *netns, const char *address);

/* Starts a breakable server before it, whose address is in `front` from now on. It passes all at first. */
void lone_add_front(struct lone_server *lone);

/* Tells the breakable server how to behave (tests/breakable/manner.h), and waits until it does. */
void lone_behave(struct lone_server *lone, const char *manner);

/* Kills the ticket server with SIGKILL and waits; starts it again at the same address, and does not wait. */
void lone_kill(struct lone_server *lone);
void lone_start(struct lone_server *lone);

/* Stops a ticket server with SIGSTOP at a moment when it does not hold the store's writer lock, and is not handed
 * it before the last of its threads has stopped: nobody sells while its owner is frozen, and only a master can
 * kill him, once another of its servers complains. False where no such moment comes. */
bool freeze_without_lock(const struct cluster *cluster, pid_t pid);
bool lone_freeze(struct lone_server *lone);
void lone_thaw(struct lone_server *lone);

/* Whether GET /healthz is answered with 200 within a second: by whoever listens at this URL, by the front. */
bool is_well_at(const char *url);
bool lone_is_well(const struct lone_server *lone);

/* Waits for that. */
bool lone_await(struct lone_server *lone);

/* Kills both, and waits. */
void lone_close(struct lone_server *lone);

#endif
