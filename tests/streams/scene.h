/* A cluster whose balancer forwards all but purchases and events to an upstream of ours.
 *
 * Main thread only, but for what scene_buyer's thread does. */
#ifndef BOX_OFFICE_TEST_STREAMS_SCENE_H
#define BOX_OFFICE_TEST_STREAMS_SCENE_H

#include "tests/lib/cluster.h"
#include "tests/streams/upstream.h"

struct streams_scene {
    struct cluster cluster;
    struct upstream upstream;
    struct upstream other; /* where there are two */
    bool two;
    char config[FILES_PATH_SIZE], dir[FILES_PATH_SIZE];
};

/* `timeout`: seconds for which the balancer waits for the upstream. */
void scene_begin(struct streams_scene *scene, int timeout);

/* The same over an upstream whose checks are answered late. */
void scene_begin_late(struct streams_scene *scene, int timeout);

/* The same with a second upstream; requests go to one after the other. */
void scene_begin_two(struct streams_scene *scene, int timeout);

/* Stops the cluster, and has the report prove its log and the audit its store. */
void scene_prove(struct streams_scene *scene);

/* Stops what still runs, and removes the files. */
void scene_end(struct streams_scene *scene);

#endif
