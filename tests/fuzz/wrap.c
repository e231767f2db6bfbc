#include "tests/fuzz/wrap.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

static jmp_buf back;
static bool armed;
static int ended_with;
static struct sockaddr_storage bound;

_Noreturn void __wrap_die(enum exit_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void __wrap_exit(int status);
_Noreturn void __real_exit(int status);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_listen(int fd, int backlog);
int __real_listen(int fd, int backlog);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);

bool wrap_survive(void (*body)(void *context), void *context, int *status)
{
    armed = true;
    bool survived = setjmp(back) == 0;
    if (survived)
        body(context);
    armed = false;
    *status = survived ? 0 : ended_with;
    return survived;
}

static void leave(int status)
{
    if (!armed)
        return;
    ended_with = status;
    longjmp(back, 1);
}

/* The message is made, as it would be: its arguments are read. */
void __wrap_die(enum exit_status status, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    leave((int)status);
    fprintf(stderr, "%s\n", message);
    abort();
}

void __wrap_exit(int status)
{
    leave(status);
    __real_exit(status);
}

/* --- the outside ------------------------------------------------------------------------------- */

const struct sockaddr_storage *wrap_bound(void)
{
    return &bound;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    memset(&bound, 0, sizeof bound);
    memcpy(&bound, address, length);
    return address->sa_family == AF_UNIX ? __real_bind(fd, address, length) : 0;
}

int __wrap_listen(int fd, int backlog)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    getsockname(fd, (struct sockaddr *)(void *)&address, &length);
    return address.ss_family == AF_UNIX ? __real_listen(fd, backlog) : 0;
}

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    struct addrinfo numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    return __real_getaddrinfo(node, service, &numeric, found);
}
