/* A cluster that lies: it answers a rush as one with a certain fault would.
 *
 * It runs on a thread of its own from fake_shop_open to fake_shop_close. */
#ifndef BOX_OFFICE_TEST_FAKE_SHOP_H
#define BOX_OFFICE_TEST_FAKE_SHOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/http.h"
#include "common/loop.h"
#include "common/socket.h"

enum shop_fault {
    SHOP_HONEST,
    SHOP_SELLS_NUMBERS_TWICE,
    SHOP_OVERSELLS,              /* two more than the capacity, and counts them */
    SHOP_FORGETS_A_SALE,         /* acknowledges one that it does not count */
    SHOP_REFUSES_TOO_EARLY,      /* says sold out with tickets left */
    SHOP_SELLS_TOO_MANY_AT_ONCE, /* answers with two tickets where one was asked for */
    SHOP_TALKS_NONSENSE,         /* 201, and no JSON */
    SHOP_WANTS_NAMES,            /* sells to nobody who does not say who it is: no fault */
    SHOP_HAS_OTHER_BUYERS,       /* counts more than it acknowledges: no fault */
    SHOP_NAMES_NO_TICKET, /* has let all in, and does not say which, as before 409 told that: no fault */
};

struct fake_shop {
    /* Fixed once it runs. */
    enum shop_fault fault;
    int64_t capacity;
    char url[sizeof "http://" + ADDRESS_SIZE];

    /* Its thread's. */
    struct loop *loop;
    struct http_server *server;
    int64_t sold; /* purchases of one ticket */

    pthread_t thread;
    atomic_bool ending;
};

/* `fault` and `capacity` are set by the caller, all else zeroed. */
void fake_shop_open(struct fake_shop *shop);
void fake_shop_close(struct fake_shop *shop);

#endif
