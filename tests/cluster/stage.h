/* A cluster with nginx servers in a pool of their own, "files", for the tests of routing and the proxy.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_STAGE_H
#define BOX_OFFICE_TEST_STAGE_H

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/peers.h"

enum {
    STAGE_PEERS = 3, /* files-1, files-2 and files-3; each tells its name as X-Served-By */
    STAGE_SMALL = 1024,
    STAGE_LARGE = 10 << 20,
};

struct stage {
    struct cluster cluster;
    struct peer peers[STAGE_PEERS];
    struct client *client;
    char dir[FILES_PATH_SIZE];
};

struct stage_plan {
    const char *routes;       /* the text within "routes": [ ] */
    const char *further;      /* behind it, as `, "jwt": {…}`; NULL: nothing */
    const char *nginx;        /* within the server block; NULL: nothing */
    int weights[STAGE_PEERS]; /* 0: 1 */
    int tickets;              /* ticket servers; 0: one */
    const char *options[3];   /* of the balancer */
};

/* Each server has /small (STAGE_SMALL bytes) and /large (STAGE_LARGE); all are up. */
void stage_open(struct stage *stage, const struct stage_plan *plan);

/* Asks for a path, with up to two further fields (or NULL): the status. `served`: who answered, or "". */
long stage_get(struct stage *stage, const char *path, const char *field, const char *other,
               char served[SERVER_SIZE]);

/* Stops all, and holds the log against its rules. stage_close afterwards. */
void stage_stop(struct stage *stage);
void stage_close(struct stage *stage);

#endif
