/* What somebody may ask of the public listener: each kind of request, with the answer it should get. */
#ifndef BOX_OFFICE_TEST_WISHES_H
#define BOX_OFFICE_TEST_WISHES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "tests/lib/dice.h"

enum {
    WISHES_KEYS = 256, /* remembered, to be repeated */
    WISHES_KEY_SIZE = 48,
};

/* How a request is answered. */
enum wish_answer {
    WISH_SOLD,    /* 201 */
    WISH_REFUSED, /* a 4xx */
    WISH_CUT_OFF, /* a 4xx, and the connection closed, which may overtake it */
    WISH_READ,    /* 200 */
    WISH_LEFT,    /* who asked does not wait for it */
};

struct wishes;

struct wish {
    const char *name;
    unsigned weight;
    enum wish_answer answer;
    unsigned status; /* expected; 0: any of its kind */
    void (*write)(struct buffer *out, struct wishes *wishes);
};

/* What the requests are made of. One thread. */
struct wishes {
    struct dice *dice;
    const char *host;
    char run[16];                            /* makes this run's keys its own */
    int64_t number;                          /* of the last key */
    char keys[WISHES_KEYS][WISHES_KEY_SIZE]; /* of purchases that were sold */
    size_t known;
    char key[WISHES_KEY_SIZE]; /* of the request just written; "": none */
    char id[ID_TEXT_SIZE];     /* of the last sale */
};

void wishes_init(struct wishes *wishes, struct dice *dice, const char *host);

/* Writes a request into `out`, which is emptied first: one of any kind, or a plain purchase. */
const struct wish *wishes_make(struct wishes *wishes, struct buffer *out, bool any);

/* Tells of a sale: its key may be repeated from now on, its purchase read. */
void wishes_sold(struct wishes *wishes, const char *key, const char *body, size_t length);

#endif
