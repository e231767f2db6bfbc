/* Command-line options from one table: the parser, the bounds, --help and the README all come from
 * it. */
#ifndef BOX_OFFICE_OPTIONS_H
#define BOX_OFFICE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_TEXT,  /* value: const char **, points into argv or to the default */
    OPTION_STORE, /* the same, of a store's URL: a password is cut out of it (store_option.h), and a line warns of it */
    OPTION_NUMBER, /* value: int64_t *, within min..max */
    OPTION_FLAG,   /* value: bool *, false unless given */
    OPTION_LIST, /* value: struct option_list *; may be given again and again; without a default */
};

enum {
    OPTION_LIST_MAX = 64,
};

/* What was given, in its order; the texts point into argv. */
struct option_list {
    const char *texts[OPTION_LIST_MAX];
    size_t count;
};

struct option_entry {
    const char *name;     /* without the dashes */
    const char *argument; /* what --help calls the value; NULL for a flag */
    enum option_kind kind;
    const char *fallback; /* the default, as one would type it; NULL: none (a text stays NULL) */
    int64_t min, max;     /* of a number */
    const char *help;     /* one sentence; NULL keeps the option out of --help (our own processes
                             use it among themselves) */
    void *value;          /* where the result goes */
};

/* Fills in the defaults, then reads argv. Unknown, repeated (but for lists), malformed or out-of-range options and
 * stray words end the process with one line and EXIT_USAGE; --help prints `usage`, `about` and the
 * table on stdout and exits 0. Single-threaded. */
void options_read(const struct option_entry *table, size_t count, const char *usage,
                  const char *about, int argc, char **argv);

/* The same where words may stand between the options (`add files-3 --weight 2`): words[0..count) point to them
 * in argv; returns how many there are. More than `max` end the process in the same way. */
size_t options_read_words(const struct option_entry *table, size_t count, const char *usage,
                          const char *about, int argc, char **argv, const char **words, size_t max);

#endif
