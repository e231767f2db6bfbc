/* Logs on a full disk: the logs' own writev(2) has room for half a line, or for nothing. */
#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>

#include "tests/soak/faults/fault.h"

ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);

/* The last bytes of the disk: every other write finds some. */
static ssize_t write_half(int fd, const struct iovec *parts, int count)
{
    static _Atomic unsigned writes;
    struct iovec half = parts[count - 1];
    half.iov_len /= 2;
    if (writes++ % 2 == 0 && half.iov_len > 0)
        return __real_writev(fd, &half, 1);
    errno = ENOSPC;
    return -1;
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
    char word[FAULT_WORD_SIZE];
    return fault_on(FAULT_DISK_FULL, word) ? write_half(fd, parts, count)
                                           : __real_writev(fd, parts, count);
}
