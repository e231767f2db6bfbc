#include <stdio.h>
#include <string.h>

#include "balancer/upstream/flight.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"
#include "tests/unit/balancer/upstream/flying.h"

/* What a server does with a flight of two, and what is held of it. */
struct row {
    const char *what;
    enum fake_manner manner;
    bool sent; /* it may have been decided */
    unsigned deaths;
    const char *why; /* the server is down */
};

static const struct row rows[] = {
    {"an outcome is missing", FAKE_LEAVES_OUT, true, 0, "answered 200, or not as a flight"},
    {"an outcome too many", FAKE_ADDS, true, 0, "answered 200, or not as a flight"},
    {"JSON of another shape", FAKE_SAYS_NONSENSE, true, 0, "answered 200, or not as a flight"},
    {"another server answers", FAKE_TAKES_NAME, true, 0, "answered 200, or not as a flight"},
    {"an internal error", FAKE_SAYS_500, true, 0, "answered 500, or not as a flight"},
    {"it dies", FAKE_CLOSES, true, 1, "Empty reply from server"},
    {"it dies while it answers", FAKE_TEARS, true, 1, "3 bytes remaining to read"},
    {"it does not speak HTTP", FAKE_NO_HTTP, true, 1, ""},
};

static void expect_loss(const struct row *row)
{
    char settled[128];
    const struct passenger *passenger = &flying->travellers[1].passenger;
    CU_ASSERT_EQUAL(passenger->sent, row->sent);
    CU_ASSERT_EQUAL(passenger->deaths, row->deaths);
    CU_ASSERT_EQUAL(passenger->item.attempt, row->sent ? 2 : 1);
    CU_ASSERT_EQUAL(passenger->room, row->deaths > 0 ? 1 : FLIGHT_ITEMS_MAX);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    CU_ASSERT_PTR_NOT_NULL(strstr(flying->servers.list[0].why, row->why));
    CU_ASSERT_EQUAL(flying->servers.list[0].commit, 0);
    snprintf(settled, sizeof settled,
             "told=0 released=3 sold=0 replayed=0 refused=0 lost=%d unsent=%d\n", row->sent ? 2 : 0,
             row->sent ? 0 : 2);
    flying_expect(settled);
}

static void an_unusable_answer_is_not_believed(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned before = CU_get_number_of_failures();
        flying_open(1);
        flying->fakes[0].manner = rows[i].manner;
        flying_board(1);
        flying_board(2);
        flying_until_back(0, 2);
        expect_loss(&rows[i]);
        flying_close();
        if (CU_get_number_of_failures() != before)
            printf("  with: %s\n", rows[i].what);
    }
}

static void who_cannot_be_reached_decided_nothing(void)
{
    flying_open(1);
    fake_server_die(&flying->fakes[0]);
    flying_board_all(2);
    flying_until_back(0, 2);
    CU_ASSERT_FALSE(flying->travellers[0].passenger.sent);
    CU_ASSERT_EQUAL(flying->travellers[0].passenger.item.attempt, 1);
    CU_ASSERT_EQUAL(flying->travellers[0].passenger.deaths, 0);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    flying_expect("released=2 sold=0 replayed=0 refused=0 lost=0 unsent=2\n");
    flying_close();
}

/* What waited behind a flight that was lost never left. */
static void a_loss_empties_the_lane(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board(1);
    flying_until_asked(0, 1);
    flying_board_all(2);
    flying->fakes[0].manner = FAKE_CLOSES;
    fake_server_release(&flying->fakes[0]);
    flying_until_back(0, 3);
    CU_ASSERT(flying->travellers[0].passenger.sent);
    CU_ASSERT_FALSE(flying->travellers[1].passenger.sent);
    CU_ASSERT_EQUAL(flying->travellers[1].passenger.deaths, 0);
    flying_close();
}

/* All that are back board again, on the server that was probed anew. */
static void try_again(size_t count)
{
    flying_probe(0);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_UP);
    for (size_t i = 0; i < count; i++)
        flying_board_again(&flying->travellers[i]);
}

