/* What a request's method says of it (RFC 9110, section 9). Pure; any thread. */
#ifndef BOX_OFFICE_METHOD_H
#define BOX_OFFICE_METHOD_H

#include <stdbool.h>

/* It only reads: GET and HEAD. */
bool method_reads(const char *method);

/* Sent twice, it does no more than sent once (section 9.2.2). */
bool method_is_idempotent(const char *method);

/* It tells how long its body is also where there is none (section 8.6). */
bool method_tells_length(const char *method);

#endif
