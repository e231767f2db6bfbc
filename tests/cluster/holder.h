/* Holds over HTTP, for tests: asking for them, and reading what is answered. A client belongs to one thread. */
#ifndef BOX_OFFICE_TEST_HOLDER_H
#define BOX_OFFICE_TEST_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/id.h"
#include "common/purchase.h"
#include "tests/lib/client.h"

/* What an answer says; what it does not say is 0 and "". */
struct held {
    long status;
    char id[ID_TEXT_SIZE];
    char state[16];
    char code[32]; /* of a problem */
    char location[128];
    char reference[KEY_SIZE]; /* of a payment in vain */
    bool owed, late;
    int64_t quantity, place, remaining;
    int tickets;
    int64_t created_at, expires_at; /* wall clock */
};

/* POST /holds with a form; `key` may be NULL. */
void holder_hold(struct client *client, const char *url, const char *form, const char *key,
                 struct held *held);

/* POST /holds/{id}/confirm, DELETE /holds/{id}, GET /holds/{id}. */
void holder_confirm(struct client *client, const char *url, const char *id, const char *payment,
                    struct held *held);
void holder_release(struct client *client, const char *url, const char *id, struct held *held);
void holder_look(struct client *client, const char *url, const char *id, struct held *held);

/* Of the event demo, by GET /events/demo: what its first tier has as `name`; -1 where it cannot be had. */
int64_t holder_count(struct client *client, const char *url, const char *name);

/* Waits until the hold is in this state, only looking at it. */
bool holder_reaches(struct client *client, const char *url, const char *id, const char *state);

#endif
