#include "tests/unit/balancer/pool/history.h"
#include "tests/unit/balancer/pool/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tools/log_reader.h"
#include "tools/report/replay.h"

/* Appends the line without n= and time=. */
static void add_bare(struct buffer *out, const char *text, size_t length, uint64_t n)
{
    static struct routing_line line;
    char error[ROUTING_ERROR_SIZE];
    const char *bare = memchr(text, ' ', length);
    bare = bare != NULL ? memchr(bare + 1, ' ', length - (size_t)(bare + 1 - text)) : NULL;
    if (bare == NULL || !routing_line_parse(text, length, &line, error)) {
        printf("  not a line: %.*s\n", (int)length, text);
        CU_FAIL("a line does not read");
        return;
    }
    CU_ASSERT_EQUAL(line.n, n);
    buffer_append(out, bare + 1, length - (size_t)(bare + 1 - text) + 1);
    routing_line_free(&line);
    line = (struct routing_line){0};
}

static const char *bare_lines(const struct buffer *lines, uint64_t first)
{
    static struct buffer bare;
    buffer_clear(&bare);
    for (size_t at = 0; at < lines->length;) {
        const char *end = memchr(lines->data + at, '\n', lines->length - at);
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        size_t length = (size_t)(end - lines->data) - at;
        add_bare(&bare, lines->data + at, length, first++);
        at += length + 1;
    }
    return buffer_text(&bare);
}

const char *history_text(struct servers *servers)
{
    struct buffer lines = {0};
    uint64_t first = servers_take_history(servers, &lines);
    const char *bare = bare_lines(&lines, first);
    buffer_free(&lines);
    return bare;
}

static void expect(const char *got, const char *expected)
{
    if (strcmp(got, expected) == 0)
        return;
    printf("  expected: %s\n  but got:  %s\n", expected, got);
    CU_FAIL("the history is another");
}

void history_expect(struct servers *servers, const char *lines)
{
    expect(history_text(servers), lines);
}

void history_expect_lines(const struct buffer *lines, uint64_t first, const char *expected)
{
    expect(bare_lines(lines, first), expected);
}

void history_servers_up(struct servers *servers, size_t count, const int64_t *told)
{
    struct buffer lines = {0};
    servers_init(servers);
    for (size_t i = 0; i < count; i++) {
        struct figures figures = {.store = HISTORY_STORE, .boot = 1};
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        figures.sold = told != NULL ? told[i] : 0;
        CU_ASSERT(servers_joined(servers, id, "127.0.0.1:1", (pid_t)(100 + i)));
        check_told(servers, i, 1, &figures);
    }
    servers_take_history(servers, &lines);
    buffer_free(&lines);
}

static void replay_file(struct replay *replay, struct findings *findings, const char *directory)
{
    struct log_reader *reader = log_reader_open(directory, "routing.log");
    struct log_reader_line line;
    while (log_reader_next(reader, &line)) {
        if (line.number == 1)
            findings_file(findings, line.file, 1);
        replay_line(replay, line.text, line.length, line.torn);
    }
    CU_ASSERT_STRING_EQUAL(log_reader_trouble(reader), "");
    replay_end(replay, false, findings->lines,
               log_reader_rest(reader, log_reader_files(reader) - 1));
    log_reader_close(reader);
}

void history_prove(const char *directory, uint64_t gaps)
{
    struct replay *replay = memory_new(sizeof *replay);
    struct findings findings = {0};
    struct ledger ledger;
    ledger_init(&ledger, &findings);
    replay_init(replay, &ledger);
    replay_file(replay, &findings, directory);
    CU_ASSERT_EQUAL(findings.violations, 0);
    for (size_t i = 0; i < FINDINGS_SHOWN && findings.shown[i] != NULL; i++)
        printf("  %s\n", findings.shown[i]);
    CU_ASSERT_EQUAL(replay->gaps, gaps);
    CU_ASSERT(findings.checked[CHECK_CHOICES] > 0);
    replay_free(replay);
    ledger_free(&ledger);
    findings_free(&findings);
    free(replay);
}
