#include "ticket_server/decision_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

enum {
    LOG_BYTES_MAX = 256 << 20,
    LOGS_KEPT = 4,
    NAME_LENGTH = 64,
};

struct decision_log {
    struct log_file *file; /* owned */
    struct buffer lines;   /* of the batch that is being written */
    int64_t gap;           /* lines that could not be written since the last that could */
};

struct decision_log *decision_log_open(const char *dir, const char *server,
                                       char error[LOG_ERROR_SIZE])
{
    char name[NAME_LENGTH];
    snprintf(name, sizeof name, "ticket_server-%s.log", server);
    struct log_file *file = log_file_open(dir, name, LOG_BYTES_MAX, LOGS_KEPT, error);
    if (!file)
        return NULL;
    struct decision_log *log = memory_new(sizeof *log);
    log->file = file;
    return log;
}

void decision_log_close(struct decision_log *log)
{
    log_file_close(log->file);
    buffer_free(&log->lines);
    free(log);
}

static void add_name(struct buffer *out, const char *lead, const char *name)
{
    buffer_add(out, lead);
    if (purchase_name_valid(name))
        buffer_add(out, name);
    else
        json_append(out, name);
}

static void add_number(struct buffer *out, const char *lead, int64_t number)
{
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static void add_id(struct buffer *out, const char *lead, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    buffer_add(out, lead);
    buffer_add(out, text);
}

static const char *outcome_word(const struct outcome *outcome)
{
    return outcome->replayed ? "replayed" : outcome->problem == PROBLEM_NONE ? "sold" : "refused";
}

static void add_line(struct buffer *out, const struct decision *decision, const char *time)
{
    const struct outcome *outcome = &decision->outcome;
    const struct purchase *purchase = &decision->item->purchase;
    bool sold = outcome->problem == PROBLEM_NONE;
    buffer_add(out, "time=");
    buffer_add(out, time);
    add_id(out, " request=", &decision->item->request);
    if (sold)
        add_id(out, " sale=", &outcome->sale.id);
    buffer_add(out, " outcome=");
    buffer_add(out, outcome_word(outcome));
    if (!sold) {
        buffer_add(out, " reason=");
        buffer_add(out, problem_code(outcome->problem));
    }
    add_name(out, " event=", purchase->event);
    if (sold || purchase->tier[0])
        add_name(out, " tier=", sold ? outcome->sale.tier : purchase->tier);
    add_number(out, " quantity=", purchase_quantity(purchase));
    if (outcome->problem == PROBLEM_SOLD_OUT)
        add_number(out, " remaining=", outcome->remaining);
}

static void add_gap(struct decision_log *log, const char *time)
{
    if (log->gap == 0)
        return;
    buffer_add(&log->lines, "time=");
    buffer_add(&log->lines, time);
    add_number(&log->lines, " gap lines=", log->gap);
    buffer_add_char(&log->lines, '\n');
}

static void write_lines(struct decision_log *log, size_t count)
{
    if (log_file_full(log->file) && !log_file_rotate(log->file) && log->gap == 0)
        log_errno("the decision log cannot be rotated and goes on in the file it has");
    if (log_file_write(log->file, log->lines.data, log->lines.length)) {
        if (log->gap > 0)
            log_line("the decision log can be written again; %lld lines are missing",
                     (long long)log->gap);
        log->gap = 0;
        return;
    }
    if (log->gap == 0)
        log_errno("the decision log cannot be written; selling goes on");
    log->gap += (int64_t)count;
}

void decision_log_write(struct decision_log *log, const struct decision *decisions, size_t count,
                        int64_t now, int64_t commit_us)
{
    char time[CLOCK_TEXT_SIZE];
    char tail[64];
    clock_format(now, time);
    snprintf(tail, sizeof tail, " batch=%zu commit_us=%lld\n", count, (long long)commit_us);
    buffer_clear(&log->lines);
    add_gap(log, time);
    for (size_t i = 0; i < count; i++) {
        add_line(&log->lines, &decisions[i], time);
        buffer_add(&log->lines, tail);
    }
    write_lines(log, count);
}