static void a_death_halves_the_company(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_CLOSES;
    flying_board_all(5);
    flying_until_back(0, 5);
    for (size_t i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(flying->travellers[i].passenger.room, 3);
    flying->fakes[0].manner = FAKE_HOLDS;
    unsigned before = flying->fakes[0].requests;
    try_again(5);
    flying_until_asked(0, before + 1);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 3);
    CU_ASSERT_EQUAL(flying->fakes[0].items[0].attempt, 2);
    flying->fakes[0].manner = FAKE_ANSWERS;
    fake_server_release(&flying->fakes[0]);
    flying_until_back(5, 5);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, before + 2);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 2);
    flying_close();
}

/* One purchase, three servers that died with it, and back again. */
static struct passenger *board_deadly(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_CLOSES;
    flying_board_all(2);
    flying_until_back(0, 2);
    struct passenger *passenger = &flying->travellers[0].passenger;
    for (size_t deaths = 2; deaths <= 3; deaths++) { /* alone already: half of two is one */
        CU_ASSERT(passenger->item.deadline > clock_now());
        try_again(1);
        flying_until_back(0, deaths + 1);
        CU_ASSERT_EQUAL(passenger->deaths, deaths);
        CU_ASSERT_EQUAL(passenger->room, 1);
    }
    return passenger;
}

/* Asks once more, for an item past its deadline, which is not decided but looked up. */
static void expect_looked_up(enum problem known, bool replayed, enum problem told)
{
    struct passenger *passenger = board_deadly();
    flying->fakes[0].manner = FAKE_ANSWERS;
    flying->fakes[0].problem = known;
    flying->fakes[0].replays = replayed;
    try_again(1);
    flying_until_back(1, 4);
    CU_ASSERT_EQUAL(flying->fakes[0].count, 1);
    CU_ASSERT(flying->fakes[0].items[0].deadline <= passenger->item.admitted);
    CU_ASSERT_EQUAL(flying->travellers[0].outcome.problem, told);
    flying_close();
}

static void after_three_deaths_it_is_looked_up(void)
{
    expect_looked_up(PROBLEM_NONE, true, PROBLEM_NONE);
    expect_looked_up(PROBLEM_EXPIRED, false, PROBLEM_OUTCOME_UNKNOWN);
}

static void four_deaths_are_the_end(void)
{
    struct passenger *passenger = board_deadly();
    history_text(&flying->servers);
    try_again(1);
    flying_until_back(1, 4);
    CU_ASSERT_EQUAL(flying->travellers[0].outcome.problem, PROBLEM_OUTCOME_UNKNOWN);
    CU_ASSERT_EQUAL(passenger->item.attempt, 5);
    flying_expect("released=1 sold=0 replayed=0 refused=0 lost=1 unsent=0\n");
    flying_close();
}

static void two_deaths_make_lonely(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_CLOSES;
    flying_board_all(8);
    flying_until_back(0, 8);
    try_again(4);
    flying_until_back(0, 12);
    flying->fakes[0].manner = FAKE_ANSWERS;
    unsigned before = flying->fakes[0].requests;
    try_again(8);
    flying_until_back(8, 12);
    CU_ASSERT_EQUAL(flying->fakes[0].requests, before + 5); /* four alone, and the other half */
    CU_ASSERT_EQUAL(flying->fakes[0].count, 4);
    flying_close();
}

/* A server that decides nothing now does not know what the one before it did. */
static void doubt_remains(void)
{
    static const enum problem undecided[] = {PROBLEM_EXPIRED, PROBLEM_STORE_UNAVAILABLE,
                                             PROBLEM_OVERLOADED};
    for (size_t i = 0; i < sizeof undecided / sizeof *undecided; i++) {
        flying_open(1);
        flying->fakes[0].manner = FAKE_CLOSES;
        flying_board(1);
        flying_until_back(0, 1);
        flying->fakes[0].manner = FAKE_ANSWERS;
        flying->fakes[0].problem = undecided[i];
        try_again(1);
        flying_board(1);
        flying_until_back(2, 1);
        CU_ASSERT_EQUAL(flying->travellers[0].outcome.problem, PROBLEM_OUTCOME_UNKNOWN);
        CU_ASSERT_EQUAL(flying->travellers[1].outcome.problem, undecided[i]);
        flying_close();
    }
}

