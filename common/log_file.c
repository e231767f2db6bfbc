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
    char *dir;        /* owned */
    char *path;       /* owned: DIR/NAME */
    int64_t size_max; /* of a file, bytes */
    int keep;         /* so many times that in older files */
    int fd;           /* of the one that is written; -1: none yet */
    int64_t size;
    bool torn; /* the file ends inside a line */
};

enum {
    LOCK_TRIES =
        100, /* a reader that looks for a living writer has the lock for microseconds, ... */
    ALONE_TRIES = 5, /* ... and so has a writer that looks for another */
};

static const char torn_end[] = LOG_FILE_TORN "\n";

/* --- locks -------------------------------------------------------------------------------------- */

static bool try_lock(int fd, int how, int tries)
{
    while (flock(fd, how | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || --tries == 0)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

static void close_keeping_errno(int fd)
{
    int reason = errno;
    close(fd);
    errno = reason;
}

/* For nobody else's eyes: whoever knows a purchase's id, which the logs name, may see its tickets. */
static int open_or_create(const char *path, int flags)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0600);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077))
        fchmod(fd, 0600); /* of an older version; where it is another user's, it stays as it is */
    return fd;
}

/* The lock under which files get other names; -1 and errno. It is dropped by closing it. */
static int lock_names(const struct log_file *log)
{
    int fd = open(log->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && !try_lock(fd, LOCK_EX, LOCK_TRIES)) {
        close_keeping_errno(fd);
        fd = -1;
    }
    return fd;
}

/* Whether nobody else writes to this file; a lock of ours on it is given up. */
static bool is_alone(int fd)
{
    return try_lock(fd, LOCK_EX, ALONE_TRIES);
}

/* --- older files -------------------------------------------------------------------------------- */

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
    for (; place < LOG_FILES_MAX; place++) {
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

/* Lets the oldest go, as long as those that are newer hold enough without it. */
static void let_go(const struct log_file *log)
{
    int64_t sizes[LOG_FILES_MAX + 1] = {0}, sum = 0;
    char path[PATH_MAX];
    struct stat about;
    int oldest = 1;
    for (; oldest <= LOG_FILES_MAX; oldest++) {
        numbered(log, oldest, path);
        if (stat(path, &about) != 0)
            break;
        sizes[oldest] = about.st_size;
        sum += about.st_size;
    }
    while (--oldest > 0 && (sum -= sizes[oldest]) >= log->keep * log->size_max) {
        numbered(log, oldest, path);
        if (unlink(path) != 0)
            return;
    }
}

/* Begins a new file, and puts the newest aside. What may fail for want of room or descriptors comes first,
 * while nothing has changed. */
static bool begin_file(struct log_file *log)
{
    char fresh[PATH_MAX], first[PATH_MAX];
    snprintf(fresh, sizeof fresh, "%s.new", log->path);
    numbered(log, 1, first);
    int fd = open_or_create(fresh, O_TRUNC);
    if (fd < 0)
        return false;
    bool locked = try_lock(fd, LOCK_SH, LOCK_TRIES), shifted = locked && shift(log);
    if (!shifted || rename(fresh, log->path) != 0) {
        int reason = errno;
        if (shifted)
            rename(first, log->path);
        unlink(fresh);
        close(fd);
        errno = reason;
        return false;
    }
    if (log->fd >= 0)
        close(log->fd);
    log->fd = fd;
    log->size = 0;
    log->torn = false;
    let_go(log);
    return true;
}

/* --- opening ----------------------------------------------------------------------------------- */

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

/* The newest file, unless somebody writes to it. */
static bool open_newest(struct log_file *log)
{
    log->fd = open_or_create(log->path, 0);
    bool alone = log->fd >= 0 && is_alone(log->fd);
    if (alone && try_lock(log->fd, LOCK_SH, LOCK_TRIES) && measure(log))
        return true;
    if (log->fd >= 0)
        close_keeping_errno(log->fd);
    log->fd = -1;
    return false;
}

static bool open_locked(struct log_file *log)
{
    int names = lock_names(log);
    if (names < 0)
        return false;
    bool opened = open_newest(log) || (errno == EWOULDBLOCK && begin_file(log));
    close_keeping_errno(names);
    return opened;
}

struct log_file *log_file_open(const char *dir, const char *name, int64_t size_max, int keep,
                               char error[LOG_ERROR_SIZE])
{
    struct buffer path = {0};
    buffer_printf(&path, "%s/%s", dir, name);
    struct log_file *log = memory_new(sizeof *log);
    *log = (struct log_file){
        .dir = memory_copy(dir),
        .path = memory_copy(buffer_text(&path)),
        .size_max = size_max,
        .keep = keep,
        .fd = -1,
    };
    buffer_free(&path);
    if (open_locked(log)) {
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
    free(log->dir);
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

/* Another process may have put our file aside, and write to the newest. */
static bool others_write(const struct log_file *log)
{
    struct stat ours, newest;
    int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool same = fstat(log->fd, &ours) == 0 && fstat(fd, &newest) == 0 &&
                ours.st_ino == newest.st_ino && ours.st_dev == newest.st_dev;
    bool others = !same && !is_alone(fd);
    close(fd);
    return others;
}

bool log_file_rotate(struct log_file *log)
{
    int names = lock_names(log);
    if (names < 0)
        return false;
    bool others = others_write(log);
    bool rotated = !others && begin_file(log);
    if (others)
        errno = EBUSY;
    close_keeping_errno(names);
    return rotated;
}
