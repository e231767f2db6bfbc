/* watch: shows the routing log to a person, line by line, as it is written. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/routing_line.h"
#include "tools/log_reader.h"

enum {
    POLL_NANOSECONDS = 100000000,
    COLOURS = 6,
};

static volatile sig_atomic_t interrupted;
static bool colour; /* stdout is a terminal */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* --- one line ---------------------------------------------------------------------------------- */

/* The same server has the same colour, in every line and every run. */
static void add_server(struct buffer *out, const char *server)
{
    unsigned sum = 0;
    for (const char *c = server; *c; c++)
        sum = sum * 31 + (unsigned char)*c;
    if (colour)
        buffer_printf(out, "\033[%um%s\033[0m", 31 + sum % COLOURS, server);
    else
        buffer_add(out, server);
}

static void add_candidate(struct buffer *out, const struct candidate *candidate)
{
    buffer_printf(out, "%" PRId64 "+%" PRId64 "%s", candidate->told, candidate->pending,
                  candidate_mark_text(candidate->mark));
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

/* "server-2 ← 2 tickets of demo (fewest: 4+0; server-1 5+0, server-3 5+2)" */
static void add_choice(struct buffer *out, const struct routing_choice *choice)
{
    const char *separator = "; ";
    add_server(out, choice->candidates[choice->to].server);
    if (choice->route == ROUTE_PURCHASE)
        buffer_printf(out, " ← %d ticket%s of ", choice->quantity,
                      choice->quantity == 1 ? "" : "s");
    else
        buffer_add(out, " ← a read");
    add_text(out, choice->route == ROUTE_PURCHASE ? choice->event : "");
    buffer_add(out, " (");
    add_text(out, choice->why);
    buffer_add(out, ": ");
    add_candidate(out, &choice->candidates[choice->to]);
    for (size_t i = 0; i < choice->count; i++) {
        if (i == choice->to)
            continue;
        buffer_add(out, separator);
        add_server(out, choice->candidates[i].server);
        buffer_add_char(out, ' ');
        add_candidate(out, &choice->candidates[i]);
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

static void add_settled(struct buffer *out, const struct routing_settled *settled)
{
    add_server(out, settled->server);
    buffer_printf(out, " → flight %" PRIu64 ": %" PRId64 " sold", settled->flight, settled->sold);
    add_part(out, settled->replayed, "replayed");
    add_part(out, settled->refused, "refused");
    add_part(out, settled->lost, "lost");
    add_part(out, settled->unsent, "unsent");
    buffer_printf(out, "; %" PRId64 " tickets in all", settled->told);
}

static void add_state(struct buffer *out, const struct routing_server *server)
{
    add_server(out, server->server);
    buffer_printf(out, " %s → %s (", server_state_name(server->from),
                  server_state_name(server->to));
    add_text(out, server->why);
    buffer_printf(out, "); %" PRId64 " tickets, boot %" PRId64, server->told, server->boot);
}

static void add_snapshot(struct buffer *out, const struct routing_snapshot *state)
{
    if (state->after_gap)
        buffer_printf(out, "lines from n=%" PRIu64 " on could not be written; ", state->after_gap);
    buffer_printf(out, "%" PRId64 " sold since the start;", state->sales);
    for (size_t i = 0; i < state->count; i++) {
        buffer_add(out, i > 0 ? ", " : " ");
        add_server(out, state->servers[i].server);
        buffer_printf(out, " %s %" PRId64 "+%" PRId64, server_state_name(state->servers[i].state),
                      state->servers[i].told, state->servers[i].pending);
    }
}

static void add_line(struct buffer *out, const struct routing_line *line)
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
        add_snapshot(out, &line->state);
        break;
    case ROUTING_SERVER:
        add_state(out, &line->server);
        break;
    case ROUTING_CHOICE:
        add_choice(out, &line->choice);
        break;
    case ROUTING_SETTLED:
        add_settled(out, &line->settled);
        break;
    case ROUTING_TOLD:
        add_server(out, line->told.server);
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

static void add_unread(struct buffer *out, const struct log_reader_line *line)
{
    buffer_add(out, "(does not read) ");
    add_plain(out, line->text, line->length);
}

/* --- following --------------------------------------------------------------------------------- */

/* Shows all that is there; false where nobody reads on. */
static bool show(struct log_reader *reader, struct routing_line *parsed, struct buffer *out)
{
    struct log_reader_line line;
    char error[ROUTING_ERROR_SIZE];
    while (!interrupted && log_reader_next(reader, &line)) {
        buffer_clear(out);
        if (routing_line_parse(line.text, line.length, parsed, error)) {
            add_time(out, parsed->time);
            add_line(out, parsed);
        } else {
            add_unread(out, &line);
        }
        buffer_add_char(out, '\n');
        if (fwrite(out->data, 1, out->length, stdout) != out->length)
            return false;
    }
    return fflush(stdout) == 0;
}

static bool follow(struct log_reader *reader)
{
    static struct routing_line parsed;
    struct buffer out = {0};
    bool fine = true;
    while (fine && !interrupted) {
        fine = show(reader, &parsed, &out);
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
    buffer_free(&out);
    routing_line_free(&parsed);
    return fine || interrupted;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    const char *dir;
    bool from_start;
    const struct option_entry table[] = {
        {"log-dir", "DIR", OPTION_TEXT, "logs", 0, 0, "where the balancer writes its logs", &dir},
        {"from-start", NULL, OPTION_FLAG, NULL, 0, 0, "show what the log already holds, too",
         &from_start},
    };
    log_name("watch");
    options_read(table, sizeof table / sizeof *table, "watch [--log-dir DIR] [--from-start]",
                 "Shows each choice of the balancer as it is made, until Ctrl-C.", argc, argv);
    catch_signals();
    colour = isatty(STDOUT_FILENO) == 1;
    struct log_reader *reader = log_reader_open(dir, "routing.log");
    if (log_reader_files(reader) == 0)
        log_line("waiting for %s/routing.log", dir);
    else if (!from_start)
        log_reader_to_end(reader);
    bool fine = follow(reader);
    log_reader_close(reader);
    return fine || errno == EPIPE ? EXIT_FINE : EXIT_TROUBLE;
}
