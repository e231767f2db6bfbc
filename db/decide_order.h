/* Orders as the rule moves them from state to state, with the counts that follow. Private to the rule:
 * db/decide. */
#ifndef BOX_OFFICE_DECIDE_ORDER_H
#define BOX_OFFICE_DECIDE_ORDER_H

#include "db/decide.h"

/* Tickets that nobody has. */
int64_t order_left(const struct decide_tier *tier);

/* Tickets that nobody has, and nobody waits for. */
int64_t order_free(const struct decide_tier *tier);

/* Whether the buyer may have so many more. */
bool order_allowed(const struct decide_batch *batch, size_t event, size_t buyer, int64_t quantity);

/* Gives a tier's next numbers to so many tickets, which are sold by this batch: the first one. */
int64_t order_number(struct decide_tier *tier, int64_t quantity);

/* Moves the order into another state. One that is sold gets its numbers. */
void order_move(struct decide_batch *batch, struct decide_order *order, enum order_state state);

/* The order that this batch has added for the item i, which was sold, is held or waits; made from its
 * outcome where it is not in the list yet. */
struct decide_order *order_of_item(struct decide_batch *batch, size_t i);

/* Puts the order of the item i last in its tier's line. */
void order_join_line(struct decide_batch *batch, size_t i);

/* The decision's outcome is the order, as it is now. */
void order_tell(const struct decide_batch *batch, const struct decide_order *order,
                struct decision *decision, bool replayed);

/* The decision's outcome is a problem that is not stored. */
void order_refuse(struct decision *decision, enum problem problem);

#endif
