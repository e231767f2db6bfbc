#include "common/policy.h"

#include <inttypes.h>
#include <stdio.h>
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
    CU_ASSERT_STRING_EQUAL(affinity_name(AFFINITY_NONE), "none");
    CU_ASSERT_STRING_EQUAL(affinity_name(AFFINITY_ADDRESS), "address");
}

static void other_names_are_none(void)
{
    static const char *const bad[] = {"",        "fewest",  "Fewest-sold",       "random ",
                                      "randoms", "ip_hash", "fewest-sold,random"};
    enum policy policy = POLICY_IP_HASH;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_FALSE(policy_parse(bad[i], strlen(bad[i]), &policy));
    CU_ASSERT_EQUAL(policy, POLICY_IP_HASH);
    CU_ASSERT(policy_parse("random and so on", 6, &policy));
    CU_ASSERT_EQUAL(policy, POLICY_RANDOM);
}

/* Logs of years ago are proved by these: the algorithms must not change unnoticed. */
static void numbers_are_the_known_ones(void)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } hashes[] = {
        {"", UINT64_C(0xefd01f60ba992926)},         {"a", UINT64_C(0x82a2a958a9bece5b)},
        {"server-1", UINT64_C(0x08ccf8cc94164cdd)}, {"127.0.0.1", UINT64_C(0xcede3ba3b6417b22)},
        {"\xff", UINT64_C(0x1bbd5c813c69a8d7)},
    };
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        CU_ASSERT_EQUAL(policy_hash(hashes[i].text), hashes[i].hash);
    uint64_t key = policy_hash("127.0.0.1");
    CU_ASSERT_EQUAL(policy_score(key, policy_hash("server-1")), UINT64_C(0x256a045a));
    CU_ASSERT_EQUAL(policy_score(key, policy_hash("server-2")), UINT64_C(0xc0bc468c));
    CU_ASSERT_EQUAL(policy_score(0, 0), 0);
    /* The first outputs of SplitMix64 by its authors, for seed 1234567. */
    CU_ASSERT_EQUAL(policy_draw(1234567, 1), UINT64_C(6457827717110365317));
    CU_ASSERT_EQUAL(policy_draw(1234567, 2), UINT64_C(3203168211198807973));
    CU_ASSERT_EQUAL(policy_draw(1234567, 3), UINT64_C(9817491932198370423));
    CU_ASSERT_EQUAL(policy_draw(UINT64_MAX, UINT64_MAX), UINT64_C(0xde0a564cbcd060c4));
}

/* A score says nothing beyond 32 bits: the log and the report keep it in an int64_t. */
static void scores_have_32_bits(void)
{
    for (uint64_t i = 0; i < 1000; i++)
        CU_ASSERT(policy_score(policy_draw(1, i), policy_draw(2, i)) <= UINT32_MAX);
}

static void workload_by_the_table(void)
{
    static const struct {
        int64_t cpu, memory, commit, workload;
    } rows[] = {
        {0, 0, 0, 0},
        {310, 9, 812, 310},
        {0, 512, 0, 500},
        {0, POLICY_MEMORY_FULL, 0, 1000},
        {0, 0, POLICY_COMMIT_FULL * 1000, 1000},
        {0, 0, 25000, 250},
        {2500, 0, 0, 2500},
        {100, 512, 40000, 500},
        {100, 102, 40000, 400},
        {1, 1, 99, 1},
        {INT64_MAX, 0, 0, 1000000},
        {0, INT64_MAX, 0, 1000000},
        {0, 0, INT64_MAX, 1000000},
        {INT64_MAX, INT64_MAX, INT64_MAX, 1000000},
        {1000000, 0, 0, 1000000},
        {999999, 0, 0, 999999},
        {1000001, 0, 0, 1000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t workload = policy_workload(rows[i].cpu, rows[i].memory, rows[i].commit);
        if (workload != rows[i].workload)
            printf("  row %zu: %" PRId64 "\n", i, workload);
        CU_ASSERT_EQUAL(workload, rows[i].workload);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("policy", "names are read back", names_are_read_back);
    suite_add("policy", "other names are none", other_names_are_none);
    suite_add("policy", "numbers are the known ones", numbers_are_the_known_ones);
    suite_add("policy", "scores have 32 bits", scores_have_32_bits);
    suite_add("policy", "workload by the table", workload_by_the_table);
}
