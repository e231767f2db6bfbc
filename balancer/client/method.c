#include "balancer/client/method.h"

#include <stddef.h>
#include <string.h>

static bool is_one_of(const char *method, const char *const methods[])
{
    while (*methods != NULL && strcmp(method, *methods) != 0)
        methods++;
    return *methods != NULL;
}

bool method_is_safe(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", NULL};
    return is_one_of(method, methods);
}

bool method_tells_length(const char *method)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", NULL};
    return is_one_of(method, methods);
}
