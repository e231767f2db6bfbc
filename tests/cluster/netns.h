/* A network namespace of its own, tied to ours by a pair of virtual Ethernet devices, whose packets can be
 * dropped (ip-netns(8), veth(4), nft(8)).
 *
 * What cannot be had ends the test with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_NETNS_H
#define BOX_OFFICE_TEST_NETNS_H

#include <stdbool.h>

#include "tests/lib/files.h"

enum {
    NETNS_NAME_SIZE = 16, /* also of a device: IFNAMSIZ */
    NETNS_ADDRESS_SIZE = 20,
};

struct netns {
    char name[NETNS_NAME_SIZE];
    char ours[NETNS_NAME_SIZE], theirs[NETNS_NAME_SIZE]; /* devices */
    char address[NETNS_ADDRESS_SIZE];                    /* of theirs */
    char dir[FILES_PATH_SIZE];                           /* what the tools write */
};

/* False where this process may not: everything is as it was then. */
bool netns_open(struct netns *netns);

/* Drops what comes in there, or what goes out, from now on. */
void netns_drop_in(struct netns *netns);
void netns_drop_out(struct netns *netns);

/* Takes the link down. */
void netns_unplug(struct netns *netns);

/* Drops nothing, and the link is up. */
void netns_repair(struct netns *netns);
void netns_close(struct netns *netns);

#endif
