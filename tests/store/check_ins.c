/* Check-ins: each ticket is let in once, and whoever comes second is told when and where. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/child.h"
#include "tests/store/clock.h"
#include "tests/store/peek.h"

static void lets_a_ticket_in(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct check_in told;
    clock_stop(clock_now());
    buy(store, NULL, 3);
    struct outcome outcome = let_in(store, NULL, 2, "North", &told);
    expect_problem(&outcome, PROBLEM_NONE);
    CU_ASSERT_FALSE(outcome.replayed);
    CU_ASSERT_EQUAL(told.at, clock_now());
    CU_ASSERT_STRING_EQUAL(told.where, "North");
    store_close(store);
    struct ticket ticket = peek_ticket(fixture, 2);
    CU_ASSERT_EQUAL(ticket.checked_in_at, clock_now());
    CU_ASSERT_STRING_EQUAL(ticket.gate, "North");
    CU_ASSERT_EQUAL(peek_ticket(fixture, 1).checked_in_at, 0);
    CU_ASSERT_EQUAL(peek_ticket(fixture, 3).checked_in_at, 0);
}

static void second_one_is_told_when_and_where(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct check_in told;
    clock_stop(clock_now());
    int64_t then = clock_now();
    buy(store, NULL, 1);
    let_in(store, NULL, 1, "North", NULL);
    clock_step(60 * CLOCK_SECOND);
    struct outcome outcome = let_in(store, NULL, 1, "South", &told);
    expect_problem(&outcome, PROBLEM_ALREADY_CHECKED_IN);
    CU_ASSERT_FALSE(outcome.replayed);
    CU_ASSERT_EQUAL(told.at, then);
    CU_ASSERT_STRING_EQUAL(told.where, "North");
    store_close(store);
    CU_ASSERT_STRING_EQUAL(peek_ticket(fixture, 1).gate, "North");
}

/* The gate did not hear the answer, and asks again. */
static void same_key_is_let_in_again(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct check_in told;
    clock_stop(clock_now());
    int64_t then = clock_now();
    buy(store, NULL, 2);
    let_in(store, "the-key-of-a-gate", 1, "North", NULL);
    clock_step(60 * CLOCK_SECOND);
    struct outcome outcome = let_in(store, "the-key-of-a-gate", 1, "South", &told);
    expect_problem(&outcome, PROBLEM_NONE);
    CU_ASSERT(outcome.replayed);
    CU_ASSERT_EQUAL(told.at, then);
    CU_ASSERT_STRING_EQUAL(told.where, "North");
    outcome = let_in(store, "the-key-of-a-gate", 2, "North", NULL);
    expect_problem(&outcome, PROBLEM_NONE);
    CU_ASSERT_FALSE(outcome.replayed);
    store_close(store);
}

static void two_gates_in_one_batch(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    buy(store, NULL, 1);
    basket_check_in(&basket, "the-key-of-gate-north", 1, "North");
    basket_check_in(&basket, "the-key-of-gate-south", 1, "South");
    basket_check_in(&basket, "the-key-of-gate-north", 1, "North");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NONE);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_ALREADY_CHECKED_IN);
    expect_problem(basket_outcome(&basket, 2), PROBLEM_NONE);
    CU_ASSERT(basket_outcome(&basket, 2)->replayed);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_STRING_EQUAL(basket.check_ins[i].where, "North");
        CU_ASSERT_EQUAL(basket.check_ins[i].at, basket.check_ins[0].at);
    }
    basket_free(&basket);
    store_close(store);
}

static void two_servers_let_in_once(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    struct check_in told;
    buy(a, NULL, 1);
    CU_ASSERT_EQUAL(let_in(a, NULL, 1, "North", NULL).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(let_in(b, NULL, 1, "South", &told).problem, PROBLEM_ALREADY_CHECKED_IN);
    CU_ASSERT_STRING_EQUAL(told.where, "North");
    store_close(a);
    store_close(b);
}

static void no_such_ticket(struct fixture *fixture)
{
    static const struct {
        const char *event, *tier;
        int64_t number;
    } rows[] = {{"demo", "standard", 0},         {"demo", "standard", -1},
                {"demo", "standard", 4},         {"demo", "standard", INT64_MAX},
                {"demo", "standard", INT64_MIN}, {"demo", "stalls", 1},
                {"demo", "STANDARD", 1},         {"circus", "standard", 1},
                {"opera", "stalls", 1},          {"opera", "standard", 1}};
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    buy(store, NULL, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct item *item = basket_check_in(&basket, NULL, rows[i].number, "North");
        strcpy(item->purchase.event, rows[i].event);
        strcpy(item->purchase.tier, rows[i].tier);
    }
    basket_settle(&basket, store);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_problem(basket_outcome(&basket, i), PROBLEM_INVALID_CODE);
    basket_free(&basket);
    store_close(store);
}

static void held_tickets_have_no_number(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = hold(store, NULL, 2).sale.id;
    CU_ASSERT_EQUAL(let_in(store, NULL, 1, "North", NULL).problem, PROBLEM_INVALID_CODE);
    confirm(store, &id, "payment");
    CU_ASSERT_EQUAL(let_in(store, NULL, 1, "North", NULL).problem, PROBLEM_NONE);
    store_close(store);
}

/* Nobody can have the code of a ticket that is being sold. */
static void not_before_it_is_durable(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_add(&basket, NULL, 1);
    basket_check_in(&basket, NULL, 1, "North");
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 1), PROBLEM_INVALID_CODE);
    CU_ASSERT_EQUAL(let_in(store, NULL, 1, "North", NULL).problem, PROBLEM_NONE);
    basket_free(&basket);
    store_close(store);
}

