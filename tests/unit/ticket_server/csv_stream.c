#include "ticket_server/csv_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/socket.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/http_stream_case.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

enum {
    ROWS = 200, /* of a page */
    SECONDS = 20,
    CONNECTION_MEMORY = 16 << 10,
};

/* A server whose files are /PAGES.csv, /fail.csv (after two pages), /none.csv and /endless.csv. */
struct csv_case {
    struct held_loop held;
    struct http_server *server;
    char url[64];
    struct csv_source source; /* all requests share it */
    const char *path;
    unsigned pages; /* of the last request */
    unsigned opened, closed;
};

static struct csv_case test;

static enum problem next_page(struct csv_source *source, struct csv *csv)
{
    (void)source;
    bool endless = strcmp(test.path, "/endless.csv") == 0,
         fails = strcmp(test.path, "/fail.csv") == 0;
    if (strcmp(test.path, "/none.csv") == 0)
        return PROBLEM_NO_SUCH_EVENT;
    if (fails && test.pages == 2)
        return PROBLEM_STORE_UNAVAILABLE;
    unsigned last = endless || fails ? 1000000 : (unsigned)(test.path[1] - '0');
    for (unsigned i = 0; i < ROWS && test.pages < last; i++) {
        csv_number(csv, test.pages * ROWS + i);
        csv_text(csv, "what it says, of some length");
        csv_end_row(csv);
    }
    test.pages++;
    return PROBLEM_NONE;
}

static void close_source(struct csv_source *source)
{
    (void)source;
    test.closed++;
}

static void handle(void *context, struct http_request *request)
{
    (void)context;
    static const char *const paths[] = {"/0.csv",    "/1.csv",    "/3.csv",
                                        "/none.csv", "/fail.csv", "/endless.csv"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(paths[i], http_path(request)) == 0)
            test.path = paths[i];
    test.pages = 0;
    test.opened++;
    csv_stream_answer(request, "demo-rows.csv", "row,says\r\n", &test.source);
}

static void open_case(void)
{
    char address[ADDRESS_SIZE];
    test = (struct csv_case){.source = {next_page, close_source}};
    struct http_settings settings = {.listen_fd = socket_listen("127.0.0.1:0"),
                                     .connections_max = 2 * CSV_STREAMS_MAX,
                                     .connection_memory = CONNECTION_MEMORY,
                                     .handler = handle,
                                     .streams = csv_stream_wanted};
    CU_ASSERT_FATAL(settings.listen_fd >= 0);
    socket_address(settings.listen_fd, address);
    snprintf(test.url, sizeof test.url, "http://%s", address);
    held_loop_open(&test.held);
    test.server = http_open(test.held.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(test.server);
    held_loop_free(&test.held);
}

static void close_case(void)
{
    held_loop_hold(&test.held);
    http_close(test.server);
    CU_ASSERT_EQUAL(test.opened, test.closed);
    held_loop_close(&test.held);
}

/* The status; `answer` has all that came until the server ended the connection. */
static unsigned ask(const char *request, struct buffer *answer)
{
    int fd = raw_connect(test.url);
    CU_ASSERT(raw_send(fd, request, strlen(request)));
    CU_ASSERT(http_stream_receive(fd, answer));
    close(fd);
    return (unsigned)strtoul(buffer_text(answer) + strcspn(answer->data, " "), NULL, 10);
}

static bool answer_has(struct buffer *answer, const char *text)
{
    return strstr(buffer_text(answer), text) != NULL;
}

static void a_file_comes_page_by_page(void)
{
    struct buffer answer = {0};
    open_case();
    CU_ASSERT_EQUAL(ask(GET("/3.csv"), &answer), 200);
    CU_ASSERT(answer_has(&answer, "Content-Type: text/csv; charset=utf-8; header=present\r\n"));
    CU_ASSERT(
        answer_has(&answer, "Content-Disposition: attachment; filename=\"demo-rows.csv\"\r\n"));
    CU_ASSERT(answer_has(&answer, "row,says\r\n0,\"what it says, of some length\"\r\n1,"));
    CU_ASSERT(answer_has(&answer, "\r\n599,\"what it says, of some length\"\r\n"));
    CU_ASSERT_FALSE(answer_has(&answer, "\r\n600,"));
    CU_ASSERT_EQUAL(test.pages, 4); /* with the one that had no row */
    CU_ASSERT(answer_has(&answer, "\r\n0\r\n\r\n"));
    buffer_free(&answer);
    close_case();
}

static void a_file_without_rows_has_its_header(void)
{
    struct buffer answer = {0};
    open_case();
    CU_ASSERT_EQUAL(ask(GET("/0.csv"), &answer), 200);
    CU_ASSERT(answer_has(&answer, "\r\nrow,says\r\n\r\n0\r\n\r\n"));
    buffer_free(&answer);
    close_case();
}

static void the_first_pages_problem_is_the_answer(void)
{
    struct buffer answer = {0};
    open_case();
    CU_ASSERT_EQUAL(ask(GET("/none.csv"), &answer), 404);
    CU_ASSERT(answer_has(&answer, "no_such_event"));
    buffer_free(&answer);
    close_case();
}

static void a_later_pages_problem_cuts_it_short(void)
{
    struct buffer answer = {0};
    open_case();
    ask(GET("/fail.csv"), &answer);
    CU_ASSERT(answer_has(&answer, "\r\n399,"));
    CU_ASSERT_FALSE(answer_has(&answer, "\r\n0\r\n\r\n")); /* the last chunk, which says "whole" */
    buffer_free(&answer);
    close_case();
}

static bool all_opened(void *context)
{
    (void)context;
    return test.opened == CSV_STREAMS_MAX;
}

static void no_more_than_so_many_at_once(void)
{
    struct buffer answer = {0};
    int clients[CSV_STREAMS_MAX];
    static const char request[] = GET("/endless.csv");
    open_case();
    for (size_t i = 0; i < CSV_STREAMS_MAX; i++) {
        clients[i] = raw_connect(test.url);
        CU_ASSERT(raw_send(clients[i], request, sizeof request - 1));
    }
    held_loop_hold(&test.held);
    CU_ASSERT(held_loop_until(&test.held, all_opened, NULL, SECONDS));
    held_loop_free(&test.held);
    CU_ASSERT_EQUAL(ask(GET("/1.csv"), &answer), 503);
    CU_ASSERT(answer_has(&answer, "overloaded"));
    for (size_t i = 0; i < CSV_STREAMS_MAX; i++)
        close(clients[i]);
    buffer_free(&answer);
    close_case();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("csv stream", "a file comes page by page", a_file_comes_page_by_page);
    suite_add("csv stream", "a file without rows has its header",
              a_file_without_rows_has_its_header);
    suite_add("csv stream", "the first page's problem is the answer",
              the_first_pages_problem_is_the_answer);
    suite_add("csv stream", "a later page's problem cuts it short",
              a_later_pages_problem_cuts_it_short);
    suite_add("csv stream", "no more than so many at once", no_more_than_so_many_at_once);
}
