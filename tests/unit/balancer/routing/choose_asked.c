/* Choices for requests that were given to servers before, in vain. */
#include <stdio.h>
#include <string.h>

#include "balancer/routing/choose.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/routing/forwarding.h"

static uint64_t asked[ROUTING_TRIES_MAX];

/* The same request once more, after it was at that server. */
static void ask_again(struct choice *choice, const char *server)
{
    CU_ASSERT_FATAL(choice->asked_count < ROUTING_TRIES_MAX);
    asked[choice->asked_count++] = policy_hash(server);
    choice->asked = asked;
}

static void the_turn_passes_by_who_was_asked(void)
{
    forwarding_open(3);
    struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
    ask_again(&choice, "files-2");
    forwarding_expect(&choice, "policy=round-robin to=files-1 why=least-recent "
                               "turn=files-1:0/1,files-2:0/2!asked,files-3:0/1");
    ask_again(&choice, "files-1");
    forwarding_expect(&choice, "policy=round-robin to=files-3 why=turn "
                               "turn=files-1:-1/1!asked,files-2:0/2!asked,files-3:1/1");
    forwarding_close();
}

static void who_was_asked_is_asked_again_where_nobody_else_is(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
    ask_again(&choice, "files-2");
    forwarding_fail("files-1");
    forwarding_expect(&choice, "policy=round-robin to=files-2 why=turn "
                               "turn=files-1:0/1!down,files-2:0/2");
    check_answered(&forwarding, forwarding_index("files-1"), 0);
    history_text(&forwarding);
    ask_again(&choice, "files-1");
    forwarding_expect(&choice, "policy=round-robin to=files-2 why=turn "
                               "turn=files-1:0/1,files-2:0/2");
    forwarding_close();
}

/* What its state says comes before what the request has seen. */
static void who_is_out_is_marked_so(void)
{
    forwarding_open(3);
    struct choice choice = forwarding_choice("files", POLICY_LEAST_CONNECTIONS);
    ask_again(&choice, "files-2");
    forwarding_fail("files-2");
    forwarding_expect(&choice, "policy=least-connections to=files-1 why=least-recent "
                               "busy=files-1:0/1,files-2:0/2!down,files-3:0/1");
    forwarding_close();
}

static void the_idlest_is_not_asked_again(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_LEAST_CONNECTIONS);
    forwarding_expect(&choice, "policy=least-connections to=files-1 why=least-recent "
                               "busy=files-1:0/1,files-2:0/2");
    ask_again(&choice, "files-2");
    forwarding_expect(&choice, "policy=least-connections to=files-1 why=least-busy "
                               "busy=files-1:1/1,files-2:0/2!asked");
    forwarding_close();
}

/* The server with the best score for this key, of `count`, but for one. */
static size_t best(const char *key, size_t count, size_t but)
{
    size_t to = 0;
    uint64_t most = 0;
    for (size_t i = 1; i <= count; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%zu", i);
        uint64_t score = policy_score(policy_hash(key), policy_hash(id));
        if (i != but && (to == 0 || score > most)) {
            most = score;
            to = i;
        }
    }
    return to;
}

/* Asks again after the best of three; it must go to the next one, for this reason. */
static void expect_next(struct choice choice, const char *key, const char *why)
{
    char id[SERVER_SIZE], to[64];
    forwarding_open(3);
    size_t first = best(key, 3, 0), next = best(key, 3, first);
    snprintf(id, sizeof id, "files-%zu", first);
    CU_ASSERT_EQUAL(forwarding_to(&choice), forwarding_index(id));
    ask_again(&choice, id);
    history_text(&forwarding);
    snprintf(id, sizeof id, "files-%zu", next);
    CU_ASSERT_EQUAL(forwarding_to(&choice), forwarding_index(id));
    const char *line = forwarding_text();
    snprintf(to, sizeof to, " to=%s why=%s hash=files-1:", id, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, to));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "!asked"));
    forwarding_close();
}

