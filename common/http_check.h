/* Refuses requests that two HTTP implementations could read in two ways (RFC 9112
 * sections 2.2, 3 to 3.2, 5.1, 5.2, 6.1 to 6.3, 7.1.2): libmicrohttpd is lenient there. */
#ifndef BOX_OFFICE_HTTP_CHECK_H
#define BOX_OFFICE_HTTP_CHECK_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/http_layout.h"

/* What the headers say of the body. */
struct http_body_said {
    uint64_t length; /* Content-Length; 0 where there is none */
    bool chunked;
};

/* Looks at the request line and all headers. NULL where the request has one reading only; else a
 * sentence for the client. */
const char *http_check(struct MHD_Connection *connection, const struct http_line *line,
                       struct http_body_said *body);

/* The same for a whole target, as it came, its query included. */
const char *http_check_target(const char *target);

/* The same for what followed the last chunk. `method`: where the head begins. */
const char *http_check_trailers(struct MHD_Connection *connection, const char *method);

#endif
