/* What is due in the events of a batch. Private to the rule: db/decide. */
#ifndef BOX_OFFICE_DECIDE_TIDY_H
#define BOX_OFFICE_DECIDE_TIDY_H

#include "db/decide.h"

/* Everything as it was read, so that the batch can be decided (again). */
void decide_reset(struct decide_batch *batch);

/* The orders that are due expire. */
void decide_expire(struct decide_batch *batch);

/* Those in line are offered what is free. */
void decide_offer(struct decide_batch *batch);

#endif
