#include "common/policy.h"

#include <string.h>

#include "tests/lib/suite.h"

static void names_are_read_back(void)
{
    char list[256] = "";
    for (enum policy policy = 0; policy < POLICY_COUNT; policy++) {
        enum policy read = POLICY_COUNT;
        const char *name = policy_name(policy);
        CU_ASSERT(policy_parse(name, strlen(name), &read));
        CU_ASSERT_EQUAL(read, policy);
        strcat(strcat(list, policy > 0 ? ", " : ""), name);
    }
    CU_ASSERT_STRING_EQUAL(list, POLICY_NAMES);
}

static void other_names_are_none(void)
{
    static const char *const bad[] = {"", "fewest", "fewest-sold ", "Random", "round_robin"};
    enum policy policy = POLICY_IP_HASH;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(policy_parse(bad[i], strlen(bad[i]), &policy));
    CU_ASSERT_EQUAL(policy, POLICY_IP_HASH);
    CU_ASSERT(policy_parse("random and so on", 6, &policy));
    CU_ASSERT_EQUAL(policy, POLICY_RANDOM);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("policy", "names are read back", names_are_read_back);
    suite_add("policy", "other names are none", other_names_are_none);
}
