/* The configuration: pools of servers, routes to them, and whom to trust. Read from a JSON file, or
 * built in.
 *
 *     {
 *       "pools": {
 *         "tickets": {"check": {"interval": 0.25, "timeout": 1, "rise": 1, "fall": 2},
 *                     "thresholds": {"cpu": 90, "memory": 512, "network": 100, "commit": 0.5},
 *                     "eject": {"failures": 5, "share": 50, "requests": 20,
 *                               "pause": 1, "pause_max": 60},
 *                     "out_most": 50, "max_pending": 512, "slow_start": {"time": 10, "from": 32},
 *                     "waiting": 16384, "retries": {"reserve": 1024, "share": 20}},
 *         "files": {"servers": [{"id": "files-1", "address": "127.0.0.1:9001", "weight": 2}],
 *                   "check": {"path": "/healthz", "status": [200, 399]}, "timeout": 30,
 *                   "connections": 1024}
 *       },
 *       "routes": [
 *         {"name": "purchase", "match": {"path": "/purchases"}, "pool": "tickets",
 *          "policy": "fewest-sold"},
 *         {"name": "pictures",
 *          "match": {"method": ["GET", "HEAD"], "prefix": "/pictures/", "host": "shop.example",
 *                    "header": {"X-Beta": "1"}, "cookie": {"lang": true}, "authenticated": true},
 *          "pool": "files", "policy": "ip-hash", "affinity": "cookie", "demand_token": false}
 *       ],
 *       "jwt": {"algorithm": "HS256", "key_file": "db/jwt.key", "issuer": "https://id.example",
 *               "audience": "box-office"},
 *       "trusted_proxies": ["10.0.0.0/8", "::1"]
 *     }
 *
 * Only "routes" is required, and of a route its name and pool. The pool "tickets" is always there and
 * names no servers: the balancer starts them itself. A route without "policy" goes by round-robin, to
 * "tickets" too. All else is refused that is unknown, of another type, out of bounds, comes twice, or
 * names what is not there; names may be used before they are defined.
 *
 * What a pool says beside its servers are its rules (balancer/pool/rules.h), with these bounds. Of one
 * that it leaves out, what goes without saying is in force.
 *
 *     timeout     1 to 3600 s, whole; not for "tickets"
 *     check       "/path", short for {"path": "/path"}, or false: none. For "tickets" without path and
 *                 status. interval 0.05 to 60 s, timeout 0.01 to 60 s, status [200 to 599, as high or
 *                 higher], rise and fall 1 to 100
 *     thresholds  for "tickets": others do not report. cpu 1 to 100000 % of one processor, memory 1 to
 *                 16777216 MiB, network 1 to 100000 MB/s, commit 0.001 to 60 s; one left out: none
 *     eject       false: never. failures 1 to 1000, share 1 to 100 %, requests 1 to 100000, pause 0.05 to
 *                 3600 s, pause_max as long or longer, to 3600 s
 *     out_most    0 to 100 %
 *     max_pending, elsewhere connections   1 to 65535: the limit
 *     slow_start  false: none. time 0.1 to 3600 s, from 1 to the limit
 *     waiting     1 to 1000000
 *     retries     reserve 0 to 1000000, share 0 to 100 %
 *
 * Seconds have at most three decimals where they need not be whole, all other numbers none.
 *
 * Once made, a configuration does not change: any thread may read it. */
#ifndef BOX_OFFICE_CONFIG_H
#define BOX_OFFICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/own_servers.h"
#include "balancer/pool/rules.h"
#include "balancer/routing/jwt.h"
#include "common/buffer.h"
#include "common/network.h"
#include "common/outcome.h"
#include "common/policy.h"
#include "common/routing_line.h"
#include "common/socket.h"

enum {
    CONFIG_FILE_MAX = 1 << 20, /* bytes */
    CONFIG_ERROR_SIZE = 768,
    CONFIG_NAME_SIZE = SERVER_SIZE, /* of a pool or route: 1 to 32 of a-z 0-9 -, and the NUL */
    CONFIG_TEXT_MAX = 1024,         /* bytes of a path, a value, a file name */
    CONFIG_POOLS_MAX = 16,          /* "tickets" included */
    CONFIG_SERVERS_MAX = ROUTING_SERVERS_MAX - OWN_SERVERS_MAX, /* of all pools together */
    CONFIG_ROUTES_MAX = 64,
    CONFIG_METHODS_MAX = 16, /* of one route */
    CONFIG_FIELDS_MAX = 8,   /* headers of one route; as many cookies */
    CONFIG_NETWORKS_MAX = 64,
    CONFIG_WEIGHT_MAX = 1000,
    CONFIG_TIMEOUT_MAX = 3600,      /* seconds */
    CONFIG_CONNECTIONS_MAX = 65535, /* at once to a server, or tickets pending there */
    CONFIG_WAITING_MAX = 1000000,
    CONFIG_TICKETS = 0, /* the index of the pool "tickets" */
};

