/* Tokens: field names, methods and other words of HTTP (RFC 9110, 5.6.2). Pure; any thread. */
#ifndef BOX_OFFICE_HTTP_TOKEN_H
#define BOX_OFFICE_HTTP_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes are one. Not where there are none, nor with a NUL among them. */
bool http_token(const char *text, size_t length);

#endif
