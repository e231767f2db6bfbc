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

/* What came of it, where it was decided now. */
static const char *decided_word(const struct outcome *outcome, enum verb verb)
{
    if (verb == VERB_CHECK_IN)
        return "checked-in";
    return outcome->late ? "late" : order_state_name(outcome->sale.state);
}

static const char *outcome_word(const struct decision *decision)
{
    const struct outcome *outcome = &decision->outcome;
    if (outcome->replayed)
        return "replayed";
    if (outcome->problem == PROBLEM_OUTCOME_UNKNOWN)
        return "unknown";
    return outcome->problem == PROBLEM_NONE ? decided_word(outcome, decision->item->verb)
                                            : "refused";
}

/* Which one; only of what names an order, the request may not tell which event it is of. */
static void add_verb(struct buffer *out, const struct item *item)
{
    if (item->verb == VERB_PURCHASE)
        return;
    buffer_add(out, " verb=");
    buffer_add(out, verb_name(item->verb));
    if (verb_names_order(item->verb) || item->verb == VERB_REFUND)
        add_id(out, " order=", &item->order);
}

static void add_what(struct buffer *out, const struct decision *decision)
{
    const struct outcome *outcome = &decision->outcome;
    const struct item *item = decision->item;
    bool order = outcome->problem == PROBLEM_NONE && item->verb != VERB_CHECK_IN;
    const char *event =
        order && outcome->sale.event[0] ? outcome->sale.event : item->purchase.event;
    const char *tier = order ? outcome->sale.tier : item->purchase.tier;
    if (event[0] || item->verb == VERB_PURCHASE)
        add_name(out, " event=", event);
    if (order || tier[0])
        add_name(out, " tier=", tier);
    if (decision->check_in)
        add_number(out, " number=", decision->check_in->number);
    else if (order && item->verb != VERB_PURCHASE)
        add_number(out, " quantity=", outcome->sale.quantity);
    else if (verb_has_key(item->verb))
        add_number(out, " quantity=", purchase_quantity(&item->purchase));
}

static void add_line(struct buffer *out, const struct decision *decision, const char *time)
{
    const struct outcome *outcome = &decision->outcome;
    enum problem problem = outcome->problem;
    buffer_add(out, "time=");
    buffer_add(out, time);
    add_id(out, " request=", &decision->item->request);
    add_verb(out, decision->item);
    if (problem == PROBLEM_NONE && decision->item->verb != VERB_CHECK_IN)
        add_id(out, " sale=", &outcome->sale.id);
    buffer_add(out, " outcome=");
    buffer_add(out, outcome_word(decision));
    if (problem != PROBLEM_NONE) {
        buffer_add(out, " reason=");
        buffer_add(out, problem_code(problem));
    }
    add_what(out, decision);
    if (problem == PROBLEM_SOLD_OUT || problem == PROBLEM_BUYER_LIMIT)
        add_number(out, " remaining=", outcome->remaining);
}

static void add_moved(struct buffer *out, const struct sale *sale, const char *time)
{
    buffer_add(out, "time=");
    buffer_add(out, time);
    add_id(out, " moved order=", &sale->id);
    buffer_add(out, " to=");
    buffer_add(out, order_state_name(sale->state));
    add_name(out, " event=", sale->event);
    add_name(out, " tier=", sale->tier);
    add_number(out, " quantity=", sale->quantity);
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

/* How many. */
static size_t add_lines(struct buffer *out, const struct decided *decided, const char *time,
                        const char *tail)
{
    size_t lines = decided->moves;
    for (size_t i = 0; i < decided->count; i++) {
        if (decided->decisions[i].item->verb == VERB_TIDY)
            continue;
        add_line(out, &decided->decisions[i], time);
        buffer_add(out, tail);
        lines++;
    }
    for (size_t i = 0; i < decided->moves; i++) {
        add_moved(out, &decided->moved[i], time);
        buffer_add(out, tail);
    }
    return lines;
}

void decision_log_write(struct decision_log *log, const struct decided *decided, int64_t now,
                        int64_t commit_us)
{
    char time[CLOCK_TEXT_SIZE];
    char tail[64];
    clock_format(now, time);
    snprintf(tail, sizeof tail, " batch=%zu commit_us=%lld\n", decided->count,
             (long long)commit_us);
    buffer_clear(&log->lines);
    add_gap(log, time);
    size_t lines = add_lines(&log->lines, decided, time, tail);
    if (lines > 0)
        write_lines(log, lines);
}

static const char *change_name(enum change_kind kind)
{
    static const char *const names[] = {
        [CHANGE_EVENT_CREATE] = "event-create", [CHANGE_EVENT] = "event",
        [CHANGE_TIER_CREATE] = "tier-create",   [CHANGE_TIER] = "tier",
        [CHANGE_TOKEN_ADD] = "token-add",       [CHANGE_TOKEN_REVOKE] = "token-revoke",
        [CHANGE_KEY_ADD] = "key-add",           [CHANGE_KEY_RETIRE] = "key-retire",
        [CHANGE_OWED_SETTLE] = "owed-settle",
    };
    return names[kind];
}

static void add_tier_change(struct buffer *out, const struct change *change)
{
    const struct tier_terms *tier = change->tiers;
    bool all = change->kind == CHANGE_TIER_CREATE;
    add_name(out, " tier=", tier->name);
    if (all || (change->set & SET_CAPACITY))
        add_number(out, " capacity=", tier->capacity);
    if (all || (change->set & SET_PRICE))
        add_number(out, " price=", tier->price);
    if (all || (change->set & SET_LIMIT))
        add_number(out, " limit=", tier->limit);
}

/* What was changed; never a secret. */
static void add_changed(struct buffer *out, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_TIER_CREATE:
    case CHANGE_TIER:
        add_name(out, " event=", change->event.name);
        add_tier_change(out, change);
        break;
    case CHANGE_EVENT_CREATE:
    case CHANGE_EVENT:
        add_name(out, " event=", change->event.name);
        if (change->set & SET_CLOSED)
            add_number(out, " closed=", change->event.closed);
        break;
    case CHANGE_TOKEN_ADD:
    case CHANGE_TOKEN_REVOKE:
        add_id(out, " token=", &change->token.id);
        break;
    case CHANGE_KEY_ADD:
    case CHANGE_KEY_RETIRE:
        add_name(out, " key=", change->key.id);
        break;
    case CHANGE_OWED_SETTLE:
        add_id(out, " order=", &change->order);
    }
}

void decision_log_change(struct decision_log *log, const struct change *change, int64_t now,
                         int64_t commit_us)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(now, time);
    buffer_clear(&log->lines);
    add_gap(log, time);
    buffer_add(&log->lines, "time=");
    buffer_add(&log->lines, time);
    buffer_add(&log->lines, " change=");
    buffer_add(&log->lines, change_name(change->kind));
    add_changed(&log->lines, change);
    buffer_add(&log->lines, change->problem == PROBLEM_NONE ? " outcome=done" : " outcome=refused");
    if (change->problem != PROBLEM_NONE) {
        buffer_add(&log->lines, " reason=");
        buffer_add(&log->lines, problem_code(change->problem));
    }
    add_number(&log->lines, " commit_us=", commit_us);
    buffer_add_char(&log->lines, '\n');
    write_lines(log, 1);
}
