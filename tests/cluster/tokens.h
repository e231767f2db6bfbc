/* Tokens as an issuer would make them: HS256 under a secret that the balancer reads from a file.
 *
 * Main thread only. */
#ifndef BOX_OFFICE_TEST_TOKENS_H
#define BOX_OFFICE_TEST_TOKENS_H

#include <stddef.h>

#include "tests/lib/files.h"

enum {
    TOKEN_FIELD_SIZE = 512,
};

/* Makes the file of the secret, and the configuration's part that names it, with a comma before it. */
void tokens_configure(const char *directory, char *json, size_t size);

/* An Authorization field whose token is of this subject, and good until so many seconds from now. `signed_by`
 * NULL: by the secret. */
void tokens_field(char field[TOKEN_FIELD_SIZE], const char *subject, int seconds,
                  const char *signed_by);

#endif
