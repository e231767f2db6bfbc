#include "db/postgres/address.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool has(const struct postgres_addresses *addresses, const char *text)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (strcmp(addresses->text[i], text) == 0)
            return true;
    return false;
}

static void add(struct postgres_addresses *addresses, const char *text)
{
    if (addresses->count < ADDRESSES_MAX && !has(addresses, text))
        snprintf(addresses->text[addresses->count++], ADDRESS_SIZE, "%s", text);
}

bool postgres_addresses_find(struct postgres_addresses *addresses, const char *host,
                             char why[STORE_ERROR_SIZE])
{
    static const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char text[ADDRESS_SIZE];
    addresses->count = 0;
    if (host[0] == '\0' || host[0] == '/' || host[0] == '@') {
        add(addresses, "");
        return true;
    }
    int failed = getaddrinfo(host, NULL, &wanted, &found);
    for (const struct addrinfo *at = found; failed == 0 && at != NULL; at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
            0)
            add(addresses, text);
    if (failed == 0)
        freeaddrinfo(found);
    if (addresses->count > 0)
        return true;
    snprintf(why, STORE_ERROR_SIZE, "the name %.200s cannot be looked up: %s", host,
             failed == 0 ? "it has no address" : gai_strerror(failed));
    return false;
}

void postgres_addresses_turn(struct postgres_addresses *addresses, const char *first, bool behind)
{
    struct postgres_addresses turned = {.count = addresses->count};
    size_t begin = 0;
    while (begin < addresses->count && strcmp(addresses->text[begin], first) != 0)
        begin++;
    if (begin == addresses->count)
        return;
    begin += behind;
    for (size_t i = 0; i < addresses->count; i++)
        memcpy(turned.text[i], addresses->text[(begin + i) % addresses->count], ADDRESS_SIZE);
    *addresses = turned;
}
