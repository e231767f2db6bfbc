#include "tests/lib/routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    AWAIT_SECONDS = 10,
};

static void read_log(const struct cluster *cluster, struct buffer *text)
{
    char path[FILES_PATH_SIZE];
    files_path(path, cluster->logs, "routing.log");
    files_read(path, text);
    buffer_text(text);
}

void routing_each(const struct cluster *cluster, routing_visit *visit, void *context)
{
    static struct routing_line line; /* large */
    struct buffer text = {0};
    char error[ROUTING_ERROR_SIZE];
    read_log(cluster, &text);
    const char *at = text.data, *end;
    for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        bool read = routing_line_parse(at, (size_t)(end - at), &line, error);
        CU_ASSERT(read);
        if (read)
            visit(context, &line);
        else
            printf("  %.*s: %s\n", (int)(end - at), at, error);
    }
    buffer_free(&text);
}

static bool fits(const char *wanted, const char *text)
{
    return wanted == NULL || (text != NULL && strcmp(wanted, text) == 0);
}

struct counting {
    const struct routing_wanted *wanted;
    int count;
};

static bool choice_fits(const struct routing_wanted *wanted, const struct routing_line *line)
{
    const struct routing_choice *choice = &line->choice;
    return line->kind == ROUTING_CHOICE && fits(wanted->route, choice->route) &&
           fits(wanted->policy, policy_name(choice->policy)) &&
           fits(wanted->client, choice->client) && fits(wanted->session, choice->session) &&
           fits(wanted->to, choice->candidates[choice->to].server) &&
           fits(wanted->why, choice->why);
}

static bool done_fits(const struct routing_wanted *wanted, const struct routing_line *line)
{
    const struct routing_done *done = &line->done;
    return line->kind == ROUTING_DONE && fits(wanted->how, routing_end_name(done->how)) &&
           fits(wanted->server, done->server) &&
           (wanted->status == 0 || (unsigned)wanted->status == done->status);
}

static void count_line(void *context, const struct routing_line *line)
{
    struct counting *counting = context;
    counting->count += counting->wanted->how != NULL ? done_fits(counting->wanted, line)
                                                     : choice_fits(counting->wanted, line);
}

int routing_count(const struct cluster *cluster, const struct routing_wanted *wanted)
{
    struct counting counting = {.wanted = wanted};
    routing_each(cluster, count_line, &counting);
    return counting.count;
}

struct awaited {
    const struct cluster *cluster;
    const struct routing_wanted *wanted;
    int most, count;
};

static bool there(void *context)
{
    struct awaited *awaited = context;
    awaited->count = routing_count(awaited->cluster, awaited->wanted);
    return awaited->count >= awaited->most;
}

int routing_await(const struct cluster *cluster, const struct routing_wanted *wanted, int count)
{
    struct awaited awaited = {cluster, wanted, count, 0};
    wait_until(there, &awaited, AWAIT_SECONDS);
    return awaited.count;
}

/* The field of the middle one of the lines that hold `in`. */
static char *middle_field(char *log, const char *in, const char *field)
{
    size_t found = 0;
    char *at, *line = NULL;
    for (at = log; (at = strstr(at, in)) != NULL; at++)
        found++;
    at = log;
    for (size_t i = 0; i <= found / 2 && (at = strstr(at, in)) != NULL; i++, at++)
        line = at;
    while (line != NULL && line > log && line[-1] != '\n')
        line--;
    return line != NULL ? strstr(line, field) : NULL;
}

void routing_expect_edit_found(struct cluster *cluster, const char *in, const char *field)
{
    char logs[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    struct buffer log = {0};
    files_path(logs, cluster->dir, "edited");
    CU_ASSERT_EQUAL_FATAL(mkdir(logs, 0755), 0);
    read_log(cluster, &log);
    char *at = middle_field(log.data, in, field);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    char *digit = at + strlen(field);
    digit += strspn(digit, "0123456789") - 1;
    CU_ASSERT_FATAL(*digit >= '0' && *digit <= '9');
    *digit = *digit == '3' ? '2' : *digit == '9' ? '8' : (char)(*digit + 1);
    files_path(path, logs, "routing.log");
    files_write(path, log.data, log.length);
    if (audit_report(cluster, logs, 1) != 1)
        printf("  edited: %.*s\n", (int)strcspn(at, "\n"), at);
    buffer_free(&log);
    files_discard(logs);
}
