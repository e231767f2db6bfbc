#include "balancer/admin/token.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <strings.h>

static const struct secret_file file = {.what = "admin token", .option = "--token-file"};

bool token_make(const char *path)
{
    return secret_file_make(&file, path);
}

bool token_read(const char *path, char token[TOKEN_SIZE])
{
    return secret_file_read(&file, path, token);
}

bool token_matches(const char *authorization, const char token[TOKEN_SIZE])
{
    static const char scheme[] = "Bearer ";
    const size_t scheme_length = sizeof scheme - 1;
    if (authorization == NULL || strncasecmp(authorization, scheme, scheme_length) != 0 ||
        strlen(authorization + scheme_length) != TOKEN_SIZE - 1)
        return false;
    return gnutls_memcmp(authorization + scheme_length, token, TOKEN_SIZE - 1) == 0;
}
