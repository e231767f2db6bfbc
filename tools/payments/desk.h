/* The sample provider's HTTP face:
 *
 *   POST /payments {"hold":ID}
 *                            202, Location: /payments/{reference}, and what GET says of it. The price is asked of
 *                            the shop; "amount":5000, "currency":"EUR" may be sent too, and must be that (422)
 *   GET  /payments/{reference}
 *                            {"reference","hold","amount","currency","state","reason","told"}; reason: why it was
 *                            refunded, else absent
 *   GET  /payments           {"currency","pending":{"count","amount"}, … one per state, "charged","under_way",
 *                            "contradictions"}
 *
 * Errors are problem details (common/problem.h). All charges are in one currency: the first one's. The loop's
 * thread. */
#ifndef BOX_OFFICE_PAYMENTS_DESK_H
#define BOX_OFFICE_PAYMENTS_DESK_H

#include "common/http.h"
#include "tools/payments/book.h"
#include "tools/payments/courier.h"
#include "tools/payments/prices.h"

struct desk {
    struct book *book;       /* not owned, like ... */
    struct courier *courier; /* ... this, ... */
    struct prices *prices;   /* ... and this */
};

/* An http_handler; `context` is the desk. */
void desk_answer(void *context, struct http_request *request);

#endif
