/* The proxy's client on a held loop, and the server it talks to, played by the test: bare sockets that answer,
 * dawdle and die as the test says.
 *
 * The loop stands still unless the test waits here, so every step is the test's own. Main thread. */
#ifndef BOX_OFFICE_TEST_EXCHANGE_SCENE_H
#define BOX_OFFICE_TEST_EXCHANGE_SCENE_H

#include "balancer/upstream/exchange.h"
#include "common/buffer.h"
#include "common/socket.h"
#include "tests/unit/common/held_loop.h"

enum {
    SCENE_VISITS_MAX = 600,
    SCENE_NEVER = -3, /* the result of a visit that has none yet */
};

/* One exchange, and what its callbacks were told. */
struct visit {
    struct exchange_request request; /* to be changed before visit_start */
    struct exchange *exchange;       /* NULL: not open */
    unsigned heads, readables, rooms, failures;
    enum exchange_failure failure;
    bool sent;
    char why[128];
    unsigned status;
    bool lazy;        /* reads only when the test says so */
    size_t to_upload; /* bytes of scene_pattern, written by itself */
    size_t uploaded;
    bool close_in_head, close_in_readable, close_in_room;
    struct visit
        *next; /* started from within the first callback that closes it or says it failed */
    struct buffer body;
    ssize_t result; /* exchange_read's last word */
};

/* The server's side of a connection. */
struct guest {
    int fd;      /* -1: closed here */
    bool closed; /* by the client */
    struct buffer in;
};

struct scene {
    struct held_loop held;
    struct exchanges *exchanges;
    int listener;
    char address[ADDRESS_SIZE];
    size_t descriptors; /* of the process, before */
    struct guest guests[SCENE_VISITS_MAX];
    size_t guest_count;
    struct visit visits[SCENE_VISITS_MAX];
    size_t visit_count;
    bool no_reading; /* the server does not read */
};

extern struct scene scene;

void scene_open(void);

/* Every exchange must be closed; checks that no descriptor is left. */
void scene_close(void);

/* A GET, not yet started. */
struct visit *visit_new(void);
void visit_start(struct visit *visit);
struct visit *visit_get(void); /* both */
void visit_close(struct visit *visit);

/* Reads all there is, and writes what there is room for. */
void visit_read(struct visit *visit);
void visit_write(struct visit *visit);

/* Turns the loop and looks at the server's sockets until the condition holds; a failed assertion where it does
 * not in time. */
void scene_until(bool (*condition)(void *context), void *context);
void scene_until_guests(size_t count);
void scene_until_over(struct visit *visit); /* its body has ended or broken, or it has failed */
void scene_until_heard(size_t guest, size_t bytes);
void scene_until_left(size_t guest); /* the client has closed */
void scene_turns(unsigned turns);

void guest_says(size_t guest, const char *text);
void guest_says_bytes(size_t guest, const char *bytes, size_t length);
void guest_leaves(size_t guest);
void guest_resets(size_t guest);

/* What it heard since the last time. */
const char *guest_heard(size_t guest);

/* Waits for a request that ends so, answers it, and forgets it. */
void guest_serves(size_t guest, const char *request_end, const char *answer);

/* The byte at this place of every upload and download. */
char scene_pattern(size_t at);

#endif
