/* What follows of an order: its confirm, release and refund, and its tickets' check-ins. Private to the
 * rule: db/decide. */
#ifndef BOX_OFFICE_DECIDE_FOLLOW_H
#define BOX_OFFICE_DECIDE_FOLLOW_H

#include "db/decide.h"

/* Each decides the item i of its verb, as db/decide.h says. */
void decide_confirm(struct decide_batch *batch, size_t i);
void decide_release(struct decide_batch *batch, size_t i);
void decide_refund(struct decide_batch *batch, size_t i);
void decide_check_in(struct decide_batch *batch, size_t i);

/* So that the order of the item i, which this batch has just made, is found by its id. */
void decide_note_id(struct decide_batch *batch, size_t i);

#endif
