#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"

enum {
    NAME_LENGTH_MAX = 63,
    LINE_SIZE = 1024, /* a longer line is cut */
};

static char name[NAME_LENGTH_MAX + 1] = "box-office";

void log_name(const char *wanted)
{
    snprintf(name, sizeof name, "%s", wanted);
}

/* Lines hold what others sent: a terminal must not obey it, nor a reader take it for a line of ours. */
static void make_plain(char *line, size_t length)
{
    const char *at = line, *end = line + length;
    while (at < end) {
        char *from = line + (at - line);
        uint32_t character = utf8_decode(&at, end);
        if (character == UTF8_BAD)
            at++;
        if (character == UTF8_BAD || character < 0x20 || (character >= 0x7f && character < 0xa0))
            memset(from, '?', (size_t)(at - from));
    }
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
    make_plain(line, used);
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
