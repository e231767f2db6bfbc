/* The organisers' commands of boxctl: which there are, and what all of them need. One thread. */
#ifndef BOX_OFFICE_BOXCTL_SHOP_H
#define BOX_OFFICE_BOXCTL_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/options.h"
#include "tools/boxctl/api.h"
#include "tools/boxctl/grid.h"

enum {
    SHOP_WORDS_MAX = 1024, /* of one command line */
    SHOP_TOKEN_SIZE = 256,
};

struct shop;

/* `boxctl GROUP VERB ...`, or `boxctl GROUP ...` where there is no verb. */
struct shop_command {
    const char *group, *verb;
    const char *usage; /* what follows them: "NAME --tier TIER ..." */
    const char *about; /* one sentence */

    /* Reads the command line by shop_read, asks, and prints. False where it did not come off, which has been said. */
    bool (*run)(struct shop *shop, int argc, char **argv);
};

/* The tables, each ended by a row without a group. */
extern const struct shop_command event_commands[];
extern const struct shop_command tier_commands[];
extern const struct shop_command sales_commands[];
extern const struct shop_command token_commands[];
extern const struct shop_command key_commands[];
extern const struct shop_command ticket_commands[];

/* A command while it runs. */
struct shop {
    const struct shop_command *command;
    const char *url, *token_file; /* options */
    bool json;
    const char *words[SHOP_WORDS_MAX]; /* those behind group and verb */
    size_t count;
    struct api *api;
    struct api_answer answer;
};

/* Where the options of every command are at. */
#define SHOP_OPTIONS(shop)                                                                         \
    {"shop",                                                                                       \
     "URL",                                                                                        \
     OPTION_TEXT,                                                                                  \
     "http://127.0.0.1:8080",                                                                      \
     0,                                                                                            \
     0,                                                                                            \
     "the shop: the balancer's public address",                                                    \
     &(shop)->url},                                                                                \
        {"token-file",                                                                             \
         "FILE",                                                                                   \
         OPTION_TEXT,                                                                              \
         "db/admin.token",                                                                         \
         0,                                                                                        \
         0,                                                                                        \
         "holds the token: the admin token, or one of `boxctl token create`",                      \
         &(shop)->token_file},                                                                     \
    {                                                                                              \
        "json", NULL, OPTION_FLAG, NULL, 0, 0, "print what the shop answers, as it is",            \
            &(shop)->json                                                                          \
    }

/* The command that the line names; NULL where its first word begins none. A wrong verb ends the process, as
 * does none, which may ask for --help. */
const struct shop_command *shop_find(int argc, char **argv);

/* Runs it: the exit status. */
int shop_run(const struct shop_command *command, int argc, char **argv);

/* Prints one line per command. */
void shop_list(struct buffer *out);

/* Reads the command line: options by `table`, and from `least` to `most` words. Wrong usage ends the process. */
void shop_read(struct shop *shop, const struct option_entry *table, size_t count, int argc,
               char **argv, size_t least, size_t most);

/* The same of a command that has no options of its own, and so many words. */
void shop_read_words(struct shop *shop, int argc, char **argv, size_t words);

/* Opens the API; `token`: one is needed, and is read from its file, which must be the reader's alone. */
void shop_open(struct shop *shop, bool token);

/* Ends the process with what is wrong with the name, unless it may name an event or tier: any other would make
 * another path. */
const char *shop_name(const char *what, const char *name);

/* Asks; false, and why is said, where that fails. */
bool shop_ask(struct shop *shop, const char *method, const char *path, const char *body);

/* Asks for a list, page by page: `print` appends what a page has, unless it is printed as it came. */
typedef void shop_page(struct shop *shop, const cJSON *page, struct buffer *out);
bool shop_each_page(struct shop *shop, const char *path, shop_page *print);

/* Gets a file and prints it, as it is, with a token. */
bool shop_download(struct shop *shop, const char *path);

/* Prints the text; with --json the answer as it came instead. */
bool shop_print(struct shop *shop, struct buffer *text);
bool shop_say(struct shop *shop, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
