#include "ticket_server/seller.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/ticket_server/place.h"

enum {
    SECONDS_MAX = 60,
    ANSWERED = 3, /* exit status of a child whose purchase was answered where it must not be */
};

/* A seller over a store of its own, with this thread in the loop's place. */
struct shop {
    struct place place;
    struct loop *loop;
    struct seller *seller;
    size_t done; /* jobs handed back */
};

static struct shop shop;

static void job_done(struct job *job)
{
    (void)job;
    shop.done++;
}

static void never_stalled(void *context, pid_t owner)
{
    (void)context;
    (void)owner;
}

static void shop_sell(void)
{
    char error[STORE_ERROR_SIZE] = "";
    shop.loop = loop_open();
    const struct seller_settings settings = {
        .store = store_open_seller(shop.place.url, "server-1", error),
        .log = decision_log_open(shop.place.directory, "server-1", error),
        .loop = shop.loop,
        .stalled = never_stalled};
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(settings.store && settings.log);
    shop.seller = seller_open(&settings);
    shop.done = 0;
}

static void shop_open(int64_t capacity)
{
    place_open(&shop.place, capacity);
    shop_sell();
}

static void shop_close(void)
{
    seller_close(shop.seller);
    loop_close(shop.loop);
    place_close(&shop.place);
}

/* So many jobs of so many purchases of one ticket each. */
struct filed {
    size_t jobs;
    struct job *job;
    struct item *items;
    struct decision *decisions;
};

static struct filed order_new(size_t jobs, size_t each)
{
    struct filed order = {.jobs = jobs};
    order.job = memory_new(jobs * sizeof *order.job);
    order.items = memory_new(jobs * each * sizeof *order.items);
    order.decisions = memory_new(jobs * each * sizeof *order.decisions);
    for (size_t i = 0; i < jobs * each; i++) {
        order.items[i] = place_item(1);
        order.decisions[i].item = &order.items[i];
        order.decisions[i].router = "";
        purchase_fingerprint(&order.items[i].purchase, order.decisions[i].fingerprint);
    }
    for (size_t i = 0; i < jobs; i++)
        order.job[i] =
            (struct job){.decisions = &order.decisions[i * each], .count = each, .done = job_done};
    return order;
}

static void order_free(struct filed *order)
{
    free(order->job);
    free(order->items);
    free(order->decisions);
}

/* How many of its jobs the seller takes. */
static size_t order_submit(struct filed *order)
{
    size_t taken = 0;
    for (size_t i = 0; i < order->jobs; i++)
        taken += seller_submit(shop.seller, &order->job[i]);
    return taken;
}

static bool all_done(void *context)
{
    seller_collect(shop.seller);
    return shop.done == *(size_t *)context;
}

static void expect_done(size_t jobs)
{
    CU_ASSERT_FATAL(wait_until(all_done, &jobs, SECONDS_MAX));
}

static size_t order_count(const struct filed *order, size_t decisions, enum problem problem)
{
    size_t count = 0;
    for (size_t i = 0; i < decisions; i++)
        count += order->decisions[i].outcome.problem == problem;
    return count;
}

static void many_jobs_share_commits(void)
{
    struct seller_status status;
    shop_open(1000);
    struct filed order = order_new(200, 3);
    CU_ASSERT_EQUAL(order_submit(&order), 200);
    expect_done(200);
    CU_ASSERT_EQUAL(order_count(&order, 600, PROBLEM_NONE), 600);
    seller_status(shop.seller, &status);
    CU_ASSERT_STRING_EQUAL(status.figures.server, "server-1");
    CU_ASSERT_EQUAL(status.figures.boot, 1);
    CU_ASSERT_EQUAL(status.figures.sold, 600);
    CU_ASSERT(status.figures.commit >= 1 && status.figures.commit < 200);
    CU_ASSERT_EQUAL(status.pending, 0);
    CU_ASSERT(status.commit_us > 0);
    CU_ASSERT_EQUAL(order.job[199].figures.sold, 600);
    order_free(&order);
    shop_close();
}

static bool has_forgotten(void *context)
{
    struct seller_status status;
    (void)context;
    seller_status(shop.seller, &status);
    return status.commit_us == 0;
}

