#include "common/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

enum {
    DIGITS = SECRET_TEXT_SIZE - 1,
};
static const char digits[] = "0123456789abcdef";

static bool new_secret(char text[SECRET_TEXT_SIZE])
{
    unsigned char bytes[SECRET_SIZE];
    if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof bytes) != 0)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* On the disk, or a power cut would leave an empty file under the name, and nobody could start. What one left beside it
 * is removed: in a container the next start has the same process id. */
static bool write_beside(const char *beside)
{
    char text[SECRET_TEXT_SIZE];
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && new_secret(text) && write(fd, text, DIGITS) == DIGITS && fsync(fd) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !good)
        unlink(beside);
    errno = error;
    return good;
}

/* A rename is on the disk once its folder is. Where that fails nothing is lost but the secret, at a power cut. */
static void sync_folder(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        log_errno("%s may be lost in a power cut", path);
    if (fd >= 0)
        close(fd);
}

/* Written beside and renamed, so that no half secret is ever seen under the name. */
bool secret_file_make(const struct secret_file *file, const char *path)
{
    char beside[4096];
    if (access(path, F_OK) == 0)
        return true;
    if (snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid()) >= (int)sizeof beside) {
        log_line("%s: the name is too long", file->option);
        return false;
    }
    bool good = write_beside(beside) && rename(beside, path) == 0;
    if (good)
        sync_folder(path);
    else
        log_errno("the %s %s cannot be made; name another place with %s", file->what, path,
                  file->option);
    return good;
}

/* 64 digits, and a newline where somebody wrote them by hand. */
static bool well_formed(const char *text, ssize_t length)
{
    return strspn(text, digits) == DIGITS &&
           (length == DIGITS || (length == DIGITS + 1 && text[DIGITS] == '\n'));
}

bool secret_file_read(const struct secret_file *file, const char *path, char text[SECRET_TEXT_SIZE])
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        log_errno("the %s %s cannot be read", file->what, path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    char held[SECRET_TEXT_SIZE + 2] = {0};
    ssize_t length = read(fd, held, sizeof held - 1);
    close(fd);
    snprintf(text, SECRET_TEXT_SIZE, "%.*s", DIGITS, held);
    if (!well_formed(held, length)) {
        log_line("%s does not hold the %s; remove it, a new one is made at the next start", path,
                 file->what);
        return false;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_line("others may read the %s; do: chmod 600 %s", file->what, path);
        return false;
    }
    return true;
}

static unsigned digit_value(char digit)
{
    return (unsigned)(strchr(digits, digit) - digits);
}

void secret_bytes(const char text[SECRET_TEXT_SIZE], unsigned char bytes[SECRET_SIZE])
{
    for (size_t i = 0; i < SECRET_SIZE; i++)
        bytes[i] = (unsigned char)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
}
