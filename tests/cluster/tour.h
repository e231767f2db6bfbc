/* A tour through the API: questions in a row, each with the answer expected, which may use what earlier answers told.
 * What cannot be had is a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_TOUR_H
#define BOX_OFFICE_TEST_TOUR_H

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"

enum {
    TOUR_NAMES = 128,
    TOUR_VALUE_SIZE = 600,
};

/* What answers have told, by a letter. */
struct tour {
    struct cluster cluster;
    struct client *client;
    char values[TOUR_NAMES][TOUR_VALUE_SIZE];
};

/* "$H" in a path or body stands for the value H. */
struct step {
    const char *method, *path;
    char token;       /* the value that is sent as one; 0: none */
    const char *body; /* JSON; NULL: none */
    long status;
    const char *code;   /* of a problem; NULL: it is none */
    char keep;          /* where to keep ... */
    const char *member; /* ... this member of the answer: "id", "tickets.0.code" */
    const char *key;    /* its Idempotency-Key; NULL: none */
};

/* A cluster of two servers; the value A is its admin token. */
void tour_open(struct tour *tour, int64_t capacity);
void tour_close(struct tour *tour);

/* The same, selling from the store at this URL, which holds no event yet. */
void tour_open_store(struct tour *tour, const char *url, int64_t capacity);

/* Asks, and compares. */
void tour_step(struct tour *tour, const struct step *step);
void tour_steps(struct tour *tour, const struct step *steps, size_t count);

/* Asks again until it is answered so. */
void tour_await(struct tour *tour, const struct step *step);

#endif
