#include "tools/watch/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

enum {
    COLOURS = 6,
};

/* The same server has the same colour, in every line and every run. */
static void add_server(struct buffer *out, const char *server, bool colour)
{
    unsigned sum = 0;
    for (const char *c = server; *c; c++)
        sum = sum * 31 + (unsigned char)*c;
    if (colour)
        buffer_printf(out, "\033[%um%s\033[0m", 31 + sum % COLOURS, server);
    else
        buffer_add(out, server);
}

/* The figures that decide, and the mark. */
static void add_candidate(struct buffer *out, enum policy policy, const struct candidate *candidate)
{
    switch (policy) {
    case POLICY_FEWEST_SOLD:
        buffer_printf(out, "%" PRId64 "+%" PRId64, candidate->told, candidate->pending);
        break;
    case POLICY_ROUND_ROBIN:
        buffer_printf(out, "%" PRId64 "/%" PRId64, candidate->credit, candidate->weight);
        break;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        buffer_printf(out, "%" PRId64 "/%" PRId64, candidate->busy, candidate->weight);
        break;
    case POLICY_IP_HASH:
        buffer_printf(out, "%" PRIu64, candidate->score);
        break;
    case POLICY_LEAST_WORKLOAD:
        if (candidate->workload < 0)
            buffer_printf(out, "?+%" PRId64, candidate->busy);
        else
            buffer_printf(out, "%" PRId64 "+%" PRId64, candidate->workload, candidate->busy);
        break;
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
    buffer_add(out, candidate_mark_text(candidate->mark));
}

/* Texts may come from anybody: nothing in them may move the cursor or change colours. */
static void add_plain(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_add_char(out, text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
}

static void add_text(struct buffer *out, const char *text)
{
    add_plain(out, text, strlen(text));
}

/* "2 tickets of demo", "hold of 2 tickets of demo", "confirm of 01a1fdac-…"; of a forwarded request its route. */
static void add_asked(struct buffer *out, const struct routing_choice *choice)
{
    if (routing_choice_boards(choice) && choice->verb != VERB_PURCHASE)
        buffer_printf(out, "%s of ", verb_name(choice->verb));
    if (choice->event != NULL)
        buffer_printf(out, "%d ticket%s of ", choice->quantity, choice->quantity == 1 ? "" : "s");
    add_text(out, choice->event != NULL   ? choice->event
                  : choice->order != NULL ? choice->order
                                          : choice->route);
}

/* "server-2 ← 2 tickets of demo (fewest: 4+0; server-1 5+0, server-3 5+2)"; of a request that is no
 * purchase, "files-1 ← pictures (turn: 0/2; files-2 0/1)" */
static void add_choice(struct buffer *out, const struct routing_choice *choice, bool colour)
{
    enum policy policy = routing_choice_lists(choice);
    const char *separator = "; ";
    add_server(out, choice->candidates[choice->to].server, colour);
    buffer_add(out, " ← ");
    add_asked(out, choice);
    buffer_add(out, " (");
    add_text(out, choice->why);
    buffer_add(out, ": ");
    add_candidate(out, policy, &choice->candidates[choice->to]);
    for (size_t i = 0; i < choice->count; i++) {
        if (i == choice->to)
            continue;
        buffer_add(out, separator);
        add_server(out, choice->candidates[i].server, colour);
        buffer_add_char(out, ' ');
        add_candidate(out, policy, &choice->candidates[i]);
        separator = ", ";
    }
    if (choice->left_out)
        buffer_printf(out, "%sand %zu more", separator, choice->left_out);
    buffer_add_char(out, ')');
}

static void add_part(struct buffer *out, int64_t number, const char *word)
{
    if (number)
        buffer_printf(out, ", %" PRId64 " %s", number, word);
}

static void add_settled(struct buffer *out, const struct routing_settled *settled, bool colour)
{
    add_server(out, settled->server, colour);
    buffer_printf(out, " → flight %" PRIu64 ": %" PRId64 " sold", settled->flight, settled->sold);
    add_part(out, settled->held, "held");
    add_part(out, settled->freed, "released");
    add_part(out, settled->replayed, "replayed");
    add_part(out, settled->refused, "refused");
    add_part(out, settled->lost, "lost");
    add_part(out, settled->unsent, "unsent");
    buffer_printf(out, "; %" PRId64 " ticket%s in all", settled->told,
                  settled->told == 1 ? "" : "s");
}

/* "files-1 → answered 200, 1024 bytes in 812 us" */
static void add_done(struct buffer *out, const struct routing_done *done, bool colour)
{
    add_server(out, done->server, colour);
    buffer_printf(out, " → %s", routing_end_name(done->how));
    if (done->status != 0)
        buffer_printf(out, " %u", done->status);
    buffer_printf(out, ", %" PRId64 " bytes in %" PRId64 " us", done->received, done->took);
}

static void add_load(struct buffer *out, const struct routing_load *load, bool colour)
{
    add_server(out, load->server, colour);
    buffer_printf(out,
                  " reports workload %" PRId64 " (cpu %" PRId64 ", memory %" PRId64
                  " MiB, commit %" PRId64 " us)",
                  load->workload, load->cpu, load->memory, load->commit);
}

static void add_state(struct buffer *out, const struct routing_server *server, bool colour)
{
    add_server(out, server->server, colour);
    buffer_printf(out, " %s → %s (", server_state_name(server->from),
                  server_state_name(server->to));
    add_text(out, server->why);
    buffer_printf(out, "); %" PRId64 " tickets, boot %" PRId64, server->told, server->boot);
}

static void add_snapshot(struct buffer *out, const struct routing_snapshot *state, bool colour)
{
    if (state->after_gap)
        buffer_printf(out, "lines from n=%" PRIu64 " on could not be written; ", state->after_gap);
    buffer_printf(out, "%" PRId64 " sold since the start;", state->sales);
    const char *separator = " ";
    for (size_t i = 0; i < state->count; i++) {
        if (state->servers[i].state == SERVER_LEFT)
            continue;
        buffer_add(out, separator);
        separator = ", ";
        add_server(out, state->servers[i].server, colour);
        buffer_printf(out, " %s %" PRId64 "+%" PRId64, server_state_name(state->servers[i].state),
                      state->servers[i].told, state->servers[i].pending);
    }
}

/* "server-3 may have 62 (slow-start)" */
static void add_limit(struct buffer *out, const struct routing_limit *limit, bool colour)
{
    add_server(out, limit->server, colour);
    buffer_printf(out, " may have %" PRId64 " (", limit->limit);
    add_text(out, limit->why);
    buffer_add_char(out, ')');
}

/* "scale: 2 → 3 ticket servers (commits took 81 ms for 2 s)" */
static void add_scale(struct buffer *out, const struct routing_scale *scale)
{
    buffer_printf(out, "scale: %" PRId64 " → %" PRId64 " ticket servers (", scale->from, scale->to);
    add_text(out, scale->why);
    buffer_add_char(out, ')');
}

static void add_line(struct buffer *out, const struct routing_line *line, bool colour)
{
    switch (line->kind) {
    case ROUTING_STARTED:
        buffer_add(out, "started: router ");
        add_text(out, line->router);
        break;
    case ROUTING_STOPPED:
        buffer_add(out, "stopped: router ");
        add_text(out, line->router);
        break;
    case ROUTING_STATE:
        add_snapshot(out, &line->state, colour);
        break;
    case ROUTING_SERVER:
        add_state(out, &line->server, colour);
        break;
    case ROUTING_CHOICE:
        add_choice(out, &line->choice, colour);
        break;
    case ROUTING_SETTLED:
        add_settled(out, &line->settled, colour);
        break;
    case ROUTING_DONE:
        add_done(out, &line->done, colour);
        break;
    case ROUTING_LOAD:
        add_load(out, &line->load, colour);
        break;
    case ROUTING_LIMIT:
        add_limit(out, &line->limit, colour);
        break;
    case ROUTING_SCALE:
        add_scale(out, &line->scale);
        break;
    case ROUTING_TOLD:
        add_server(out, line->told.server, colour);
        buffer_printf(out, " told %" PRId64 " tickets", line->told.told);
        break;
    }
}

/* HH:MM:SS.mmm, local time. */
static void add_time(struct buffer *out, int64_t time)
{
    time_t seconds = (time_t)(time / CLOCK_SECOND);
    struct tm local;
    char text[16];
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    buffer_printf(out, "%s.%03d  ", text, (int)(time % CLOCK_SECOND / CLOCK_MILLISECOND));
}

void watch_line(struct buffer *out, const char *text, size_t length, struct routing_line *parsed,
                bool colour)
{
    char error[ROUTING_ERROR_SIZE];
    if (routing_line_parse(text, length, parsed, error)) {
        add_time(out, parsed->time);
        add_line(out, parsed, colour);
    } else {
        buffer_add(out, "(does not read) ");
        add_plain(out, text, length);
    }
    buffer_add_char(out, '\n');
}
