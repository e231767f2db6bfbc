/* What GET /events/{event} says of the tickets that the rush is about. */
#ifndef BOX_OFFICE_RUSH_STOCK_H
#define BOX_OFFICE_RUSH_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/rush/caller.h"

struct stock {
    int64_t capacity, sold, held, remaining;
};

enum {
    STOCK_ERROR_SIZE = 768,
};

/* Reads what GET /events/{event} answers. False where it tells no counts of that tier (NULL: of any). */
bool stock_parse(const char *body, size_t length, const char *tier, struct stock *stock);

/* Sums over the event's tiers, or the one named `tier` (NULL: all). A 503 is asked again for 10 s.
 * False with a sentence in `error` where it cannot be had. Blocks. */
bool stock_read(const struct destination *destination, const char *event, const char *tier,
                struct stock *stock, char error[STOCK_ERROR_SIZE]);

#endif
