/* What the linker puts in the place of some functions in the fuzzers (--wrap), so that a target may call
 * code that ends the process, or that would reach out of it.
 *
 * bind and listen on an IP address only remember it; getaddrinfo asks no name server. */
#ifndef BOX_OFFICE_FUZZ_WRAP_H
#define BOX_OFFICE_FUZZ_WRAP_H

#include <stdbool.h>
#include <sys/socket.h>

/* Calls body(context). False where it ended the process by die() or exit(); *status is with what. What
 * it held is not freed. */
bool wrap_survive(void (*body)(void *context), void *context, int *status);

/* The address of the last bind. */
const struct sockaddr_storage *wrap_bound(void);

#endif
