/* How the policies spread many choices. */
#include <stdio.h>
#include <string.h>

#include "balancer/routing/policies/policies.h"
#include "tests/lib/suite.h"

enum {
    SERVERS = 10,
    ADDRESSES = 10000,
    DRAWS = 10000,
};

/* --- round-robin ------------------------------------------------------------------------------- */

static size_t turn(struct candidate *candidates, size_t count)
{
    struct snapshot snapshot = {.candidates = candidates, .count = count};
    size_t to = round_robin.pick(&snapshot);
    if (to < count)
        round_robin_turn(candidates, count, to);
    return to;
}

/* The names of so many choices in a row: a, b, c … */
static const char *turns(struct candidate *candidates, size_t count, size_t choices)
{
    static char names[64];
    CU_ASSERT_FATAL(choices < sizeof names);
    for (size_t i = 0; i < choices; i++)
        names[i] = (char)('a' + turn(candidates, count));
    names[choices] = '\0';
    return names;
}

/* The sequence that nginx's documentation of smooth weighted round-robin gives. */
static void round_robin_is_smooth(void)
{
    struct candidate candidates[] = {{.weight = 5}, {.weight = 1}, {.weight = 1}};
    CU_ASSERT_STRING_EQUAL(turns(candidates, 3, 7), "aabacaa");
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(candidates[i].credit, 0);
    CU_ASSERT_STRING_EQUAL(turns(candidates, 3, 14), "aabacaaaabacaa");
}

static void round_robin_shares_are_exact(void)
{
    static const int64_t weights[] = {7, 3, 2, 1, 4, 1};
    struct candidate candidates[6] = {{0}};
    int64_t chosen[6] = {0};
    for (size_t i = 0; i < 6; i++)
        candidates[i].weight = weights[i];
    for (int i = 0; i < 10 * 18; i++)
        chosen[turn(candidates, 6)]++;
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(chosen[i], 10 * weights[i]);
        CU_ASSERT_EQUAL(candidates[i].credit, 0);
    }
}

/* Who is out earns nothing, and does not catch up later. */
static void round_robin_bears_one_that_comes_and_goes(void)
{
    struct candidate candidates[] = {{.weight = 2}, {.weight = 1}, {.weight = 1}};
    CU_ASSERT_STRING_EQUAL(turns(candidates, 3, 1), "a");
    int64_t held = candidates[1].credit;
    candidates[1].mark = MARK_DOWN;
    CU_ASSERT_PTR_NULL(strchr(turns(candidates, 3, 30), 'b'));
    CU_ASSERT_EQUAL(candidates[1].credit, held);
    candidates[1].mark = MARK_NONE;
    const char *after = turns(candidates, 3, 40);
    int chosen[3] = {0};
    for (size_t i = 0; i < 40; i++)
        chosen[after[i] - 'a']++;
    CU_ASSERT(chosen[0] >= 19 && chosen[0] <= 21);
    CU_ASSERT(chosen[1] >= 9 && chosen[1] <= 11);
    CU_ASSERT(chosen[2] >= 9 && chosen[2] <= 11);
}

/* --- by requests under way --------------------------------------------------------------------- */

/* Requests that never end are shared out by weight. */
static void expect_shares_by_weight(const struct policy_rule *rule, int64_t off)
{
    struct candidate candidates[] = {{.weight = 1}, {.weight = 2}, {.weight = 5}};
    for (uint64_t n = 1; n <= 800; n++) {
        struct snapshot snapshot = {candidates, 3, policy_draw(7, n)};
        size_t to = rule->pick(&snapshot);
        candidates[to].busy++;
        candidates[to].last = n;
    }
    for (size_t i = 0; i < 3; i++) {
        int64_t due = 100 * candidates[i].weight;
        CU_ASSERT(candidates[i].busy >= due - off && candidates[i].busy <= due + off);
    }
}

static void busy_servers_share_by_weight(void)
{
    expect_shares_by_weight(&least_connections, 0);
    expect_shares_by_weight(&power_of_two, 8);
}

/* --- by address -------------------------------------------------------------------------------- */

/* Where each address goes; `without`: a server that is down, SERVERS for none. */
static void place_all(size_t without, size_t placed[ADDRESSES])
{
    struct candidate candidates[SERVERS];
    uint64_t identities[SERVERS];
    for (size_t i = 0; i < SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        identities[i] = policy_hash(id);
        candidates[i] = (struct candidate){.weight = 1, .mark = i == without ? MARK_DOWN : MARK_NONE};
    }
    for (unsigned address = 0; address < ADDRESSES; address++) {
        char client[32];
        snprintf(client, sizeof client, "10.0.%u.%u", address / 256, address % 256);
        uint64_t key = policy_hash(client);
        for (size_t i = 0; i < SERVERS; i++)
            candidates[i].score = policy_score(key, identities[i]);
        struct snapshot snapshot = {.candidates = candidates, .count = SERVERS};
        placed[address] = ip_hash.pick(&snapshot);
    }
}

