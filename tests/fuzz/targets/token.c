/* The admin token's file, and the Authorization header that is held against it. The input: the file, a
 * NUL, the header. */
#include "balancer/admin/token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

static const char digits[] = "0123456789abcdef";

static bool is_token(const char *text, size_t length)
{
    bool newline = length == 65 && text[64] == '\n';
    return (length == 64 || newline) && strspn(text, digits) == 64;
}

static void check_header(const char *header, const char token[TOKEN_SIZE])
{
    bool due = strncasecmp(header, "bearer ", 7) == 0 && strcmp(header + 7, token) == 0;
    must(token_matches(header, token) == due, "a header matches if it bears the token");
    char right[8 + TOKEN_SIZE] = "Bearer ";
    memcpy(right + 7, token, TOKEN_SIZE);
    must(token_matches(right, token), "the token itself matches");
    right[7 + strlen(header) % 64] ^= 1;
    must(!token_matches(right, token), "a token with one bit changed does not");
}

void fuzz_token(const uint8_t *data, size_t size)
{
    static const char other[TOKEN_SIZE] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct input input = input_of(data, size);
    char path[SCRATCH_PATH_SIZE], token[TOKEN_SIZE];
    size_t length;
    char *file = input_until(&input, '\0', &length);
    char *header = input_until(&input, '\0', NULL);
    scratch_write("token", file, length);
    scratch_path(path, "token");
    bool good = token_read(path, token);
    must(good == is_token(file, length), "a token is 64 digits, with or without a newline");
    if (good)
        must(strlen(token) == 64 && memcmp(token, file, 64) == 0, "it is what the file holds");
    check_header(header, good ? token : other);
    must(!token_matches(NULL, other), "no header does not match");
    free(file);
    free(header);
}