/* Or a server that was slow once, and is avoided for it, would never be asked again. */
static void a_commit_is_forgotten(void)
{
    shop_open(10);
    struct filed order = order_new(1, 1);
    order_submit(&order);
    expect_done(1);
    CU_ASSERT(wait_until(has_forgotten, NULL, SECONDS_MAX));
    order_free(&order);
    shop_close();
}

/* Every ticket has a number of its own, and the log a line per decision. */
static void outcomes_go_to_whom_they_belong(void)
{
    bool seen[101] = {false};
    struct buffer log = {0};
    shop_open(100);
    struct filed order = order_new(150, 1);
    order_submit(&order);
    expect_done(150);
    CU_ASSERT_EQUAL(order_count(&order, 150, PROBLEM_NONE), 100);
    CU_ASSERT_EQUAL(order_count(&order, 150, PROBLEM_SOLD_OUT), 50);
    for (size_t i = 0; i < 150; i++) {
        const struct outcome *outcome = &order.decisions[i].outcome;
        if (outcome->problem != PROBLEM_NONE)
            continue;
        CU_ASSERT(id_equal(&outcome->sale.id, &order.items[i].request));
        int64_t number = outcome->sale.first_number;
        if (number < 1 || number > 100 || seen[number])
            CU_FAIL_FATAL("a ticket's number is not one of the hundred, or comes twice");
        seen[number] = true;
    }
    files_read(shop.place.log, &log);
    size_t lines = 0;
    for (size_t i = 0; i < log.length; i++)
        lines += log.data[i] == '\n';
    CU_ASSERT_EQUAL(lines, 150);
    buffer_free(&log);
    order_free(&order);
    shop_close();
}

static void what_waits_is_bounded(void)
{
    struct seller_status status;
    shop_open(100000);
    struct filed order = order_new(100, FLIGHT_ITEMS_MAX); /* 25,600 */
    size_t taken = order_submit(&order);
    CU_ASSERT(taken >= SELLER_WAITING_MAX / FLIGHT_ITEMS_MAX && taken < 100);
    expect_done(taken);
    seller_status(shop.seller, &status);
    CU_ASSERT_EQUAL(status.pending, 0);
    CU_ASSERT_EQUAL(status.figures.sold, (int64_t)taken * FLIGHT_ITEMS_MAX);
    order_free(&order);
    shop_close();
}

static void closing_decides_what_was_submitted(void)
{
    shop_open(1000);
    struct filed order = order_new(20, 20);
    order_submit(&order);
    shop_close();
    CU_ASSERT_EQUAL(shop.done, 20);
    CU_ASSERT_EQUAL(order_count(&order, 400, PROBLEM_NONE), 400);
    order_free(&order);
}

/* Somebody else is in the middle of a transaction, and stays there. */
static sqlite3 *disturb(void)
{
    char path[FILES_PATH_SIZE];
    sqlite3 *other;
    files_path(path, shop.place.directory, "tickets.db");
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &other), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return other;
}

