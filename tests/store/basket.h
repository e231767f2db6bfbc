/* Baskets: batches of what there is to decide; and the same one at a time.
 *
 * What goes wrong in here is a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_BASKET_H
#define BOX_OFFICE_TEST_BASKET_H

#include "db/store.h"

enum {
    BASKET_SECONDS = 30, /* from the asking to the deadline */
};

struct basket {
    struct item *items;         /* owned */
    struct check_in *check_ins; /* owned; one per item, used where it is a check-in */
    struct decision *decisions; /* owned; their items are set by basket_decide */
    size_t count, room;
};

/* What is added under a NULL key has a key that we made. The pointers are good until the next one is
 * added. */

/* A purchase from the event `demo`; and one for another event and tier. */
struct item *basket_add(struct basket *basket, const char *key, int quantity);
struct item *basket_ask(struct basket *basket, const char *key, const char *event, const char *tier,
                        int quantity);

/* A hold from the event `demo`, by a buyer or "", for as long as the event allows; and one that takes its
 * place in the line where there are too few tickets. */
struct item *basket_hold(struct basket *basket, const char *key, const char *buyer, int quantity);
struct item *basket_wait(struct basket *basket, const char *key, const char *buyer, int quantity);

/* What follows of an order. */
struct item *basket_confirm(struct basket *basket, const struct id *order, const char *reference);
struct item *basket_release(struct basket *basket, const struct id *order);
struct item *basket_refund(struct basket *basket, const struct id *order); /* of `demo` */

/* Lets a ticket of `demo`/`standard` in; under a NULL key: one of its own. */
struct item *basket_check_in(struct basket *basket, const char *key, int64_t number,
                             const char *gate);

/* Nothing but what is due in the event. */
struct item *basket_tidy(struct basket *basket, const char *event);

/* Computes the fingerprints and decides them all. */
enum store_result basket_decide(struct basket *basket, struct store *store);

/* Only fills the decisions in, to be decided by others. */
void basket_prepare(struct basket *basket);

/* The same, which must be durable; the i-th outcome. */
void basket_settle(struct basket *basket, struct store *store);
const struct outcome *basket_outcome(const struct basket *basket, size_t i);

void basket_clear(struct basket *basket);
void basket_free(struct basket *basket);

/* One of them on its own, of the event `demo`. */
struct outcome buy(struct store *store, const char *key, int quantity);
struct outcome buy_as(struct store *store, const char *buyer, int quantity);
struct outcome hold(struct store *store, const char *key, int quantity);
struct outcome hold_as(struct store *store, const char *buyer, int quantity);
struct outcome wait_for(struct store *store, const char *key, int quantity);
struct outcome confirm(struct store *store, const struct id *order, const char *reference);
struct outcome release(struct store *store, const struct id *order);
struct outcome refund(struct store *store, const struct id *order);
struct outcome let_in(struct store *store, const char *key, int64_t number, const char *gate,
                      struct check_in *told); /* `told` may be NULL */
void tidy(struct store *store, const char *event);

#endif
