/* The routing log is evidence: it proves a running cluster too, and whoever changes a figure in it, or
 * takes a line out, is found out. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

enum {
    BUYS = 60,
};

/* What a log is turned into. */
struct edit {
    const char *what;
    const char *in;    /* a line that holds this … */
    const char *field; /* … has this … */
    const char *to;    /* … followed by digits, which become others; "" takes the line out */
};

static const struct edit edits[] = {
    {"to", " event=demo ", " to=server-", "digit"},
    {"sold of the first candidate", " event=demo ", " sold=server-1:", "digit"},
    {"pending of the first candidate", " event=demo ", "+", "digit"},
    {"quantity", " event=demo ", " quantity=", "digit"},
    {"n of a choice", " choice ", "n=", "digit"},
    {"n of a settlement", " settled ", "n=", "digit"},
    {"told of a settlement", " settled ", " told=", "digit"},
    {"released of a settlement", " settled ", " released=", "digit"},
    {"sold of a settlement", " settled ", " sold=", "digit"},
    {"commit of a settlement", " settled ", " commit=", "digit"},
    {"flight of a choice", " event=demo ", " flight=", "digit"},
    {"to of a read", " route=read ", " to=server-", "digit"},
    {"weight of a read's first candidate", " route=read ", "/", "digit"},
    {"request of a read that is done", " done ", " request=", "digit"},
    {"server of a read that is done", " done ", " server=server-", "digit"},
    {"a done line taken out", " done ", "n=", ""},
    {"weight of a server", " state=joining→up ", " weight=", "digit"},
    {"a choice taken out", " choice ", "n=", ""},
    {"a settlement taken out", " settled ", "n=", ""},
    {"a server's line taken out", " server ", "n=", ""},
};

static void copy_logs(const char *from, const char *to)
{
    DIR *directory = opendir(from);
    struct dirent *entry;
    struct buffer bytes = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    CU_ASSERT_EQUAL(mkdir(to, 0755), 0);
    while ((entry = readdir(directory)) != NULL) {
        char source[FILES_PATH_SIZE], target[FILES_PATH_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        files_path(source, from, entry->d_name);
        files_path(target, to, entry->d_name);
        files_read(source, &bytes);
        files_write(target, bytes.data, bytes.length);
    }
    closedir(directory);
    buffer_free(&bytes);
}

/* The line in the middle of all that hold `text`; NULL where none does. */
static char *middle_line(char *log, const char *text)
{
    size_t count = 0;
    char *at, *line = NULL;
    for (at = log; (at = strstr(at, text)) != NULL; at++)
        count++;
    at = log;
    for (size_t i = 0; i <= count / 2 && (at = strstr(at, text)) != NULL; i++, at++)
        line = at;
    while (line != NULL && line > log && line[-1] != '\n')
        line--;
    return line;
}

/* Makes the edit in the log's text. False where there is nothing to edit. */
static bool make_edit(const struct edit *edit, struct buffer *log)
{
    char *text = log->data, *line = middle_line(text, edit->in);
    char *field = line != NULL ? strstr(line, edit->field) : NULL;
    if (field == NULL)
        return false;
    if (edit->to[0] == '\0') {
        char *next = strchr(line, '\n') + 1;
        memmove(line, next, strlen(next) + 1);
        log->length = strlen(text);
        return true;
    }
    char *digit = field + strlen(edit->field);
    digit += strspn(digit, "0123456789") - 1;
    if (*digit < '0' || *digit > '9')
        return false;
    *digit = *digit == '3' ? '2' : *digit == '9' ? '8' : (char)(*digit + 1);
    return true;
}

static void expect_found_out(struct cluster *cluster, const struct edit *edit)
{
    char logs[FILES_PATH_SIZE], path[FILES_PATH_SIZE];
    struct buffer log = {0};
    files_path(logs, cluster->dir, "edited");
    copy_logs(cluster->logs, logs);
    files_path(path, logs, "routing.log");
    files_read(path, &log);
    buffer_text(&log);
    CU_ASSERT(make_edit(edit, &log));
    files_write(path, log.data, log.length);
    int status = audit_report(cluster, logs, 1);
    if (status != 1)
        printf("  edited: %s\n", edit->what);
    buffer_free(&log);
    files_discard(logs);
}

static void read_once(struct client *client, const char *url)
{
    struct query query = {.url = url, .path = "/events/demo"};
    struct response response = {0};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 200);
    response_free(&response);
}

static void edits_are_found_out(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 1000, 3);
    for (int i = 0; i < BUYS; i++) {
        struct bought bought;
        const char *form = i % 2 ? "event=demo&quantity=2" : "event=demo";
        CU_ASSERT(client_buy(client, cluster.url, form, NULL, &bought));
        read_once(client, cluster.url);
    }
    client_close(client);
    cluster_stop(&cluster, SIGTERM);
    audit_clean(&cluster, NULL);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        expect_found_out(&cluster, &edits[i]);
    cluster_close(&cluster);
}

/* Store and log are read at different moments while buyers go on: that is no fault. */
static void proves_while_selling(void)
{
    struct cluster cluster;
    cluster_open(&cluster, 10000000, 3);
    struct load load = {.url = {cluster.url}, .urls = 1, .threads = 16, .prefix = "meanwhile"};
    load_begin(&load);
    for (int i = 0; i < 4; i++) {
        CU_ASSERT(load_progress(&load, (size_t)load_scaled(300)));
        audit_report(&cluster, cluster.logs, 0);
    }
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    audit_exact(&cluster, &load);
    cluster_close(&cluster);
    load_free(&load);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("report", "edits_are_found_out", edits_are_found_out);
    suite_add("report", "proves_while_selling", proves_while_selling);
}
