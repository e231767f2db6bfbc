/* A whole cluster of real processes on free ports, with a store and logs of its own.
 *
 * What cannot be had ends the test with a failed assertion that shows what the balancer wrote. Main
 * thread only. A cluster that a failed test left running is killed when the next one opens. */
#ifndef BOX_OFFICE_TEST_CLUSTER_H
#define BOX_OFFICE_TEST_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/outcome.h"
#include "common/routing_line.h"
#include "tests/lib/files.h"
#include "tests/lib/process.h"

enum {
    CLUSTER_SERVERS_MAX = 32,
    CLUSTER_OPTIONS_MAX = 8,
    CLUSTER_URL_SIZE = 72,
    CLUSTER_TOKEN_SIZE = 256,
};

/* A ticket server, as the admin listener shows it. */
struct cluster_server {
    char id[SERVER_SIZE];
    char url[CLUSTER_URL_SIZE];
    char state[16];
    pid_t pid;
    int64_t told, pending, boot;
};

struct cluster {
    char dir[FILES_PATH_SIZE]; /* holds all of its files */
    char logs[FILES_PATH_SIZE];
    char database[FILES_PATH_SIZE];
    char store[2 * FILES_PATH_SIZE]; /* URL */
    char token_file[FILES_PATH_SIZE];
    char token[CLUSTER_TOKEN_SIZE];
    char url[CLUSTER_URL_SIZE]; /* public */
    char admin[CLUSTER_URL_SIZE];
    char config[FILES_PATH_SIZE];  /* "": none, so that what is built in is in force */
    char session[FILES_PATH_SIZE]; /* the key of sessions */
    char members[FILES_PATH_SIZE]; /* what the admin API has added or drained */
    const char *balancer; /* below the build directory; the ticket servers are those beside it */
    struct process master;
    int servers;
    int servers_most; /* where their number follows the load: `servers` is the least; else 0 */
    const char
        *options[CLUSTER_OPTIONS_MAX + 1]; /* further ones of the balancer's; NULL ends them */

    /* As of the last cluster_look; ticket servers only. */
    pid_t router;
    struct cluster_server server[CLUSTER_SERVERS_MAX];
    size_t count;
};

/* Makes a store with `capacity` tickets of the event demo, starts `servers` ticket servers and a
 * balancer, and waits until all are up. */
void cluster_open(struct cluster *cluster, int64_t capacity, int servers);

/* The same, with further options for the balancer: at most CLUSTER_OPTIONS_MAX words, then NULL. */
void cluster_open_with(struct cluster *cluster, int64_t capacity, int servers,
                       const char *const *options);

/* The same with `least` to `most` ticket servers, as many as the load asks for. */
void cluster_open_range(struct cluster *cluster, int64_t capacity, int least, int most,
                        const char *const *options);

/* The same with a configuration, of which `json` is the text, so also with servers that are not ours: those
 * listen already, or not yet; nobody waits for them. What an earlier test left is not killed here, as they
 * may be running: that is their caller's (process_sweep). */
void cluster_open_config(struct cluster *cluster, int64_t capacity, int servers, const char *json,
                         const char *const *options);

/* The same with another build of the programs: "DIRECTORY/balancer". */
void cluster_open_build(struct cluster *cluster, const char *balancer, int64_t capacity,
                        int servers);

/* Where files of a cluster lie that are not to be in its `dir`; NULL: there. */
struct cluster_places {
    const char *
        store; /* the store, and beside it what lies there by default: token, key of sessions, members */
    const char *logs;
    const char
        *url; /* of a store that is there until the cluster is closed, and holds no event yet */
};

/* The same with another build, further options and files elsewhere. */
void cluster_open_at(struct cluster *cluster, const char *balancer, int64_t capacity, int servers,
                     const char *const *options, const struct cluster_places *places);

/* The same with the store at this URL. What an earlier test left is not killed here: who serves the store may be a process of ours. */
void cluster_open_store(struct cluster *cluster, const char *url, int64_t capacity, int servers);

/* Both: another build, and a store elsewhere. */
void cluster_open_build_store(struct cluster *cluster, const char *balancer, const char *url,
                              int64_t capacity, int servers);

/* Starts the balancer again, after its master has gone, on the same ports and store. */
void cluster_start_again(struct cluster *cluster);

/* The same, and nobody waits until anything is up. */
void cluster_begin_again(struct cluster *cluster);

/* Reads GET /servers; false where it cannot be had. */
bool cluster_look(struct cluster *cluster);

/* The state of any server by its id, those of other pools too; "" where it is not known. */
void cluster_state(struct cluster *cluster, const char *id, char state[16]);

/* Waits until this server is in this state. */
bool cluster_reaches(struct cluster *cluster, const char *id, const char *state);

/* Waits until the admin listener shows all ticket servers up. False where that does not come. */
bool cluster_all_up(struct cluster *cluster);

/* Waits until this server has another pid than `pid` and is up. */
bool cluster_restarted(struct cluster *cluster, size_t server, pid_t pid);

/* Waits until this server, stopped by SIGSTOP, is out of the running and nobody waits for it any more; or
 * has another pid than `pid`, because it held the store's lock and the master killed it. */
bool cluster_gave_up(struct cluster *cluster, size_t server, pid_t pid);

/* Waits until another router than `pid` is there and a server is up. */
bool cluster_router_restarted(struct cluster *cluster, pid_t pid);

/* Waits until no server has tickets pending and all are up, so that nothing is under way. */
bool cluster_quiet(struct cluster *cluster);

/* True where nobody crashed, and was quietly started again, since the master started: whoever died was
 * killed with SIGKILL. */
bool cluster_nobody_crashed(const struct cluster *cluster);

/* Ends the master by this signal, and expects that it exits 0, nothing is left running, and nobody
 * crashed and was started again since the master started. */
void cluster_stop(struct cluster *cluster, int signal);

/* Kills master, router and servers with SIGKILL, and waits until all are gone. */
void cluster_kill_all(struct cluster *cluster);

/* Kills all of them at once, whatever they are doing, and whether or not they answer. */
void cluster_drop(struct cluster *cluster);

/* Stops what runs, and removes the files. */
void cluster_close(struct cluster *cluster);

#endif
