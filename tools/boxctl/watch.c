#include "tools/boxctl/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "tools/boxctl/listing.h"

enum {
    INTERVAL_MS = 1000,
};

static const int64_t patience = 5 * CLOCK_SECOND; /* for one list */

static volatile sig_atomic_t interrupted;

struct watch {
    struct api *api;
    bool json, terminal;
    struct api_answer answer;
    cJSON *before; /* the list shown last; owned */
    bool silent;   /* it did not answer, which was said */
    struct termios saved;
    bool changed; /* the terminal's settings */
};

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A key counts at once, and is not shown. */
static void prepare_terminal(struct watch *watch)
{
    watch->terminal = isatty(STDOUT_FILENO) == 1 && !watch->json;
    if (!watch->terminal || tcgetattr(STDIN_FILENO, &watch->saved) != 0)
        return;
    struct termios quiet = watch->saved;
    quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    watch->changed = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
}

static size_t width_of_terminal(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool put(const struct buffer *out)
{
    return fwrite(out->data, 1, out->length, stdout) == out->length && fflush(stdout) == 0;
}

static bool show_in_place(struct watch *watch, bool had)
{
    struct buffer out = {0};
    buffer_add(&out, "\033[H\033[J"); /* the upper left corner, and all below it is cleared */
    if (had)
        listing_table(watch->answer.json, true, width_of_terminal(), clock_now(), &out);
    else
        listing_plain(&out, watch->answer.failure);
    buffer_add(&out, "\n(q ends)\n");
    bool fine = put(&out);
    buffer_free(&out);
    return fine;
}

static bool show_changes(struct watch *watch)
{
    struct buffer out = {0};
    listing_changes(watch->before, watch->answer.json, &out);
    if (out.length > 0 && watch->json) {
        buffer_clear(&out);
        buffer_append(&out, watch->answer.body.data, watch->answer.body.length);
    }
    bool fine = put(&out);
    buffer_free(&out);
    cJSON_Delete(watch->before);
    watch->before = watch->answer.json;
    watch->answer.json = NULL;
    return fine;
}

static bool show(struct watch *watch)
{
    bool had = api_ask(watch->api, "GET", "/servers", NULL, patience, &watch->answer);
    if (interrupted)
        return true;
    if (watch->terminal)
        return show_in_place(watch, had);
    if (!had && !watch->silent)
        log_line("%s; it is asked again", watch->answer.failure);
    watch->silent = !had;
    return !had || show_changes(watch);
}

/* Waits for the next time; ends on q. */
static void rest(const struct watch *watch)
{
    struct pollfd keys = {.fd = watch->changed ? STDIN_FILENO : -1, .events = POLLIN};
    char key = '\0';
    if (poll(&keys, 1, INTERVAL_MS) > 0 && (read(keys.fd, &key, 1) <= 0 || key == 'q'))
        interrupted = 1;
}

bool watch_run(struct api *api, bool json)
{
    struct watch watch = {.api = api, .json = json};
    bool fine = true;
    catch_signals();
    prepare_terminal(&watch);
    while (fine && !interrupted) {
        fine = show(&watch);
        if (fine && !interrupted)
            rest(&watch);
    }
    if (watch.changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &watch.saved);
    cJSON_Delete(watch.before);
    api_answer_free(&watch.answer);
    return fine || errno == EPIPE;
}
