/* Refuses requests that two HTTP implementations could read in two ways (RFC 9112
 * sections 3.2, 5.1, 6.1 to 6.3): libmicrohttpd is lenient there. */
#ifndef BOX_OFFICE_HTTP_CHECK_H
#define BOX_OFFICE_HTTP_CHECK_H

#include <microhttpd.h>
#include <stdint.h>

/* Looks at the request line and all headers. NULL where the request has one reading only; else a
 * sentence for the client. *length receives the Content-Length, 0 where there is none. */
const char *http_check(struct MHD_Connection *connection, const char *target, const char *version,
                       uint64_t *length);

#endif
