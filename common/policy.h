/* The policies by which a server is chosen, and their names: in the configuration, in the routing log
 * and in what reads it. Any thread. */
#ifndef BOX_OFFICE_POLICY_H
#define BOX_OFFICE_POLICY_H

#include <stdbool.h>
#include <stddef.h>

enum policy {
    POLICY_FEWEST_SOLD,       /* the fewest tickets sold and pending; for servers that sell */
    POLICY_ROUND_ROBIN,       /* each in turn, by weight */
    POLICY_LEAST_CONNECTIONS, /* the fewest requests under way, by weight */
    POLICY_POWER_OF_TWO,      /* the better one of two drawn at random */
    POLICY_IP_HASH,           /* the same one for the same client address */
    POLICY_LEAST_WORKLOAD,    /* the least busy, as the servers report it */
    POLICY_RANDOM,            /* drawn, by weight */
    POLICY_COUNT,
};

/* All names, as one would list them in a sentence. */
#define POLICY_NAMES                                                                               \
    "fewest-sold, round-robin, least-connections, power-of-two, ip-hash, least-workload, random"

/* e.g. "round-robin"; a literal. */
const char *policy_name(enum policy policy);

/* The policy of exactly this name; false where there is none. `name` need not end with a NUL. */
bool policy_parse(const char *name, size_t length, enum policy *policy);

#endif
