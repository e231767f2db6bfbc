#include "common/policy.h"

#include <assert.h>
#include <string.h>

enum {
    WORKLOAD_MAX = 1000000,
};

static const char *const names[POLICY_COUNT] = {
    [POLICY_FEWEST_SOLD] = "fewest-sold",
    [POLICY_ROUND_ROBIN] = "round-robin",
    [POLICY_LEAST_CONNECTIONS] = "least-connections",
    [POLICY_POWER_OF_TWO] = "power-of-two",
    [POLICY_IP_HASH] = "ip-hash",
    [POLICY_LEAST_WORKLOAD] = "least-workload",
    [POLICY_RANDOM] = "random",
};

const char *policy_name(enum policy policy)
{
    assert(policy < POLICY_COUNT);
    return names[policy];
}

bool policy_parse(const char *name, size_t length, enum policy *policy)
{
    for (enum policy i = 0; i < POLICY_COUNT; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) {
            *policy = i;
            return true;
        }
    return false;
}

static const char *const affinity_names[AFFINITY_COUNT] = {
    [AFFINITY_NONE] = "none",
    [AFFINITY_COOKIE] = "cookie",
    [AFFINITY_JWT] = "jwt",
    [AFFINITY_ADDRESS] = "address",
};

const char *affinity_name(enum affinity affinity)
{
    assert(affinity < AFFINITY_COUNT);
    return affinity_names[affinity];
}

static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 33) * UINT64_C(0xff51afd7ed558ccd);
    bits = (bits ^ bits >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return bits ^ bits >> 33;
}

uint64_t policy_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return mix(hash);
}

uint64_t policy_score(uint64_t key, uint64_t server)
{
    return mix(key ^ server) >> 32;
}

uint64_t policy_draw(uint64_t seed, uint64_t n)
{
    uint64_t bits = seed + n * UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return bits ^ bits >> 31;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Cut first, so that nothing can overflow. */
static int64_t share(int64_t figure, int64_t full)
{
    int64_t most = WORKLOAD_MAX / 1000 * full;
    return (figure < most ? figure : most) * 1000 / full;
}

int64_t policy_workload(int64_t cpu, int64_t memory, int64_t commit)
{
    return larger(share(cpu, 1000), larger(share(memory, POLICY_MEMORY_FULL),
                                           share(commit, POLICY_COMMIT_FULL * 1000)));
}
