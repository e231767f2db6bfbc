/* Logs in files: of routers whose lives overlap, and of several balancers over one store. */
#include "tools/report/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/tools/judge.h"

enum {
    FILES = 4,
};

static struct sim older, newer; /* routers, that share a world */
static struct findings findings;
static struct ledger ledger;
static char dirs[2][64];
static int held[FILES]; /* open and locked, as a router has its log; else -1 */

/* --- files ------------------------------------------------------------------------------------- */

static const char *path_of(size_t dir, int number)
{
    static char path[128];
    if (number == 0)
        snprintf(path, sizeof path, "%s/routing.log", dirs[dir]);
    else
        snprintf(path, sizeof path, "%s/routing.log.%d", dirs[dir], number);
    return path;
}

static void put(size_t dir, int number, const struct buffer *log, size_t from, size_t to)
{
    int fd = open(path_of(dir, number), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, log->data + from, to - from), (ssize_t)(to - from));
    close(fd);
}

static void put_text(int number, const char *text)
{
    struct buffer log = {0};
    buffer_add(&log, text);
    put(0, number, &log, 0, log.length);
    buffer_free(&log);
}

static void hold(int number)
{
    held[number] = open(path_of(0, number), O_RDONLY | O_CLOEXEC);
    CU_ASSERT_FATAL(held[number] >= 0 && flock(held[number], LOCK_SH) == 0);
}

static void release(int number)
{
    if (held[number] >= 0)
        close(held[number]);
    held[number] = -1;
}

static void begin(void)
{
    for (size_t i = 0; i < 2; i++) {
        snprintf(dirs[i], sizeof dirs[i], "/tmp/report_source_test.XXXXXX");
        CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dirs[i]));
    }
    for (int i = 0; i < FILES; i++)
        held[i] = -1;
    findings = (struct findings){0};
    ledger_init(&ledger, &findings);
    snprintf(ledger.store, sizeof ledger.store, "%s", SIM_STORE);
}

static void end(void)
{
    for (int i = 0; i < FILES; i++) {
        release(i);
        unlink(path_of(0, i));
        unlink(path_of(1, i));
    }
    CU_ASSERT(rmdir(dirs[0]) == 0 && rmdir(dirs[1]) == 0);
    ledger_free(&ledger);
    findings_free(&findings);
    sim_free(&older);
    sim_free(&newer);
}

/* --- routers ----------------------------------------------------------------------------------- */

static void start_older(uint64_t seed)
{
    sim_init(&older, 3, seed);
    memset(&newer, 0, sizeof newer);
    sim_start(&older);
    sim_run(&older, 100);
}

/* One takes the place of the other, which drains; in turns. */
static void hand_over(int turns)
{
    sim_start_beside(&newer, &older);
    for (int i = 0; i < turns; i++) {
        sim_pass(&older, &newer);
        sim_drain(&older, 3);
        sim_pass(&newer, &older);
        sim_run(&newer, 10);
    }
}

static void stop_older(void)
{
    sim_pass(&older, &newer);
    sim_stop(&older);
    sim_pass(&newer, &older);
}

static void read_all(struct source *source)
{
    while (source_next(source, NULL))
        continue;
}

/* Reads on after the store, to the end. */
static struct source_totals finish(struct source *source, const struct sim *world)
{
    read_all(source);
    feed_sales(&ledger, world);
    source_end(source, findings.lines);
    struct source_totals totals = source_totals(source);
    source_close(source);
    ledger_finish(&ledger);
    for (uint64_t i = 0; i < findings.violations && i < FINDINGS_SHOWN; i++)
        printf("%s\n", findings.shown[i]);
    return totals;
}

static bool noted(const char *words)
{
    for (uint64_t i = 0; i < findings.note_count && i < NOTES_SHOWN; i++)
        if (strstr(findings.notes[i], words) != NULL)
            return true;
    return false;
}

/* --- lives that overlap ------------------------------------------------------------------------ */

static void lives_that_overlap_are_proved_apart(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin();
        start_older(seed);
        hand_over(20);
        stop_older();
        size_t rotated = newer.log.length;
        sim_state(&newer, false);
        sim_run(&newer, 50);
        sim_stop(&newer);
        put(0, 2, &older.log, 0, older.log.length);
        put(0, 1, &newer.log, 0, rotated);
        put(0, 0, &newer.log, rotated, newer.log.length);
        struct source_totals totals = finish(source_open(dirs[0], &ledger), &newer);
        CU_ASSERT_EQUAL(findings.violations, 0);
        CU_ASSERT(totals.routers == 2 && totals.crashes == 0 && totals.gaps == 0);
        CU_ASSERT_EQUAL(ledger.sales_others, 0);
        end();
    }
}

