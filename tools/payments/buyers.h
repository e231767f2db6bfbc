/* Buyers for a demonstration: each holds a ticket at the shop and pays at the provider; then all is counted.
 * The loop's thread. */
#ifndef BOX_OFFICE_PAYMENTS_BUYERS_H
#define BOX_OFFICE_PAYMENTS_BUYERS_H

#include "common/loop.h"
#include "tools/payments/book.h"
#include "tools/payments/courier.h"
#include "tools/rush/caller.h"

/* What is to be done where nothing is for sale. */
#define BUYERS_NO_TICKETS "no tickets left; `make reset`, or another `STORE=`"

struct buyers_settings {
    const struct destination *shop; /* not owned, like ... */
    struct destination provider;
    const char *event; /* ... this */
    int64_t count;
    int64_t hold_seconds;
};

struct buyers;

/* Begins; the loop is stopped once every buyer is served and every charge settled, or the shop is silent for long. */
struct buyers *buyers_open(struct loop *loop, const struct buyers_settings *settings,
                           const struct book *book, const struct courier *courier);

/* Prints who got what, and whether money and tickets agree. True where they do. Once the loop has stopped; where that
 * was before the end, or nobody had a hold, it says that instead. */
bool buyers_judge(const struct buyers *buyers);
void buyers_close(struct buyers *buyers);

#endif
