/* Three machines as deploy/patroni makes them: in namespaces of their own, with the recipe's files and addresses
 * (10.0.0.11 to 13), on a bridge in this process's own network (tests/failover/own_network.h), where it is 10.0.0.1.
 *
 * Needs root, and the packages patroni and etcd-server. What cannot be had ends the test with a failed assertion. Main
 * thread only. */
#ifndef BOX_OFFICE_TEST_NODES_H
#define BOX_OFFICE_TEST_NODES_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/lib/process.h"

enum {
    NODES = 3,
    NODE_PROCESSES_MAX = 256,
    NODE_NONE = -1,
};

/* What a machine is in the cluster, as the others see it. */
enum role {
    ROLE_NONE, /* away, or not running */
    ROLE_LEADER,
    ROLE_SYNC, /* the synchronous standby */
    ROLE_REPLICA,
};

struct nodes {
    char dir[FILES_PATH_SIZE];
    struct process machine[NODES]; /* pid 0: off */
    enum role role[NODES];         /* as of the last look */
};

/* The network must be entered. Starts all three and waits until they are a cluster; makes the role and the database
 * of the ticket servers, and lets them log in from this process on (PGPASSFILE). */
void nodes_open(struct nodes *nodes);

/* All that is needed to sell from them. */
extern const char nodes_url[];

/* Asks who is what; machine `but` (or NODE_NONE) is not asked. False where nobody answers. */
bool nodes_look(struct nodes *nodes, int but);

/* The machine with this role, as of the last look; NODE_NONE: there is none. */
int nodes_find(const struct nodes *nodes, enum role role);

/* Waits until another machine than this one leads, and one follows it synchronously. */
bool nodes_led_by_another(struct nodes *nodes, int than);

/* Waits until all three run: a leader, a synchronous standby, a replica. */
bool nodes_complete(struct nodes *nodes);

/* Kills a machine, all at once; switches it on again, with its disk as it was. */
void node_kill(struct nodes *nodes, int node);
void node_start(struct nodes *nodes, int node);

/* Stops all of its processes (SIGSTOP) or lets them go on. `name`: only those of this program; NULL: all. */
void node_signal(struct nodes *nodes, int node, int signal, const char *name);

/* Pulls its cable, or plugs it in again. */
void node_unplug(int node);
void node_plug(int node);

/* `patronictl switchover` from one to the other. */
void nodes_switch_over(struct nodes *nodes, int from, int to);

void nodes_close(struct nodes *nodes);

#endif
