/* Is a history of purchases and reads linearizable? That is: can each operation be given one moment
 * between its beginning and its end, so that in the order of these moments they do what a box office
 * does that serves one after the other? (Herlihy and Wing, "Linearizability", TOPLAS 12(3), 1990.)
 *
 * That box office has `capacity` tickets, numbered from 1 as they are sold, and a memory of keys:
 *
 *   purchase(key, quantity)   a known key gets its first answer again. Else, where enough is left, the
 *                             next tickets are sold; else it is refused with what remains. Both are
 *                             remembered under the key.
 *   read                      how many are sold
 *
 * In general that is a search through orders (Wing and Gong, "Testing and verifying concurrent
 * objects", JPDC 17, 1993; Lowe, "Testing for linearizability", CCPE 29(4), 2017). Here every answer
 * tells the state in which it was given: a sale by its first number, a refusal by what remained, a
 * read by what was sold. (Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26(4), 1997:
 * who tells what he saw makes it easy.) So:
 *
 *   1. All purchases of one key are one event, which happened after the first of them began and before
 *      the first answer came; the others may follow it wherever they like.
 *   2. Events in a lower state come before those in a higher one; in one state, reads and refusals
 *      commute, and the sale that ends the state follows them. So the order is known, and giving each
 *      event the earliest moment that is left finds moments where there are any.
 *   3. A purchase without an answer happened at any time after it began, or never. It happened where
 *      tickets are missing between two states. Of two with the same quantity, the one that began
 *      earlier can stand wherever the other one can; so what has been tried is how many of each
 *      quantity were used before a gap, and nothing is tried twice.
 *
 * Without unanswered purchases it is O(n log n). Any thread. */
#ifndef BOX_OFFICE_TEST_LINEAR_H
#define BOX_OFFICE_TEST_LINEAR_H

#include <stddef.h>
#include <stdint.h>

enum {
    LINEAR_KEY_SIZE = 64,
    LINEAR_QUANTITY_MAX = 10,
    LINEAR_WHY_SIZE = 512,
};

enum operation_kind {
    OPERATION_READ,     /* told: tickets sold */
    OPERATION_SOLD,     /* a purchase; told: the number of its first ticket */
    OPERATION_SOLD_OUT, /* a purchase that was refused; told: tickets that remained */
    OPERATION_UNKNOWN,  /* a purchase without an answer */
};

/* What was answered that nothing was decided is no operation. */
struct operation {
    enum operation_kind kind;
    int64_t begun, ended; /* on one clock; whatever ended before another began came before it */
    int64_t told;
    char key[LINEAR_KEY_SIZE]; /* of a purchase; always with the same quantity */
    int quantity;              /* 1 to LINEAR_QUANTITY_MAX */
};

struct verdict {
    enum { LINEAR_YES, LINEAR_NO, LINEAR_TOO_HARD } result; /* too hard: too many unanswered */
    size_t count;   /* of a NO: how many operations contradict each other, 0 to 2 */
    size_t part[2]; /* which ones, by their index */
    char why[LINEAR_WHY_SIZE];
};

struct verdict linear_check(const struct operation *operations, size_t count, int64_t capacity);

#endif
