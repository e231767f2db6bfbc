/* Tickets on their way: bought, shown, verified by others, let in, refunded. */
#include <stdio.h>
#include <string.h>

#include "common/http.h"
#include "tests/cluster/gate.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

enum {
    TICKETS = 3, /* of a purchase */
    MANY = 600,  /* several pages of a list */
    LARGE = 120, /* of one purchase, in three pages */
};

static const char altered[] = "ABab";

/* Another character at this place. */
static void alter(char *code, size_t at)
{
    for (const char *c = altered; *c != '\0'; c++)
        if (*c != code[at]) {
            code[at] = *c;
            return;
        }
}

static void node_verifies(struct gate *gate, const struct cluster *cluster,
                          char (*codes)[TICKET_CODE_SIZE])
{
    char node[FILES_PATH_SIZE], keys[FILES_PATH_SIZE];
    struct process process;
    struct buffer out = {0};
    CU_ASSERT_EQUAL(gate_ask(gate, "GET", "/keys", NULL), 200);
    files_path(keys, cluster->dir, "keys.json");
    files_write(keys, gate->response.body.data, gate->response.body.length);
    process_find(node, "node");
    const char *const good[] = {
        node, "tests/cluster/node/verify.mjs", keys, codes[0], codes[1], codes[2], NULL};
    CU_ASSERT_EQUAL(process_run(&process, cluster->dir, good, 0), 0);
    files_read(process.out, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out),
                           "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":1}\n"
                           "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":2}\n"
                           "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":3}\n");
    buffer_free(&out);
}

