/* Tells the shop of payments (POST /holds/{id}/confirm), again and again until each is settled, and in all the
 * ways in which real providers are late. The loop's thread. */
#ifndef BOX_OFFICE_PAYMENTS_COURIER_H
#define BOX_OFFICE_PAYMENTS_COURIER_H

#include "common/loop.h"
#include "tools/payments/book.h"
#include "tools/rush/caller.h"

enum {
    TOKEN_SIZE = 4096,
};

struct courier_settings {
    struct destination shop;
    char token[TOKEN_SIZE]; /* for Authorization: Bearer; "" for none */
    int64_t late;           /* milliseconds, at most, until the shop is told */
    int64_t twice;          /* percent that are told twice, at about the same time */
    int64_t never;          /* percent of which nothing is ever heard */
    int64_t lost;           /* percent of the shop's answers that do not arrive */
    int64_t seed;           /* of all these */
};

struct courier;

/* `settings` and `book` outlive it. */
struct courier *courier_open(struct loop *loop, const struct courier_settings *settings,
                             struct book *book);
void courier_close(struct courier *courier);

/* Takes a new charge: pending, it will be told of in its time, or never. */
void courier_take(struct courier *courier, struct charge *charge);

/* How many are still to be told of, those included whose answer is awaited. */
size_t courier_under_way(const struct courier *courier);

#endif
