#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_LENGTH_MAX = 63,
    LINE_SIZE = 1024, /* a longer line is cut */
};

static char name[NAME_LENGTH_MAX + 1] = "box-office";

void log_name(const char *wanted)
{
    snprintf(name, sizeof name, "%s", wanted);
}

static void __attribute__((format(printf, 1, 0)))
say(const char *format, va_list arguments, const char *reason)
{
    char line[LINE_SIZE];
    char message[LINE_SIZE - sizeof name - 4];
    vsnprintf(message, sizeof message, format, arguments);
    int length = snprintf(line, sizeof line - 1, "%s: %s%s%s", name, message,
                          reason != NULL ? ": " : "", reason != NULL ? reason : "");
    size_t used = (size_t)length < sizeof line - 1 ? (size_t)length : sizeof line - 2;
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* nobody is left to be told */
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments, NULL);
    va_end(arguments);
}

void log_errno(const char *format, ...)
{
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof reason);
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments, text);
    va_end(arguments);
}

void die(enum exit_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments, NULL);
    va_end(arguments);
    exit(status);
}
