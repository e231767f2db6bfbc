#include "tests/unit/common/forked.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/suite.h"

/* What it writes goes to files without a name: no pipe can fill up. */
static _Noreturn void be_child(FILE *out, FILE *err, void (*body)(void *context), void *context)
{
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    body(context);
    _exit(FORKED_RETURNED);
}

static void read_all(FILE *file, struct buffer *out)
{
    rewind(file);
    buffer_clear(out);
    out->length = fread(buffer_reserve(out, 65536), 1, 65536, file);
    fclose(file);
}

void forked_run(struct forked *forked, void (*body)(void *context), void *context)
{
    int status = 0;
    FILE *out = tmpfile(), *err = tmpfile();
    CU_ASSERT_FATAL(out != NULL && err != NULL);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        be_child(out, err, body, context);
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    forked->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_all(out, &forked->out);
    read_all(err, &forked->err);
}

void forked_free(struct forked *forked)
{
    buffer_free(&forked->out);
    buffer_free(&forked->err);
}

int forked_said(struct forked *forked, const char *text)
{
    return strstr(buffer_text(&forked->out), text) != NULL;
}

int forked_complained(struct forked *forked, const char *text)
{
    return strstr(buffer_text(&forked->err), text) != NULL;
}
