#include "common/policy.h"

#include <assert.h>
#include <string.h>

static const char *const names[POLICY_COUNT] = {
    "fewest-sold",    "round-robin", "least-connections", "power-of-two", "ip-hash",
    "least-workload", "random",
};

const char *policy_name(enum policy policy)
{
    assert(policy < POLICY_COUNT);
    return names[policy];
}

bool policy_parse(const char *name, size_t length, enum policy *policy)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) {
            *policy = (enum policy)i;
            return true;
        }
    return false;
}
