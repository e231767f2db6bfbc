#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/tools/judge.h"

static struct sim sim;
static struct lines lines;
static struct verdict verdict;

/* --- what is right ----------------------------------------------------------------------------- */

static void passes_what_is_right(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        simulate(&sim, 1 + seed % 5, 300, seed);
        take_apart(&sim.log, &lines);
        expect_clean(&lines, &sim, &verdict);
        CU_ASSERT_EQUAL(verdict.sessions, 2);
        CU_ASSERT_EQUAL(verdict.crashes, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(verdict.noted, "ended by a crash after log:"));
        CU_ASSERT_PTR_NULL(strstr(verdict.noted, "which no line has given it"));
        sim_free(&sim);
    }
}

static void passes_more_servers_than_are_listed(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        simulate(&sim, SIM_TICKETS_MAX, 500, seed);
        take_apart(&sim.log, &lines);
        expect_clean(&lines, &sim, &verdict);
        sim_free(&sim);
    }
}

static void passes_a_stated_gap(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        sim_init(&sim, 3, seed);
        sim_start(&sim);
        sim_run(&sim, 100);
        sim_state(&sim, true);
        sim_run(&sim, 100);
        sim_stop(&sim);
        take_apart(&sim.log, &lines);
        expect_clean(&lines, &sim, &verdict);
        CU_ASSERT_EQUAL(verdict.gaps, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(verdict.noted, "could not be written"));
        sim_free(&sim);
    }
}

/* The oldest files have been rotated away: the log begins with a state line. */
static void passes_a_log_that_begins_later(void)
{
    uint64_t before = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        sim_init(&sim, 3, seed);
        sim_start(&sim);
        sim_run(&sim, 200);
        sim.log.length = 0;
        sim_state(&sim, false);
        sim_run(&sim, 200);
        sim_stop(&sim);
        take_apart(&sim.log, &lines);
        expect_clean(&lines, &sim, &verdict);
        before += verdict.sales_before;
        sim_free(&sim);
    }
    CU_ASSERT(before > 0);
}

/* The store is read while the log goes on: what is settled after that is not held against it. */
static void passes_a_log_that_goes_on(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim early;
        sim_init(&sim, 3, seed);
        sim_start(&sim);
        sim_run(&sim, 200);
        early = sim;
        early.log = early.world.sales = early.world.orders = (struct buffer){0};
        buffer_append(&early.world.sales, sim.world.sales.data, sim.world.sales.length);
        buffer_append(&early.world.orders, sim.world.orders.data, sim.world.orders.length);
        take_apart(&sim.log, &lines);
        size_t split = lines.count;
        sim_run(&sim, 200);
        take_apart(&sim.log, &lines);
        struct trial trial = {&lines, &early, split, true, SIM_STORE};
        judge(&trial, &verdict);
        CU_ASSERT_EQUAL(verdict.violations, verdict.broken[CHECK_ENDS]);
        sim_free(&early);
        sim_free(&sim);
    }
}

static void counts_sales_of_other_balancers(void)
{
    simulate(&sim, 3, 100, 7);
    struct sim_sale other = {.sale = {.id = {{9}}, .quantity = 2}, .router = "another-router"};
    snprintf(other.sale.server, sizeof other.sale.server, "server-1");
    buffer_append(&sim.world.sales, &other, sizeof other);
    take_apart(&sim.log, &lines);
    expect_clean(&lines, &sim, &verdict);
    CU_ASSERT_EQUAL(verdict.sales_others, 1);
    sim_free(&sim);
}

/* --- what is wrong ----------------------------------------------------------------------------- */

static void judge_changed(size_t violations_of, size_t line)
{
    struct trial trial = {&lines, &sim, lines.count, false, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.broken[violations_of] > 0);
    if (line)
        CU_ASSERT(names_line(verdict.said, line));
    if (verdict.broken[violations_of] == 0)
        printf("%s", verdict.said);
}

static struct sim_sale *sale_of(size_t i)
{
    return (struct sim_sale *)(void *)sim.world.sales.data + i;
}

/* The line (from 0) that holds the text, first or last. */
static size_t find_line(const char *text, bool last)
{
    size_t found = LINES_MAX;
    for (size_t i = 0; i < lines.count; i++) {
        bool here = memmem(lines.text[i], lines.length[i], text, strlen(text)) != NULL;
        if (here && (last || found == LINES_MAX))
            found = i;
    }
    CU_ASSERT_FATAL(found < LINES_MAX);
    return found;
}

static size_t line_of_sale(size_t i)
{
    char id[ID_TEXT_SIZE];
    id_format(&sale_of(i)->sale.id, id);
    return find_line(id, true);
}

/* A sale that came through the router, first of all. */
static size_t sale_through(void)
{
    size_t i = 0;
    while (!sale_of(i)->router[0])
        i++;
    return i;
}

static void begin_case(void)
{
    simulate(&sim, 3, 100, 3);
    take_apart(&sim.log, &lines);
    expect_clean(&lines, &sim, &verdict);
}

