/* An HTTP client that need not behave: bytes over a socket, as they are.
 *
 * Used by one thread at a time per socket. Every wait has a deadline. */
#ifndef BOX_OFFICE_TEST_RAW_H
#define BOX_OFFICE_TEST_RAW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

/* The address in "http://127.0.0.1:PORT"; false where it is no such URL. */
bool raw_address(const char *url, struct sockaddr_in *address);

/* Connects to "http://127.0.0.1:PORT"; -1 where nobody listens. The caller closes it. */
int raw_connect(const char *url);

/* False where the other side does not take them all. */
bool raw_send(int fd, const void *bytes, size_t length);

struct raw_answer {
    unsigned status;     /* 0: closed (or silent) without a whole answer */
    bool closed;         /* the other side closed, before or after it */
    struct buffer bytes; /* head and body; zeroed to begin with; the caller frees it */
    size_t head;         /* length of the head, with its blank line */
};

/* The body of a whole answer, NUL-terminated; "" where there is none. */
const char *raw_body(struct raw_answer *answer);

/* Receives one whole answer, or until the other side closes, or `seconds` have passed. `head_only`:
 * the request was a HEAD, so no body follows. */
void raw_receive(int fd, struct raw_answer *answer, bool head_only, int seconds);

/* One connection, one request, one answer: receives until the other side closes or has answered. */
void raw_exchange(const char *url, const void *bytes, size_t length, struct raw_answer *answer);

#endif
