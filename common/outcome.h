/* An outcome: what was decided about one purchase, hold, or what follows of it, and how a client is told. */
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
    ORDER_PLACE_MAX =
        1000, /* in line, as people are told: it stands for all places from here on, because who asks
                               again and again must not have a long line counted each time */
};

/* What has become of an order. A purchase is sold at once; a hold is held, or waits in line until tickets come
 * free, and is then confirmed (sold), released or expired. What was sold may be refunded. */
enum order_state {
    ORDER_SOLD,
    ORDER_HELD,
    ORDER_WAITING,
    ORDER_RELEASED,
    ORDER_EXPIRED,
    ORDER_REFUNDED,
    ORDER_STATES,
};

/* "sold", "held", ...; and back: ORDER_STATES where it is none. */
const char *order_state_name(enum order_state state);
enum order_state order_state_from_name(const char *name);

/* One order, as it stands in the store: a sale, or a hold, which keeps its id when it becomes a sale. */
struct sale {
    struct id id;      /* the request that first bought or held */
    struct id request; /* the request that sold it: its id, or of a hold that of its confirm */
    char event[NAME_SIZE];
    char tier[NAME_SIZE];
    char buyer[BUYER_SIZE];   /* "" where none was given */
    char server[SERVER_SIZE]; /* the ticket server that sold it */
    char currency[CURRENCY_SIZE];
    enum order_state state;
    int quantity;
    int64_t
        first_number; /* its tickets are numbered from here, without a gap; 0: it never was sold */
    int64_t amount;   /* for all of them together, in minor units */
    int64_t created_at; /* wall clock */
    int64_t
        expires_at; /* of a hold, wall clock: when it expires, or would have; 0: it never was held */
};

struct outcome {
    enum problem problem; /* PROBLEM_NONE: decided as asked, and `sale` is filled in */
    bool replayed; /* it was decided before: the order as it is now, or the first refusal again */
    bool stored;   /* the outcome stands in the store under its key (every sale does) */
    bool late;     /* confirmed after it had expired: there still were tickets */
    int64_t
        remaining; /* tickets that were left, of a PROBLEM_SOLD_OUT; that this buyer may still have, of
                             a PROBLEM_BUYER_LIMIT; else 0 */
    int64_t limit;    /* of a PROBLEM_OVER_LIMIT: tickets allowed in one order; else 0 */
    int64_t place;    /* in the line, from 1, of one that waits; else 0 */
    int64_t retry_at; /* of a PROBLEM_NOT_ON_SALE_YET: wall clock; else 0 */
    struct sale sale;
};

struct item;

/* The HTTP status of the answer to `item`: of what was sold, held or refunded 201, of what waits in line 202, of
 * what was given up 200, as of a repeat whose order has ended since (released, expired, refunded); or the
 * problem's. */
unsigned outcome_status(const struct outcome *outcome, const struct item *item);

/* Appends the answer's JSON body: of a purchase or confirm the sale, of a hold or release the hold, or problem
 * details whose sentence is made from the outcome. What `item` asked for is named where the outcome is not known;
 * the payment's reference where it is owed back. */
void outcome_append(struct buffer *out, const struct outcome *outcome, const struct item *item);

/* Appends ,"price":{"amount","currency"}. */
void price_append(struct buffer *out, int64_t amount, const char *currency);

/* Appends one sale as {"id","event","tier","quantity","state","tickets":[{"number"}…],
 * "price":{"amount","currency"},"server","created_at"}. */
void sale_append(struct buffer *out, const struct sale *sale);

/* Appends an order that is or was held as {"id","event","tier","quantity","state","place" (in the line, of one that
 * waits; at most ORDER_PLACE_MAX),"tickets" (where it was sold),"price","server","created_at","expires_at" (where it
 * was held),"late" (where it was sold after that)}. */
void hold_append(struct buffer *out, const struct sale *sale, int64_t place, bool late);

/* Whether the text is a currency's code as ISO 4217 has them: three of A-Z. */
bool currency_valid(const char *text);

/* Whether `id` may name a ticket server. */
bool server_id_valid(const char *id);

#endif
