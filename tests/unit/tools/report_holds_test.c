/* What the store says of its holds must be what the log says; and a log without holds has none. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/tools/judge.h"

static struct sim sim;
static struct lines lines;
static struct verdict verdict;

static void begin_case(void)
{
    simulate(&sim, 3, 300, 5);
    take_apart(&sim.log, &lines);
    expect_clean(&lines, &sim, &verdict);
}

static void judge_changed(enum check check, const char *words)
{
    struct trial trial = {&lines, &sim, lines.count, false, SIM_STORE};
    judge(&trial, &verdict);
    CU_ASSERT(verdict.broken[check] > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(verdict.said, words));
    if (verdict.broken[check] == 0 || strstr(verdict.said, words) == NULL)
        printf("%s", verdict.said);
}

/* A row of the store that is in this state, for a test to change. */
static struct sim_order *row_in(enum order_state state)
{
    struct sim_order *rows = (struct sim_order *)(void *)sim.world.orders.data;
    size_t count = sim.world.orders.length / sizeof *rows, i = 0;
    while (i < count && rows[i].order.sale.state != state)
        i++;
    CU_ASSERT_FATAL(i < count);
    return &rows[i];
}

static void remove_row(struct sim_order *row)
{
    const char *end = sim.world.orders.data + sim.world.orders.length;
    memmove(row, row + 1, (size_t)(end - (const char *)(row + 1)));
    sim.world.orders.length -= sizeof *row;
}

static void finds_a_lost_hold(void)
{
    for (enum order_state state = ORDER_SOLD; state <= ORDER_EXPIRED; state++) {
        begin_case();
        remove_row(row_in(state));
        judge_changed(CHECK_SOLD, " held by ");
        sim_free(&sim);
    }
}

static void finds_a_hold_of_another_event(void)
{
    for (enum order_state state = ORDER_SOLD; state <= ORDER_EXPIRED; state++) {
        begin_case();
        snprintf(row_in(state)->order.sale.event, NAME_SIZE, "gala");
        judge_changed(CHECK_HOLDS, " of gala by it");
        sim_free(&sim);
    }
}

static void finds_a_hold_of_more_than_was_asked_for(void)
{
    begin_case();
    row_in(ORDER_EXPIRED)->order.sale.quantity = 9;
    judge_changed(CHECK_HOLDS, " held 9 of ");
    sim_free(&sim);
}

static void finds_a_hold_of_another_server(void)
{
    begin_case();
    snprintf(row_in(ORDER_HELD)->order.sale.server, SERVER_SIZE, "server-9");
    judge_changed(CHECK_HOLDS, "says it was held by server-9");
    sim_free(&sim);
}

static void finds_a_hold_without_a_choice(void)
{
    begin_case();
    struct sim_order forged = *row_in(ORDER_RELEASED);
    forged.order.sale.id.bytes[0] = 0xff;
    buffer_append(&sim.world.orders, &forged, sizeof forged);
    judge_changed(CHECK_HOLDS, "the store: hold ff");
    sim_free(&sim);
}

/* Freed, but nothing was. */
static void finds_a_release_that_is_not_stored(void)
{
    begin_case();
    row_in(ORDER_RELEASED)->order.sale.state = ORDER_HELD;
    judge_changed(CHECK_SOLD, " as released (choices from ");
    sim_free(&sim);
}

/* Held and released where no router was asked, or another one was: nothing is said of that. */
static void passes_what_was_asked_elsewhere(void)
{
    static const char *const routers[] = {"", "another-router"};
    begin_case();
    for (size_t i = 0; i < 2; i++) {
        struct sim_order other = *row_in(ORDER_RELEASED);
        other.order.sale.id.bytes[0] = 0xff;
        snprintf(other.router, sizeof other.router, "%s", routers[i]);
        buffer_append(&sim.world.orders, &other, sizeof other);
    }
    expect_clean(&lines, &sim, &verdict);
    CU_ASSERT_PTR_NULL(strstr(verdict.noted, "released, but no choice"));
    row_in(ORDER_EXPIRED)->order.sale.state = ORDER_RELEASED;
    judge(&(struct trial){&lines, &sim, lines.count, false, SIM_STORE}, &verdict);
    CU_ASSERT_EQUAL(verdict.violations, 0);
    sim_free(&sim);
}

static void version_3_has_no_holds(void)
{
    static char text[TEXT_MAX];
    begin_case();
    snprintf(text, sizeof text, "%.*s", (int)lines.length[0], lines.text[0]);
    text[strlen(text) - 1] = '3';
    lines_remove(&lines, 0);
    lines_insert(&lines, 0, text);
    judge_changed(CHECK_LINES, "tells of a hold, but its router started with version=3");
    sim_free(&sim);
}

/* Who starts in a gap has told no version: that of the router before is not its own. */
static void a_router_that_starts_in_a_gap_may_hold(void)
{
    sim_init(&sim, 3, 5);
    sim_start(&sim);
    char *version = strstr(buffer_text(&sim.log), " version=") + strlen(" version=");
    *version = '3';
    sim.log.length = (size_t)(strchr(version, '\n') + 1 - sim.log.data);
    sim_crash(&sim);
    size_t written = sim.log.length;
    sim_start(&sim);
    sim.log.length = written;
    sim.n = 0;
    sim_state(&sim, true);
    sim_run(&sim, 200);
    sim_stop(&sim);
    take_apart(&sim.log, &lines);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&sim.log), " verb=hold "));
    expect_clean(&lines, &sim, &verdict);
    CU_ASSERT_EQUAL(verdict.sessions, 2);
    sim_free(&sim);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_holds", "finds a lost hold", finds_a_lost_hold);
    suite_add("report_holds", "finds a hold of another event", finds_a_hold_of_another_event);
    suite_add("report_holds", "finds a hold of more than was asked for",
              finds_a_hold_of_more_than_was_asked_for);
    suite_add("report_holds", "finds a hold of another server", finds_a_hold_of_another_server);
    suite_add("report_holds", "finds a hold without a choice", finds_a_hold_without_a_choice);
    suite_add("report_holds", "finds a release that is not stored",
              finds_a_release_that_is_not_stored);
    suite_add("report_holds", "passes what was asked elsewhere", passes_what_was_asked_elsewhere);
    suite_add("report_holds", "version 3 has no holds", version_3_has_no_holds);
    suite_add("report_holds", "a router that starts in a gap may hold",
              a_router_that_starts_in_a_gap_may_hold);
}
