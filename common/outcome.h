/* An outcome: what was decided about one purchase, and how a client is told. */
#ifndef BOX_OFFICE_OUTCOME_H
#define BOX_OFFICE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/problem.h"
#include "common/purchase.h"

enum {
    SERVER_SIZE = 33,  /* a server's id: 1 to 32 of a-z 0-9 -, and the NUL */
    CURRENCY_SIZE = 4, /* ISO 4217 code and its NUL */
};

/* One sale, as it stands in the store. */
struct sale {
    struct id id; /* the request that first bought */
    char event[NAME_SIZE];
    char tier[NAME_SIZE];
    char buyer[BUYER_SIZE];   /* "" where none was given */
    char server[SERVER_SIZE]; /* the ticket server that sold it */
    char currency[CURRENCY_SIZE];
    int quantity;
    int64_t first_number; /* its tickets are numbered from here, without a gap */
    int64_t amount;       /* for all of them together, in minor units */
    int64_t created_at;   /* wall clock */
};

struct outcome {
    enum problem problem; /* PROBLEM_NONE: sold, and `sale` is filled in */
    bool replayed;        /* the key was known: this is the first answer again */
    bool stored;          /* the outcome stands in the store under its key (every sale does) */
    int64_t remaining;    /* of a PROBLEM_SOLD_OUT: tickets that were left; else 0 */
    int64_t limit;        /* of a PROBLEM_OVER_LIMIT: tickets allowed in one order; else 0 */
    struct sale sale;
};

/* The HTTP status: 201 or the problem's. */
unsigned outcome_status(const struct outcome *outcome);

/* Appends the answer's JSON body: the sale, or problem details whose sentence is made from the
 * outcome. `event` and `key` are named where the outcome is not known. */
void outcome_append(struct buffer *out, const struct outcome *outcome, const char *event,
                    const char *key);

/* Appends one sale as {"id","event","tier","quantity","tickets":[{"number"}…],
 * "price":{"amount","currency"},"server","created_at"}. */
void sale_append(struct buffer *out, const struct sale *sale);

/* Whether `id` may name a ticket server. */
bool server_id_valid(const char *id);

#endif