struct server_config {
    char id[SERVER_SIZE];       /* unique over all pools; "server-N" are the balancer's own */
    char address[ADDRESS_SIZE]; /* numeric "ADDR:PORT", the port not 0 */
    int64_t weight;             /* 1 to CONFIG_WEIGHT_MAX */
};

struct pool_config {
    char name[CONFIG_NAME_SIZE];
    bool tickets;                  /* has no servers here, and no timeout */
    struct server_config *servers; /* owned */
    size_t count;                  /* of servers, at least one */
    char *check;                   /* rules.check, owned; NULL: none, or that of "tickets" */
    int64_t timeout;               /* of a request: for each step; microseconds */
    struct pool_rules rules;
};

/* A header or cookie that a request must have. */
struct route_field {
    char *name;
    char *value; /* NULL: any */
};

/* What a request must be like; texts are owned. All zero: any request. */
struct route_match {
    char *path;         /* begins with '/'; NULL: any */
    size_t path_length; /* strlen(path) */
    bool prefix;        /* the path may go on, at the boundary of a segment */
    bool asks_token;    /* whether `authenticated` counts */
    bool authenticated;
    char *host; /* lower case, without port; NULL: any */
    size_t method_count, header_count, cookie_count;
    char *methods[CONFIG_METHODS_MAX]; /* one of these, where there are any */
    struct route_field headers[CONFIG_FIELDS_MAX], cookies[CONFIG_FIELDS_MAX];
};

struct route {
    char name[CONFIG_NAME_SIZE];
    struct route_match match;
    size_t pool; /* its index */
    enum policy policy;
    enum affinity affinity;
    bool demand_token; /* 401 where the request has no valid token */
};

struct jwt_config {
    enum jwt_algorithm algorithm; /* a token signed by another is none */
    char *key_file;               /* owned, like the next two; read by who verifies tokens */
    size_t key_line;              /* the file's line that names it */
    char *issuer;                 /* what "iss" must be; NULL: anything */
    char *audience;               /* what "aud" must hold; NULL: anything */
};

struct config {
    struct pool_config pools[CONFIG_POOLS_MAX]; /* "tickets", then in the file's order */
    size_t pool_count;
    size_t server_count;                    /* of all pools together */
    struct route routes[CONFIG_ROUTES_MAX]; /* the first that matches takes a request */
    size_t route_count;
    bool has_jwt; /* else no route asks for a token, in whichever way */
    struct jwt_config jwt;
    struct network trusted[CONFIG_NETWORKS_MAX]; /* proxies whose word about the client is taken */
    size_t trusted_count;
};

/* Makes *config of a file's text, which need not end with a NUL. False with one line in `error`,
 * "FILE:LINE: REASON", where it is refused; then there is nothing to free. `file` is only named. */
bool config_read(const char *file, const char *text, size_t length, struct config *config,
                 char error[CONFIG_ERROR_SIZE]);

/* What is in force without a file, all to "tickets": the routes `purchase` (/purchases) and `hold` (POST and DELETE
 * of /holds and below), by that policy; round-robin `read-hold`, `read`, `tokens`, `keys` (/holds, /events, /tokens,
 * /keys, and below), `check-in` and `document` (/check-ins, /openapi.json). */
void config_builtin(struct config *config, enum policy purchases);

/* Appends it as JSON that config_read reads to the same, every default spelled out (with which a file
 * near CONFIG_FILE_MAX may pass it). */
void config_print(const struct config *config, struct buffer *out);

void config_free(struct config *config);

/* Trusts further proxies: "CIDR[,CIDR…]" (common/network.h). False with the reason where one is
 * no network, or they are too many. */
bool config_trust(struct config *config, const char *list, char error[CONFIG_ERROR_SIZE]);

/* Whether this address (numeric, without port) is in a trusted network. */
bool config_trusts(const struct config *config, const char *address);

#endif