static void finds_a_sale_that_differs_from_its_choice(void)
{
    begin_case();
    size_t i = sale_through();
    sale_of(i)->sale.quantity++;
    judge_changed(CHECK_SALES, line_of_sale(i) + 1);
    sale_of(i)->sale.quantity--;
    snprintf(sale_of(i)->sale.event, NAME_SIZE, "other");
    judge_changed(CHECK_SALES, line_of_sale(i) + 1);
    snprintf(sale_of(i)->sale.event, NAME_SIZE, "demo");
    snprintf(sale_of(i)->sale.server, SERVER_SIZE, "server-9");
    judge_changed(CHECK_SALES, line_of_sale(i) + 1);
    sim_free(&sim);
}

static void finds_a_sale_without_a_choice(void)
{
    begin_case();
    struct sim_sale forged = *sale_of(sale_through());
    forged.sale.request.bytes[0] = forged.sale.id.bytes[0] = 0xff;
    buffer_append(&sim.world.sales, &forged, sizeof forged);
    judge_changed(CHECK_SALES, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, "sale ff"));
    sim_free(&sim);
}

/* Where the oldest files are rotated away, only what was admitted before may lack its choice. */
static void finds_it_in_a_log_that_begins_later(void)
{
    sim_init(&sim, 3, 3);
    sim_start(&sim);
    sim_run(&sim, 50);
    sim.log.length = 0;
    sim_state(&sim, false);
    sim_run(&sim, 200);
    sim_stop(&sim);
    take_apart(&sim.log, &lines);
    expect_clean(&lines, &sim, &verdict);
    size_t last = sim.world.sales.length / sizeof(struct sim_sale) - 1;
    while (!sale_of(last)->router[0])
        last--;
    struct sim_sale forged = *sale_of(last);
    forged.sale.id.bytes[15] ^= 1;
    forged.sale.id.bytes[14] ^= 0x80;
    buffer_append(&sim.world.sales, &forged, sizeof forged);
    judge_changed(CHECK_SALES, 0);
    sim_free(&sim);
}

/* A sale that was settled is gone from the store. */
static void finds_a_lost_sale(void)
{
    begin_case();
    size_t i = sale_through();
    sale_of(i)->router[0] = '\0';
    judge_changed(CHECK_SOLD, 0);
    sim_free(&sim);
}

static void finds_more_told_than_the_store_holds(void)
{
    begin_case();
    sim.world.machines[1].sold--;
    judge_changed(CHECK_FIGURES, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, "server-2 told="));
    sim_free(&sim);
}

static void finds_another_store(void)
{
    begin_case();
    struct trial trial = {&lines, &sim, lines.count, false, "another"};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.broken[CHECK_STATES] > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, "store=" SIM_STORE));
    sim_free(&sim);
}

static void bears_a_line_torn_by_a_crash_only(void)
{
    static const char torn[] = "n=77 time=2026-11-21T10:00:00.1 [torn]";
    begin_case();
    size_t second_life = find_line(" started ", true);
    lines_insert(&lines, second_life, torn);
    lines_insert(&lines, second_life, torn); /* killed again, in its very first line */
    expect_clean(&lines, &sim, &verdict);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.noted, "torn by a crash"));
    lines_remove(&lines, second_life);
    lines_remove(&lines, second_life);
    lines_insert(&lines, second_life - 5, torn);
    judge_changed(CHECK_LINES, second_life - 4);
    lines_insert(&lines, second_life - 4, "changed by somebody");
    judge_changed(CHECK_LINES, second_life - 4);
    judge_changed(CHECK_LINES, second_life - 3);
    CU_ASSERT_EQUAL(verdict.broken[CHECK_LINES], 2);
    lines_remove(&lines, second_life - 5);
    lines_remove(&lines, second_life - 5);
    lines_insert(&lines, second_life, "changed by somebody");
    judge_changed(CHECK_LINES, second_life + 1);
    sim_free(&sim);
}

/* The first sale through a router, of which no line is left. */
static struct sim_sale *sale_without_a_line(void)
{
    struct buffer log = {0};
    size_t count = sim.world.sales.length / sizeof(struct sim_sale), i = 0;
    for (size_t line = 0; line < lines.count; line++)
        buffer_append(&log, lines.text[line], lines.length[line]);
    for (bool found = false; !found && i < count; i += !found) {
        char request[ID_TEXT_SIZE];
        id_format(&sale_of(i)->sale.request, request);
        found = sale_of(i)->router[0] != '\0' && strstr(buffer_text(&log), request) == NULL &&
                id_equal(&sale_of(i)->sale.request, &sale_of(i)->sale.id);
    }
    buffer_free(&log);
    CU_ASSERT_FATAL(i < count);
    return sale_of(i);
}

