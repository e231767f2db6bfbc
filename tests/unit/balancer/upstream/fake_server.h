/* A ticket server that does as it is told, also what none should: over bare sockets on a held loop.
 *
 * Fields may be read and set while the loop is held. */
#ifndef BOX_OFFICE_TEST_FAKE_SERVER_H
#define BOX_OFFICE_TEST_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/item.h"
#include "common/loop.h"
#include "common/socket.h"

enum {
    FAKE_CONNECTIONS_MAX = 16,
};

enum fake_manner {
    FAKE_ANSWERS,
    FAKE_HOLDS,         /* answers when fake_server_release says so */
    FAKE_SELLS_HOLDS,   /* answers a hold with a sale */
    FAKE_LEAVES_OUT,    /* one outcome too few */
    FAKE_ADDS,          /* one outcome too many */
    FAKE_SAYS_NONSENSE, /* 200, and no answer of a flight */
    FAKE_SAYS_500,
    FAKE_SAYS_503,
    FAKE_IN_DOUBT,   /* its store did not say what became of them */
    FAKE_SAYS_400,   /* flights are of another version there */
    FAKE_CLOSES,     /* in mid-request: as if it died */
    FAKE_TEARS,      /* closes in the middle of its answer */
    FAKE_NO_HTTP,    /* answers with what is no HTTP */
    FAKE_TAKES_NAME, /* answers as another server would */
};

struct fake_server {
    struct loop *loop; /* fixed once open */
    int listener;      /* -1: closed */
    char id[SERVER_SIZE];
    char address[ADDRESS_SIZE];

    enum fake_manner manner;
    unsigned status;      /* of its answers; 0: by its manner */
    enum problem problem; /* of all its outcomes; PROBLEM_NONE: it sells */
    bool replays;         /* all its outcomes are replays */
    int64_t boot, commit, sold;
    unsigned requests;                   /* whole ones, so far */
    struct buffer request_line;          /* of the last request: method and path */
    struct buffer body;                  /* of the last request */
    struct item items[FLIGHT_ITEMS_MAX]; /* of the last flight */
    size_t count;

    struct fake_connection {
        struct fake_server *server;
        int fd; /* -1: unused */
        bool held;
        struct buffer in;
    } connections[FAKE_CONNECTIONS_MAX];
};

/* Zeroed memory to begin with. Listens on a port of its own. */
void fake_server_open(struct fake_server *fake, struct loop *loop, const char *id);
void fake_server_close(struct fake_server *fake);

/* Refuses connections from now on, and closes those it has. */
void fake_server_die(struct fake_server *fake);

/* Answers all requests it holds, in the present manner. */
void fake_server_release(struct fake_server *fake);

#endif
