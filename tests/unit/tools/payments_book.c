#include "tools/payments/book.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tools/payments/prices.h"

static const char hold[] = "01930000-0000-7000-8000-000000000001";
static const char expired[] = "{\"code\":\"hold_expired\",\"reference\":\"r\",\"owed\":true}";

static struct charge *charge_of(struct book *book)
{
    struct charge *charge = book_add(book, hold, 2500, "EUR");
    CU_ASSERT_PTR_NOT_NULL_FATAL(charge);
    charge->state = CHARGE_TAKEN;
    return charge;
}

static bool settle(struct book *book, struct charge *charge, unsigned status, const char *body)
{
    return book_settle(book, charge, status, body, strlen(body));
}

static void a_reference_finds_its_charge_alone(void)
{
    struct book book;
    char other[REFERENCE_SIZE];
    book_open(&book);
    struct charge *first = charge_of(&book), *second = charge_of(&book);
    CU_ASSERT_STRING_NOT_EQUAL(first->reference, second->reference);
    CU_ASSERT_PTR_EQUAL(book_find(&book, first->reference), first);
    CU_ASSERT_PTR_EQUAL(book_find(&book, second->reference), second);
    snprintf(other, sizeof other, "%s", first->reference);
    other[strlen(other) - 1] ^= 1;
    CU_ASSERT_PTR_NULL(book_find(&book, other));
    const char *const none[] = {"", "pay-", "pay-0-x", "pay-3-x", "pay-99999999-x", "1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CU_ASSERT_PTR_NULL(book_find(&book, none[i]));
    book_close(&book);
}

/* What settles a charge, and how. */
static void answers_settle_or_do_not(void)
{
    static const struct row {
        unsigned status;
        const char *body;
        enum charge_state state;
    } rows[] = {
        {201, "{}", CHARGE_PAID},
        {410, "{\"code\":\"hold_expired\",\"owed\":true}", CHARGE_REFUNDED},
        {409, "{\"code\":\"already_paid\",\"owed\":true}", CHARGE_REFUNDED},
        {404, "{\"code\":\"no_such_hold\"}", CHARGE_REFUNDED},
        {404, "{\"code\":\"not_found\"}", CHARGE_TAKEN},
        {410, "{\"code\":\"hold_expired\"}", CHARGE_TAKEN}, /* nobody said that it is owed */
        {401, "{\"code\":\"unauthorized\"}", CHARGE_TAKEN},
        {503, "{\"code\":\"no_such_hold\",\"owed\":true}", CHARGE_TAKEN},
        {410, "no JSON", CHARGE_TAKEN},
        {200, "{}", CHARGE_TAKEN},
        {0, "", CHARGE_TAKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct book book;
        book_open(&book);
        struct charge *charge = charge_of(&book);
        bool settled = rows[i].state != CHARGE_TAKEN;
        CU_ASSERT_EQUAL(settle(&book, charge, rows[i].status, rows[i].body), settled);
        CU_ASSERT_EQUAL(charge->state, rows[i].state);
        book_close(&book);
    }
}

static void what_is_settled_stays_so_and_a_contradiction_is_counted(void)
{
    struct book book;
    book_open(&book);
    struct charge *charge = charge_of(&book);
    CU_ASSERT(settle(&book, charge, 201, "{}"));
    CU_ASSERT(settle(&book, charge, 201, "{}"));
    CU_ASSERT_EQUAL(book.contradictions, 0);
    CU_ASSERT(settle(&book, charge, 410, expired));
    CU_ASSERT_EQUAL(book.contradictions, 1);
    book_give_up(charge);
    CU_ASSERT_EQUAL(charge->state, CHARGE_PAID);
    CU_ASSERT_STRING_EQUAL(charge->reason, "");
    book_close(&book);
}

static void all_that_was_taken_adds_up(void)
{
    struct book book;
    struct book_totals totals;
    book_open(&book);
    settle(&book, charge_of(&book), 201, "{}");
    settle(&book, charge_of(&book), 410, expired);
    book_give_up(charge_of(&book));
    charge_of(&book)->state = CHARGE_ABANDONED;
    charge_of(&book)->state = CHARGE_PENDING;
    charge_of(&book);
    book_add_up(&book, &totals);
    for (int i = 0; i < CHARGE_STATES; i++) {
        CU_ASSERT_EQUAL(totals.count[i], 1);
        CU_ASSERT_EQUAL(totals.amount[i], 2500);
    }
    CU_ASSERT_EQUAL(book_charged(&totals), 4 * 2500);
    book_close(&book);
}

static void a_full_book_takes_no_more(void)
{
    struct book book;
    book_open(&book);
    book.count = CHARGES_MAX;
    CU_ASSERT_PTR_NULL(book_add(&book, hold, 1, "EUR"));
    book_close(&book);
}

/* In whatever order the answers come of a payment that was told twice. */
static void what_was_refunded_since_went_back(void)
{
    static const char ended[] = "{\"state\":\"refunded\"}";
    for (int first = 0; first < 2; first++) {
        struct book book;
        book_open(&book);
        struct charge *charge = book_add(&book, "hold", 5, "EUR");
        CU_ASSERT_FALSE(settle(&book, charge, 200, "{\"state\":\"held\"}"));
        CU_ASSERT(settle(&book, charge, first ? 201 : 200, first ? "" : ended));
        CU_ASSERT_EQUAL(charge->state, first ? CHARGE_PAID : CHARGE_REFUNDED);
        CU_ASSERT(settle(&book, charge, first ? 200 : 201, first ? ended : ""));
        CU_ASSERT_EQUAL(charge->state, CHARGE_REFUNDED);
        CU_ASSERT_STRING_EQUAL(charge->reason, "refunded");
        CU_ASSERT_EQUAL(book.contradictions, 0);
        book_close(&book);
    }
}

static void a_price_is_read_strictly(void)
{
    static const struct {
        unsigned status;
        const char *body;
        enum problem problem;
    } rows[] = {
        {200, "{\"price\":{\"amount\":5000,\"currency\":\"EUR\"}}", PROBLEM_NONE},
        {200, "{\"price\":{\"amount\":-1,\"currency\":\"EUR\"}}", PROBLEM_NO_SERVER},
        {200, "{\"price\":{\"amount\":5,\"currency\":\"EURO\"}}", PROBLEM_NO_SERVER},
        {200, "{\"price\":5000}", PROBLEM_NO_SERVER},
        {200, "<p>5000</p>", PROBLEM_NO_SERVER},
        {404, "{\"code\":\"no_such_hold\"}", PROBLEM_NO_SUCH_HOLD},
        {404, "{\"code\":\"not_found\"}", PROBLEM_NO_SERVER},
        {503, "{\"price\":{\"amount\":5000,\"currency\":\"EUR\"}}", PROBLEM_NO_SERVER},
        {0, "", PROBLEM_NO_SERVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct price price = {0};
        CU_ASSERT_EQUAL(prices_read(rows[i].status, rows[i].body, strlen(rows[i].body), &price),
                        rows[i].problem);
        if (rows[i].problem == PROBLEM_NONE)
            CU_ASSERT(price.amount == 5000 && strcmp(price.currency, "EUR") == 0);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("payments_book", "a price is read strictly", a_price_is_read_strictly);
    suite_add("payments_book", "what was refunded since went back",
              what_was_refunded_since_went_back);
    suite_add("payments_book", "a_reference_finds_its_charge_alone",
              a_reference_finds_its_charge_alone);
    suite_add("payments_book", "answers_settle_or_do_not", answers_settle_or_do_not);
    suite_add("payments_book", "what_is_settled_stays_so_and_a_contradiction_is_counted",
              what_is_settled_stays_so_and_a_contradiction_is_counted);
    suite_add("payments_book", "all_that_was_taken_adds_up", all_that_was_taken_adds_up);
    suite_add("payments_book", "a_full_book_takes_no_more", a_full_book_takes_no_more);
}