/* A sale so long after the line is found in the log, or only said to have no proof. */
static void expect_excused(size_t line, int64_t seconds, bool excused)
{
    static const char time[] = " time=";
    char text[CLOCK_TEXT_SIZE];
    int64_t at;
    const char *from = strstr(lines.text[line], time) + strlen(time);
    snprintf(text, sizeof text, "%.27s", from);
    CU_ASSERT_FATAL(clock_parse(text, &at));
    struct sim_sale *sale = sale_without_a_line();
    int64_t before = sale->sale.created_at;
    sale->sale.created_at = at + seconds * CLOCK_SECOND;
    judge(&(struct trial){&lines, &sim, lines.count, false, SIM_STORE}, &verdict);
    CU_ASSERT_EQUAL(verdict.violations, excused ? 0 : 1);
    CU_ASSERT(!excused || verdict.beyond > 0);
    sale->sale.created_at = before;
}

/* A log whose end was cut off, to less than what was sold: up to the line, with no other life behind it. */
static void excuses_a_write_back_and_never_in_silence(void)
{
    begin_case();
    lines.count = find_line(" started ", true) - 20;
    expect_excused(lines.count - 1, 60, true);
    expect_excused(lines.count - 1, 61, false);
    sim_free(&sim);
}

/* What one life lost was made before the next one was there, or just then; and where the choice is left, nothing
 * of it is lost. */
static void excuses_nothing_behind_the_next_start(void)
{
    begin_case();
    size_t second_life = find_line(" started ", true);
    for (int i = 0; i < 20; i++)
        lines_remove(&lines, --second_life);
    expect_excused(second_life, 15, true);
    expect_excused(second_life, 16, false);
    struct sim_sale *known = sale_of(sale_through());
    known->sale.created_at = sale_without_a_line()->sale.created_at;
    snprintf(known->sale.server, SERVER_SIZE, "server-9");
    judge_changed(CHECK_SALES, 0);
    sim_free(&sim);
}

/* The last lines of a life that was ended by a power cut were not on the disk yet; those of another are missed. */
static void bears_a_lost_end_of_a_crashed_life_only(void)
{
    begin_case();
    size_t second_life = find_line(" started ", true);
    for (int i = 0; i < 20; i++)
        lines_remove(&lines, --second_life);
    expect_clean(&lines, &sim, &verdict);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.noted, "made after the last line of a router that"));
    CU_ASSERT(verdict.beyond > 0);
    size_t stopped = lines.count - 1;
    for (int i = 0; i < 20; i++)
        lines_remove(&lines, --stopped);
    struct trial trial = {&lines, &sim, lines.count, false, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.violations > 0);
    sim_free(&sim);
}

static void finds_what_a_stop_left_open(void)
{
    begin_case();
    size_t settled = find_line(" settled ", true);
    lines.count--; /* stopped */
    lines_remove(&lines, settled);
    struct trial trial = {&lines, &sim, lines.count, true, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.broken[CHECK_ENDS] + verdict.broken[CHECK_NUMBERS] > 0);
    sim_free(&sim);
}

static void finds_what_a_living_router_does_not_settle(void)
{
    sim_init(&sim, 3, 5);
    sim_start(&sim);
    sim_run(&sim, 50);
    take_apart(&sim.log, &lines);
    struct trial trial = {&lines, &sim, lines.count, true, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.broken[CHECK_ENDS] > 0);
    CU_ASSERT_EQUAL(verdict.violations, verdict.broken[CHECK_ENDS]);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, "still not settled"));
    sim_free(&sim);
}

static void finds_lines_after_the_stop(void)
{
    begin_case();
    lines_insert(&lines, lines.count, "n=999 time=2026-11-21T10:00:00.000000Z stopped router=r");
    judge_changed(CHECK_ENDS, lines.count);
    sim_free(&sim);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report", "passes what is right", passes_what_is_right);
    suite_add("report", "passes more servers than are listed", passes_more_servers_than_are_listed);
    suite_add("report", "passes a stated gap", passes_a_stated_gap);
    suite_add("report", "passes a log that begins later", passes_a_log_that_begins_later);
    suite_add("report", "passes a log that goes on", passes_a_log_that_goes_on);
    suite_add("report", "counts sales of other balancers", counts_sales_of_other_balancers);
    suite_add("report", "finds a sale that differs from its choice",
              finds_a_sale_that_differs_from_its_choice);
    suite_add("report", "finds a sale without a choice", finds_a_sale_without_a_choice);
    suite_add("report", "finds it in a log that begins later", finds_it_in_a_log_that_begins_later);
    suite_add("report", "finds a lost sale", finds_a_lost_sale);
    suite_add("report", "finds more told than the store holds",
              finds_more_told_than_the_store_holds);
    suite_add("report", "finds another store", finds_another_store);
    suite_add("report", "bears a line torn by a crash only", bears_a_line_torn_by_a_crash_only);
    suite_add("report", "bears a lost end of a crashed life only",
              bears_a_lost_end_of_a_crashed_life_only);
    suite_add("report", "excuses a write-back, and never in silence",
              excuses_a_write_back_and_never_in_silence);
    suite_add("report", "excuses nothing behind the next start",
              excuses_nothing_behind_the_next_start);
    suite_add("report", "finds what a stop left open", finds_what_a_stop_left_open);
    suite_add("report", "finds what a living router does not settle",
              finds_what_a_living_router_does_not_settle);
    suite_add("report", "finds lines after the stop", finds_lines_after_the_stop);
}
