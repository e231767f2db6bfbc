/* The admin API's bearer token: a secret in a file of mode 0600. */
#ifndef BOX_OFFICE_TOKEN_H
#define BOX_OFFICE_TOKEN_H

#include <stdbool.h>

#include "common/secret_file.h"

enum {
    TOKEN_SIZE = SECRET_TEXT_SIZE, /* 64 hexadecimal digits and the NUL */
};

/* Makes the file with a new token where there is none. False with a line on stderr where that cannot be
 * done. */
bool token_make(const char *path);

/* Reads it; false with a line on stderr where it is missing, malformed, or open to others. */
bool token_read(const char *path, char token[TOKEN_SIZE]);

/* Whether an Authorization header's value ("Bearer …", may be NULL) carries the token. Takes the same
 * time wherever they differ. */
bool token_matches(const char *authorization, const char token[TOKEN_SIZE]);

#endif
