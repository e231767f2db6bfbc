#include "common/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/store_option.h"

enum {
    ENTRIES_MAX = 40,
    LEFT_COLUMN = 28,
};

/* Of UTF-8: as many as it has bytes that begin one. */
static int characters(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static void print_entry(const struct option_entry *entry)
{
    char left[80];
    snprintf(left, sizeof left, "  --%s%s%s", entry->name, entry->argument != NULL ? " " : "",
             entry->argument != NULL ? entry->argument : "");
    printf("%s%*s %s", left, LEFT_COLUMN > characters(left) ? LEFT_COLUMN - characters(left) : 0,
           "", entry->help);
    if (entry->kind == OPTION_NUMBER)
        printf(" [%s; %" PRId64 " to %" PRId64 "]", entry->fallback, entry->min, entry->max);
    else if (entry->fallback != NULL)
        printf(" [%s]", entry->fallback);
    printf("\n");
}

static _Noreturn void print_help(const struct option_entry *table, size_t count, const char *usage,
                                 const char *about)
{
    printf("usage: %s\n\n%s\n\n", usage, about);
    for (size_t i = 0; i < count; i++)
        if (table[i].help != NULL)
            print_entry(&table[i]);
    printf("%-*s %s\n", LEFT_COLUMN, "  --help", "say this");
    exit(fflush(stdout) == 0 ? EXIT_FINE : EXIT_TROUBLE);
}

static void read_number(const struct option_entry *entry, const char *text)
{
    char *end;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < entry->min || number > entry->max)
        die(EXIT_USAGE, "--%s takes a number from %" PRId64 " to %" PRId64 ", not '%s'",
            entry->name, entry->min, entry->max, text);
    *(int64_t *)entry->value = number;
}

static void add_to_list(const struct option_entry *entry, const char *text)
{
    struct option_list *list = entry->value;
    if (list->count == OPTION_LIST_MAX)
        die(EXIT_USAGE, "--%s is given more than %d times", entry->name, OPTION_LIST_MAX);
    list->texts[list->count++] = text;
}

static void hide_password(char *url)
{
    const char *why = store_option_refuse(url);
    if (why != NULL)
        die(EXIT_USAGE, "%s", why);
    if (store_option_hide(url))
        log_line("the store's URL has a password, which others can see in the list of processes: "
                 "keep it in "
                 "~/.pgpass, or in a file that passfile=FILE in the URL names");
}

static void read_value(const struct option_entry *entry, const char *text)
{
    switch (entry->kind) {
    case OPTION_STORE:
    case OPTION_TEXT:
        *(const char **)entry->value = text;
        break;
    case OPTION_NUMBER:
        read_number(entry, text);
        break;
    case OPTION_FLAG:
        *(bool *)entry->value = true;
        break;
    case OPTION_LIST:
        add_to_list(entry, text);
        break;
    }
}

static void set_default(const struct option_entry *entry)
{
    if (entry->kind == OPTION_FLAG)
        *(bool *)entry->value = false;
    else if (entry->kind == OPTION_LIST)
        ((struct option_list *)entry->value)->count = 0;
    else if (entry->fallback != NULL)
        read_value(entry, entry->fallback);
    else
        *(const char **)entry->value = NULL;
}

/* getopt_long's table: ours, and --help behind it. */
static void fill(struct option *options, const struct option_entry *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        options[i].name = table[i].name;
        options[i].has_arg = table[i].kind == OPTION_FLAG ? no_argument : required_argument;
        options[i].val = (int)i;
    }
    options[count].name = "help";
    options[count].val = (int)count;
}

/* Of an option that getopt_long refused: the argument it stands in, which it has just stepped over. */
static _Noreturn void refuse_option(int found, char **argv)
{
    static char letter[] = "-x";
    const char *argument = argv[optind - 1];
    if (optopt > ' ' && strncmp(argument, "--", 2) != 0) { /* a letter, perhaps among others */
        letter[1] = (char)optopt;
        argument = letter;
    }
    die(EXIT_USAGE,
        found == ':' ? "%s needs a value; see --help"
                     : "unknown or unclear option '%s'; see --help",
        argument);
}

/* `how` is getopt's: "+:" stops at the first word, ":" moves words behind the options. */
static void read_all(const struct option_entry *table, size_t count, const char *usage,
                     const char *about, int argc, char **argv, const char *how)
{
    struct option options[ENTRIES_MAX + 2] = {{0}};
    bool given[ENTRIES_MAX] = {false};
    int found;
    assert(count <= ENTRIES_MAX);
    fill(options, table, count);
    for (size_t i = 0; i < count; i++)
        set_default(&table[i]);
    opterr = 0;
    optind = 0; /* anew, also what `how` says */
    while ((found = getopt_long(argc, argv, how, options, NULL)) != -1) {
        if (found == '?' || found == ':')
            refuse_option(found, argv);
        if (found == (int)count)
            print_help(table, count, usage, about);
        if (given[found] && table[found].kind != OPTION_LIST)
            die(EXIT_USAGE, "--%s is given twice", table[found].name);
        given[found] = true;
        if (table[found].kind == OPTION_STORE)
            hide_password(optarg);
        read_value(&table[found], optarg);
    }
}

void options_read(const struct option_entry *table, size_t count, const char *usage,
                  const char *about, int argc, char **argv)
{
    read_all(table, count, usage, about, argc, argv, "+:");
    if (optind < argc)
        die(EXIT_USAGE, "unexpected word '%s'; see --help", argv[optind]);
}

size_t options_read_words(const struct option_entry *table, size_t count, const char *usage,
                          const char *about, int argc, char **argv, const char **words, size_t max)
{
    read_all(table, count, usage, about, argc, argv, ":");
    size_t left = (size_t)(argc - optind);
    if (left > max)
        die(EXIT_USAGE, "'%s' is one word too many; see --help", argv[optind + (int)max]);
    for (size_t i = 0; i < left; i++)
        words[i] = argv[optind + (int)i];
    return left;
}