static void refunded_is_not_let_in(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct id id = buy(store, NULL, 2).sale.id;
    refund(store, &id);
    buy(store, NULL, 1);
    for (int number = 1; number <= 2; number++)
        CU_ASSERT_EQUAL(let_in(store, NULL, number, "North", NULL).problem,
                        PROBLEM_TICKET_REFUNDED);
    CU_ASSERT_EQUAL(let_in(store, NULL, 3, "North", NULL).problem, PROBLEM_NONE);
    store_close(store);
}

static void late_check_in_is_dropped(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    buy(store, NULL, 1);
    basket_check_in(&basket, "the-key-of-a-gate", 1, "North")->deadline = clock_now() - 1;
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_EXPIRED);
    CU_ASSERT_EQUAL(peek_ticket(fixture, 1).checked_in_at, 0);
    let_in(store, "the-key-of-a-gate", 1, "North", NULL);
    basket_settle(&basket, store);
    expect_problem(basket_outcome(&basket, 0), PROBLEM_NONE);
    CU_ASSERT(basket_outcome(&basket, 0)->replayed);
    basket_free(&basket);
    store_close(store);
}

static void gates_in_any_script(struct fixture *fixture)
{
    char gate[GATE_SIZE];
    struct check_in told;
    for (size_t i = 0; i + 4 < sizeof gate; i += 4)
        memcpy(gate + i, "\xf0\x9f\x8e\xab", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 1);
    let_in(store, NULL, 1, gate, NULL);
    let_in(store, NULL, 1, "x", &told);
    CU_ASSERT_STRING_EQUAL(told.where, gate);
    CU_ASSERT_EQUAL(strlen(told.where), GATE_SIZE - 1);
    store_close(store);
}

static void tiers_number_their_own(struct fixture *fixture)
{
    fixture_tier(fixture, 2, "opera", 1, "stalls", 5);
    fixture_tier(fixture, 2, "opera", 2, "circle", 5);
    struct store *store = fixture_seller(fixture, "server-1");
    struct basket basket = {0};
    basket_ask(&basket, NULL, "opera", "stalls", 1);
    basket_ask(&basket, NULL, "opera", "circle", 1);
    basket_settle(&basket, store);
    basket_clear(&basket);
    for (int i = 0; i < 4; i++) {
        struct item *item = basket_check_in(&basket, NULL, 1, "North");
        strcpy(item->purchase.event, "opera");
        strcpy(item->purchase.tier, i % 2 == 0 ? "stalls" : "circle");
    }
    basket_settle(&basket, store);
    for (size_t i = 0; i < 4; i++)
        expect_problem(basket_outcome(&basket, i),
                       i < 2 ? PROBLEM_NONE : PROBLEM_ALREADY_CHECKED_IN);
    basket_free(&basket);
    store_close(store);
}

static int let_in_and_die(struct fixture *fixture, int moment, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct basket basket = {0};
    struct store *store = store_open_seller(fixture->url, "server-1", error);
    (void)parent;
    if (store == NULL)
        return 1;
    fixture_die_at(fixture, store, moment == 0 ? FIXTURE_BEFORE_COMMIT : FIXTURE_BEHIND_COMMIT, 0);
    basket_check_in(&basket, "the-key-of-a-gate", moment + 1, "North");
    basket_decide(&basket, store);
    return 2;
}

static void gate_asks_again_after_a_death(struct fixture *fixture)
{
    struct store *store = fixture_seller(fixture, "server-1");
    buy(store, NULL, 2);
    store_close(store);
    for (int i = 0; i < 2; i++) {
        struct child child;
        child_start(&child, let_in_and_die, fixture, i);
        child_open_gate();
        CU_ASSERT_EQUAL(child_wait(&child), -1);
        store = fixture_seller(fixture, "server-1");
        struct outcome outcome = let_in(store, "the-key-of-a-gate", i + 1, "North", NULL);
        expect_problem(&outcome, PROBLEM_NONE);
        CU_ASSERT_EQUAL(outcome.replayed, i == 1);
        store_close(store);
    }
}

static const struct fixture_case cases[] = {
    {"a ticket is let in", 5, lets_a_ticket_in},
    {"the second one is told when and where", 5, second_one_is_told_when_and_where},
    {"the same key is let in again", 5, same_key_is_let_in_again},
    {"two gates in one batch", 5, two_gates_in_one_batch},
    {"two servers let a ticket in once", 5, two_servers_let_in_once},
    {"no such ticket", 5, no_such_ticket},
    {"held tickets have no number", 5, held_tickets_have_no_number},
    {"no ticket is let in before it is durable", 5, not_before_it_is_durable},
    {"a refunded ticket is not let in", 5, refunded_is_not_let_in},
    {"a late check-in is dropped", 5, late_check_in_is_dropped},
    {"gates in any script", 5, gates_in_any_script},
    {"tiers number their own tickets", 5, tiers_number_their_own},
    {"a gate asks again after a death", 5, gate_asks_again_after_a_death},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store check-ins", cases, sizeof cases / sizeof *cases);
}
