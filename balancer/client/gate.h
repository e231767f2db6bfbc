/* What every request is looked at with: the configuration, the keys that it names, and the servers.
 *
 * Fixed at start; all workers share it, without a lock. Pools have the same indices in `config` and
 * `servers`. */
#ifndef BOX_OFFICE_GATE_H
#define BOX_OFFICE_GATE_H

#include <stdbool.h>

#include "balancer/pool/servers.h"
#include "balancer/routing/config.h"
#include "balancer/routing/jwt.h"
#include "balancer/routing/session.h"

struct gate {
    const struct config *config; /* not owned, as are the servers */
    struct servers *servers;
    struct jwt_rules jwt;                        /* where config->has_jwt */
    unsigned char session_key[SESSION_KEY_SIZE]; /* where a route has affinity by cookie or jwt */
    bool asks_token;                             /* a route asks whether there is a token ... */
    bool asks_host;                              /* ... or for a host */
};

/* Adds the configuration's pools and servers, which join, and reads the keys. `session_file`: where the key
 * of sessions is, or is made, if it is needed. False with a line on stderr where a key is not to be had. One
 * thread, before any other is started. */
bool gate_open(struct gate *gate, const struct config *config, struct servers *servers,
               const char *session_file);
void gate_close(struct gate *gate);

#endif
