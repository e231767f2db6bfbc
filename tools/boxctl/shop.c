#include "tools/boxctl/shop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/purchase.h"

enum {
    USAGE_SIZE = 512,
    LIST_COLUMN = 44,
};

static const int64_t patience = 20 * CLOCK_SECOND; /* for what is answered at once */

static const struct shop_command *const tables[] = {
    event_commands, tier_commands, sales_commands, token_commands, key_commands, ticket_commands,
};

/* --- which command -------------------------------------------------------------------------------- */

/* Where the next word stands, past options and their values; argc where there is none. */
static int next_word(int argc, char **argv, int at)
{
    static const char *const valued[] = {"--shop", "--token-file"};
    while (at < argc && argv[at][0] == '-') {
        bool takes = false;
        for (size_t i = 0; i < sizeof valued / sizeof *valued; i++)
            takes = takes || strcmp(argv[at], valued[i]) == 0;
        at += takes ? 2 : 1;
    }
    return at < argc ? at : argc;
}

static void write_name(const struct shop_command *command, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s", command->group, command->verb != NULL ? " " : "",
             command->verb != NULL ? command->verb : "", command->usage[0] != '\0' ? " " : "",
             command->usage);
}

/* `group`: whose commands; NULL: all. */
static void list_group(struct buffer *out, const char *group)
{
    char name[USAGE_SIZE];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct shop_command *command = tables[i]; command->group != NULL; command++) {
            if (group != NULL && strcmp(command->group, group) != 0)
                continue;
            write_name(command, name, sizeof name);
            buffer_printf(out, "\n  %-*s %s", LIST_COLUMN, name, command->about);
        }
}

void shop_list(struct buffer *out)
{
    list_group(out, NULL);
}

static _Noreturn void help_with(const char *group)
{
    struct buffer out = {0};
    list_group(&out, group);
    printf("usage: boxctl %s COMMAND\n%s\n\nEach of these has a --help of its own.\n", group,
           buffer_text(&out));
    exit(fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE);
}

/* What verbs the group has, for who has named another one, or none. */
static _Noreturn void refuse_verb(const char *group, const char *verb)
{
    struct buffer verbs = {0};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct shop_command *command = tables[i]; command->group != NULL; command++)
            if (strcmp(command->group, group) == 0)
                buffer_printf(&verbs, "%s%s", verbs.length > 0 ? ", " : "", command->verb);
    if (verb == NULL)
        die(EXIT_USAGE, "%s what? %s; see --help", group, buffer_text(&verbs));
    die(EXIT_USAGE, "'%s %s' is no command; there are: %s", group, verb, buffer_text(&verbs));
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

const struct shop_command *shop_find(int argc, char **argv)
{
    int at = next_word(argc, argv, 1);
    const char *group = at < argc ? argv[at] : "";
    int behind = next_word(argc, argv, at + 1);
    const char *verb = behind < argc ? argv[behind] : NULL;
    bool known = false;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct shop_command *command = tables[i]; command->group != NULL; command++) {
            if (strcmp(command->group, group) != 0)
                continue;
            if (command->verb == NULL || (verb != NULL && strcmp(command->verb, verb) == 0))
                return command;
            known = true;
        }
    if (known && verb == NULL && asks_for_help(argc, argv))
        help_with(group);
    if (known)
        refuse_verb(group, verb);
    return NULL;
}

/* --- the command line ----------------------------------------------------------------------------- */

void shop_read(struct shop *shop, const struct option_entry *table, size_t count, int argc,
               char **argv, size_t least, size_t most)
{
    const struct shop_command *command = shop->command;
    char usage[USAGE_SIZE] = "boxctl ", about[USAGE_SIZE];
    size_t named = command->verb != NULL ? 2 : 1;
    write_name(command, usage + strlen(usage), sizeof usage - strlen(usage));
    snprintf(about, sizeof about, "%c%s.", command->about[0] - 'a' + 'A', command->about + 1);
    size_t words =
        options_read_words(table, count, usage, about, argc, argv, shop->words, SHOP_WORDS_MAX);
    shop->count = words - named;
    if (shop->count < least || shop->count > most)
        die(EXIT_USAGE, "wrong number of words; usage: %s", usage);
    memmove(shop->words, shop->words + named, shop->count * sizeof *shop->words);
}

