#include "common/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BITS = 128,   /* of an address */
    V4_BITS = 96, /* of the prefix that IPv4 addresses are mapped behind */
    V4_BYTES = V4_BITS / 8,
};

static const uint8_t v4_prefix[V4_BYTES] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t address[16])
{
    return memcmp(address, v4_prefix, V4_BYTES) == 0;
}

/* *spelled_bits: of an address as it is spelled, 32 or 128. */
static bool read_address(const char *text, uint8_t address[16], unsigned *spelled_bits)
{
    bool v4 = strchr(text, ':') == NULL;
    if (v4)
        memcpy(address, v4_prefix, V4_BYTES);
    *spelled_bits = v4 ? BITS - V4_BITS : BITS;
    return inet_pton(v4 ? AF_INET : AF_INET6, text, v4 ? address + V4_BYTES : address) == 1;
}

/* Up to three digits, without a leading zero. */
static bool read_bits(const char *text, unsigned max, unsigned *bits)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != '\0' || (text[0] == '0' && digits > 1))
        return false;
    *bits = (unsigned)strtoul(text, NULL, 10);
    return *bits <= max;
}

static bool clear_behind(const struct network *network)
{
    for (unsigned bit = network->bits; bit < BITS; bit++)
        if (network->address[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool network_parse(const char *text, size_t length, struct network *network)
{
    char copy[NETWORK_SIZE];
    unsigned spelled_bits;
    if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (!read_address(copy, network->address, &spelled_bits))
        return false;
    unsigned bits = spelled_bits;
    if (slash != NULL && !read_bits(slash + 1, spelled_bits, &bits))
        return false;
    network->bits = BITS - spelled_bits + bits;
    return clear_behind(network);
}

void network_spell(const struct network *network, char text[NETWORK_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    bool v4 = is_v4(network->address) && network->bits >= V4_BITS;
    inet_ntop(v4 ? AF_INET : AF_INET6, network->address + (v4 ? V4_BYTES : 0), address,
              sizeof address);
    snprintf(text, NETWORK_SIZE, "%s/%u", address, v4 ? network->bits - V4_BITS : network->bits);
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00 >> bits % 8);
    return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

bool network_holds(const struct network *network, const char *address)
{
    uint8_t bytes[16];
    unsigned spelled_bits;
    return read_address(address, bytes, &spelled_bits) &&
           (!is_v4(bytes) || network->bits >= V4_BITS) &&
           same_prefix(network->address, bytes, network->bits);
}
