/* The report's tables: how each route's policy spread its choices, who was out of the running, and how many
 * servers were wanted. */
#include "tools/report/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

static struct findings findings;
static struct ledger ledger;

static void count(const char *route, enum policy policy, enum affinity affinity, const char *server,
                  int times)
{
    struct routing_choice choice = {.route = route, .policy = policy, .affinity = affinity};
    for (int i = 0; i < times; i++)
        ledger_rule(&ledger, &choice, server);
}

/* What is printed of the ledger; freed by the caller. */
static char *print(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    table_print(&(struct table){.out = out}, &ledger);
    fclose(out);
    return text;
}

/* Whether a row has these words, in this order. */
static bool has_row(const char *text, const char *words)
{
    bool found = false;
    for (const char *at = text; !found && *at != '\0'; at += strcspn(at, "\n") + 1) {
        char row[256] = "", word[64];
        for (const char *from = at; from < at + strcspn(at, "\n");) {
            int length = 0;
            if (sscanf(from, " %63s%n", word, &length) != 1)
                break;
            from += length;
            snprintf(row + strlen(row), sizeof row - strlen(row), "%s ", word);
        }
        found = strcmp(row, words) == 0;
    }
    return found;
}

static void shares_are_those_of_a_route_and_policy(void)
{
    ledger_init(&ledger, &findings);
    count("pictures", POLICY_ROUND_ROBIN, AFFINITY_NONE, "files-1", 3);
    count("pictures", POLICY_ROUND_ROBIN, AFFINITY_NONE, "files-2", 1);
    count("pictures", POLICY_ROUND_ROBIN, AFFINITY_COOKIE, "files-2", 5);
    count("purchase", POLICY_FEWEST_SOLD, AFFINITY_NONE, "server-1", 2000);
    char *text = print();
    CU_ASSERT(has_row(text, "pictures round-robin files-1 3 75.00% "));
    CU_ASSERT(has_row(text, "pictures round-robin files-2 1 25.00% "));
    CU_ASSERT(has_row(text, "pictures round-robin/cookie files-2 5 100.00% "));
    CU_ASSERT(has_row(text, "purchase fewest-sold server-1 2,000 100.00% "));
    free(text);
    ledger_free(&ledger);
}

static void an_empty_log_has_no_routes(void)
{
    ledger_init(&ledger, &findings);
    char *text = print();
    CU_ASSERT_PTR_NULL(strstr(text, "route "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "clean: 0 choices proved"));
    free(text);
    ledger_free(&ledger);
}

/* Whoever cut the end off a log must read another word than who did not. */
static void what_lies_beyond_an_end_is_not_clean(void)
{
    ledger_init(&ledger, &findings);
    ledger.sales_beyond = 40;
    ledger.beyond_by = 1234000;
    char *text = print();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nINCOMPLETE: 40 sales lie beyond the end of a crashed "
                                        "router's log, up to 1234 ms\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "clean"));
    free(text);
    ledger.sales_beyond = 0;
    ledger.holds_beyond = 1;
    text = print();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nINCOMPLETE: 1 hold lies beyond "));
    free(text);
    ledger_free(&ledger);
}

static void sums_up_the_tickets_ever_sold(void)
{
    ledger_init(&ledger, &findings);
    ledger_server(&ledger, ledger_server_number(&ledger, "server-1"))->through = 1200;
    ledger_server(&ledger, ledger_server_number(&ledger, "server-2"))->direct = 34;
    char *text = print();
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "\ntickets ever sold: 1,234; most − fewest per server: 1,166\n"));
    free(text);
    ledger_free(&ledger);
}

static void move(const char *server, enum server_state to, int times)
{
    ledger_server(&ledger, ledger_server_number(&ledger, server))->moves[to] += times;
}

static void tells_how_often_servers_were_out(void)
{
    ledger_init(&ledger, &findings);
    move("server-1", SERVER_UP, 3);
    char *text = print();
    CU_ASSERT_PTR_NULL(strstr(text, "ejected"));
    free(text);
    move("server-2", SERVER_OVERLOADED, 1);
    move("server-2", SERVER_DRAINING, 2);
    move("server-2", SERVER_DOWN, 3);
    move("server-2", SERVER_EJECTED, 1000);
    move("server-3", SERVER_LEFT, 5);
    text = print();
    CU_ASSERT(has_row(text, "times it was overloaded draining down ejected left "));
    CU_ASSERT(has_row(text, "server-2 1 2 3 1,000 0 "));
    CU_ASSERT(has_row(text, "server-3 0 0 0 0 5 "));
    CU_ASSERT_FALSE(has_row(text, "server-1 0 0 0 0 0 "));
    free(text);
    ledger_free(&ledger);
}

static void scale(int64_t second, int64_t from, int64_t to)
{
    struct routing_scale step = {from, to, 1, 812, 40, 81000, 910, "commits\033[31m took 81 ms"};
    ledger_scale(&ledger, &step, INT64_C(1795255200) * 1000000 + second * 1000000);
}

static void shows_steps_of_scaling_in_order_of_time(void)
{
    ledger_init(&ledger, &findings);
    char *text = print();
    CU_ASSERT_PTR_NULL(strstr(text, "scaled"));
    free(text);
    scale(2, 3, 8);
    scale(1, 2, 3); /* another balancer's */
    text = print();
    const char *first = strstr(text, "10:00:01.000000Z"),
               *second = strstr(text, "10:00:02.000000Z");
    CU_ASSERT(first != NULL && second != NULL && first < second);
    CU_ASSERT(has_row(text, "2026-11-21T10:00:01.000000Z 2 → 3 1 812 40 81,000 us 91.0% "
                            "commits?[31m took 81 ms "));
    CU_ASSERT_PTR_NULL(strstr(text, "before\n"));
    free(text);
    ledger_free(&ledger);
}

/* The latest 20, whoever's and in whatever order they come. */
static void shows_the_latest_steps(void)
{
    static const int64_t seconds[] = {7,  1,  22, 3,  9,  2,  14, 5,  6,  0,  8,  4, 10,
                                      21, 13, 12, 11, 15, 20, 17, 18, 19, 16, 23, 24};
    ledger_init(&ledger, &findings);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        scale(seconds[i], seconds[i], seconds[i] + 1);
    CU_ASSERT_EQUAL(ledger.scale_count, 25);
    for (int64_t i = 0; i < LEDGER_SCALES_KEPT; i++)
        CU_ASSERT_EQUAL(ledger.scales[i].from, i + 5);
    char *text = print();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "… and 5 before\n"));
    free(text);
    ledger_free(&ledger);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_table", "shares are those of a route and policy",
              shares_are_those_of_a_route_and_policy);
    suite_add("report_table", "sums up the tickets ever sold", sums_up_the_tickets_ever_sold);
    suite_add("report_table", "tells how often servers were out", tells_how_often_servers_were_out);
    suite_add("report_table", "shows steps of scaling in order of time",
              shows_steps_of_scaling_in_order_of_time);
    suite_add("report_table", "shows the latest steps", shows_the_latest_steps);
    suite_add("report_table", "what lies beyond an end is not clean",
              what_lies_beyond_an_end_is_not_clean);
    suite_add("report_table", "an empty log has no routes", an_empty_log_has_no_routes);
}
