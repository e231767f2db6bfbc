/* Which route a request takes, and who is let through. */
#include <stdio.h>
#include <string.h>

#include "tests/cluster/stage.h"
#include "tests/cluster/tokens.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"

/* In the order in which they are tried. */
static const struct {
    const char *name, *match;
} routes[] = {
    {"method", "\"method\": [\"PUT\"], \"prefix\": \"/a\""},
    {"host", "\"host\": \"shop.example\""},
    {"header", "\"header\": {\"X-Beta\": \"1\"}"},
    {"cookie", "\"cookie\": {\"lang\": true}"},
    {"exact", "\"path\": \"/a\""},
    {"prefix", "\"prefix\": \"/a\""},
    {"member", "\"authenticated\": true, \"prefix\": \"/club\""},
    {"guest", "\"authenticated\": false, \"prefix\": \"/club\""},
};

struct row {
    const char *method, *path;
    const char *field, *other;
    const char *route; /* NULL: none */
};

static const struct row rows[] = {
    {"GET", "/a", NULL, NULL, "exact"},
    {"GET", "/a?x=/b", NULL, NULL, "exact"},
    {"GET", "/a/b", NULL, NULL, "prefix"},
    {"PUT", "/a/b", NULL, NULL, "method"},
    {"GET", "/ab", NULL, NULL, NULL},
    {"GET", "/", NULL, NULL, NULL},
    {"GET", "/events", NULL, NULL, NULL},
    {"GET", "/any", "Host: SHOP.example:99", NULL, "host"},
    {"GET", "/a", "Host: shop.example", NULL, "host"},
    {"GET", "/any", "Host: other.example", NULL, NULL},
    {"GET", "/any", "x-beta: 1", NULL, "header"},
    {"GET", "/any", "X-Beta: 2", NULL, NULL},
    {"GET", "/any", "Cookie: a=b; lang=de", NULL, "cookie"},
    {"GET", "/any", "Cookie: language=de", NULL, NULL},
    {"GET", "/club", NULL, NULL, "guest"},
    {"GET", "/club", "Authorization: Bearer x.y.z", NULL, "guest"},
};

static void open_routes(struct stage *stage)
{
    char further[FILES_PATH_SIZE + 128], directory[FILES_PATH_SIZE];
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        buffer_printf(&text, "{\"name\": \"%s\", \"match\": {%s}, \"pool\": \"files\"}, ",
                      routes[i].name, routes[i].match);
    buffer_add(&text, "{\"name\": \"closed\", \"match\": {\"prefix\": \"/closed\"}, "
                      "\"pool\": \"files\", \"demand_token\": true}");
    files_directory(directory);
    tokens_configure(directory, further, sizeof further);
    stage_open(stage, &(struct stage_plan){.routes = buffer_text(&text),
                                           .further = further,
                                           .nginx = "location / { return 200 ok; }"});
    buffer_free(&text);
    files_discard(directory); /* it has been read */
}

static void close_routes(struct stage *stage)
{
    stage_stop(stage);
    stage_close(stage);
}

static long ask(struct stage *stage, const struct row *row, struct response *response)
{
    struct query query = {.url = stage->cluster.url,
                          .method = row->method,
                          .path = row->path,
                          .body = strcmp(row->method, "PUT") == 0 ? "body" : NULL,
                          .fields = {row->field != NULL ? row->field : row->other, row->other}};
    client_ask(stage->client, &query, response);
    return response->status;
}

static int taken(const struct stage *stage, const char *route)
{
    return routing_count(&stage->cluster, &(struct routing_wanted){.route = route});
}

static void expect_route(struct stage *stage, const struct row *row)
{
    struct response response = {0};
    struct bought problem;
    int before = taken(stage, row->route), all = taken(stage, NULL);
    long status = ask(stage, row, &response);
    if (row->route != NULL) {
        struct routing_wanted wanted = {.route = row->route};
        CU_ASSERT_EQUAL(status, 200);
        CU_ASSERT_EQUAL(routing_await(&stage->cluster, &wanted, before + 1), before + 1);
    } else {
        CU_ASSERT_EQUAL(status, 404);
        CU_ASSERT(bought_read(&response, &problem));
        CU_ASSERT_STRING_EQUAL(problem.code, "not_found");
        CU_ASSERT_EQUAL(taken(stage, NULL), all);
    }
    if (status != (row->route != NULL ? 200 : 404))
        printf("  %s %s %s: %ld\n", row->method, row->path, row->field, status);
    response_free(&response);
}

static void conditions(void)
{
    struct stage stage;
    char field[TOKEN_FIELD_SIZE];
    open_routes(&stage);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_route(&stage, &rows[i]);
    tokens_field(field, "ada", 60, NULL);
    expect_route(&stage, &(struct row){"GET", "/club/room", field, NULL, "member"});
    close_routes(&stage);
}

static void expect_refused(struct stage *stage, const char *field)
{
    struct response response = {0};
    struct bought problem;
    char scheme[32];
    CU_ASSERT_EQUAL(ask(stage, &(struct row){"GET", "/closed/x", field, NULL, NULL}, &response),
                    401);
    CU_ASSERT(response_header(&response, "WWW-Authenticate", scheme, sizeof scheme));
    CU_ASSERT(bought_read(&response, &problem));
    CU_ASSERT_STRING_EQUAL(problem.code, "unauthorized");
    response_free(&response);
}

static void demanded_tokens(void)
{
    struct stage stage;
    char field[TOKEN_FIELD_SIZE];
    open_routes(&stage);
    expect_refused(&stage, NULL);
    expect_refused(&stage, "Authorization: Bearer x.y.z");
    expect_refused(&stage, "Authorization: Basic YTpi");
    tokens_field(field, "ada", 60, "another secret, of more than 32 bytes too");
    expect_refused(&stage, field);
    tokens_field(field, "ada", -1, NULL);
    expect_refused(&stage, field);
    tokens_field(field, "ada", 60, NULL);
    expect_route(&stage, &(struct row){"GET", "/closed/x", field, NULL, "closed"});
    CU_ASSERT_EQUAL(taken(&stage, NULL), 1); /* who was refused got no server */
    close_routes(&stage);
}

/* Whoever may connect could else choose whose server is asked. */
static void nobody_is_believed(void)
{
    struct stage stage;
    open_routes(&stage);
    expect_route(&stage, &(struct row){"GET", "/a", "X-Forwarded-For: 203.0.113.9",
                                       "Forwarded: for=203.0.113.9", "exact"});
    CU_ASSERT_EQUAL(
        routing_count(&stage.cluster, &(struct routing_wanted){.client = "203.0.113.9"}), 0);
    CU_ASSERT_EQUAL(routing_count(&stage.cluster, &(struct routing_wanted){.client = "127.0.0.1"}),
                    1);
    close_routes(&stage);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_routes", "conditions", conditions);
    suite_add("proxy_routes", "demanded_tokens", demanded_tokens);
    suite_add("proxy_routes", "nobody_is_believed", nobody_is_believed);
}
