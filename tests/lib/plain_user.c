#include "tests/lib/plain_user.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/suite.h"

/* Whom root becomes. Debian's PostgreSQL brings the first. */
static const struct passwd *plain_user(void)
{
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL)
        user = getpwnam("nobody");
    CU_ASSERT_PTR_NOT_NULL_FATAL(user);
    return user;
}

void plain_user_add(struct plain_user_command *command, const char *const *words)
{
    for (; *words != NULL; words++) {
        CU_ASSERT_FATAL(command->count < PLAIN_USER_WORDS_MAX);
        command->words[command->count++] = *words;
    }
    command->words[command->count] = NULL;
}

/* A change of user takes away that a process dies with its parent, so that is asked for once more. */
void plain_user_begin(struct plain_user_command *command, const char *program)
{
    command->count = 0;
    snprintf(command->program, sizeof command->program, "%s", program);
    if (geteuid() == 0) {
        const struct passwd *user = plain_user();
        process_find(command->setpriv, "setpriv");
        snprintf(command->user, sizeof command->user, "--reuid=%u", (unsigned)user->pw_uid);
        snprintf(command->group, sizeof command->group, "--regid=%u", (unsigned)user->pw_gid);
        plain_user_add(command,
                       (const char *const[]){command->setpriv, command->user, command->group,
                                             "--clear-groups", "--pdeathsig=KILL", "--", NULL});
    }
    plain_user_add(command, (const char *const[]){command->program, NULL});
}

void plain_user_run(const struct plain_user_command *command, const char *directory)
{
    struct process process;
    if (process_run(&process, directory, command->words, 0) != 0)
        CU_FAIL_FATAL("a program that the tests need");
}

void plain_user_directory(char path[FILES_PATH_SIZE])
{
    files_directory(path);
    if (geteuid() == 0) {
        const struct passwd *user = plain_user();
        CU_ASSERT_EQUAL_FATAL(chown(path, user->pw_uid, user->pw_gid), 0);
    }
}
