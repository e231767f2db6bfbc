/* Servers that are not ours, on free ports: nginx, python's http.server, or nobody yet.
 *
 * What cannot be had ends the test with a failed assertion. Main thread only. They die with the test, and
 * must be stopped before the cluster is, whose end is that no process is left. */
#ifndef BOX_OFFICE_TEST_PEERS_H
#define BOX_OFFICE_TEST_PEERS_H

#include "tests/lib/files.h"
#include "tests/lib/process.h"

enum {
    PEER_ADDRESS_SIZE = 24,
};

struct peer {
    char address[PEER_ADDRESS_SIZE]; /* 127.0.0.1:PORT */
    char url[PEER_ADDRESS_SIZE + 8];
    char dir[FILES_PATH_SIZE]; /* its files; what it serves is in www/ there */
    int listener;              /* of peer_expect; else -1 */
    struct process process;
};

/* Reserves an address that nobody listens at. It is below those that the system gives out itself, so that no
 * connection takes it meanwhile. */
void peer_address(struct peer *peer);

/* The same, and listens there, until peer_leave: so a check's connection is not refused before the server
 * that is to be there has started. */
void peer_listen(struct peer *peer);

/* Answers the balancer's next check that was not given up yet with 200; it may be, in this moment. */
void peer_greet(struct peer *peer);

/* Stops listening. */
void peer_leave(struct peer *peer);

/* Starts nginx at the address, with its files below `dir`, which is made; `further` is put into its server
 * block. It answers with X-Served-By: `name`. Waits until it listens. */
void peer_nginx(struct peer *peer, const char *dir, const char *name, const char *further);

/* Starts it again, after peer_stop, at the same address and with the same files. */
void peer_nginx_again(struct peer *peer);

/* Starts `python3 -m http.server` at the address, over `dir`/www, which is made. */
void peer_python(struct peer *peer, const char *dir);

/* Writes a file of this length below www/: bytes that look random, but are always the same,
 * as is its date: several servers give it the same ETag. */
void peer_file(const struct peer *peer, const char *name, size_t length);

/* Ends it, by SIGKILL, and waits. Its address stays reserved for nobody. */
void peer_stop(struct peer *peer);

#endif
