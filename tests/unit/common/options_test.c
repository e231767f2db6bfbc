#include "common/options.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/common/forked.h"

enum {
    ARGUMENTS_MAX = 8,
};

/* The values that the table below fills in. */
struct values {
    const char *place, *hidden;
    int64_t count;
    bool loud;
};

/* A command line, and how it ends: with these values, or with a fragment of the complaint. */
struct row {
    const char *arguments[ARGUMENTS_MAX];
    struct values values;
    const char *complaint; /* NULL: it is fine */
};

static void read_values(struct values *values, int argc, char **argv)
{
    const struct option_entry table[] = {
        {"place", "PLACE…", OPTION_TEXT, "here", 0, 0, "where", &values->place},
        {"count", "N", OPTION_NUMBER, "3", 1, 64, "how many", &values->count},
        {"loud", NULL, OPTION_FLAG, NULL, 0, 0, "say more", &values->loud},
        {"hidden", "X", OPTION_TEXT, NULL, 0, 0, NULL, &values->hidden},
    };
    options_read(table, sizeof table / sizeof *table, "program [options]", "Does this and that.",
                 argc, argv);
}

static int count_arguments(const char *const *arguments)
{
    int count = 0;
    while (count < ARGUMENTS_MAX && arguments[count] != NULL)
        count++;
    return count;
}

/* In the child: reads, and prints the values. */
static void read_row(void *context)
{
    const struct row *row = context;
    struct values values;
    char *argv[ARGUMENTS_MAX + 2] = {"program"};
    int count = count_arguments(row->arguments);
    memcpy(argv + 1, row->arguments, (size_t)count * sizeof *argv);
    memset(&values, 0xff, sizeof values);
    read_values(&values, count + 1, argv);
    printf("place=%s count=%lld loud=%d hidden=%s\n", values.place, (long long)values.count,
           values.loud, values.hidden != NULL ? values.hidden : "(none)");
    fflush(stdout);
}

static const struct row rows[] = {
    {{NULL}, {"here", "(none)", 3, false}, NULL},
    {{"--place", "there", "--count", "64", "--loud", "--hidden", "h"},
     {"there", "h", 64, true},
     NULL},
    {{"--place=there", "--count=1"}, {"there", "(none)", 1, false}, NULL},
    {{"--place", ""}, {"", "(none)", 3, false}, NULL},
    {{"--place", "--loud"}, {"--loud", "(none)", 3, false}, NULL},
    {{"--"}, {"here", "(none)", 3, false}, NULL},
    {{"--count", "0"}, {0}, "--count takes a number from 1 to 64, not '0'"},
    {{"--count", "65"}, {0}, "not '65'"},
    {{"--count", "-1"}, {0}, "not '-1'"},
    {{"--count", "1x"}, {0}, "not '1x'"},
    {{"--count", "1.5"}, {0}, "not '1.5'"},
    {{"--count", ""}, {0}, "not ''"},
    {{"--count", "99999999999999999999"}, {0}, "not '99999999999999999999'"},
    {{"--count"}, {0}, "--count needs a value"},
    {{"--loud=yes"}, {0}, "'--loud=yes'"},
    {{"--count", "2", "--count", "2"}, {0}, "--count is given twice"},
    {{"--loud", "--loud"}, {0}, "--loud is given twice"},
    {{"--nothing"}, {0}, "unknown or unclear option '--nothing'"},
    {{"-x"}, {0}, "unknown or unclear option '-x'"},
    {{"--h"}, {0}, "unknown or unclear option '--h'"},
    {{"word"}, {0}, "unexpected word 'word'"},
    {{"--loud", "word"}, {0}, "unexpected word 'word'"},
    {{"--", "word"}, {0}, "unexpected word 'word'"},
};

static bool as_expected(const struct row *row, struct forked *forked)
{
    char expected[128];
    if (row->complaint != NULL)
        return forked->status == 2 && forked->out.length == 0 &&
               forked_complained(forked, row->complaint) &&
               strchr(buffer_text(&forked->err), '\n') == forked->err.data + forked->err.length - 1;
    snprintf(expected, sizeof expected, "place=%s count=%lld loud=%d hidden=%s\n",
             row->values.place, (long long)row->values.count, row->values.loud, row->values.hidden);
    return forked->status == FORKED_RETURNED && forked->err.length == 0 &&
           strcmp(buffer_text(&forked->out), expected) == 0;
}

