/* Programs of others that refuse to run as root, or should not: run as an unprivileged user where the tests run as
 * root, else as who runs the tests. Main thread only. */
#ifndef BOX_OFFICE_TEST_PLAIN_USER_H
#define BOX_OFFICE_TEST_PLAIN_USER_H

#include <stddef.h>

#include "tests/lib/files.h"

enum {
    PLAIN_USER_WORDS_MAX = 64,
};

/* A command line. What its words point to is not owned, but for the first ones'. */
struct plain_user_command {
    const char *words[PLAIN_USER_WORDS_MAX + 1]; /* as process_start takes them */
    size_t count;
    char setpriv[FILES_PATH_SIZE], user[32], group[32], program[FILES_PATH_SIZE];
};

/* Begins a command line with the program at this path. The process will die with its parent. */
void plain_user_begin(struct plain_user_command *command, const char *program);

/* Adds words; NULL ends them. */
void plain_user_add(struct plain_user_command *command, const char *const *words);

/* Runs it to its end, which must be success; what it writes goes to files in `directory`. */
void plain_user_run(const struct plain_user_command *command, const char *directory);

/* Makes an empty directory of that user under $TMPDIR, which he must be able to enter. */
void plain_user_directory(char path[FILES_PATH_SIZE]);

#endif
