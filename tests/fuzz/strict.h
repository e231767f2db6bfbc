/* A strict reader of HTTP/1.1 requests, from the text of RFC 9112 alone: what a server behind any other
 * must at most read out of a connection's bytes, if the two are never to disagree. */
#ifndef BOX_OFFICE_FUZZ_STRICT_H
#define BOX_OFFICE_FUZZ_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

struct strict {
    const char *at, *end;
    bool closed; /* the last request, or the last that can be told for sure, has been read */
};

struct strict_request {
    char *method, *target; /* owned */
    struct buffer body;
};

/* The next request, whole and of one reading only; false where there is none: the rest says nothing. The
 * caller frees it. */
bool strict_next(struct strict *strict, struct strict_request *request);
void strict_free(struct strict_request *request);

#endif