static void show_and_verify(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], below[2 * GATE_PATH_SIZE], codes[TICKETS][TICKET_CODE_SIZE],
        type[64];
    cluster_open(&cluster, 100, 2);
    gate_open(&gate, &cluster, "North");
    gate.token = NULL; /* a buyer */
    gate_buy(&gate, TICKETS, path);
    CU_ASSERT_EQUAL_FATAL(gate_codes(&gate, path, codes, TICKETS), TICKETS);
    node_verifies(&gate, &cluster, codes);
    snprintf(below, sizeof below, "%s/tickets/2.svg", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
    CU_ASSERT(response_header(&gate.response, "Content-Type", type, sizeof type));
    CU_ASSERT_STRING_EQUAL(type, "image/svg+xml");
    CU_ASSERT(gate_told(&gate, "No. 2</text>"));
    snprintf(below, sizeof below, "%s/tickets/4.svg", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 404);
    snprintf(below, sizeof below, "%s/tickets/02.svg", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 404);
    snprintf(below, sizeof below, "%s/tickets.html", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
    CU_ASSERT(response_header(&gate.response, "Content-Type", type, sizeof type));
    CU_ASSERT_STRING_EQUAL(type, "text/html; charset=utf-8");
    CU_ASSERT(gate_told(&gate, "id=\"ticket-3\""));
    snprintf(below, sizeof below, "%s/tickets.html?after=2", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
    CU_ASSERT_FALSE(gate_told(&gate, "id=\"ticket-2\""));
    snprintf(below, sizeof below, "%s/tickets.html?before=2", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 400);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET",
                             "/events/demo/purchases/01930000-0000-7000-8000-000000000000/tickets",
                             NULL),
                    404);
    CU_ASSERT(gate_told(&gate, "no_such_purchase"));
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", "/events/nope/purchases/1/tickets", NULL), 404);
    CU_ASSERT(gate_told(&gate, "no_such_event"));
    gate_close(&gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* Again, at another server, in the words of the first time. */
static void used_before(struct gate *gate, const struct cluster *cluster, const char *code,
                        const char *first)
{
    const char *name = gate->name;
    gate->name = "South";
    for (size_t i = 0; i < cluster->count; i++) {
        gate->url = cluster->server[i].url;
        CU_ASSERT_EQUAL(gate_check_in(gate, code, "demo", NULL), 409);
        CU_ASSERT(gate_told(gate, "\"already_checked_in\""));
        CU_ASSERT(gate_told(gate, first));
        CU_ASSERT_EQUAL(gate_check_in(gate, code, NULL, "another-key-altogether"), 409);
    }
    gate->url = cluster->url;
    gate->name = name;
}

static void let_in_once(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], codes[TICKETS][TICKET_CODE_SIZE], first[128];
    cluster_open(&cluster, 100, 2);
    gate_open(&gate, &cluster, "North \"1\"");
    gate_buy(&gate, TICKETS, path);
    gate_codes(&gate, path, codes, TICKETS);
    CU_ASSERT_EQUAL(gate_check_in(&gate, codes[0], "demo", "the-gate's-own-key"), 200);
    CU_ASSERT(gate_told(&gate, "{\"event\":\"demo\",\"tier\":\"standard\",\"number\":1,"
                               "\"checked_in_at\":\""));
    const char *when = strstr(buffer_text(&gate.response.body), "\"checked_in_at\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(when);
    snprintf(first, sizeof first, "%.*s", (int)strcspn(when, "}"), when);
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "\"gate\":\"North \\\"1\\\"\""));
    CU_ASSERT_EQUAL(gate_check_in(&gate, codes[0], "demo", "the-gate's-own-key"), 200);
    CU_ASSERT(gate_told(&gate, first));
    used_before(&gate, &cluster, codes[0], first);
    gate_codes(&gate, path, codes, TICKETS);
    CU_ASSERT(gate_told(&gate, "\"number\":1,\"tier\":\"standard\",\"state\":\"checked_in\""));
    CU_ASSERT(gate_told(&gate, first));
    CU_ASSERT(gate_told(&gate, "\"number\":2,\"tier\":\"standard\",\"state\":\"valid\""));
    gate_close(&gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void expect_check_in(struct gate *gate, const char *code, const char *event, long status,
                            const char *why)
{
    CU_ASSERT_EQUAL(gate_check_in(gate, code, event, NULL), status);
    CU_ASSERT(gate_told(gate, why));
    if (!gate_told(gate, why))
        printf("  not %s: %s\n", why, buffer_text(&gate->response.body));
}

static void refused(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], code[1][TICKET_CODE_SIZE], bad[TICKET_CODE_SIZE + 1],
        token[GATE_TOKEN_SIZE];
    cluster_open(&cluster, 100, 2);
    gate_open(&gate, &cluster, "North");
    gate_buy(&gate, 1, path);
    gate_codes(&gate, path, code, 1);
    for (size_t at = 0; at < strlen(code[0]); at += 13) {
        strcpy(bad, code[0]);
        alter(bad, at);
        expect_check_in(&gate, bad, NULL, 422, "\"invalid_code\"");
    }
    snprintf(bad, sizeof bad, "%sA", code[0]);
    expect_check_in(&gate, bad, NULL, 422, "\"invalid_code\"");
    expect_check_in(&gate, "", NULL, 422, "\"invalid_code\"");
    expect_check_in(&gate, code[0], "other", 422, "\"wrong_event\"");
    expect_check_in(&gate, code[0], "no name", 422, "\"invalid\"");
    CU_ASSERT_EQUAL(gate_ask(&gate, "POST", "/check-ins", "{\"code\":\"a\"}"), 400);
    CU_ASSERT_EQUAL(
        gate_ask(&gate, "POST", "/check-ins", "{\"code\":\"a\",\"gate\":\"b\",\"more\":1}"), 400);
    CU_ASSERT_EQUAL(gate_ask(&gate, "POST", "/check-ins", "{\"code\":\"a\",\"gate\":\"\"}"), 422);
    CU_ASSERT_EQUAL(gate_check_in(&gate, code[0], NULL, "short"), 400);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", "/check-ins", NULL), 405);
    gate_make_token(&gate, "sales", token);
    gate.token = NULL;
    expect_check_in(&gate, code[0], NULL, 401, "\"unauthorized\"");
    gate.token = token;
    expect_check_in(&gate, code[0], NULL, 403, "\"forbidden\"");
    gate.token = cluster.token;
    gate_make_token(&gate, "check-in", token);
    gate.token = token;
    expect_check_in(&gate, code[0], NULL, 200, "\"number\":1");
    gate_close(&gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void refunded_are_refused(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], below[2 * GATE_PATH_SIZE], code[2][TICKET_CODE_SIZE];
    cluster_open(&cluster, 100, 2);
    gate_open(&gate, &cluster, "North");
    gate_buy(&gate, 2, path);
    CU_ASSERT_EQUAL(gate_codes(&gate, path, code, 2), 2);
    snprintf(below, sizeof below, "%s/refund", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "POST", below, NULL), 200);
    expect_check_in(&gate, code[1], NULL, 409, "\"ticket_refunded\"");
    CU_ASSERT_EQUAL(gate_codes(&gate, path, code, 2), 0);
    CU_ASSERT(gate_told(&gate, "{\"number\":2,\"tier\":\"standard\",\"state\":\"refunded\"}"));
    snprintf(below, sizeof below, "%s/tickets/1.svg", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 409);
    snprintf(below, sizeof below, "%s/tickets.html", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
    CU_ASSERT(gate_told(&gate, "Refunded: not valid."));
    CU_ASSERT_FALSE(gate_told(&gate, "<path"));
    gate_close(&gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* All of an order of several pages, by following the Links; a page to print has its own. */
static void shown_in_pages(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], below[2 * GATE_PATH_SIZE], link[HTTP_FIELD_SIZE], number[64];
    cluster_open(&cluster, 100, 2);
    gate_open(&gate, &cluster, "North");
    gate_make_event(&gate, "large");
    gate_buy_of(&gate, "large", LARGE, path);
    snprintf(below, sizeof below, "%s/tickets", path);
    for (int first = 1; first <= LARGE; first += 50) {
        CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
        for (int i = first - 1; i <= first + 50; i++) {
            snprintf(number, sizeof number, "{\"number\":%d,", i);
            CU_ASSERT_EQUAL(gate_told(&gate, number), i >= first && i < first + 50 && i <= LARGE);
        }
        bool more = response_header(&gate.response, "Link", link, sizeof link);
        CU_ASSERT_EQUAL(more, first + 50 <= LARGE);
        snprintf(number, sizeof number, "</events/large/%s", more ? strstr(path, "purchases") : "");
        CU_ASSERT(!more || strncmp(link, number, strlen(number)) == 0);
        snprintf(below, sizeof below, "%.*s", more ? (int)strcspn(link, ">") - 1 : 0, link + 1);
    }
    static const struct {
        const char *query;
        long status;
    } queries[] = {{"?limit=3&after=2", 200}, {"?after=1000", 200}, {"?limit=51", 422},
                   {"?limit=0", 422},         {"?x=1", 400},        {"?after=0", 400}};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        snprintf(below, sizeof below, "%s/tickets%s", path, queries[i].query);
        CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), queries[i].status);
    }
    snprintf(below, sizeof below, "%s/tickets.html", path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", below, NULL), 200);
    CU_ASSERT(gate_told(&gate, "id=\"ticket-10\""));
    CU_ASSERT_FALSE(gate_told(&gate, "id=\"ticket-11\""));
    CU_ASSERT(gate_told(&gate, "<a href=\"?after=10\">"));
    gate_close(&gate);
    audit_report(&cluster, cluster.logs, 0);
    cluster_close(&cluster);
}

/* The list for gates that are offline: each ticket once, over several pages. */
static void listed(void)
{
    struct cluster cluster;
    struct gate gate;
    char path[GATE_PATH_SIZE], code[1][TICKET_CODE_SIZE], row[64];
    cluster_open(&cluster, MANY, 2);
    gate_open(&gate, &cluster, "=North, \"1\"");
    gate_buy(&gate, 1, path);
    gate_codes(&gate, path, code, 1);
    CU_ASSERT_EQUAL(gate_check_in(&gate, code[0], NULL, NULL), 200);
    for (int bought = 1; bought < MANY; bought += 7)
        gate_buy(&gate, MANY - bought < 7 ? MANY - bought : 7, path);
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", "/events/demo/tickets.csv", NULL), 200);
    CU_ASSERT(gate_told(&gate, "event,tier,number,state,checked_in_at,gate\r\n"
                               "demo,standard,1,checked_in,20"));
    CU_ASSERT(gate_told(&gate, "Z,\"'=North, \"\"1\"\"\"\r\n"));
    const char *at = buffer_text(&gate.response.body);
    for (int number = 2; number <= MANY; number++) {
        snprintf(row, sizeof row, "\r\ndemo,standard,%d,valid,,\r\n", number);
        at = at != NULL ? strstr(at, row) : NULL;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    CU_ASSERT_PTR_NULL(strstr(at + 2, "\r\ndemo"));
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", "/events/nope/tickets.csv", NULL), 404);
    gate.token = NULL;
    CU_ASSERT_EQUAL(gate_ask(&gate, "GET", "/events/demo/tickets.csv", NULL), 401);
    gate_close(&gate);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("tickets", "show_and_verify", show_and_verify);
    suite_add("tickets", "let_in_once", let_in_once);
    suite_add("tickets", "refused", refused);
    suite_add("tickets", "refunded_are_refused", refunded_are_refused);
    suite_add("tickets", "shown_in_pages", shown_in_pages);
    suite_add("tickets", "listed", listed);
}
