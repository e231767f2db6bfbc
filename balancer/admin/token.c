#include "balancer/admin/token.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

enum {
    RANDOM_BYTES = (TOKEN_SIZE - 1) / 2,
};

static bool new_token(char text[TOKEN_SIZE])
{
    unsigned char bytes[RANDOM_BYTES];
    if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof bytes) != 0)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* Written beside and renamed, so that no half token is ever seen under the name. */
bool token_make(const char *path)
{
    char beside[4096], token[TOKEN_SIZE];
    if (access(path, F_OK) == 0)
        return true;
    if (snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid()) >= (int)sizeof beside) {
        log_line("--token-file: the name is too long");
        return false;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && new_token(token) && write(fd, token, TOKEN_SIZE - 1) == TOKEN_SIZE - 1 &&
                rename(beside, path) == 0;
    if (!good)
        log_errno("the admin token %s cannot be made; name another place with --token-file", path);
    if (fd >= 0)
        close(fd);
    return good;
}

/* 64 digits, and a newline where somebody wrote them by hand. */
static bool well_formed(const char *text, ssize_t length)
{
    return strspn(text, "0123456789abcdef") == TOKEN_SIZE - 1 &&
           (length == TOKEN_SIZE - 1 || (length == TOKEN_SIZE && text[TOKEN_SIZE - 1] == '\n'));
}

bool token_read(const char *path, char token[TOKEN_SIZE])
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        log_errno("the admin token %s cannot be read", path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    char text[TOKEN_SIZE + 2] = {0};
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    snprintf(token, TOKEN_SIZE, "%.64s", text);
    if (!well_formed(text, length)) {
        log_line("%s does not hold an admin token; remove it, a new one is made at the next start",
                 path);
        return false;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_line("others may read the admin token; do: chmod 600 %s", path);
        return false;
    }
    return true;
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
