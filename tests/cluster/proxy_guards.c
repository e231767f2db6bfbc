/* What a guarded route lets nobody do: pass it by another spelling of its path, by two tokens, by a token that
 * expires on the way; and what sessions survive. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/cluster/stage.h"
#include "tests/cluster/tokens.h"
#include "tests/lib/raw.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    COOKIE_SIZE = 160,
    EXPIRY_SECONDS = 2,
    ANSWER_SECONDS = 20,
    BODY_SIZE = 128, /* more than any answer that is looked at */
};

static const char guarded[] =
    "{\"name\": \"guarded\", \"match\": {\"prefix\": \"/guarded/\"}, \"pool\": \"files\", "
    "\"demand_token\": true}, "
    "{\"name\": \"open\", \"match\": {\"prefix\": \"/\"}, \"pool\": \"files\"}";

/* With the secret that tokens_field signs by. */
static void open_stage(struct stage *stage, const struct stage_plan *plan)
{
    struct stage_plan whole = *plan;
    char further[FILES_PATH_SIZE + 128], directory[FILES_PATH_SIZE];
    files_directory(directory);
    tokens_configure(directory, further, sizeof further);
    whole.further = further;
    stage_open(stage, &whole);
    files_discard(directory); /* it has been read */
}

static void open_guarded(struct stage *stage)
{
    open_stage(stage, &(struct stage_plan){
                          .routes = guarded,
                          .nginx = "location / { return 200 open; }\n"
                                   "  location /guarded/ { return 200 secret; }",
                      });
}

static void close_stage(struct stage *stage)
{
    stage_stop(stage);
    stage_close(stage);
}

/* --- paths ------------------------------------------------------------------------------------- */

/* Asks as the path stands there: the status, and the body. */
static long fetch(struct stage *stage, const char *path, const char *field, char body[BODY_SIZE])
{
    struct query query = {.url = stage->cluster.url, .path = path, .fields = {field}};
    struct response response = {0};
    client_ask(stage->client, &query, &response);
    snprintf(body, BODY_SIZE, "%s", buffer_text(&response.body));
    response_free(&response);
    return response.status;
}

static void expect_guarded(struct stage *stage, const char *path)
{
    char body[BODY_SIZE];
    long status = fetch(stage, path, NULL, body);
    CU_ASSERT(status == 400 || status == 401 || status == 404);
    CU_ASSERT_STRING_NOT_EQUAL(body, "secret");
    if (status != 400 && status != 401 && status != 404)
        printf("  %s: %ld %s\n", path, status, body);
}

static void expect_body(struct stage *stage, const char *path, const char *field,
                        const char *expected)
{
    char body[BODY_SIZE];
    long status = fetch(stage, path, field, body);
    CU_ASSERT_EQUAL(status, 200);
    CU_ASSERT_STRING_EQUAL(body, expected);
    if (status != 200)
        printf("  %s: %ld %s\n", path, status, body);
}

static void other_spellings(void)
{
    static const char *const around[] = {
        "/guarded/x",   "/open/../guarded/x", "/open/%2e%2e/guarded/x", "/open/..%2fguarded/x",
        "/%67uarded/x", "//guarded/x",        "/open//../guarded/x",    "/open/..;/guarded/x",
        "/guarded%2fx", "/./guarded/x",
    };
    static const char *const ordinary[] = {
        "/", "/open/a%20b", "/a..b", "/.well-known/x", "/open/", "/open/...", "/a%2fb", "/open//a",
    };
    struct stage stage;
    char field[TOKEN_FIELD_SIZE];
    open_guarded(&stage);
    for (size_t i = 0; i < sizeof around / sizeof *around; i++)
        expect_guarded(&stage, around[i]);
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        expect_body(&stage, ordinary[i], NULL, "open");
    tokens_field(field, "ada", 60, NULL);
    expect_body(&stage, "/guarded/x", field, "secret");
    expect_body(&stage, "/%67uarded/x", field, "secret");
    close_stage(&stage);
}

