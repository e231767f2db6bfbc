#include "ticket_server/decision_log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/lib/suite.h"
#include "tests/unit/ticket_server/place.h"

#define REQUEST "0193b0aa-0000-7abc-8def-0123456789ab"
#define SALE    "0193b0aa-0000-7abc-8def-ffffffffffff"

struct case_of_log {
    char directory[FILES_PATH_SIZE];
    char path[FILES_PATH_SIZE];
    struct decision_log *log;
};

static void open_case(struct case_of_log *test)
{
    char error[LOG_ERROR_SIZE];
    files_directory(test->directory);
    files_path(test->path, test->directory, "ticket_server-server-1.log");
    test->log = decision_log_open(test->directory, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(test->log);
}

/* Closes the log and compares what it holds. */
static void close_case(struct case_of_log *test, const char *wanted)
{
    struct buffer text = {0};
    decision_log_close(test->log);
    files_read(test->path, &text);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), wanted);
    buffer_free(&text);
    files_remove(test->directory);
}

static void write_batch(struct case_of_log *test, const struct decision *decisions, size_t count,
                        int64_t commit_us)
{
    decision_log_write(test->log, &(struct decided){decisions, count, NULL, 0}, 0, commit_us);
}

static struct item an_item(const char *event, int quantity)
{
    struct item item = {.key = REQUEST};
    CU_ASSERT(id_parse(REQUEST, &item.request));
    strcpy(item.purchase.event, event);
    item.purchase.quantity = quantity;
    return item;
}

static struct outcome a_sale(bool replayed)
{
    struct outcome outcome = {.stored = true, .replayed = replayed};
    outcome.sale = (struct sale){.event = "demo", .tier = "standard", .quantity = 2};
    CU_ASSERT(id_parse(SALE, &outcome.sale.id));
    return outcome;
}

static void has_a_line_per_decision(void)
{
    struct case_of_log test;
    struct item item = an_item("demo", 2);
    struct item bare = an_item("demo", 0);
    strcpy(bare.purchase.tier, "vip");
    struct decision decisions[] = {
        {.item = &item, .outcome = a_sale(false)},
        {.item = &item, .outcome = a_sale(true)},
        {.item = &item, .outcome = {.problem = PROBLEM_SOLD_OUT, .remaining = 1, .stored = true}},
        {.item = &bare, .outcome = {.problem = PROBLEM_SOLD_OUT, .replayed = true}},
        {.item = &bare, .outcome = {.problem = PROBLEM_EXPIRED}},
    };
    open_case(&test);
    write_batch(&test, decisions, 5, 812);
#define START "time=1970-01-01T00:00:00.000000Z request=" REQUEST
#define END   " batch=5 commit_us=812\n"
    close_case(&test,
               START " sale=" SALE " outcome=sold event=demo tier=standard quantity=2" END START
                     " sale=" SALE " outcome=replayed event=demo tier=standard quantity=2" END START
                     " outcome=refused reason=sold_out event=demo quantity=2 remaining=1" END START
                     " outcome=replayed reason=sold_out event=demo tier=vip quantity=1 "
                     "remaining=0" END START
                     " outcome=refused reason=expired event=demo tier=vip quantity=1" END);
}

static void every_verb_has_words(void)
{
    struct case_of_log test;
    struct item hold = an_item("demo", 2), confirm = an_item("", 0), release, tidy, refund, gate;
    hold.verb = VERB_HOLD;
    confirm.verb = VERB_CONFIRM;
    CU_ASSERT(id_parse(SALE, &confirm.order));
    release = refund = confirm;
    release.verb = VERB_RELEASE;
    refund.verb = VERB_REFUND;
    tidy = gate = an_item("demo", 0);
    tidy.verb = VERB_TIDY;
    gate.verb = VERB_CHECK_IN;
    strcpy(gate.purchase.tier, "vip");
    struct check_in check_in = {.number = 17};
    struct outcome held = a_sale(false), late = held, waiting = held, released = held, back = held;
    held.sale.state = ORDER_HELD;
    late.late = true;
    waiting.sale.state = ORDER_WAITING;
    released.sale.state = ORDER_RELEASED;
    back.sale.state = ORDER_REFUNDED;
    struct decision decisions[] = {
        {.item = &hold, .outcome = held},
        {.item = &hold, .outcome = waiting},
        {.item = &hold, .outcome = {.problem = PROBLEM_BUYER_LIMIT, .remaining = 1}},
        {.item = &tidy},
        {.item = &confirm, .outcome = late},
        {.item = &confirm, .outcome = {.problem = PROBLEM_HOLD_EXPIRED}},
        {.item = &release, .outcome = released},
        {.item = &refund, .outcome = back},
        {.item = &gate, .check_in = &check_in},
        {.item = &gate, .check_in = &check_in, .outcome = {.problem = PROBLEM_INVALID_CODE}},
    };
    struct sale moved[] = {released.sale, held.sale};
    moved[0].state = ORDER_EXPIRED;
    open_case(&test);
    decision_log_write(test.log, &(struct decided){decisions, 10, moved, 2}, 0, 812);
#undef END
#define END   " event=demo tier=standard quantity=2 batch=10 commit_us=812\n"
#define GATE  " event=demo tier=vip number=17 batch=10 commit_us=812\n"
#define MOVED "time=1970-01-01T00:00:00.000000Z moved order=" SALE
    close_case(&test, START
               " verb=hold sale=" SALE " outcome=held" END START " verb=hold sale=" SALE
               " outcome=waiting" END START
               " verb=hold outcome=refused reason=buyer_limit event=demo quantity=2 remaining=1"
               " batch=10 commit_us=812\n" START " verb=confirm order=" SALE " sale=" SALE
               " outcome=late" END START " verb=confirm order=" SALE
               " outcome=refused reason=hold_expired batch=10 commit_us=812\n" START
               " verb=release order=" SALE " sale=" SALE " outcome=released" END START
               " verb=refund order=" SALE " sale=" SALE " outcome=refunded" END START
               " verb=check-in outcome=checked-in" GATE START
               " verb=check-in outcome=refused reason=invalid_code" GATE MOVED
               " to=expired" END MOVED " to=held" END);
}

