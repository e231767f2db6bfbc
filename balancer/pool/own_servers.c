#include "balancer/pool/own_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "server-";

void own_server_name(size_t number, char id[SERVER_SIZE])
{
    snprintf(id, SERVER_SIZE, "%s%zu", prefix, number);
}

bool own_server_named(const char *id)
{
    const char *number = id + sizeof prefix - 1;
    return strncmp(id, prefix, sizeof prefix - 1) == 0 && *number != '\0' &&
           number[strspn(number, "0123456789")] == '\0';
}

size_t own_server_number(const char *id)
{
    if (!own_server_named(id))
        return 0;
    size_t number = (size_t)strtoul(id + sizeof prefix - 1, NULL, 10);
    return number <= OWN_SERVERS_MAX ? number : 0;
}
