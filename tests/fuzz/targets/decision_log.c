/* The decision log: whatever a flight brought, a decision is one line of it, whose values read as what
 * was decided. The input: a flight's request, as a ticket server reads it. */
#include "ticket_server/decision_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/item.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

static struct item items[FLIGHT_ITEMS_MAX];
static struct decision decisions[FLIGHT_ITEMS_MAX];

static void decide(struct decision *decision, struct item *item, enum problem problem)
{
    memset(decision, 0, sizeof *decision);
    decision->item = item;
    decision->outcome.problem = problem;
    decision->outcome.replayed = item->key_made;
    decision->outcome.remaining = item->attempt;
    decision->outcome.sale.id = item->request;
    strcpy(decision->outcome.sale.tier, "standard");
}

static void read_log(struct buffer *text)
{
    char path[SCRATCH_PATH_SIZE];
    scratch_path(path, "ticket_server-fuzz.log");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    while (fd >= 0 && got > 0) {
        got = read(fd, buffer_reserve(text, 65536), 65536);
        text->length += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    must(truncate(path, 0) == 0, "the log can be emptied");
}

/* The line's own spelling, put together by other means. */
static void check_line(const char *line, size_t length, const struct decision *decision, int count)
{
    const struct purchase *purchase = &decision->item->purchase;
    const struct outcome *outcome = &decision->outcome;
    char id[ID_TEXT_SIZE], due[1024], tier[NAME_SIZE + 8] = "", left[40] = "", why[60] = "";
    bool sold = outcome->problem == PROBLEM_NONE;
    id_format(&decision->item->request, id);
    if (sold)
        snprintf(why, sizeof why, " sale=%s", id);
    if (sold || purchase->tier[0])
        snprintf(tier, sizeof tier, " tier=%s", sold ? "standard" : purchase->tier);
    if (outcome->problem == PROBLEM_SOLD_OUT)
        snprintf(left, sizeof left, " remaining=%d", (int)outcome->remaining);
    snprintf(
        due, sizeof due,
        "time=2026-11-21T10:00:00.000000Z request=%s%s outcome=%s%s%s event=%s%s quantity=%d%s "
        "batch=%d commit_us=812",
        id, why,
        outcome->replayed ? "replayed"
        : sold            ? "sold"
                          : "refused",
        sold ? "" : " reason=", sold ? "" : problem_code(outcome->problem), purchase->event, tier,
        purchase->quantity ? purchase->quantity : 1, left, count);
    must(strlen(due) == length && memcmp(line, due, length) == 0, "a decision is told as it was");
}

static void check(struct buffer *text, int count)
{
    const char *at = text->data, *end = text->data + text->length;
    for (int i = 0; i < count; i++) {
        const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        must(stop != NULL, "a decision has a line");
        check_line(at, (size_t)(stop - at), &decisions[i], count);
        at = stop + 1;
    }
    must(at == end, "nothing else is in the log");
}

/* The first byte picks the outcomes. */
void fuzz_decision_log(const uint8_t *data, size_t size)
{
    static struct decision_log *log;
    struct input input = input_of(data, size);
    char router[ID_TEXT_SIZE], error[LOG_ERROR_SIZE];
    uint8_t outcome = input_byte(&input);
    int count = flight_parse((const char *)input.at, input_left(&input), items, FLIGHT_ITEMS_MAX,
                             router, error);
    if (count < 1)
        return;
    if (log == NULL)
        log = decision_log_open(scratch(), "fuzz", error);
    must(log != NULL, "the log can be opened");
    for (int i = 0; i < count; i++)
        decide(&decisions[i], &items[i], (enum problem)((outcome + i) % PROBLEM_COUNT));
    int64_t now;
    must(clock_parse("2026-11-21T10:00:00.000000Z", &now), "the time is one");
    decision_log_write(log, &(struct decided){decisions, (size_t)count, NULL, 0}, now, 812);
    struct buffer text = {0};
    read_log(&text);
    check(&text, count);
    buffer_free(&text);
}
