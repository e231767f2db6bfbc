/* Our HTTP server, opened for one input: whatever bytes come on a connection, in pieces, and then its end;
 * and what was answered. It listens on a socket of this process that nobody else can reach. */
#ifndef BOX_OFFICE_FUZZ_FACE_H
#define BOX_OFFICE_FUZZ_FACE_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/buffer.h"
#include "common/http.h"

enum {
    FACE_BODY_MAX = 1000,
};

/* Where a server and its client meet: a name in the kernel's own space. */
struct sockaddr_un face_address(socklen_t *length);

/* Talks to `handler` until all is answered. `piece`: bytes sent at a time; 0: all at once. `turn` (NULL:
 * none) is called once per turn of `loop`, which is the caller's, and stopped at the end; NULL: one is
 * opened for the talk. */
struct face {
    http_handler *handler;
    void *context;
    loop_call *turn;
    struct loop *loop;
    size_t piece;
    struct buffer answers; /* the caller frees it */
};

void face_talk(struct face *face, const uint8_t *bytes, size_t length);

struct face_answer {
    unsigned status;
    bool ours; /* not one of libmicrohttpd's own, which are no JSON */
    const char *body;
    size_t length;
};

/* Takes one answer off the front of *at; false where there is none that is well formed. It must not answer
 * a HEAD. */
bool face_answer(const char **at, const char *end, struct face_answer *answer);

/* Demands that the answers are well formed, one after the other, to their end; how many there are. */
size_t face_check(struct buffer *answers);

#endif
