#include "balancer/admin/attempts.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* That of the address; else an unused place, or that of who was wrong longest ago. */
static struct attempts_client *client_of(struct attempts *attempts, const char *address)
{
    struct attempts_client *oldest = &attempts->clients[0];
    for (size_t i = 0; i < ATTEMPTS_CLIENTS; i++) {
        struct attempts_client *client = &attempts->clients[i];
        if (strcmp(client->address, address) == 0)
            return client;
        if (client->last < oldest->last)
            oldest = client;
    }
    *oldest = (struct attempts_client){0};
    snprintf(oldest->address, sizeof oldest->address, "%s", address);
    return oldest;
}

int attempts_wrong(struct attempts *attempts, const char *address, int64_t now)
{
    const int64_t window = ATTEMPTS_SECONDS * CLOCK_SECOND;
    struct attempts_client *client = client_of(attempts, address);
    if (client->wrong == 0 || now - client->since >= window) {
        client->since = now;
        client->wrong = 0;
    }
    client->last = now;
    if (client->wrong < ATTEMPTS_WRONG) {
        client->wrong++;
        return 0;
    }
    return (int)((client->since + window - now + CLOCK_SECOND - 1) / CLOCK_SECOND);
}
