/* Choices with affinity: by cookie, by token, by address. */
#include <stdio.h>
#include <string.h>

#include "balancer/routing/choose.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/routing/forwarding.h"

/* A session by cookie that is at `server`; NULL: a new one. */
static struct choice by_cookie(enum policy policy, const char *server)
{
    struct choice choice = forwarding_choice("files", policy);
    choice.affinity = AFFINITY_COOKIE;
    choice.session = "00ff";
    choice.pinned = server != NULL ? forwarding_index(server) : SERVER_NONE;
    return choice;
}

static void a_new_session_goes_by_policy(void)
{
    forwarding_open(2);
    struct choice choice = by_cookie(POLICY_ROUND_ROBIN, NULL);
    forwarding_expect(&choice, "policy=round-robin affinity=cookie session=00ff to=files-2 "
                               "why=turn turn=files-1:0/1,files-2:0/2");
    forwarding_close();
}

/* Credit is what the policy alone has spent: a session's requests take no turn from anybody. */
static void a_pinned_session_stays_and_takes_no_turn(void)
{
    forwarding_open(2);
    struct choice pinned = by_cookie(POLICY_ROUND_ROBIN, "files-1");
    for (int i = 0; i < 3; i++)
        forwarding_expect(&pinned, "policy=round-robin affinity=cookie session=00ff pinned=files-1 "
                                   "to=files-1 why=session turn=files-1:0/1,files-2:0/2");
    struct choice fresh = forwarding_choice("files", POLICY_ROUND_ROBIN);
    forwarding_expect(&fresh, "policy=round-robin to=files-2 why=turn "
                              "turn=files-1:0/1,files-2:0/2");
    forwarding_close();
}

static void a_session_moves_from_who_is_down(void)
{
    forwarding_open(3);
    forwarding_fail("files-2");
    struct choice choice = by_cookie(POLICY_ROUND_ROBIN, "files-2");
    forwarding_expect(&choice,
                      "policy=round-robin affinity=cookie session=00ff pinned=files-2 to=files-1 "
                      "why=moved turn=files-1:0/1,files-2:0/2!down,files-3:0/1");
    choice = by_cookie(POLICY_ROUND_ROBIN, "files-1");
    forwarding_expect(&choice,
                      "policy=round-robin affinity=cookie session=00ff pinned=files-1 to=files-1 "
                      "why=session turn=files-1:-1/1,files-2:0/2!down,files-3:1/1");
    forwarding_close();
}

static void a_session_moves_from_who_is_full(void)
{
    forwarding_open(2);
    struct choice choice = by_cookie(POLICY_LEAST_CONNECTIONS, "files-1");
    for (int i = 0; i < FORWARDING_LIMIT; i++)
        CU_ASSERT_EQUAL(forwarding_to(&choice), forwarding_index("files-1"));
    history_text(&forwarding);
    forwarding_expect(&choice, "policy=least-connections affinity=cookie session=00ff "
                               "pinned=files-1 to=files-2 why=moved "
                               "busy=files-1:4/1!full,files-2:0/2");
    forwarding_close();
}

/* A cookie made before the configuration changed may name a server of another pool. */
static void a_pin_to_another_pool_is_none(void)
{
    forwarding_open(2);
    struct choice choice = by_cookie(POLICY_ROUND_ROBIN, "server-1");
    forwarding_expect(&choice, "policy=round-robin affinity=cookie session=00ff to=files-2 "
                               "why=turn turn=files-1:0/1,files-2:0/2");
    forwarding_close();
}

/* --- by key ------------------------------------------------------------------------------------ */

/* The servers of "files", best score first. */
static void rank(const char *key, size_t best[3])
{
    uint64_t scores[3];
    for (size_t i = 0; i < 3; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%zu", i + 1);
        scores[i] = policy_score(policy_hash(key), policy_hash(id));
    }
    for (size_t i = 0; i < 3; i++) {
        size_t above = 0;
        for (size_t j = 0; j < 3; j++)
            above += scores[j] > scores[i];
        best[above] = i + 1;
    }
}

