/* The sample provider's books: what it was asked to charge, and what became of each charge. In memory only.
 *
 * The rule is the one of a careful provider: money is taken when the shop is told, and a charge ends in exactly one
 * of two ways: the shop says 201, and the tickets are paid; or it says that they are not to be had and the payment
 * is owed back, and it is given back. What was paid may be refunded later: 200 says so. Anything else is no answer,
 * and the same is asked again. The loop's thread. */
#ifndef BOX_OFFICE_PAYMENTS_BOOK_H
#define BOX_OFFICE_PAYMENTS_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/outcome.h"

enum {
    CHARGES_MAX = 100000,
    REFERENCE_SIZE = 64,
    CODE_SIZE = 32,
    AMOUNT_MAX = 1000000000, /* of one charge, minor units */
};

enum charge_state {
    CHARGE_PENDING,   /* nothing is taken yet */
    CHARGE_TAKEN,     /* the shop is being told */
    CHARGE_PAID,      /* for tickets */
    CHARGE_REFUNDED,  /* there were none */
    CHARGE_ABANDONED, /* nothing was taken, and never will be */
    CHARGE_UNSETTLED, /* the shop could not be told: a person must look */
    CHARGE_STATES,
};

struct charge {
    char reference[REFERENCE_SIZE]; /* what the shop knows the payment by */
    char hold[ID_TEXT_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;
    enum charge_state state;
    char reason[CODE_SIZE]; /* the shop's, where it was refunded; else "" */
    int told;               /* how often the shop was told */
};

struct book {
    struct charge *charges; /* owned */
    size_t count;
    size_t contradictions; /* answers that disagree with an earlier one */
};

struct book_totals {
    size_t count[CHARGE_STATES];
    int64_t amount[CHARGE_STATES];
};

void book_open(struct book *book);
void book_close(struct book *book);

/* A new charge, which stays where it is; NULL where there are too many. */
struct charge *book_add(struct book *book, const char *hold, int64_t amount, const char *currency);
struct charge *book_find(const struct book *book, const char *reference);

/* What the shop said when it was told: status 0 and an empty body where no answer came. False where that settles
 * nothing, and it must be told again. */
bool book_settle(struct book *book, struct charge *charge, unsigned status, const char *body,
                 size_t length);

/* It was told too often, to no end. */
void book_give_up(struct charge *charge);

void book_add_up(const struct book *book, struct book_totals *totals);
const char *charge_state_name(enum charge_state state);

/* All money that was taken: sold, given back, or not settled yet. */
int64_t book_charged(const struct book_totals *totals);

#endif
