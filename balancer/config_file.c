#include "balancer/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE = 16 * 1024,
};

/* Reads to the end, or to one byte more than a configuration may have. */
static bool read_all(int fd, struct buffer *text)
{
    while (text->length <= CONFIG_FILE_MAX) {
        size_t room = CONFIG_FILE_MAX + 1 - text->length;
        char *to = buffer_reserve(text, PIECE);
        ssize_t got = pread(fd, to, room < PIECE ? room : PIECE, (off_t)text->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        text->length += (size_t)got;
    }
    errno = EFBIG;
    return false;
}

static bool read_regular(int fd, struct buffer *text)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return false;
    errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return S_ISREG(about.st_mode) && read_all(fd, text);
}

/* What is no regular file might keep us waiting, already when it is opened. */
bool config_file_read(const char *path, struct buffer *text, char error[CONFIG_ERROR_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good = fd >= 0 && read_regular(fd, text);
    if (!good) {
        const char *reason = errno == EFBIG    ? "it is longer than 1 MiB"
                             : errno == EINVAL ? "it is not a regular file"
                                               : strerror(errno);
        snprintf(error, CONFIG_ERROR_SIZE, "cannot read %.250s: %s; name another with --config",
                 path, reason);
        buffer_free(text);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        length -= (size_t)put;
    }
    return true;
}

int config_file_seal(const struct buffer *text)
{
    int fd = memfd_create("configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 &&
        (!write_all(fd, text->data, text->length) ||
         fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

bool config_file_take(int fd, struct buffer *text)
{
    bool good = read_all(fd, text);
    int reason = errno;
    close(fd);
    errno = reason;
    return good;
}
