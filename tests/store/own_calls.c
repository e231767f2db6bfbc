#include "tests/store/own_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out);
int __real_fstat(int fd, struct stat *out);
int __wrap_fstat(int fd, struct stat *out);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __real_mknod(const char *path, mode_t mode, dev_t device);
int __wrap_mknod(const char *path, mode_t mode, dev_t device);
int __real_chmod(const char *path, mode_t mode);
int __wrap_chmod(const char *path, mode_t mode);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
ssize_t __real_pread(int fd, void *bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t count, off_t offset);
ssize_t __real_pwrite(int fd, const void *bytes, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t offset);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);

static struct {
    bool armed, dead;
    int until;
    int met;
} calls;

bool own_call_fails(void)
{
    if (!calls.armed)
        return false;
    if (calls.until > 1) {
        calls.until--;
        return false;
    }
    calls.armed = calls.dead;
    calls.met++;
    return true;
}

static bool fails(int code)
{
    bool failing = own_call_fails();
    if (failing)
        errno = code;
    return failing;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails((flags & O_CREAT) != 0 ? ENOSPC : EIO) ? -1 : __real_open(path, flags, mode);
}

int __wrap_stat(const char *path, struct stat *out)
{
    return fails(EIO) ? -1 : __real_stat(path, out);
}

int __wrap_fstat(int fd, struct stat *out)
{
    return fails(EIO) ? -1 : __real_fstat(fd, out);
}

int __wrap_flock(int fd, int operation)
{
    return fails(ENOLCK) ? -1 : __real_flock(fd, operation);
}

int __wrap_mknod(const char *path, mode_t mode, dev_t device)
{
    return fails(ENOSPC) ? -1 : __real_mknod(path, mode, device);
}

int __wrap_chmod(const char *path, mode_t mode)
{
    return fails(EIO) ? -1 : __real_chmod(path, mode);
}

int __wrap_ftruncate(int fd, off_t size)
{
    return fails(ENOSPC) ? -1 : __real_ftruncate(fd, size);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t count, off_t offset)
{
    return fails(EIO) ? -1 : __real_pread(fd, bytes, count, offset);
}

/* With room for half of it. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return __real_pwrite(fd, bytes, own_call_fails() ? count / 2 : count, offset);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails(ENOMEM) ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

void own_calls_arm(int n, bool dead)
{
    calls.armed = true;
    calls.dead = dead;
    calls.until = n;
    calls.met = 0;
}

int own_calls_mend(void)
{
    calls.armed = false;
    return calls.met;
}
