/* Watches what a cluster's processes and files cost over time: a row per look in a table, the most of
 * each figure, and whether it has come back to where it was.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_WATCH_H
#define BOX_OFFICE_TEST_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/growth/footprint.h"
#include "tests/lib/cluster.h"

enum {
    WATCHED_MAX = CLUSTER_SERVERS_MAX + 2,
};

struct watched {
    char name[SERVER_SIZE]; /* "master", "router", "server-1", … */
    pid_t pid;
    struct footprint base; /* where its figures should come back to */
    struct footprint now;
    struct footprint most;
};

/* Bytes. */
struct watched_files {
    int64_t database, journal, logs;
};

struct watch {
    struct cluster *cluster;
    struct watched process[WATCHED_MAX]; /* the master, the router, then the servers */
    size_t count;
    struct watched_files files, files_most;
    int64_t begun;    /* clock_monotonic() */
    FILE *table;      /* tab-separated; NULL: none is wanted. Owned */
    bool rows;        /* show a row on stderr now and then */
    int64_t row_at;   /* when the next one is due */
    const char *part; /* of the run: "warm-up", … */
};

/* Begins with the processes that run now. `table`: path of a file to write, or NULL. */
void watch_open(struct watch *watch, struct cluster *cluster, const char *table);
void watch_close(struct watch *watch);

/* Takes all figures. A process that is gone is a failed assertion. */
void watch_look(struct watch *watch);

/* Takes the figures of now as where they should come back to. */
void watch_base_descriptors(struct watch *watch);
void watch_base_memory(struct watch *watch);

/* Forgets the most so far. */
void watch_most_again(struct watch *watch);

/* Prints base, most and now of each process. */
void watch_print(const struct watch *watch);

#endif