static void a_store_that_refuses_decides_nothing(void)
{
    shop_open(1000);
    struct filed first = order_new(1, 7);
    struct filed second = order_new(1, 5);
    sqlite3 *other = disturb();
    order_submit(&first);
    expect_done(1);
    CU_ASSERT_EQUAL(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    CU_ASSERT_EQUAL(order_count(&first, 7, PROBLEM_STORE_UNAVAILABLE), 7);
    CU_ASSERT_EQUAL(first.job[0].figures.sold, 0);
    CU_ASSERT_EQUAL(first.job[0].figures.boot, 1);
    order_submit(&second);
    expect_done(2);
    CU_ASSERT_EQUAL(order_count(&second, 5, PROBLEM_NONE), 5);
    CU_ASSERT_EQUAL(second.job[0].figures.sold, 5);
    order_free(&first);
    order_free(&second);
    shop_close();
}

/* --- changes ----------------------------------------------------------------------------------- */

static void change_done(struct job *job)
{
    CU_ASSERT_PTR_NOT_NULL(job->change);
    shop.done++;
}

static struct change_job close_demo(bool closed)
{
    struct change_job change = {.job.done = change_done,
                                .change = {.kind = CHANGE_EVENT, .set = SET_CLOSED}};
    strcpy(change.change.event.name, "demo");
    change.change.event.closed = closed;
    return change;
}

/* What came before a change was sold, and what came after it was not. */
static void changes_keep_their_place(void)
{
    shop_open(1000);
    struct filed before = order_new(5, 4), after = order_new(5, 4), again = order_new(1, 1);
    struct change_job closing = close_demo(true), opening = close_demo(false);
    order_submit(&before);
    CU_ASSERT(seller_submit_change(shop.seller, &closing));
    order_submit(&after);
    CU_ASSERT(seller_submit_change(shop.seller, &opening));
    order_submit(&again);
    expect_done(13);
    CU_ASSERT_EQUAL(closing.change.problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(closing.job.failed, PROBLEM_NONE);
    CU_ASSERT_EQUAL(closing.job.figures.sold, 20);
    CU_ASSERT_EQUAL(order_count(&before, 20, PROBLEM_NONE), 20);
    CU_ASSERT_EQUAL(order_count(&after, 20, PROBLEM_SALE_OVER), 20);
    CU_ASSERT_EQUAL(order_count(&again, 1, PROBLEM_NONE), 1);
    order_free(&before);
    order_free(&after);
    order_free(&again);
    shop_close();
}

static void a_change_may_be_refused(void)
{
    struct seller_status status;
    shop_open(10);
    struct change_job closing = close_demo(true), wrong = close_demo(true);
    strcpy(wrong.change.event.name, "nothing");
    CU_ASSERT(seller_submit_change(shop.seller, &wrong));
    expect_done(1);
    CU_ASSERT_EQUAL(wrong.change.problem, PROBLEM_NO_SUCH_EVENT);
    sqlite3 *other = disturb();
    CU_ASSERT(seller_submit_change(shop.seller, &closing));
    expect_done(2);
    CU_ASSERT_EQUAL(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    CU_ASSERT_EQUAL(closing.job.failed, PROBLEM_STORE_UNAVAILABLE);
    CU_ASSERT_EQUAL(closing.change.problem, PROBLEM_STORE_UNAVAILABLE);
    seller_status(shop.seller, &status);
    CU_ASSERT_EQUAL(status.pending, 0);
    shop_close();
}

static void fence(void)
{
    char error[STORE_ERROR_SIZE];
    store_close(store_open_seller(shop.place.url, "server-1", error));
}

/* Files of this process can grow no further: the commit fails halfway. */
static void break_disk(void)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = 1};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* Sells in a child, because the process is to end: without handing the job back. */
static void expect_end(void (*disaster)(void))
{
    int status = 0;
    place_open(&shop.place, 10);
    fflush(stdout);
    pid_t child = fork();
    CU_ASSERT_FATAL(child >= 0);
    if (child == 0) {
        shop_sell();
        disaster();
        struct filed order = order_new(1, 1);
        order_submit(&order);
        expect_done(1);
        _exit(ANSWERED);
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), EXIT_TROUBLE);
    place_close(&shop.place);
}

static void a_fenced_seller_ends_the_process_unanswered(void)
{
    expect_end(fence);
}

static void an_unknown_commit_ends_the_process_unanswered(void)
{
    expect_end(break_disk);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("seller", "a commit is forgotten", a_commit_is_forgotten);
    suite_add("seller", "many jobs share commits", many_jobs_share_commits);
    suite_add("seller", "outcomes go to whom they belong", outcomes_go_to_whom_they_belong);
    suite_add("seller", "what waits is bounded", what_waits_is_bounded);
    suite_add("seller", "closing decides what was submitted", closing_decides_what_was_submitted);
    suite_add("seller", "a store that refuses decides nothing",
              a_store_that_refuses_decides_nothing);
    suite_add("seller", "changes keep their place", changes_keep_their_place);
    suite_add("seller", "a change may be refused", a_change_may_be_refused);
    suite_add("seller", "a fenced seller ends the process unanswered",
              a_fenced_seller_ends_the_process_unanswered);
    suite_add("seller", "an unknown commit ends the process unanswered",
              an_unknown_commit_ends_the_process_unanswered);
}
