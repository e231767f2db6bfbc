/* A caller: one keep-alive HTTP/1.1 connection, on a loop: a request out, its answer in, the next.
 *
 * Written by hand because it shares the machine with the cluster it measures: libcurl's multi
 * interface takes several times as long per request. It understands answers with a Content-Length
 * from a server of our own, and nothing else. All functions: the loop's thread. */
#ifndef BOX_OFFICE_RUSH_CALLER_H
#define BOX_OFFICE_RUSH_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/loop.h"

struct caller;

/* Where to connect. */
struct destination {
    struct sockaddr_storage address;
    socklen_t length;
    char host[300]; /* for the Host header: "127.0.0.1:8080" */
};

/* Reads "http://HOST[:PORT][/]". False where it is no such URL or the host has no address. */
bool destination_find(struct destination *destination, const char *url);

/* The answer to a request; status 0: it did not come, for the reason in `body`. The body is valid
 * during the call, in which the next request may be sent. */
typedef void caller_done(void *context, unsigned status, const char *body, size_t length);

/* `destination` must outlive the connection. Connects with the first request, and again whenever
 * the other side has closed. */
struct caller *caller_open(struct loop *loop, const struct destination *destination,
                           caller_done *done, void *context);
void caller_close(struct caller *caller);

/* Sends a whole request (copied). The one before it must be done. `done` may be called from inside. */
void caller_send(struct caller *caller, const char *request, size_t length);

/* Gives up waiting for the answer: done with status 0. Nothing where none is awaited. */
void caller_cut(struct caller *caller, const char *why);

#endif
