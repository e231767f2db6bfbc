/* The answer to a flight (common/item.h): what a ticket server tells of itself, and the outcomes of all
 * items, in the order asked. Both processes share it.
 *
 *   {"server":"server-1","boot":3,"commit":17,"sold":6,"outcomes":[…]}
 *
 *   sold now      {"tier":"…","first":17,"amount":2500,"currency":"EUR","created_at":µs}
 *   sold before   {"tier":"…","first":3,"amount":2500,"currency":"EUR","created_at":µs,
 *                  "sale":"…","server":"server-2","replayed":true}
 *   held now      {"tier":"…","amount":2500,"currency":"EUR","created_at":µs,
 *                  "state":"held","expires_at":µs}
 *   put in line   {"tier":"…","amount":2500,"currency":"EUR","created_at":µs,"state":"waiting","place":3}
 *   held before   the same with "sale", "server", "replayed", and of an offer that was less than wanted
 *                 "quantity"; in whichever state it is now
 *   confirmed now {"tier":"…","first":17,"amount":2500,"currency":"EUR","created_at":µs,"expires_at":µs,
 *                  "event":"…","quantity":2,"late":true}
 *   confirmed before  the same with "server" and "replayed"
 *   released      {"tier":"…","amount":2500,"currency":"EUR","created_at":µs,"state":"released",
 *                  "expires_at":µs,"event":"…","quantity":2,"server":"server-2","replayed":true}
 *   refused       {"problem":"sold_out","remaining":2,"limit":10,"retry_at":µs,"stored":true,
 *                  "replayed":true}, without what is false or zero
 *
 * What goes without saying is left out: that an order is sold; event, quantity and buyer of a purchase or
 * hold, which are those that were asked for; the id of a confirm's or release's order; a sale or hold that is
 * made now has the request's id, and who answers has made it. */
#ifndef BOX_OFFICE_ANSWER_H
#define BOX_OFFICE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"
#include "common/item.h"
#include "common/json.h"
#include "common/outcome.h"

/* Writing: head, outcomes (answer_add sets the comma itself), tail. */
void answer_begin(struct buffer *out, const struct figures *figures);
void answer_add(struct buffer *out, const struct outcome *outcome, const struct item *item);
void answer_end(struct buffer *out);

/* Reads a whole answer. False where its shape is wrong or it does not hold exactly `count`
 * outcomes: then nothing in it may be believed. What is not sent is zero and empty. */
bool answer_parse(const char *text, size_t length, size_t count, struct figures *figures,
                  struct outcome *outcomes, char error[JSON_ERROR_SIZE]);

/* Whether it can be the outcome of what was asked for, by the order's state and by what is told of it. */
bool answer_fits(const struct outcome *outcome, const struct item *item);

/* Fills in what goes without saying of an order that fits, from what was asked for and who has answered (the
 * buyer stays empty). Other outcomes stay as they are. */
void answer_complete(struct outcome *outcome, const struct item *item,
                     const struct figures *figures);

#endif
