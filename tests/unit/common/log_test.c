#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"

/* What log_line writes on stderr, into `line`. */
static void written(const char *text, char *line, size_t size)
{
    int ends[2] = {-1, -1}, saved = dup(STDERR_FILENO);
    CU_ASSERT_FATAL(saved >= 0 && pipe(ends) == 0);
    CU_ASSERT(dup2(ends[1], STDERR_FILENO) >= 0);
    log_line("%s", text);
    CU_ASSERT(dup2(saved, STDERR_FILENO) >= 0);
    ssize_t got = read(ends[0], line, size - 1);
    line[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
    close(saved);
}

/* After the program's name. */
static void expect(const char *text, const char *plain)
{
    char line[2048];
    written(text, line, sizeof line);
    const char *message = strstr(line, ": ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    CU_ASSERT_STRING_EQUAL(message + 2, plain);
}

static void terminals_obey_nothing_of_a_line(void)
{
    expect("a server's detail", "a server's detail\n");
    expect("\033[2Jgone", "?[2Jgone\n");
    expect("one\ntwo\r\tthree\177", "one?two??three?\n");
    expect("caf\xc3\xa9 \xe2\x86\x92", "caf\xc3\xa9 \xe2\x86\x92\n");
    expect("\xc2\x9b"
           "2J\xff\xc3",
           "??2J??\n");
}

static void a_long_line_is_cut(void)
{
    char text[3000], line[4096];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    written(text, line, sizeof line);
    size_t length = strlen(line);
    CU_ASSERT(length <= 1024 && line[length - 1] == '\n' && line[length - 2] == 'a');
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("log", "terminals obey nothing of a line", terminals_obey_nothing_of_a_line);
    suite_add("log", "a long line is cut", a_long_line_is_cut);
}
