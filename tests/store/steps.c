#include "tests/store/steps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/own_calls.h"

int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_renameat2(int from_directory, const char *from, int to_directory, const char *to,
                     unsigned flags);
int __wrap_renameat2(int from_directory, const char *from, int to_directory, const char *to,
                     unsigned flags);

static struct {
    bool watched;
    int until_failure; /* fsyncs; 0: none fails */
    char text[4096];
} steps;

void steps_note(const char *step, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = strlen(steps.text);
    if (steps.watched)
        snprintf(steps.text + length, sizeof steps.text - length, "%s %s; ", step,
                 slash == NULL ? path : slash + 1);
}

int __wrap_fsync(int fd)
{
    char link[64], path[4096] = "";
    struct stat file;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) > 0 && fstat(fd, &file) == 0)
        steps_note("save", S_ISDIR(file.st_mode) ? "directory" : path);
    if (own_call_fails() || (steps.until_failure > 0 && --steps.until_failure == 0)) {
        errno = EIO;
        return -1;
    }
    return 0; /* no power fails but that of the forgetful disk */
}

/* Only what was done counts. */
static int moved(int result, const char *from)
{
    int code = errno;
    if (result == 0)
        steps_note("move", from);
    errno = code;
    return result;
}

int __wrap_rename(const char *from, const char *to)
{
    return moved(__real_rename(from, to), from);
}

int __wrap_renameat2(int from_directory, const char *from, int to_directory, const char *to,
                     unsigned flags)
{
    return moved(__real_renameat2(from_directory, from, to_directory, to, flags), from);
}

void steps_begin(int failing)
{
    steps.text[0] = '\0';
    steps.until_failure = failing;
    steps.watched = true;
}

const char *steps_end(void)
{
    steps.watched = false;
    steps.until_failure = 0;
    return steps.text;
}