static void expect_shares(const size_t placed[ADDRESSES], size_t servers)
{
    unsigned chosen[SERVERS] = {0};
    for (size_t i = 0; i < ADDRESSES; i++)
        chosen[placed[i]]++;
    for (size_t i = 0; i < SERVERS; i++) {
        double share = (double)chosen[i] * (double)servers / ADDRESSES;
        CU_ASSERT(chosen[i] == 0 || (share > 0.8 && share < 1.2));
    }
}

/* 10 % of the addresses each, give or take 2 %; who leaves moves its own and no others. */
static void a_leaving_server_moves_its_own_clients(void)
{
    static size_t all[ADDRESSES], fewer[ADDRESSES];
    place_all(SERVERS, all);
    expect_shares(all, SERVERS);
    for (size_t without = 0; without < SERVERS; without++) {
        unsigned moved = 0, others_moved = 0;
        place_all(without, fewer);
        expect_shares(fewer, SERVERS - 1);
        for (size_t i = 0; i < ADDRESSES; i++) {
            moved += all[i] == without && fewer[i] != without;
            others_moved += all[i] != without && fewer[i] != all[i];
        }
        CU_ASSERT_EQUAL(others_moved, 0);
        CU_ASSERT(moved >= 800 && moved <= 1200);
    }
}

/* --- by lot ------------------------------------------------------------------------------------ */

/* Draws with every third candidate out of the running. */
static void expect_even_draws(const struct policy_rule *rule, bool settles)
{
    struct candidate candidates[SERVERS];
    unsigned chosen[SERVERS] = {0};
    for (size_t i = 0; i < SERVERS; i++)
        candidates[i] = (struct candidate){.weight = 1, .mark = i % 3 == 0 ? MARK_FULL : MARK_NONE};
    for (uint64_t n = 1; n <= DRAWS; n++) {
        struct snapshot snapshot = {candidates, SERVERS, policy_draw(policy_hash("router"), n)};
        size_t to = rule->pick(&snapshot);
        CU_ASSERT_FATAL(to < SERVERS && candidates[to].mark == MARK_NONE);
        candidates[to].busy += !settles;
        candidates[to].last = n;
        chosen[to]++;
    }
    for (size_t i = 0; i < SERVERS; i++) {
        unsigned due = candidates[i].mark == MARK_NONE ? DRAWS / 6 : 0;
        CU_ASSERT(chosen[i] >= due - due / 10 && chosen[i] <= due + due / 10);
    }
}

static void draws_are_even(void)
{
    expect_even_draws(&random_choice, true);
    expect_even_draws(&power_of_two, true);
    expect_even_draws(&power_of_two, false);
}

/* The busiest of all is never the better of two different ones. */
static void power_of_two_spares_the_busiest(void)
{
    struct candidate candidates[4];
    for (size_t i = 0; i < 4; i++)
        candidates[i] = (struct candidate){.weight = 1, .busy = i == 2 ? 9 : 8};
    for (uint64_t n = 1; n <= 1000; n++) {
        struct snapshot snapshot = {candidates, 4, policy_draw(1, n)};
        CU_ASSERT_NOT_EQUAL(power_of_two.pick(&snapshot), 2);
    }
}

/* Two as busy: the one chosen longer ago. */
static void power_of_two_breaks_ties_by_recency(void)
{
    struct candidate candidates[] = {{.weight = 1, .last = 8}, {.weight = 1, .last = 7}};
    for (uint64_t n = 1; n <= 100; n++) {
        struct snapshot snapshot = {candidates, 2, policy_draw(1, n)};
        CU_ASSERT_EQUAL(power_of_two.pick(&snapshot), 1);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("policy_shares", "round-robin is smooth", round_robin_is_smooth);
    suite_add("policy_shares", "round-robin's shares are exact", round_robin_shares_are_exact);
    suite_add("policy_shares", "round-robin bears one that comes and goes",
              round_robin_bears_one_that_comes_and_goes);
    suite_add("policy_shares", "busy servers share by weight", busy_servers_share_by_weight);
    suite_add("policy_shares", "a leaving server moves its own clients",
              a_leaving_server_moves_its_own_clients);
    suite_add("policy_shares", "draws are even", draws_are_even);
    suite_add("policy_shares", "power-of-two spares the busiest", power_of_two_spares_the_busiest);
    suite_add("policy_shares", "power-of-two breaks ties by recency",
              power_of_two_breaks_ties_by_recency);
}