/* Whatever a hold's state says, it says of the server before, too. */
static void a_holds_state_leaves_no_doubt(void)
{
    static const struct {
        enum verb verb;
        enum problem said, told;
    } states[] = {
        {VERB_CONFIRM, PROBLEM_HOLD_EXPIRED, PROBLEM_HOLD_EXPIRED},
        {VERB_CONFIRM, PROBLEM_NO_SUCH_HOLD, PROBLEM_NO_SUCH_HOLD},
        {VERB_CONFIRM, PROBLEM_EXPIRED, PROBLEM_OUTCOME_UNKNOWN},
        {VERB_RELEASE, PROBLEM_ALREADY_SOLD, PROBLEM_ALREADY_SOLD},
        {VERB_RELEASE, PROBLEM_OVERLOADED, PROBLEM_OUTCOME_UNKNOWN},
        {VERB_HOLD, PROBLEM_NO_SUCH_EVENT, PROBLEM_OUTCOME_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        flying_open(1);
        flying->fakes[0].manner = FAKE_CLOSES;
        struct traveller *traveller = flying_board(1);
        traveller->passenger.item.verb = states[i].verb;
        traveller->passenger.item.key_made = states[i].verb == VERB_RELEASE;
        flying_until_back(0, 1);
        flying->fakes[0].manner = FAKE_ANSWERS;
        flying->fakes[0].problem = states[i].said;
        try_again(1);
        flying_until_back(1, 1);
        CU_ASSERT_EQUAL(traveller->outcome.problem, states[i].told);
        flying_close();
    }
}

static void ring(void *context)
{
    *(bool *)context = true;
}

static bool has_rung(void *context)
{
    return *(const bool *)context;
}

/* Turns until a flight that leaves now is older than so many seconds. */
static void grow_old(int seconds)
{
    bool rung = false;
    static struct loop_timer timer;
    timer = (struct loop_timer){.ring = ring, .context = &rung};
    int64_t old = seconds * CLOCK_SECOND + CLOCK_SECOND / 20;
    loop_timer_set(flying->held.loop, &timer, clock_monotonic() + old);
    flying_until(has_rung, &rung);
}

/* While others answer no more often, the store is slow and all wait; when they leave the silent one
 * behind, it is out. */
static void a_silent_server_is_left(void)
{
    flying_open(2);
    flying->fakes[0].manner = FAKE_HOLDS;
    flying_board(10);
    flying_until_asked(0, 1);
    grow_old(1);
    for (size_t i = 0; i < LEFT_BEHIND; i++) {
        flights_check(flying->flights);
        CU_ASSERT_EQUAL(flying_state(0), SERVER_UP);
        CU_ASSERT_EQUAL(flying->returned, 0);
        flying_board(1);
        flying_until_back(i + 1, 0);
    }
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 1);
    CU_ASSERT(flying->travellers[0].passenger.sent);
    CU_ASSERT_EQUAL(flying->travellers[0].passenger.deaths, 0);
    CU_ASSERT_EQUAL(flying->travellers[0].passenger.item.attempt, 2);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    flying_expect("server=server-1 flight=1 boot=1 commit=0 told=0 released=10 sold=0 replayed=0 "
                  "refused=0 lost=1 unsent=0\n");
    flying_close();
}

/* All that comes goes to the one that has sold the fewest, so the others land nothing by which it could
 * be left behind: they are given a try, if they are idle. */
static void a_lonely_silent_server_is_left(void)
{
    flying_open(2);
    flying->fakes[0].manner = flying->fakes[1].manner = FAKE_HOLDS;
    flying_board_all(2);
    flying_until_asked(0, 1);
    flying_until_asked(1, 1);
    grow_old(2);
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 0); /* both wait: the store may be slow */
    flying->fakes[1].manner = FAKE_ANSWERS;
    fake_server_release(&flying->fakes[1]);
    flying_until_back(1, 0);
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 1);
    CU_ASSERT(flying->travellers[0].passenger.sent);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    CU_ASSERT_EQUAL(flying_state(1), SERVER_UP);
    flying_close();
}

/* There is nobody else whom it could be asked. */
static void the_last_silent_server_is_waited_for(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    struct traveller *traveller = flying_board(1);
    flying_until_asked(0, 1);
    grow_old(2);
    flights_check(flying->flights);
    CU_ASSERT_EQUAL(flying->returned, 0);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_UP);
    CU_ASSERT(flights_drop(&traveller->passenger));
    flying_close();
}

