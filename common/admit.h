/* Admitting what a client asks a seller for, and answering it: the public face of POST /purchases, POST /holds,
 * POST /holds/{id}/confirm and DELETE /holds/{id}, the same at the balancer and at a ticket server that is called
 * directly. The loop's thread only. */
#ifndef BOX_OFFICE_ADMIT_H
#define BOX_OFFICE_ADMIT_H

#include <stdbool.h>

#include "common/http.h"
#include "common/item.h"
#include "common/outcome.h"

enum {
    PURCHASE_BYTES_MAX = 16 * 1024, /* of a body; a longer one is 413 */
};

/* Whether such a request is one of the four, and so can travel on a flight; any at all for /purchases, which is
 * refused by its method. */
bool admit_finds(const char *method, const char *path);

/* Checks method, size, Content-Type, Idempotency-Key and body, as they apply. True: *item is filled in, as a
 * first attempt, with a new request id, and where the client sent no key, with that id's text as the key.
 * False: the request, which must be one that admit_finds, has been refused and is gone. */
bool admit(struct http_request *request, struct item *item);

/* Answers what was admitted: the order, or a problem, with Request-Id, Location, Idempotency-Key
 * and Retry-After as they apply; `cookie`: the value of a Set-Cookie, or NULL. The request is gone afterwards. */
void admit_answer(struct http_request *request, const struct item *item,
                  const struct outcome *outcome, const char *cookie);

#endif
