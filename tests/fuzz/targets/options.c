/* The balancer's own options: a command line is either refused with status 2 (or answered with the help),
 * or leaves every setting within its bounds. The input: arguments with newlines between. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/settings.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/wrap.h"

enum {
    ARGUMENTS_MAX = 24,
};

struct reading {
    struct settings settings;
    int count;
    char *arguments[ARGUMENTS_MAX + 1]; /* owned but for the first */
};

static void read(void *context)
{
    struct reading *reading = context;
    settings_read(&reading->settings, reading->count, reading->arguments);
}

static bool within(int64_t number, int64_t min, int64_t max)
{
    return number >= min && number <= max;
}

/* Texts are arguments, whole or behind their '='; or defaults. */
static bool is_argument(const struct reading *reading, const char *text)
{
    for (int i = 1; i < reading->count; i++) {
        const char *equals = strchr(reading->arguments[i], '=');
        if (text == reading->arguments[i] || (equals != NULL && text == equals + 1))
            return true;
    }
    return false;
}

static void check(const struct reading *reading)
{
    const struct settings *settings = &reading->settings;
    must(within(settings->servers_max, 0, 64), "--servers is within bounds");
    must(within(settings->servers_min, 0, settings->servers_max), "and its range is one");
    must(within(settings->workers, 1, 16), "--workers is within bounds");
    must(within(settings->log_size, 4096, INT64_C(1) << 40), "--log-size is within bounds");
    must(within(settings->connections, 16, 60000), "--connections is within bounds");
    must(within(settings->waiting, 0, 1000000), "--waiting is within bounds");
    const char *const texts[] = {settings->listen, settings->admin, settings->store,
                                 settings->log_dir, settings->token_file};
    const char *const defaults[] = {"127.0.0.1:8080", "127.0.0.1:8081", "sqlite:db/tickets.db",
                                    "logs", "db/admin.token"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        must(is_argument(reading, texts[i]) || strcmp(texts[i], defaults[i]) == 0,
             "a text is what was given, or the default");
    must(settings->router == NULL || is_argument(reading, settings->router),
         "--router has no default");
}

/* getopt may have been left in the middle of an argument that is no more. */
static void reset_getopt(void)
{
    char *nothing[] = {"balancer", NULL};
    optind = 0;
    (void)getopt(1, nothing, "");
}

void fuzz_options(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct reading reading = {.count = 1, .arguments = {"balancer"}};
    int status;
    while (input_left(&input) > 0 && reading.count < ARGUMENTS_MAX)
        reading.arguments[reading.count++] = input_until(&input, '\n', NULL);
    reset_getopt();
    if (wrap_survive(read, &reading, &status)) {
        check(&reading);
        settings_free(&reading.settings);
    } else {
        must(status == EXIT_USAGE || status == EXIT_FINE || status == EXIT_TROUBLE,
             "wrong usage exits with 2, help with 0, a wrong file with 1");
    }
    for (int i = 1; i < reading.count; i++)
        free(reading.arguments[i]);
}