/* With this much to repeat. */
static void open_thrifty(size_t servers, int64_t repeats)
{
    struct pool_rules rules = {.retry_reserve = repeats};
    flying_open(servers);
    budget_open(&flying->budget, &rules, 1);
}

/* Of two who are lost, one is repeated: nobody knows what became of the other. */
static void repeats_keep_to_the_budget(void)
{
    static const enum fake_manner unknown[] = {FAKE_SAYS_500, FAKE_SAYS_NONSENSE};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        open_thrifty(2, 1);
        flying->fakes[0].manner = flying->fakes[1].manner = unknown[i];
        flying_board_all(1);
        flying_until_back(0, 1);
        flying_board_again(&flying->travellers[0]);
        flying_until_back(1, 1);
        CU_ASSERT_EQUAL(flying->travellers[0].outcome.problem, PROBLEM_OUTCOME_UNKNOWN);
        CU_ASSERT_EQUAL(flying->budget.spent, 1);
        CU_ASSERT_EQUAL(flying->budget.denied, 1);
        flying_expect("lost=1 unsent=0\n");
        flying_close();
    }
}

/* It is certain that nothing was decided. */
static void who_is_turned_back_keeps_to_the_budget(void)
{
    open_thrifty(2, 0);
    flying->fakes[0].manner = FAKE_SAYS_503;
    flying_board_all(1);
    flying_until_back(1, 0);
    CU_ASSERT_EQUAL(flying->travellers[0].outcome.problem, PROBLEM_STORE_UNAVAILABLE);
    CU_ASSERT_EQUAL(flying->budget.denied, 1);
    flying_close();
}

/* Deaths are counted instead, and who did not leave is no burden. */
static void deaths_and_what_never_left_cost_nothing(void)
{
    static const enum fake_manner free_of_charge[] = {FAKE_CLOSES, FAKE_TEARS};
    for (size_t i = 0; i < sizeof free_of_charge / sizeof *free_of_charge; i++) {
        open_thrifty(2, 0);
        flying->fakes[0].manner = free_of_charge[i];
        flying_board_all(1);
        flying_until_back(0, 1);
        fake_server_die(&flying->fakes[1]);
        flying_board_again(&flying->travellers[0]);
        flying_until_back(0, 2);
        CU_ASSERT_EQUAL(flying->budget.spent + flying->budget.denied, 0);
        flying_close();
    }
}

/* A server of another program does not know what is asked of it: others are asked, nothing is lost. */
static void a_flight_of_another_version_is_turned_back(void)
{
    flying_open(2);
    flying->fakes[0].manner = FAKE_SAYS_400;
    struct traveller *first = flying_board(1);
    flying_until_back(0, 1);
    CU_ASSERT_EQUAL(first->passenger.turns, 1);
    CU_ASSERT_FALSE(first->passenger.sent);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(flying->servers.list[0].why, "it does not speak flights of version 2"));
    flying_expect("released=1 sold=0 replayed=0 refused=0 lost=0 unsent=1\n");
    flying_board_again(first);
    flying_until_back(1, 1);
    CU_ASSERT_EQUAL(first->outcome.problem, PROBLEM_NONE);
    flying_close();
}

/* What one server's store may have sold is asked for elsewhere as what was sent before: a refusal there is not
 * believed. */
static void what_a_store_leaves_in_doubt_was_sent(void)
{
    flying_open(2);
    flying->fakes[0].manner = FAKE_IN_DOUBT;
    struct traveller *first = flying_board(1);
    flying_until_back(0, 1);
    CU_ASSERT_TRUE(first->passenger.sent);
    CU_ASSERT_EQUAL(first->passenger.deaths, 0);
    CU_ASSERT_EQUAL(first->passenger.item.attempt, 2);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    flying_expect("released=1 sold=0 replayed=0 refused=0 lost=1 unsent=0\n");
    flying_board_again(first);
    flying->fakes[1].manner = FAKE_SAYS_503;
    flying_until_back(1, 1);
    CU_ASSERT_EQUAL(first->outcome.problem, PROBLEM_OUTCOME_UNKNOWN);
    flying_close();
}

