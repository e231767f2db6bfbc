/* Which characters stand where in a head of HTTP. Pure; any thread. */
#ifndef BOX_OFFICE_HTTP_TEXT_H
#define BOX_OFFICE_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are a token: a field's name, a method (RFC 9110, 5.6.2). Not where there are none. */
bool http_token(const char *text, size_t length);

/* Whether no control character but the tab is among them, nor DEL (RFC 9110, 5.5). */
bool http_printable(const char *text, size_t length);

#endif