static void a_key_goes_to_the_next_best(void)
{
    for (unsigned i = 0; i < 10; i++) {
        char key[20];
        snprintf(key, sizeof key, "192.0.2.%u", i);
        struct choice choice = forwarding_choice("files", POLICY_IP_HASH);
        choice.client = key;
        expect_next(choice, key, "hash");
        choice.affinity = AFFINITY_ADDRESS;
        expect_next(choice, key, "moved");
        choice.client = "::1";
        choice.affinity = AFFINITY_JWT;
        choice.session = key;
        expect_next(choice, key, "moved");
    }
}

static void a_session_moves_from_who_was_asked(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
    choice.affinity = AFFINITY_COOKIE;
    choice.session = "00ff";
    choice.pinned = forwarding_index("files-2");
    ask_again(&choice, "files-2");
    forwarding_expect(&choice, "policy=round-robin affinity=cookie session=00ff pinned=files-2 "
                               "to=files-1 why=moved turn=files-1:0/1,files-2:0/2!asked");
    forwarding_close();
}

static void lots_are_drawn_among_the_others(void)
{
    forwarding_open(3);
    struct choice choice = forwarding_choice("files", POLICY_POWER_OF_TWO);
    ask_again(&choice, "files-1");
    for (int i = 0; i < 20; i++) {
        forwarding_finish();
        CU_ASSERT_NOT_EQUAL(forwarding_to(&choice), forwarding_index("files-1"));
        const char *line = forwarding_text();
        CU_ASSERT(strstr(line, " drawn=files-2,files-3 ") != NULL ||
                  strstr(line, " drawn=files-3,files-2 ") != NULL);
    }
    ask_again(&choice, "files-3");
    forwarding_finish();
    forwarding_expect(&choice, "policy=power-of-two to=files-2 why=less-busy "
                               "busy=files-1:0/1!asked,files-2:0/2,files-3:0/1!asked");
    forwarding_close();
}

static void who_was_asked_is_listed_among_many(void)
{
    forwarding_open(20);
    struct choice choice = forwarding_choice("files", POLICY_FEWEST_SOLD);
    ask_again(&choice, "files-1");
    forwarding_expect(&choice, "policy=fewest-sold to=files-2 why=least-recent "
                               "sold=files-2:0+0,files-3:0+0,files-1:0+0!asked,+17");
    ask_again(&choice, "files-2");
    forwarding_expect(&choice,
                      "policy=fewest-sold to=files-3 why=least-recent "
                      "sold=files-3:0+0,files-4:0+0,files-1:0+0!asked,files-2:0+0!asked,+16");
    forwarding_close();
}

/* Its place is another's by now. */
static void a_place_taken_over_was_not_asked(void)
{
    forwarding_open(2);
    struct choice choice = forwarding_choice("files", POLICY_ROUND_ROBIN);
    ask_again(&choice, "files-1");
    size_t place = forwarding_index("files-1");
    CU_ASSERT(servers_leave(&forwarding, "files-1", "a test says so"));
    struct server_about about = {"files-3", "127.0.0.1:1", choice.pool, 9, SOURCE_CONFIG};
    CU_ASSERT(servers_add(&forwarding, &about));
    CU_ASSERT_EQUAL(forwarding_index("files-3"), place);
    check_answered(&forwarding, place, forwarding.list[place].start);
    history_text(&forwarding);
    forwarding_expect(&choice, "policy=round-robin to=files-3 why=turn "
                               "turn=files-3:0/9,files-2:0/2");
    forwarding_close();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("choose_asked", "the turn passes by who was asked", the_turn_passes_by_who_was_asked);
    suite_add("choose_asked", "who was asked is asked again where nobody else is",
              who_was_asked_is_asked_again_where_nobody_else_is);
    suite_add("choose_asked", "who is out is marked so", who_is_out_is_marked_so);
    suite_add("choose_asked", "the idlest is not asked again", the_idlest_is_not_asked_again);
    suite_add("choose_asked", "a key goes to the next best", a_key_goes_to_the_next_best);
    suite_add("choose_asked", "a session moves from who was asked",
              a_session_moves_from_who_was_asked);
    suite_add("choose_asked", "lots are drawn among the others", lots_are_drawn_among_the_others);
    suite_add("choose_asked", "who was asked is listed among many",
              who_was_asked_is_listed_among_many);
    suite_add("choose_asked", "a place taken over was not asked", a_place_taken_over_was_not_asked);
}
