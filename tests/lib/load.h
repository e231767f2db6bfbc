/* Many buyers at once, who remember every acknowledged sale.
 *
 * Each buyer makes one purchase under a key of its own. Threads stand for buyers who come one after
 * the other over one connection each. load_begin and load_end belong to one thread; what they read
 * meanwhile goes through the functions here, which take the lock. */
#ifndef BOX_OFFICE_TEST_LOAD_H
#define BOX_OFFICE_TEST_LOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/thread.h"
#include "tests/lib/client.h"

enum {
    LOAD_THREADS_MAX = 64,
    LOAD_KEY_SIZE = 64,
};

/* In the keys of those who held first, and then paid. */
#define LOAD_HELD "held-"

/* Whether it is such a key. */
static inline bool load_key_holds(const char *key)
{
    return strstr(key, LOAD_HELD) != NULL;
}

/* One acknowledged sale. */
struct sold {
    char key[LOAD_KEY_SIZE];
    struct bought bought;
};

struct load {
    /* Set by the caller before load_begin; fixed from then on. */
    const char *url[4]; /* buyers take turns over these */
    size_t urls;
    int threads;
    int buyers;         /* 0: they come until load_end */
    int quantity;       /* of each purchase; 0: 1, 2 and 3 in turn */
    int patience;       /* seconds for which a 503 or a lost connection is asked again, same key */
    const char *prefix; /* of the keys: "PREFIX-…" */

    struct lock lock; /* guards what is below */
    bool ending;
    int begun;          /* buyers */
    struct sold *sales; /* owned */
    size_t sold, room;
    int64_t tickets; /* in `sales` */
    int sold_out;    /* buyers told so */
    int failed;      /* buyers who got an error or no answer */
    int repeats;
    char failure[160]; /* the first such error */

    pthread_t thread[LOAD_THREADS_MAX];
};

void load_begin(struct load *load);

/* True once so many purchases more than now are acknowledged; false where that takes too long. */
bool load_progress(struct load *load, size_t sales);

/* Lets no further buyer come, and waits for those who wait for an answer; where the number of buyers
 * is bounded, waits for all of them. */
void load_end(struct load *load);
void load_free(struct load *load);

/* Adds a sale that somebody else was told of, to one that has not begun or has ended. */
void load_keep(struct load *load, const char *key, const struct bought *bought);

/* `number` as scaled by TEST_LOAD, in percent (default 100), and at least 1: sanitizers' builds are
 * slow, and get less to do. */
int load_scaled(int number);

#endif
