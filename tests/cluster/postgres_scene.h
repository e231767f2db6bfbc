/* A cluster that sells from a PostgreSQL server of its own, with buyers who never stop, for tests of what is done to
 * either. What cannot be had ends the test. Main thread only. */
#ifndef BOX_OFFICE_TEST_POSTGRES_SCENE_H
#define BOX_OFFICE_TEST_POSTGRES_SCENE_H

#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/postgres.h"

enum {
    POSTGRES_SCENE_SERVERS = 3,
    POSTGRES_SCENE_SALES = 100, /* of the load, before and after each blow */
};

struct postgres_scene {
    struct pg_server database;
    struct cluster cluster;
    struct load load;
};

/* The buyers' keys begin with `prefix`; they ask again for a minute. */
void postgres_scene_open(struct postgres_scene *scene, const char *prefix);

/* Waits for some more sales. */
void postgres_scene_progress(struct postgres_scene *scene);

/* Sees that every buyer got what it came for, that all they know is in the store and nothing else, and that the log
 * can be proved; ends it all. */
void postgres_scene_close(struct postgres_scene *scene);

#endif