/* Chooses; the line must name the server of that rank, and say why. */
static void expect_ranked(const struct choice *choice, size_t server, const char *why)
{
    forwarding_finish();
    char to[64], id[SERVER_SIZE];
    snprintf(id, sizeof id, "files-%zu", server);
    snprintf(to, sizeof to, " to=%s why=%s hash=files-1:", id, why);
    CU_ASSERT_EQUAL(forwarding_to(choice), forwarding_index(id));
    const char *line = forwarding_text();
    CU_ASSERT_PTR_NOT_NULL(strstr(line, to));
    if (strstr(line, to) == NULL)
        printf("  %s", line);
}

static void expect_key(struct choice choice, const char *key)
{
    size_t best[3];
    char id[SERVER_SIZE];
    rank(key, best);
    expect_ranked(&choice, best[0], "session");
    snprintf(id, sizeof id, "files-%zu", best[0]);
    forwarding_fail(id);
    expect_ranked(&choice, best[1], "moved");
    check_answered(&forwarding, forwarding_index(id), 0);
    history_text(&forwarding);
    expect_ranked(&choice, best[0], "session");
    snprintf(id, sizeof id, "files-%zu", best[2]);
    forwarding_fail(id);
    expect_ranked(&choice, best[0], "session"); /* whoever else is out moves nobody */
    check_answered(&forwarding, forwarding_index(id), 0);
    history_text(&forwarding);
}

static void a_tokens_subject_has_one_server(void)
{
    forwarding_open(3);
    for (unsigned i = 0; i < 10; i++) {
        char session[20];
        snprintf(session, sizeof session, "%016x", i * 0x1234567);
        struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
        choice.affinity = AFFINITY_JWT;
        choice.session = session;
        expect_key(choice, session);
    }
    forwarding_close();
}

static void an_address_has_one_server(void)
{
    forwarding_open(3);
    for (unsigned i = 0; i < 10; i++) {
        char client[20];
        snprintf(client, sizeof client, "192.0.2.%u", i);
        struct choice choice = forwarding_choice("files", POLICY_LEAST_CONNECTIONS);
        choice.affinity = AFFINITY_ADDRESS;
        choice.client = client;
        expect_key(choice, client);
    }
    forwarding_close();
}

static void the_line_of_a_key_lists_scores(void)
{
    forwarding_open(1);
    struct choice choice = forwarding_choice("files", POLICY_FEWEST_SOLD);
    choice.affinity = AFFINITY_JWT;
    choice.session = "ab";
    char line[128];
    snprintf(line, sizeof line,
             "policy=fewest-sold affinity=jwt session=ab to=files-1 why=session hash=files-1:%u",
             (unsigned)policy_score(policy_hash("ab"), policy_hash("files-1")));
    forwarding_expect(&choice, line);
    choice.affinity = AFFINITY_ADDRESS;
    choice.session = NULL;
    snprintf(line, sizeof line,
             "policy=fewest-sold affinity=address to=files-1 why=session hash=files-1:%u",
             (unsigned)policy_score(policy_hash("127.0.0.1"), policy_hash("files-1")));
    forwarding_expect(&choice, line);
    forwarding_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("choose_session", "a new session goes by policy", a_new_session_goes_by_policy);
    suite_add("choose_session", "a pinned session stays, and takes no turn",
              a_pinned_session_stays_and_takes_no_turn);
    suite_add("choose_session", "a session moves from who is down",
              a_session_moves_from_who_is_down);
    suite_add("choose_session", "a session moves from who is full",
              a_session_moves_from_who_is_full);
    suite_add("choose_session", "a pin to another pool is none", a_pin_to_another_pool_is_none);
    suite_add("choose_session", "a token's subject has one server",
              a_tokens_subject_has_one_server);
    suite_add("choose_session", "an address has one server", an_address_has_one_server);
    suite_add("choose_session", "the line of a key lists scores", the_line_of_a_key_lists_scores);
}