/* Whom one server turns away asks the next; the last one's word is final. */
static void who_is_turned_away_by_all_is_told(void)
{
    flying_open(2);
    flying->fakes[0].manner = flying->fakes[1].manner = FAKE_SAYS_503;
    struct traveller *first = flying_board(1);
    flying_until_back(0, 1);
    CU_ASSERT_EQUAL(first->passenger.turns, 1);
    CU_ASSERT_FALSE(first->passenger.sent);
    CU_ASSERT_EQUAL(first->passenger.item.attempt, 1);
    CU_ASSERT_EQUAL(flying_state(0), SERVER_DOWN);
    flying_expect("told=0 released=1 sold=0 replayed=0 refused=0 lost=0 unsent=1\n");
    flying_board_again(first);
    flying_until_back(1, 1);
    CU_ASSERT_EQUAL(first->outcome.problem, PROBLEM_STORE_UNAVAILABLE);
    CU_ASSERT_EQUAL(flying_state(1), SERVER_UP); /* somebody has to answer those who only read */
    CU_ASSERT_PTR_NOT_NULL(strstr(flying->servers.list[1].why, "answered 503 store_unavailable"));
    CU_ASSERT_FALSE(servers_selling(&flying->servers));
    flying->fakes[1].manner = FAKE_ANSWERS;
    struct traveller *second = flying_board(2);
    flying_until_back(2, 1);
    CU_ASSERT_EQUAL(second->outcome.problem, PROBLEM_NONE); /* and it sells as soon as it can */
    CU_ASSERT(servers_selling(&flying->servers));
    CU_ASSERT_STRING_EQUAL(flying->servers.list[1].why, "its store takes sales again");
    flying_close();
}

/* The balancer stops while the store hangs: all have been answered by their deadlines, but a flight is
 * still in the air. */
static void a_flight_in_the_air_does_not_keep_the_drain(void)
{
    flying_open(1);
    flying->fakes[0].manner = FAKE_HOLDS;
    struct traveller *traveller = flying_board(1);
    flying_until_asked(0, 1);
    CU_ASSERT(flights_drop(&traveller->passenger));
    flying_board(1);
    CU_ASSERT_FALSE(flights_drop(&flying->travellers[1].passenger));
    flying_close(); /* which expects that nothing is pending any more */
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("flight losses", "an unusable answer is not believed",
              an_unusable_answer_is_not_believed);
    suite_add("flight losses", "who cannot be reached decided nothing",
              who_cannot_be_reached_decided_nothing);
    suite_add("flight losses", "a loss empties the lane", a_loss_empties_the_lane);
    suite_add("flight losses", "a death halves the company", a_death_halves_the_company);
    suite_add("flight losses", "after three deaths it is looked up",
              after_three_deaths_it_is_looked_up);
    suite_add("flight losses", "four deaths are the end", four_deaths_are_the_end);
    suite_add("flight losses", "two deaths make lonely", two_deaths_make_lonely);
    suite_add("flight losses", "doubt remains", doubt_remains);
    suite_add("flight losses", "a hold's state leaves no doubt", a_holds_state_leaves_no_doubt);
    suite_add("flight losses", "a silent server is left", a_silent_server_is_left);
    suite_add("flight losses", "a lonely silent server is left", a_lonely_silent_server_is_left);
    suite_add("flight losses", "the last silent server is waited for",
              the_last_silent_server_is_waited_for);
    suite_add("flight losses", "a flight in the air does not keep the drain",
              a_flight_in_the_air_does_not_keep_the_drain);
    suite_add("flight losses", "repeats keep to the budget", repeats_keep_to_the_budget);
    suite_add("flight losses", "who is turned back keeps to the budget",
              who_is_turned_back_keeps_to_the_budget);
    suite_add("flight losses", "deaths and what never left cost nothing",
              deaths_and_what_never_left_cost_nothing);
    suite_add("flight losses", "a flight of another version is turned back",
              a_flight_of_another_version_is_turned_back);
    suite_add("flight losses", "who is turned away by all is told",
              who_is_turned_away_by_all_is_told);
    suite_add("flight losses", "what a store leaves in doubt was sent",
              what_a_store_leaves_in_doubt_was_sent);
}
