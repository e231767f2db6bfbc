/* watch: shows the routing log to a person, line by line, as it is written. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "tools/log_reader.h"
#include "tools/watch/line.h"

enum {
    POLL_NANOSECONDS = 100000000,
};

static volatile sig_atomic_t interrupted;
static bool colour; /* stdout is a terminal */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Shows all that is there; false where nobody reads on. */
static bool show(struct log_reader *reader, struct routing_line *parsed, struct buffer *out)
{
    struct log_reader_line line;
    while (!interrupted && log_reader_next(reader, &line)) {
        buffer_clear(out);
        watch_line(out, line.text, line.length, parsed, colour);
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
