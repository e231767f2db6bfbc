/* An organiser at a running cluster: asks the shop's API with a token, in JSON. Main thread only; what cannot be had
 * ends the test with a failed assertion. */
#ifndef BOX_OFFICE_TEST_ORGANISER_H
#define BOX_OFFICE_TEST_ORGANISER_H

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"

struct organiser {
    struct cluster cluster;
    struct client *client;
    const char *token;      /* the admin token at first; NULL: none is sent */
    struct response answer; /* the last one */
};

/* Two ticket servers, and a store with so many tickets of the event demo. */
void organiser_open(struct organiser *organiser, int64_t capacity);

/* Proves the store and the log, and stops it all. */
void organiser_close(struct organiser *organiser);

/* Asks: the status. `body`: JSON, or NULL. */
long organiser_ask(struct organiser *organiser, const char *method, const char *path,
                   const char *body);

/* The same where the answer must have this status, and hold this text. */
void organiser_expect(struct organiser *organiser, const char *method, const char *path,
                      const char *body, long status, const char *text);

/* Buys with a form: the answer must have this status, and hold this text. */
void organiser_buy(struct organiser *organiser, const char *form, long status, const char *text);

/* Copies what the last answer has as this member's text: its first occurrence. */
void organiser_take(struct organiser *organiser, const char *member, char *out, size_t size);

#endif
