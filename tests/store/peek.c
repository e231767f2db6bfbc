#include "tests/store/peek.h"

#include <stdio.h>
#include <string.h>

static void note_counts(void *context, const struct tier_counts *counts)
{
    *(struct tier_counts *)context = *counts;
}

struct tier_counts peek_counts(struct fixture *fixture)
{
    struct tier_counts counts = {0};
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_read_tiers(reader, "demo", note_counts, &counts), STORE_FOUND);
    store_close(reader);
    return counts;
}

void expect_counts(struct fixture *fixture, int64_t sold, int64_t held, int64_t waiting)
{
    struct tier_counts counts = peek_counts(fixture);
    bool as_expected = counts.sold == sold && counts.held == held && counts.waiting == waiting;
    if (!as_expected)
        printf("  %lld sold, %lld held, %lld waiting; expected %lld, %lld, %lld\n",
               (long long)counts.sold, (long long)counts.held, (long long)counts.waiting,
               (long long)sold, (long long)held, (long long)waiting);
    CU_ASSERT(as_expected);
}

struct order peek_order(struct fixture *fixture, const struct id *id)
{
    struct order order = {0};
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_read_hold(reader, id, &order), STORE_FOUND);
    store_close(reader);
    return order;
}

void expect_state(struct fixture *fixture, const struct id *id, enum order_state state)
{
    struct order order = peek_order(fixture, id);
    if (order.sale.state != state)
        printf("  it is %s; expected %s\n", order_state_name(order.sale.state),
               order_state_name(state));
    CU_ASSERT_EQUAL(order.sale.state, state);
}

struct owed_list {
    struct owed *owed; /* NULL: only counted */
    size_t count;
};

static void note_owed(void *context, int64_t place_in_list, const struct owed *owed)
{
    struct owed_list *list = context;
    (void)place_in_list;
    if (list->owed != NULL && list->count < PEEK_MAX)
        list->owed[list->count] = *owed;
    list->count++;
}

size_t peek_owed(struct fixture *fixture, struct owed owed[PEEK_MAX])
{
    struct owed_list list = {owed, 0};
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_list_owed(reader, "demo", 0, STORE_PAGE_MAX, note_owed, &list),
                    STORE_FOUND);
    store_close(reader);
    return list.count;
}

static void note_ticket(void *context, const struct ticket *ticket)
{
    *(struct ticket *)context = *ticket;
}

struct ticket peek_ticket(struct fixture *fixture, int64_t number)
{
    struct ticket ticket = {0};
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(
        store_list_tickets(reader, "demo", "standard", number - 1, 1, note_ticket, &ticket),
        STORE_FOUND);
    store_close(reader);
    CU_ASSERT_EQUAL(ticket.number, number);
    return ticket;
}

void set_demo(struct fixture *fixture, const char *columns)
{
    fixture_sql(fixture, "UPDATE events SET %s WHERE name = 'demo'", columns);
}

void expect_problem(const struct outcome *outcome, enum problem problem)
{
    if (outcome->problem != problem)
        printf("  problem %s; expected %s\n",
               outcome->problem == PROBLEM_NONE ? "none" : problem_code(outcome->problem),
               problem == PROBLEM_NONE ? "none" : problem_code(problem));
    CU_ASSERT_EQUAL(outcome->problem, problem);
}

void expect_order(const struct outcome *outcome, enum order_state state, int quantity)
{
    expect_problem(outcome, PROBLEM_NONE);
    CU_ASSERT_EQUAL(outcome->sale.state, state);
    CU_ASSERT_EQUAL(outcome->sale.quantity, quantity);
}
