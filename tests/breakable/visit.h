/* The connections of a breakable server: a thread each, which takes one request after the other whole,
 * asks the server behind, and answers, or does what the manner of the moment is.
 *
 * Of HTTP/1.1 it knows no more than that: heads, and bodies of a Content-Length. The manner is looked at
 * once when a request has come, and once more when it is answered: so what a server did may stay unknown. */
#ifndef BOX_OFFICE_TEST_VISIT_H
#define BOX_OFFICE_TEST_VISIT_H

#include <netinet/in.h>

#include "common/thread.h"
#include "tests/breakable/manner.h"

enum {
    VISITS_MAX = 512, /* further connections are closed */
    VISIT_MESSAGE_MAX =
        4 << 20, /* bytes of a request or an answer; a longer one ends its connection */
};

struct visit;

struct breakable {
    struct sockaddr_in to; /* the server behind; fixed */
    struct lock lock;      /* guards what follows */
    struct manner manner;
    struct visit *visits;
    unsigned count;
    unsigned garbage; /* answers so far */
};

/* Takes a connection, which is the visit's from now on. Main thread. */
void visit_begin(struct breakable *breakable, int fd);

/* From now on it behaves so. Connections end where the manner strikes them. Main thread. */
void breakable_behave(struct breakable *breakable, const struct manner *manner);

#endif
