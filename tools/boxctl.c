/* boxctl: looks at a running balancer's servers, and changes them, by its admin API; and does for organisers what
 * the shop's API has (tools/boxctl/shop.h). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/options.h"
#include "common/outcome.h"
#include "common/secret_file.h"
#include "tools/boxctl/api.h"
#include "tools/boxctl/listing.h"
#include "tools/boxctl/shop.h"
#include "tools/boxctl/watch.h"

enum {
    WORDS_MAX = 3, /* a command, and what it is about */
    PATH_SIZE = 128,
    POLL_NANOSECONDS = 100000000,
    WEIGHT_MAX = 1000,
};

static const int64_t patience = 10 * CLOCK_SECOND;           /* for what is answered at once */
static const int64_t command_patience = 60 * CLOCK_SECOND;   /* for reload and upgrade */
static const int64_t renewal_patience = 3600 * CLOCK_SECOND; /* for a rolling restart */

struct boxctl {
    const char *admin, *token_file, *pool, *drain, *wait;
    int64_t weight;
    bool json;
    const char *words[WORDS_MAX];
    size_t count;
    struct api *api;
    struct api_answer answer;
};

/* --- asking -------------------------------------------------------------------------------------- */

static bool ask(struct boxctl *box, const char *method, const char *path, const char *body,
                int64_t time)
{
    if (api_ask(box->api, method, path, body, time, &box->answer))
        return true;
    log_line("%s", box->answer.failure);
    return false;
}

/* The path of the server that the command is about; an id that is none would be another path. */
static const char *server_path(const struct boxctl *box, const char *query)
{
    static char path[PATH_SIZE];
    const char *id = box->words[1];
    if (!server_id_valid(id))
        die(EXIT_USAGE, "'%s' is no server's id: 1 to 32 of a-z 0-9 -", id);
    if (snprintf(path, sizeof path, "/servers/%s%s", id, query) >= (int)sizeof path)
        die(EXIT_USAGE, "--drain takes a time like 30s or 500ms, not '%s'", query);
    return path;
}

static int64_t span_of(const char *option, const char *text)
{
    int64_t span;
    if (!clock_span(text, &span))
        die(EXIT_USAGE, "--%s takes a time like 30s or 500ms, not '%s'", option, text);
    return span;
}

/* With --json the answer as it came; else the sentence. */
static bool say(struct boxctl *box, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool say(struct boxctl *box, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (box->json)
        fwrite(box->answer.body.data, 1, box->answer.body.length, stdout);
    else
        vprintf(format, arguments);
    va_end(arguments);
    return fflush(stdout) == 0;
}

static bool tell_server(struct boxctl *box)
{
    struct buffer text = {0};
    listing_plain(&text, api_text(box->answer.json, "state"));
    buffer_add(&text, ": ");
    listing_plain(&text, api_text(box->answer.json, "why"));
    bool fine = say(box, "%s is %s\n", box->words[1], buffer_text(&text));
    buffer_free(&text);
    return fine;
}

/* --- commands ------------------------------------------------------------------------------------ */

static bool show_servers(struct boxctl *box)
{
    struct buffer out = {0};
    if (!ask(box, "GET", "/servers", NULL, patience))
        return false;
    listing_table(box->answer.json, isatty(STDOUT_FILENO) == 1, 0, clock_now(), &out);
    bool fine = say(box, "%s", buffer_text(&out));
    buffer_free(&out);
    return fine;
}

static bool add_server(struct boxctl *box)
{
    struct buffer body = {0};
    buffer_add(&body, "{\"id\":");
    json_append(&body, box->words[1]);
    buffer_add(&body, ",\"url\":");
    json_append(&body, box->words[2]);
    buffer_add(&body, ",\"pool\":");
    json_append(&body, box->pool);
    buffer_printf(&body, ",\"weight\":%" PRId64 "}", box->weight);
    bool fine = ask(box, "POST", "/servers", buffer_text(&body), patience) && tell_server(box);
    buffer_free(&body);
    return fine;
}

static bool remove_server(struct boxctl *box)
{
    char query[32];
    int64_t drain = span_of("drain", box->drain);
    snprintf(query, sizeof query, "?drain=%s", box->drain);
    if (!ask(box, "DELETE", server_path(box, query), NULL, drain + patience))
        return false;
    const cJSON *waited = cJSON_GetObjectItemCaseSensitive(box->answer.json, "waited");
    return say(box,
               "%s has left%s after %" PRId64 " ms; %" PRId64
               " requests were under way, with %" PRId64 " tickets\n",
               box->words[1],
               api_true(box->answer.json, "cut") ? ", cut off from what it had not finished," : "",
               api_number(box->answer.json, "took_ms"), api_number(waited, "requests"),
               api_number(waited, "tickets"));
}

/* False, and said, where it does not come to be empty in time. */
static bool wait_until_empty(struct boxctl *box, int64_t wait)
{
    int64_t deadline = clock_monotonic() + wait;
    while (api_number(box->answer.json, "busy") > 0 ||
           api_number(box->answer.json, "pending") > 0) {
        if (clock_monotonic() >= deadline) {
            log_line("%s is not empty after %s: %" PRId64 " requests are under way", box->words[1],
                     box->wait, api_number(box->answer.json, "busy"));
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
        if (!ask(box, "GET", server_path(box, ""), NULL, patience))
            return false;
    }
    return true;
}

static bool drain_server(struct boxctl *box)
{
    int64_t wait = box->wait != NULL ? span_of("wait", box->wait) : 0;
    if (!ask(box, "PATCH", server_path(box, ""), "{\"state\":\"drain\"}", patience))
        return false;
    if (box->wait == NULL)
        return tell_server(box);
    return wait_until_empty(box, wait) &&
           say(box, "%s is drained: nothing is under way there\n", box->words[1]);
}

static bool ready_server(struct boxctl *box)
{
    return ask(box, "PATCH", server_path(box, ""), "{\"state\":\"ready\"}", patience) &&
           tell_server(box);
}

static bool watch_servers(struct boxctl *box)
{
    return watch_run(box->api, box->json);
}

static bool reload(struct boxctl *box)
{
    return ask(box, "POST", "/reload", NULL, command_patience) &&
           say(box, "the configuration is in force\n");
}

static bool upgrade(struct boxctl *box)
{
    return ask(box, "POST", "/upgrade", NULL, command_patience) &&
           say(box, "the new program serves\n");
}

/* Follows it to its end; tells each server that is renewed. */
static bool rolling_restart(struct boxctl *box)
{
    int64_t deadline = clock_monotonic() + renewal_patience, told = -1;
    if (!ask(box, "POST", "/rolling-restart", NULL, patience))
        return false;
    do {
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
        if (!ask(box, "GET", "/rolling-restart", NULL, patience))
            return false;
        int64_t done = api_number(box->answer.json, "done");
        if (done != told && !say(box, "%" PRId64 " of %" PRId64 " servers are renewed\n", done,
                                 api_number(box->answer.json, "total")))
            return false;
        told = done;
    } while (api_true(box->answer.json, "running") && clock_monotonic() < deadline);
    if (told == api_number(box->answer.json, "total"))
        return true;
    log_line("not all servers were renewed: %s", api_text(box->answer.json, "detail"));
    return false;
}

/* --- which command ------------------------------------------------------------------------------- */

static const struct command {
    const char *name;
    size_t words; /* it takes, itself included */
    bool (*run)(struct boxctl *box);
} commands[] = {
    {"servers", 1, show_servers},
    {"add", 3, add_server},
    {"remove", 2, remove_server},
    {"drain", 2, drain_server},
    {"ready", 2, ready_server},
    {"watch", 1, watch_servers},
    {"reload", 1, reload},
    {"upgrade", 1, upgrade},
    {"rolling-restart", 1, rolling_restart},
};

static const struct command *find_command(const struct boxctl *box)
{
    if (box->count == 0)
        die(EXIT_USAGE, "which command? see --help");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, box->words[0]) != 0)
            continue;
        if (commands[i].words != box->count)
            die(EXIT_USAGE, "wrong number of words for %s: it takes %zu, not %zu; see --help",
                box->words[0], commands[i].words - 1, box->count - 1);
        return &commands[i];
    }
    die(EXIT_USAGE, "'%s' is no command; see --help", box->words[0]);
}

