/* Networks of addresses, "ADDR/BITS" as in RFC 4632 and RFC 4291: whose word is trusted.
 *
 * An IPv4 address is one, also where a socket for both families spells it ::ffff:10.0.0.1; a network of
 * IPv6 addresses holds none, not even ::/0. Any thread. */
#ifndef BOX_OFFICE_NETWORK_H
#define BOX_OFFICE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NETWORK_SIZE = 51, /* the longest spelling and its NUL */
};

struct network {
    uint8_t address[16]; /* IPv6, or IPv4 mapped into it; zero behind the prefix */
    unsigned bits;       /* of the prefix: 0 to 128; of an IPv4 network 96 to 128 */
};

/* Reads "10.0.0.0/8", "2001:db8::/32", or an address alone, which is a network of one. False where it is
 * spelled otherwise, or has bits set behind the prefix (a slip: which of both is meant?). */
bool network_parse(const char *text, size_t length, struct network *network);

/* Always with "/BITS", as network_parse reads it. */
void network_spell(const struct network *network, char text[NETWORK_SIZE]);

/* Whether an address (numeric, without port or brackets) is in the network; what is no address is in
 * none. */
bool network_holds(const struct network *network, const char *address);

#endif
