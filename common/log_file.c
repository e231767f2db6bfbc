#include "common/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"

struct log_file {
    char *path;       /* owned: DIR/NAME */
    int64_t size_max; /* of a file, bytes */
    int keep;         /* older files */
    int fd;           /* of the newest */
    int64_t size;
    bool torn; /* the file ends inside a line */
};

enum {
    LOCK_TRIES = 100, /* a reader that looks for a living writer has the lock for microseconds */
};

static const char torn_end[] = LOG_FILE_TORN "\n";

/* --- opening ----------------------------------------------------------------------------------- */

static int open_locked(const char *path, int flags)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0644);
    if (fd < 0)
        return -1;
    for (int tries = 0; flock(fd, LOCK_SH | LOCK_NB) != 0; tries++) {
        if (tries == LOCK_TRIES) {
            int reason = errno;
            close(fd);
            errno = reason;
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return fd;
}

/* Learns the size, and whether the writer before us was killed inside a line. */
static bool measure(struct log_file *log)
{
    struct stat status;
    char last = '\n';
    if (fstat(log->fd, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return false;
    }
    if (status.st_size > 0 && pread(log->fd, &last, 1, status.st_size - 1) != 1)
        return false;
    log->size = status.st_size;
    log->torn = last != '\n';
    return true;
}

struct log_file *log_file_open(const char *dir, const char *name, int64_t size_max, int keep,
                               char error[LOG_ERROR_SIZE])
{
    struct buffer path = {0};
    buffer_printf(&path, "%s/%s", dir, name);
    struct log_file *log = memory_new(sizeof *log);
    *log = (struct log_file){
        .path = memory_copy(buffer_text(&path)),
        .size_max = size_max,
        .keep = keep,
    };
    buffer_free(&path);
    log->fd = open_locked(log->path, 0);
    if (log->fd >= 0 && measure(log)) {
        log_file_write(log, "", 0); /* ends a torn line, now or with the first write */
        return log;
    }
    snprintf(error, LOG_ERROR_SIZE, "cannot open the log %.120s: %s", log->path, strerror(errno));
    log_file_close(log);
    return NULL;
}

void log_file_close(struct log_file *log)
{
    if (log->fd >= 0)
        close(log->fd); /* the lock goes with it */
    free(log->path);
    free(log);
}

/* --- writing ----------------------------------------------------------------------------------- */

static ssize_t write_once(int fd, struct iovec *parts, int count)
{
    ssize_t written;
    do
        written = writev(fd, parts, count);
    while (written < 0 && errno == EINTR);
    return written;
}

bool log_file_write(struct log_file *log, const char *lines, size_t length)
{
    size_t before = log->torn ? sizeof torn_end - 1 : 0;
    struct iovec parts[] = {{(void *)torn_end, before}, {(void *)lines, length}};
    if (before + length == 0)
        return true;
    ssize_t written = write_once(log->fd, parts, 2);
    if (written == (ssize_t)(before + length)) {
        log->size += written;
        log->torn = false;
        return true;
    }
    int reason = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(log->fd, log->size) != 0) {
        log->size += written;
        log->torn = true;
    }
    errno = reason;
    return false;
}

bool log_file_full(const struct log_file *log)
{
    return log->size >= log->size_max;
}

/* --- rotating ---------------------------------------------------------------------------------- */

static void numbered(const struct log_file *log, int number, char path[PATH_MAX])
{
    if (number == 0)
        snprintf(path, PATH_MAX, "%s", log->path);
    else
        snprintf(path, PATH_MAX, "%s.%d", log->path, number);
}

/* Moves files one place on, from the first unused place down to the newest: where a place is unused,
 * because an earlier rotation failed half-way, nothing needs to be deleted. */
static bool shift(const struct log_file *log)
{
    char from[PATH_MAX], to[PATH_MAX];
    int place = 1;
    for (; place < log->keep; place++) {
        numbered(log, place, to);
        if (access(to, F_OK) != 0)
            break;
    }
    for (; place > 0; place--) {
        numbered(log, place - 1, from);
        numbered(log, place, to);
        if (rename(from, to) != 0 && errno != ENOENT)
            return false;
    }
    return true;
}

/* What may fail for want of room or descriptors comes first, while nothing has changed. */
bool log_file_rotate(struct log_file *log)
{
    char fresh[PATH_MAX], first[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.new", log->path);
    numbered(log, 1, first);
    int fd = open_locked(fresh, O_TRUNC);
    if (fd < 0)
        return false;
    bool shifted = shift(log);
    if (!shifted || rename(fresh, log->path) != 0) {
        int reason = errno;
        if (shifted)
            rename(first, log->path);
        unlink(fresh);
        close(fd);
        errno = reason;
        return false;
    }
    close(log->fd);
    log->fd = fd;
    log->size = 0;
    log->torn = false;
    return true;
}