static const char servers_about[] =
    "Looks at a running balancer's servers, and changes them:\n\n"
    "  servers             list them\n"
    "  add ID URL          add one: http://ADDR:PORT\n"
    "  remove ID           let it finish what it has, and remove it\n"
    "  drain ID            give it nothing new\n"
    "  ready ID            use it again\n"
    "  watch               list them each second, until q or Ctrl-C\n"
    "  reload              read the configuration again\n"
    "  upgrade             go on with the program that is on the disk now\n"
    "  rolling-restart     renew the ticket servers, one after the other\n\n"
    "For organisers, by the shop's public address:\n";

static void read_options(struct boxctl *box, int argc, char **argv)
{
    const struct option_entry table[] = {
        {"admin", "URL", OPTION_TEXT, "http://127.0.0.1:8081", 0, 0, "the balancer's admin address",
         &box->admin},
        {"token-file", "FILE", OPTION_TEXT, "db/admin.token", 0, 0, "its admin API's bearer token",
         &box->token_file},
        {"json", NULL, OPTION_FLAG, NULL, 0, 0, "print what the balancer answers, as it is",
         &box->json},
        {"pool", "NAME", OPTION_TEXT, "tickets", 0, 0, "of add: the pool that the server is for",
         &box->pool},
        {"weight", "N", OPTION_NUMBER, "1", 1, WEIGHT_MAX, "of add: its weight among others",
         &box->weight},
        {"drain", "TIME", OPTION_TEXT, "30s", 0, 0,
         "of remove: how long it may finish what it has; 0 cuts it off", &box->drain},
        {"wait", "TIME", OPTION_TEXT, NULL, 0, 0, "of drain: wait so long for it to be empty",
         &box->wait},
    };
    struct buffer about = {0};
    buffer_add(&about, servers_about);
    shop_list(&about);
    buffer_add(&about,
               "\n\nEach of these has a --help of its own, and takes --shop URL "
               "(http://127.0.0.1:8080), --token-file FILE and --json.\n\nOptions for servers:");
    box->count = options_read_words(table, sizeof table / sizeof *table, "boxctl [options] COMMAND",
                                    buffer_text(&about), argc, argv, box->words, WORDS_MAX);
    buffer_free(&about);
}

int main(int argc, char **argv)
{
    static const struct secret_file file = {.what = "admin token", .option = "--token-file"};
    struct boxctl box = {0};
    char token[SECRET_TEXT_SIZE];
    log_name("boxctl");
    const struct shop_command *organiser = shop_find(argc, argv);
    if (organiser != NULL)
        return shop_run(organiser, argc, argv);
    read_options(&box, argc, argv);
    const struct command *command = find_command(&box);
    if (!secret_file_read(&file, box.token_file, token))
        return EXIT_TROUBLE;
    box.api = api_open(&(struct api_place){
        .url = box.admin, .option = "--admin", .token_file = box.token_file, .token = token});
    bool fine = command->run(&box);
    api_answer_free(&box.answer);
    api_close(box.api);
    return fine ? EXIT_FINE : EXIT_TROUBLE;
}
