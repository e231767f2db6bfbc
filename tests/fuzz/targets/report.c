/* The report, from the lines of a log to its table: whatever the log says, it is judged to the end, and
 * no line that does not read passes.
 *
 * The input is a log, with lines of ours between: "sale REQUEST EVENT SERVER QUANTITY ROUTER" is a row of
 * the store, "total SERVER N" its own count, "file" begins another file, "alive" says at the end that a
 * router still writes. A last line without a newline is torn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tools/report/replay.h"
#include "tools/report/table.h"

struct court {
    struct findings findings;
    struct ledger ledger;
    struct replay replay;
    struct routing_line line; /* read a second time */
    bool alive, read_store;
    uint64_t unread;
};

static void take_sale(struct court *court, const char *text)
{
    struct sale sale = {.quantity = 1, .currency = "EUR", .tier = "standard"};
    char request[ID_TEXT_SIZE] = "", router[ID_TEXT_SIZE] = "";
    if (!court->read_store)
        ledger_snapshot(&court->ledger);
    court->read_store = true;
    sscanf(text, "%36s %64s %32s %3d %36s", request, sale.event, sale.server, &sale.quantity,
           router);
    if (id_parse(request, &sale.id) && server_id_valid(sale.server))
        ledger_sale(&court->ledger, &sale, router);
}

static void take_total(struct court *court, const char *text)
{
    char server[SERVER_SIZE] = "";
    int total = 0;
    sscanf(text, "%32s %8d", server, &total);
    ledger_total(&court->ledger, server, total);
}

static void take_line(struct court *court, const char *text, size_t length, bool torn)
{
    char why[ROUTING_ERROR_SIZE] = "";
    bool readable = routing_line_parse(text, length, &court->line, why);
    uint64_t before = court->findings.broken[CHECK_LINES];
    replay_line(&court->replay, text, length, torn);
    bool ends_torn = length >= 7 && memcmp(text + length - 7, " [torn]", 7) == 0;
    must(readable || torn || ends_torn || court->findings.broken[CHECK_LINES] > before,
         "a line that does not read is a violation");
}

static void take(struct court *court, const char *text, size_t length, bool torn)
{
    if (strncmp(text, "sale ", 5) == 0)
        take_sale(court, text + 5);
    else if (strncmp(text, "total ", 6) == 0)
        take_total(court, text + 6);
    else if (strcmp(text, "file") == 0)
        findings_file(&court->findings, "older", 1);
    else if (strcmp(text, "alive") == 0)
        court->alive = true;
    else
        take_line(court, text, length, torn);
}

static void judge(struct court *court, struct input input)
{
    bool whole = input_left(&input) > 0 && input.end[-1] == '\n';
    while (input_left(&input) > 0) {
        size_t length;
        char *text = input_until(&input, '\n', &length);
        take(court, text, length, input_left(&input) == 0 && !whole);
        free(text);
    }
    replay_end(&court->replay, court->alive, court->findings.lines, whole ? 0 : 1);
    ledger_finish(&court->ledger);
}

static void check(struct court *court)
{
    uint64_t broken = 0;
    for (int i = 0; i < CHECK_COUNT; i++)
        broken += court->findings.broken[i];
    must(broken == court->findings.violations, "every violation is one of a check");
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    struct table table = {.out = nowhere, .routers = court->replay.sessions};
    table_print(&table, &court->ledger);
}

void fuzz_report(const uint8_t *data, size_t size)
{
    static struct court court;
    memset(&court, 0, sizeof court);
    ledger_init(&court.ledger, &court.findings);
    replay_init(&court.replay, &court.ledger);
    findings_file(&court.findings, "log", 1);
    judge(&court, input_of(data, size));
    check(&court);
    routing_line_free(&court.line);
    replay_free(&court.replay);
    ledger_free(&court.ledger);
    findings_free(&court.findings);
}