static void command_lines_are_read_by_the_table(void)
{
    struct forked forked = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct row row = rows[i];
        forked_run(&forked, read_row, &row);
        if (as_expected(&row, &forked))
            continue;
        printf("  row %zu: status %d, %s%s\n", i, forked.status, buffer_text(&forked.out),
               buffer_text(&forked.err));
        CU_FAIL("a command line was read another way");
    }
    forked_free(&forked);
}

/* --- with words between ------------------------------------------------------------------------ */

static void read_words(void *context)
{
    const struct row *row = context;
    int64_t count;
    bool loud;
    const struct option_entry table[] = {
        {"count", "N", OPTION_NUMBER, "3", 1, 64, "how many", &count},
        {"loud", NULL, OPTION_FLAG, NULL, 0, 0, "say more", &loud},
    };
    const char *words[2] = {"", ""};
    char *argv[ARGUMENTS_MAX + 2] = {"program"};
    int given = count_arguments(row->arguments);
    memcpy(argv + 1, row->arguments, (size_t)given * sizeof *argv);
    size_t left = options_read_words(table, 2, "program WORD [options]", "Does this and that.",
                                     given + 1, argv, words, 2);
    printf("%zu %s %s count=%lld loud=%d\n", left, words[0], words[1], (long long)count, loud);
    fflush(stdout);
}

static void words_may_stand_between_options(void)
{
    static const struct {
        struct row row;
        const char *said;
    } lines[] = {
        {{.arguments = {NULL}}, "0   count=3 loud=0\n"},
        {{.arguments = {"add", "box"}}, "2 add box count=3 loud=0\n"},
        {{.arguments = {"add", "--count", "5", "box", "--loud"}}, "2 add box count=5 loud=1\n"},
        {{.arguments = {"--loud", "--", "--count", "5"}}, "2 --count 5 count=3 loud=1\n"},
        {{.arguments = {"a", "b", "c"}, .complaint = "'c' is one word too many"}, NULL},
        {{.arguments = {"a", "--nope", "b"}, .complaint = "option '--nope'"}, NULL},
        {{.arguments = {"a", "-x", "b"}, .complaint = "option '-x'"}, NULL},
        {{.arguments = {"a", "b", "--count"}, .complaint = "--count needs a value"}, NULL},
        {{.arguments = {"a", "--count", "0"}, .complaint = "not '0'"}, NULL},
    };
    struct forked forked = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct row row = lines[i].row;
        forked_run(&forked, read_words, &row);
        bool fine = row.complaint != NULL
                        ? forked.status == 2 && forked_complained(&forked, row.complaint)
                        : forked.status == FORKED_RETURNED &&
                              strcmp(buffer_text(&forked.out), lines[i].said) == 0;
        CU_ASSERT(fine);
        if (!fine)
            printf("  line %zu: status %d, %s%s\n", i, forked.status, buffer_text(&forked.out),
                   buffer_text(&forked.err));
    }
    forked_free(&forked);
}

static void help_tells_all_but_the_hidden(void)
{
    struct row row = {.arguments = {"--loud", "--help"}};
    struct forked forked = {0};
    forked_run(&forked, read_row, &row);
    CU_ASSERT_EQUAL(forked.status, 0);
    CU_ASSERT_EQUAL(forked.err.length, 0);
    CU_ASSERT(forked_said(&forked, "usage: program [options]\n\nDoes this and that.\n"));
    CU_ASSERT(forked_said(&forked, "\n  --place PLACE…             where [here]\n"
                                   "  --count N                  how many"));
    CU_ASSERT(forked_said(&forked, " how many [3; 1 to 64]\n"));
    CU_ASSERT(forked_said(&forked, "  --loud  "));
    CU_ASSERT(forked_said(&forked, " say more\n"));
    CU_ASSERT(forked_said(&forked, "  --help "));
    CU_ASSERT_FALSE(forked_said(&forked, "hidden"));
    forked_free(&forked);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("options", "command lines are read by the table",
              command_lines_are_read_by_the_table);
    suite_add("options", "words may stand between options", words_may_stand_between_options);
    suite_add("options", "help tells all but the hidden", help_tells_all_but_the_hidden);
}
