/* What a request's method says of it (RFC 9110, section 9). Pure; any thread. */
#ifndef BOX_OFFICE_METHOD_H
#define BOX_OFFICE_METHOD_H

#include <stdbool.h>

/* It asks for nothing to be changed (section 9.2.1). */
bool method_is_safe(const char *method);

/* It tells how long its body is also where there is none (section 8.6). */
bool method_tells_length(const char *method);

#endif
