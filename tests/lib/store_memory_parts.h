/* What the parts of the store in memory need of each other. Private to tests/lib/store_memory*.c. */
#ifndef BOX_OFFICE_TEST_STORE_MEMORY_PARTS_H
#define BOX_OFFICE_TEST_STORE_MEMORY_PARTS_H

#include "tests/lib/store_memory.h"

/* One decision of a batch. */
struct memory_asking {
    struct store_memory *memory;
    const char *server;
    int64_t now;
    struct decision *decision;
    const struct item *item;
    struct outcome *outcome;
};

/* Room for one more of each, all zero. */
struct memory_order *memory_new_order(struct store_memory *memory);
struct memory_key *memory_new_key(struct store_memory *memory);
struct memory_owed *memory_new_owed(struct store_memory *memory);
struct memory_check_in *memory_new_check_in(struct store_memory *memory);
struct memory_move *memory_new_move(struct store_memory *memory);

/* Tickets of the tier that others than those in its line may have: none while anybody waits. */
int64_t memory_free_tickets(const struct store_memory *memory, const struct memory_tier *tier);

/* Likewise, whether anybody waits or not. */
int64_t memory_not_taken(const struct store_memory *memory, const struct memory_tier *tier);

/* Whether its lines are offered anything: not once it is closed, or its sale over. */
bool memory_offers(const struct memory_event *event, int64_t now);

/* How many more tickets of the event this buyer may have; "no limit" is INT64_MAX. */
int64_t memory_buyer_may_have(const struct store_memory *memory, const struct memory_event *event,
                              const char *buyer);

/* What is due in an event at `now`: what has expired, and then what the line is offered. */
void memory_expire(struct store_memory *memory, struct memory_event *event, int64_t now);
void memory_offer(struct store_memory *memory, struct memory_event *event, int64_t now);

/* Numbers its tickets, and sells it. */
void memory_sell(const struct memory_asking *asking, struct memory_tier *tier,
                 struct memory_order *order);

/* The outcome is the order, as it is now. */
void memory_answer(const struct memory_asking *asking, const struct memory_order *order,
                   bool replayed);

/* One decision of each verb. */
void memory_purchase(const struct memory_asking *asking); /* or hold */
void memory_confirm(const struct memory_asking *asking);
void memory_release(const struct memory_asking *asking);
void memory_refund(const struct memory_asking *asking);
void memory_let_in(const struct memory_asking *asking);

#endif