/* --- heads ------------------------------------------------------------------------------------- */

static long ask(struct stage *stage, const struct query *query)
{
    struct query whole = *query;
    struct response response = {0};
    whole.url = stage->cluster.url;
    client_ask(stage->client, &whole, &response);
    response_free(&response);
    return response.status;
}

/* Of two tokens the server might read the one that was not verified; a TRACE would be told the fields that
 * only servers get. */
static void heads(void)
{
    struct stage stage;
    char field[TOKEN_FIELD_SIZE];
    open_guarded(&stage);
    tokens_field(field, "ada", 60, NULL);
    struct query query = {.path = "/guarded/x", .fields = {field}};
    CU_ASSERT_EQUAL(ask(&stage, &query), 200);
    query.fields[1] = "Authorization: Bearer x.y.z";
    CU_ASSERT_EQUAL(ask(&stage, &query), 401);
    query.fields[1] = field;
    CU_ASSERT_EQUAL(ask(&stage, &query), 401);
    CU_ASSERT_EQUAL(ask(&stage, &(struct query){.method = "TRACE", .path = "/open"}), 405);
    CU_ASSERT_EQUAL(routing_count(&stage.cluster, &(struct routing_wanted){0}), 1); /* the first */
    close_stage(&stage);
}

/* --- a token that expires on the way ----------------------------------------------------------- */

static bool is_over(void *context)
{
    const int64_t *end = context;
    return clock_now() / CLOCK_SECOND >= *end;
}

/* Sends the head and the body's first byte, and the rest when the token has expired. */
static void buy_slowly(struct stage *stage, struct raw_answer *answer)
{
    static const char body[] = "event=demo";
    char field[TOKEN_FIELD_SIZE], head[TOKEN_FIELD_SIZE + 256];
    int64_t end = clock_now() / CLOCK_SECOND + EXPIRY_SECONDS + 1;
    tokens_field(field, "ada", EXPIRY_SECONDS, NULL);
    int length = snprintf(head, sizeof head,
                          "POST /purchases HTTP/1.1\r\nHost: a\r\n%s\r\nContent-Length: %zu\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n\r\n%c",
                          field, strlen(body), body[0]);
    int fd = raw_connect(stage->cluster.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, head, (size_t)length));
    CU_ASSERT(wait_until(is_over, &end, 2 * EXPIRY_SECONDS + 2));
    CU_ASSERT(raw_send(fd, body + 1, strlen(body) - 1));
    raw_receive(fd, answer, false, ANSWER_SECONDS);
    close(fd);
}

/* It was good when the head came: the request goes on as it began, though the next one would not. */
static void a_token_that_expires(void)
{
    struct stage stage;
    struct raw_answer answer = {0};
    open_stage(&stage, &(struct stage_plan){
                           .routes = "{\"name\": \"purchase\", \"match\": {\"path\": "
                                     "\"/purchases\", \"authenticated\": true}, "
                                     "\"pool\": \"tickets\"}, "
                                     "{\"name\": \"rest\", \"pool\": \"files\"}",
                       });
    CU_ASSERT(cluster_look(&stage.cluster));
    pid_t router = stage.cluster.router;
    buy_slowly(&stage, &answer);
    CU_ASSERT_EQUAL(answer.status, 201);
    buffer_free(&answer.bytes);
    CU_ASSERT(cluster_look(&stage.cluster));
    CU_ASSERT_EQUAL(stage.cluster.router, router);
    CU_ASSERT(cluster_nobody_crashed(&stage.cluster));
    close_stage(&stage);
}

/* --- sessions ---------------------------------------------------------------------------------- */

static const char cookies[] =
    "{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, \"pool\": \"tickets\", "
    "\"policy\": \"round-robin\", \"affinity\": \"cookie\"}, "
    "{\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\", "
    "\"policy\": \"round-robin\", \"affinity\": \"cookie\"}";