static void what_only_tidies_has_no_line(void)
{
    struct case_of_log test;
    struct item item = an_item("demo", 0);
    item.verb = VERB_TIDY;
    struct decision decision = {.item = &item};
    open_case(&test);
    write_batch(&test, &decision, 1, 1);
    close_case(&test, "");
}

static void lines_cannot_be_forged(void)
{
    struct case_of_log test;
    struct item item = an_item("x\ntime=1 outcome=sold \"", 1);
    struct decision decision = {.item = &item, .outcome = {.problem = PROBLEM_NO_SUCH_EVENT}};
    open_case(&test);
    write_batch(&test, &decision, 1, 5);
    close_case(&test, START " outcome=refused reason=no_such_event "
                            "event=\"x\\ntime=1 outcome=sold \\\"\" quantity=1 batch=1 "
                            "commit_us=5\n");
}

/* Files can grow no further than this; 0: as they like. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size ? size : limit.rlim_max;
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_gap_is_stated_once_it_is_over(void)
{
    struct case_of_log test;
    struct item item = an_item("demo", 1);
    struct decision decision = {.item = &item, .outcome = {.problem = PROBLEM_EXPIRED}};
    struct decision lost[2] = {decision, decision};
    open_case(&test);
    write_batch(&test, &decision, 1, 1);
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    limit_files(1);
    write_batch(&test, lost, 2, 2);
    write_batch(&test, &decision, 1, 3);
    limit_files(0);
    signal(SIGXFSZ, before);
    write_batch(&test, &decision, 1, 4);
    write_batch(&test, &decision, 1, 5);
#define EXPIRED START " outcome=refused reason=expired event=demo quantity=1 batch=1 commit_us="
    close_case(&test, EXPIRED "1\ntime=1970-01-01T00:00:00.000000Z gap lines=3\n" EXPIRED
                              "4\n" EXPIRED "5\n");
}

static void needs_its_directory(void)
{
    char error[LOG_ERROR_SIZE] = "";
    CU_ASSERT_PTR_NULL(decision_log_open("/nowhere/at/all", "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nowhere/at/all"));
}

/* What organisers change; never a token or a key's seed. */
static void changes(void)
{
    struct case_of_log test;
    struct tier_terms tier = {
        .name = "standard", .currency = "EUR", .price = 2500, .capacity = 700, .limit = 10};
    struct change change = {.kind = CHANGE_TIER, .set = SET_CAPACITY, .tiers = &tier};
    open_case(&test);
    strcpy(change.event.name, "demo");
    decision_log_change(test.log, &change, 0, 812);
    change.kind = CHANGE_TIER_CREATE;
    change.problem = PROBLEM_TIER_EXISTS;
    decision_log_change(test.log, &change, 0, 5);
    change = (struct change){.kind = CHANGE_EVENT, .set = SET_CLOSED, .event = {.closed = true}};
    strcpy(change.event.name, "demo");
    decision_log_change(test.log, &change, 0, 6);
    change = (struct change){.kind = CHANGE_TOKEN_REVOKE};
    CU_ASSERT(id_parse(SALE, &change.token.id));
    decision_log_change(test.log, &change, 0, 7);
    change = (struct change){.kind = CHANGE_KEY_ADD, .key = {.id = "abcdefghijk"}};
    decision_log_change(test.log, &change, 0, 8);
    change = (struct change){.kind = CHANGE_OWED_SETTLE};
    CU_ASSERT(id_parse(SALE, &change.order));
    decision_log_change(test.log, &change, 0, 9);
#define T "time=1970-01-01T00:00:00.000000Z change="
    close_case(&test, T "tier event=demo tier=standard capacity=700 outcome=done commit_us=812\n" T
                        "tier-create event=demo tier=standard capacity=700 price=2500 limit=10"
                        " outcome=refused reason=tier_exists commit_us=5\n" T
                        "event event=demo closed=1 outcome=done commit_us=6\n" T
                        "token-revoke token=" SALE " outcome=done commit_us=7\n" T
                        "key-add key=abcdefghijk outcome=done commit_us=8\n" T
                        "owed-settle order=" SALE " outcome=done commit_us=9\n");
#undef T
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("decision_log", "has a line per decision", has_a_line_per_decision);
    suite_add("decision_log", "every verb has words", every_verb_has_words);
    suite_add("decision_log", "what only tidies has no line", what_only_tidies_has_no_line);
    suite_add("decision_log", "lines cannot be forged", lines_cannot_be_forged);
    suite_add("decision_log", "a gap is stated once it is over", a_gap_is_stated_once_it_is_over);
    suite_add("decision_log", "needs its directory", needs_its_directory);
    suite_add("decision_log", "changes have a line, too", changes);
}