void shop_read_words(struct shop *shop, int argc, char **argv, size_t words)
{
    const struct option_entry table[] = {SHOP_OPTIONS(shop)};
    shop_read(shop, table, sizeof table / sizeof *table, argc, argv, words, words);
}

const char *shop_name(const char *what, const char *name)
{
    if (!purchase_name_valid(name))
        die(EXIT_USAGE,
            "'%s' is no %s: 1 to 64 characters of A-Z a-z 0-9 . _ -, a letter or digit first", name,
            what);
    return name;
}

/* --- asking --------------------------------------------------------------------------------------- */

static bool is_token(const char *text)
{
    size_t length = 0;
    for (; text[length] != '\0'; length++)
        if (text[length] < 0x21 || text[length] > 0x7e)
            return false;
    return length > 0;
}

/* Like the admin token's file, but of either kind of token. */
static void read_token(const char *path, char token[SHOP_TOKEN_SIZE])
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0)
        die(EXIT_TROUBLE, "the token file %s cannot be read (%s): name yours with --token-file",
            path, strerror(errno));
    ssize_t length = read(fd, token, SHOP_TOKEN_SIZE - 1);
    close(fd);
    token[length > 0 ? length : 0] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    if (!is_token(token))
        die(EXIT_TROUBLE, "%s does not hold a token", path);
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        die(EXIT_TROUBLE, "others may read the token; do: chmod 600 %s", path);
}

void shop_open(struct shop *shop, bool token)
{
    char text[SHOP_TOKEN_SIZE];
    if (token)
        read_token(shop->token_file, text);
    shop->api = api_open(&(struct api_place){.url = shop->url,
                                             .option = "--shop",
                                             .token_file = shop->token_file,
                                             .token = token ? text : NULL});
}

bool shop_ask(struct shop *shop, const char *method, const char *path, const char *body)
{
    if (api_ask(shop->api, method, path, body, patience, &shop->answer))
        return true;
    log_line("%s", shop->answer.failure);
    return false;
}

bool shop_download(struct shop *shop, const char *path)
{
    shop_open(shop, true);
    if (api_download(shop->api, path, stdout, &shop->answer))
        return true;
    log_line("%s", shop->answer.failure);
    return false;
}

bool shop_print(struct shop *shop, struct buffer *text)
{
    const struct buffer *out = shop->json ? &shop->answer.body : text;
    fwrite(out->data, 1, out->length, stdout);
    buffer_clear(text);
    return fflush(stdout) == 0;
}

bool shop_say(struct shop *shop, const char *format, ...)
{
    char line[1024];
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_add(&text, line);
    bool fine = shop_print(shop, &text);
    buffer_free(&text);
    return fine;
}

bool shop_each_page(struct shop *shop, const char *path, shop_page *print)
{
    struct buffer text = {0};
    char next[API_PATH_SIZE];
    bool fine = true;
    snprintf(next, sizeof next, "%s", path);
    while (fine && next[0] != '\0') {
        fine = shop_ask(shop, "GET", next, NULL);
        if (fine && !shop->json)
            print(shop, shop->answer.json, &text);
        fine = fine && shop_print(shop, &text);
        memcpy(next, shop->answer.next, sizeof next);
    }
    buffer_free(&text);
    return fine;
}

int shop_run(const struct shop_command *command, int argc, char **argv)
{
    static struct shop shop;
    shop.command = command;
    bool fine = command->run(&shop, argc, argv);
    api_answer_free(&shop.answer);
    if (shop.api != NULL)
        api_close(shop.api);
    return fine ? EXIT_FINE : EXIT_TROUBLE;
}