/* Who sells; `cookie` is sent where it holds one, and takes the one that is set. */
static void buy(struct stage *stage, char cookie[COOKIE_SIZE], char server[SERVER_SIZE])
{
    struct query query = {.url = stage->cluster.url,
                          .path = "/purchases",
                          .body = "event=demo",
                          .fields = {cookie[0] != '\0' ? cookie : NULL}};
    struct response response = {0};
    struct bought bought;
    char set[COOKIE_SIZE];
    client_ask(stage->client, &query, &response);
    CU_ASSERT(bought_read(&response, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    snprintf(server, SERVER_SIZE, "%s", bought.server);
    if (response_header(&response, "Set-Cookie", set, sizeof set))
        snprintf(cookie, COOKIE_SIZE, "Cookie: %.*s", (int)strcspn(set, ";"), set);
    response_free(&response);
}

static void purchases_stay(void)
{
    struct stage stage;
    char home[SERVER_SIZE], cookie[COOKIE_SIZE] = "", first[COOKIE_SIZE];
    stage_open(&stage, &(struct stage_plan){.routes = cookies, .tickets = 2});
    buy(&stage, cookie, home);
    CU_ASSERT_STRING_NOT_EQUAL(cookie, "");
    snprintf(first, sizeof first, "%s", cookie);
    for (int i = 0; i < 4; i++) {
        char server[SERVER_SIZE], stranger[COOKIE_SIZE] = "", other[SERVER_SIZE];
        buy(&stage, cookie, server);
        CU_ASSERT_STRING_EQUAL(server, home);
        CU_ASSERT_STRING_EQUAL(cookie, first); /* none is set anew */
        buy(&stage, stranger, other);          /* in turn */
    }
    struct routing_wanted held = {.route = "purchase", .why = "session"};
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &held, 4), 4);
    close_stage(&stage);
}

/* One of these goes to each server, in turn. */
static void ask_both(struct stage *stage, const char *request, int fds[2])
{
    for (int i = 0; i < 2; i++) {
        fds[i] = raw_connect(stage->cluster.url);
        CU_ASSERT_FATAL(fds[i] >= 0);
        CU_ASSERT(raw_send(fds[i], request, strlen(request)));
    }
}

static void expect_both(const int fds[2], unsigned status)
{
    for (int i = 0; i < 2; i++) {
        struct raw_answer answer = {0};
        raw_receive(fds[i], &answer, false, ANSWER_SECONDS);
        CU_ASSERT_EQUAL(answer.status, status);
        buffer_free(&answer.bytes);
        close(fds[i]);
    }
}

/* Who has no session yet gets it where he is answered, and not where he was asked for in vain: the report
 * knows both from the log. */
static void a_server_is_killed(void)
{
    struct stage stage;
    int reads[2], purchases[2];
    stage_open(&stage, &(struct stage_plan){.routes = cookies, .tickets = 2});
    CU_ASSERT_FATAL(cluster_look(&stage.cluster));
    struct cluster_server frozen = stage.cluster.server[0];
    process_signal(frozen.pid, SIGSTOP);
    ask_both(&stage, "GET /events/demo HTTP/1.1\r\nHost: a\r\n\r\n", reads);
    ask_both(&stage,
             "POST /purchases HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n\r\nevent=demo",
             purchases);
    struct routing_wanted asked = {.to = frozen.id};
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &asked, 2), 2);
    process_signal(frozen.pid, SIGKILL);
    expect_both(reads, 200);
    expect_both(purchases, 201);
    CU_ASSERT(cluster_restarted(&stage.cluster, 0, frozen.pid));
    close_stage(&stage);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_guards", "other_spellings", other_spellings);
    suite_add("proxy_guards", "heads", heads);
    suite_add("proxy_guards", "a_token_that_expires", a_token_that_expires);
    suite_add("proxy_guards", "purchases_stay", purchases_stay);
    suite_add("proxy_guards", "a_server_is_killed", a_server_is_killed);
}
