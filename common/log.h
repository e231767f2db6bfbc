/* Diagnostics for the person at the terminal: one line each on stderr.
 *
 * Not the routing log and not the decision log (log_file.h): those are evidence, these are
 * messages. All functions may be called from any thread. Each line is one write(2). Control characters, and what
 * is no UTF-8, are written as '?'. */
#ifndef BOX_OFFICE_LOG_H
#define BOX_OFFICE_LOG_H

#include <stddef.h>

enum exit_status {
    EXIT_FINE = 0,    /* did what it was asked */
    EXIT_TROUBLE = 1, /* could not: the line on stderr says why and what to do */
    EXIT_USAGE = 2,   /* was asked wrongly */
};

/* Names the program in front of each line, e.g. "balancer" or "ticket_server server-1". Copied, at
 * most 63 bytes. Call before threads start. */
void log_name(const char *wanted);

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_line, and adds ": " and the text of the current errno. */
void log_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says why on stderr and exits with the given status. */
_Noreturn void die(enum exit_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
