/* The addresses of a host's name. */
#ifndef BOX_OFFICE_POSTGRES_ADDRESS_H
#define BOX_OFFICE_POSTGRES_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "db/store.h"

enum {
    ADDRESSES_MAX = 8,  /* of one host; what is beyond those is not tried */
    ADDRESS_SIZE = 128, /* in numbers, perhaps with its zone; and the NUL */
};

struct postgres_addresses {
    size_t count;
    char text[ADDRESSES_MAX][ADDRESS_SIZE]; /* "": what libpq makes of the host */
};

/* Asks the system's resolver, for as long as that takes, and keeps its order. No name, or a socket's directory, is
 * left to libpq: one address, "". False with the reason, and none. */
bool postgres_addresses_find(struct postgres_addresses *addresses, const char *host,
                             char why[STORE_ERROR_SIZE]);

/* Turns them so that this one comes first or, `behind` it, last; as they are, where it is none of them. */
void postgres_addresses_turn(struct postgres_addresses *addresses, const char *first, bool behind);

#endif
