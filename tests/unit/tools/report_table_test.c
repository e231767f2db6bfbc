/* The report's table of how each route's policy spread its choices. */
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

static __attribute__((constructor)) void suite(void)
{
    suite_add("report_table", "shares are those of a route and policy",
              shares_are_those_of_a_route_and_policy);
    suite_add("report_table", "an empty log has no routes", an_empty_log_has_no_routes);
}