/* While it drains, its lines come in the file that was put aside, and are read as they come. */
static void who_drains_is_followed(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin();
        start_older(seed);
        size_t then = older.log.length;
        put(0, 1, &older.log, 0, then);
        hold(1);
        hand_over(10);
        size_t first = newer.log.length;
        put(0, 0, &newer.log, 0, first);
        hold(0);
        struct source *source = source_open(dirs[0], &ledger);
        read_all(source);
        uint32_t lines = findings.lines;
        put(0, 1, &older.log, then, older.log.length);
        then = older.log.length;
        read_all(source);
        CU_ASSERT(findings.lines > lines);
        stop_older();
        put(0, 1, &older.log, then, older.log.length);
        release(1);
        sim_stop(&newer);
        put(0, 0, &newer.log, first, newer.log.length);
        release(0);
        struct source_totals totals = finish(source, &newer);
        CU_ASSERT_EQUAL(findings.violations, 0);
        CU_ASSERT(totals.routers == 2 && totals.crashes == 0);
        end();
    }
}

/* Its flights are under way as long as it has its file open; else they were lost. */
static void who_does_not_drain_to_the_end(bool alive)
{
    begin();
    start_older(4);
    sim_run(&older, 3);
    put(0, 1, &older.log, 0, older.log.length);
    put_text(1, "n=9 time=2026-1");
    hold(1);
    hand_over(0);
    sim_run(&newer, 50);
    sim_stop(&newer);
    put(0, 0, &newer.log, 0, newer.log.length);
    struct source *source = source_open(dirs[0], &ledger);
    read_all(source);
    uint32_t before = findings.lines;
    CU_ASSERT(source_settling(source, before));
    if (!alive)
        release(1);
    CU_ASSERT_EQUAL(source_settling(source, before), alive);
    CU_ASSERT_FALSE(source_settling(source, 0));
    feed_sales(&ledger, &newer);
    source_end(source, 0);
    CU_ASSERT_EQUAL(source_totals(source).crashes, alive ? 0 : 1);
    CU_ASSERT_EQUAL(source_totals(source).routers, 2);
    CU_ASSERT_EQUAL(noted("the log is being written to"), alive);
    CU_ASSERT_EQUAL(noted(" ended by a crash after "), !alive);
    CU_ASSERT(noted(alive ? "a line that is being written" : "torn by a crash"));
    CU_ASSERT_EQUAL(findings.violations, 0);
    source_close(source);
    end();
}

static void who_still_drains_has_not_crashed(void)
{
    who_does_not_drain_to_the_end(true);
}

static void who_was_killed_draining_has(void)
{
    who_does_not_drain_to_the_end(false);
}

/* What a living router must settle, one that drains must, too. */
static void who_drains_must_settle(void)
{
    begin();
    start_older(4);
    put(0, 1, &older.log, 0, older.log.length);
    hold(1);
    hand_over(0);
    sim_stop(&newer);
    put(0, 0, &newer.log, 0, newer.log.length);
    struct source *source = source_open(dirs[0], &ledger);
    read_all(source);
    feed_sales(&ledger, &newer);
    source_end(source, findings.lines);
    CU_ASSERT(findings.violations > 0 && findings.violations == findings.broken[CHECK_ENDS]);
    CU_ASSERT_PTR_NOT_NULL(strstr(findings.shown[0], "still not settled, though its router lives"));
    source_close(source);
    end();
}

/* What it wrote just before it closed its file is read, though it was not there a moment ago. */
static void the_last_lines_of_who_stopped_are_read(void)
{
    begin();
    start_older(4);
    size_t then = older.log.length;
    put(0, 0, &older.log, 0, then);
    hold(0);
    struct source *source = source_open(dirs[0], &ledger);
    read_all(source);
    sim_stop(&older);
    put(0, 0, &older.log, then, older.log.length);
    release(0);
    feed_sales(&ledger, &older);
    source_end(source, 0);
    CU_ASSERT(source_totals(source).routers == 1 && source_totals(source).crashes == 0);
    CU_ASSERT(findings.violations == 0 && findings.note_count == 0);
    source_close(source);
    end();
}

/* A router that was killed in its very first line leaves the next one's file to begin with a torn line; the
 * one that drains has nothing to do with it. */
