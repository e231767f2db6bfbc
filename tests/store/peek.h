/* What a store holds, by a reader of its own; and the terms of the event `demo`, behind the store's back.
 *
 * What goes wrong in here is a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_PEEK_H
#define BOX_OFFICE_TEST_PEEK_H

#include "tests/store/fixture.h"

enum {
    PEEK_MAX = 32,
};

/* The tier `standard` of `demo`. */
struct tier_counts peek_counts(struct fixture *fixture);

/* Fails unless so many tickets of it are sold and held, and so many orders wait. */
void expect_counts(struct fixture *fixture, int64_t sold, int64_t held, int64_t waiting);

/* The order that is or was held under this id; its state. */
struct order peek_order(struct fixture *fixture, const struct id *id);
void expect_state(struct fixture *fixture, const struct id *id, enum order_state state);

/* Payments of `demo` that are owed back: how many; the first PEEK_MAX of them, where wanted. */
size_t peek_owed(struct fixture *fixture, struct owed owed[PEEK_MAX]);

/* A ticket of `demo`/`standard`. */
struct ticket peek_ticket(struct fixture *fixture, int64_t number);

/* Sets columns of the event `demo`; for events that were not sold of yet. */
void set_demo(struct fixture *fixture, const char *columns);

/* An outcome's problem; with what it says of the order. */
void expect_problem(const struct outcome *outcome, enum problem problem);
void expect_order(const struct outcome *outcome, enum order_state state, int quantity);

#endif