static void a_torn_first_line_is_nobodys(void)
{
    begin();
    start_older(5);
    size_t then = older.log.length;
    put(0, 1, &older.log, 0, then);
    hold(1);
    put_text(0, "n=1 time=2026 [torn]\nn=1 [torn]\n");
    struct source *source = source_open(dirs[0], &ledger);
    read_all(source);
    hand_over(5);
    stop_older();
    put(0, 1, &older.log, then, older.log.length);
    read_all(source);
    sim_stop(&newer);
    put(0, 0, &newer.log, 0, newer.log.length);
    release(1);
    struct source_totals totals = finish(source, &newer);
    CU_ASSERT_EQUAL(findings.violations, 0);
    CU_ASSERT(totals.routers == 2 && totals.crashes == 0);
    CU_ASSERT(noted("routing.log:2: torn by a crash"));
    end();
}

/* … unless the one before goes on behind it: its `state` line could not be written at first. */
static void a_torn_first_line_may_be_of_who_goes_on(void)
{
    begin();
    start_older(6);
    size_t then = older.log.length;
    sim_state(&older, true);
    sim_run(&older, 20);
    sim_stop(&older);
    put(0, 1, &older.log, 0, then);
    put_text(0, "n=1 time=2026 [torn]\n");
    put(0, 0, &older.log, then, older.log.length);
    struct source_totals totals = finish(source_open(dirs[0], &ledger), &older);
    CU_ASSERT_EQUAL(findings.violations, 0);
    CU_ASSERT(totals.routers == 1 && totals.crashes == 0 && totals.gaps == 1);
    end();
}

/* An edit in either file is found, whoever wrote beside it. */
static void edits_are_found_in_both(void)
{
    for (int file = 0; file < 2; file++) {
        begin();
        start_older(7);
        hand_over(10);
        stop_older();
        sim_stop(&newer);
        struct buffer *log = file == 1 ? &older.log : &newer.log;
        char *edited = strstr(buffer_text(log), " released=") + strlen(" released=");
        *edited = *edited == '1' ? '2' : '1';
        put(0, 1, &older.log, 0, older.log.length);
        put(0, 0, &newer.log, 0, newer.log.length);
        struct source *source = source_open(dirs[0], &ledger);
        read_all(source);
        CU_ASSERT(findings.violations > 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(findings.shown[0], file == 1 ? "log.1:" : "routing.log:"));
        source_end(source, findings.lines);
        source_close(source);
        end();
    }
}

/* --- several balancers ------------------------------------------------------------------------- */

static void several_logs_account_for_one_store(void)
{
    begin();
    start_older(8);
    hand_over(20);
    stop_older();
    sim_stop(&newer);
    put(0, 0, &older.log, 0, older.log.length);
    put(1, 0, &newer.log, 0, newer.log.length);
    struct source *first = source_open(dirs[0], &ledger);
    struct source *second = source_open(dirs[1], &ledger);
    read_all(first);
    struct source_totals totals = finish(second, &newer);
    source_end(first, 0);
    source_close(first);
    CU_ASSERT_EQUAL(findings.violations, 0);
    CU_ASSERT_EQUAL(totals.routers, 1);
    CU_ASSERT(ledger.sales_others == 0 && ledger.sales_through > 20);
    end();
}

/* Without the other's log, its sales are another balancer's. */
static void one_log_alone_leaves_the_others_sales(void)
{
    begin();
    start_older(8);
    hand_over(20);
    stop_older();
    sim_stop(&newer);
    put(1, 0, &newer.log, 0, newer.log.length);
    finish(source_open(dirs[1], &ledger), &newer);
    CU_ASSERT_EQUAL(findings.violations, 0);
    CU_ASSERT(ledger.sales_others > 0 && ledger.sales_through > 0);
    end();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_source", "lives that overlap are proved apart",
              lives_that_overlap_are_proved_apart);
    suite_add("report_source", "who drains is followed", who_drains_is_followed);
    suite_add("report_source", "who still drains has not crashed",
              who_still_drains_has_not_crashed);
    suite_add("report_source", "who was killed draining has", who_was_killed_draining_has);
    suite_add("report_source", "who drains must settle", who_drains_must_settle);
    suite_add("report_source", "the last lines of who stopped are read",
              the_last_lines_of_who_stopped_are_read);
    suite_add("report_source", "a torn first line is nobody's", a_torn_first_line_is_nobodys);
    suite_add("report_source", "a torn first line may be of who goes on",
              a_torn_first_line_may_be_of_who_goes_on);
    suite_add("report_source", "edits are found in both", edits_are_found_in_both);
    suite_add("report_source", "several logs account for one store",
              several_logs_account_for_one_store);
    suite_add("report_source", "one log alone leaves the other's sales",
              one_log_alone_leaves_the_others_sales);
}
