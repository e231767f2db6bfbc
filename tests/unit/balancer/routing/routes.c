#include "balancer/routing/routes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/lib/suite.h"

enum {
    HEADERS_MAX = 4,
};

/* A request, and the route that takes it. */
struct row {
    const char *method, *path, *host;
    const char *headers[HEADERS_MAX][2];
    bool authenticated;
    const char *route; /* NULL: none */
};

static const char *header(const void *context, const char *name)
{
    const struct row *row = context;
    for (size_t i = 0; i < HEADERS_MAX && row->headers[i][0] != NULL; i++)
        if (strcasecmp(row->headers[i][0], name) == 0)
            return row->headers[i][1];
    return NULL;
}

static const struct route *find(const struct config *config, const struct row *row)
{
    const struct route_request request = {
        .method = row->method,
        .path = row->path,
        .host = row->host,
        .authenticated = row->authenticated,
        .header = header,
        .context = row,
    };
    return routes_find(config, &request);
}

static void expect_routes(const struct config *config, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct route *route = find(config, &rows[i]);
        const char *name = route != NULL ? route->name : "(none)";
        const char *due = rows[i].route != NULL ? rows[i].route : "(none)";
        CU_ASSERT_STRING_EQUAL(name, due);
        if (strcmp(name, due) != 0)
            printf("  row %zu, %s: %s, not %s\n", i, rows[i].path, name, due);
    }
}

/* A configuration of these routes, given as names and conditions. */
static void configure(struct config *config, const char *const (*routes)[2], size_t count)
{
    struct buffer text = {0};
    char error[CONFIG_ERROR_SIZE] = "";
    buffer_add(&text, "{\"jwt\":{\"algorithm\":\"HS256\",\"key_file\":\"k\"},\"routes\":[");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s{\"name\":\"%s\",\"pool\":\"tickets\",\"match\":{%s}}",
                      i > 0 ? "," : "", routes[i][0], routes[i][1]);
    buffer_add(&text, "]}");
    bool good = config_read("routes", text.data, text.length, config, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(good);
    buffer_free(&text);
}

static void the_built_in_ones_take_purchases_and_reads(void)
{
    static const struct row rows[] = {
        {.method = "POST", .path = "/purchases", .route = "purchase"},
        {.method = "GET", .path = "/purchases", .route = "purchase"},
        {.method = "POST", .path = "/purchases/", .route = NULL},
        {.method = "POST", .path = "/Purchases", .route = NULL},
        {.method = "POST", .path = "/purchase", .route = NULL},
        {.method = "GET", .path = "/events", .route = "read"},
        {.method = "GET", .path = "/events/", .route = "read"},
        {.method = "GET", .path = "/events/demo", .route = "read"},
        {.method = "GET", .path = "/eventsx", .route = NULL},
        {.method = "GET", .path = "/event", .route = NULL},
        {.method = "GET", .path = "/%65vents", .route = NULL},
        {.method = "GET", .path = "/", .route = NULL},
        {.method = "OPTIONS", .path = "*", .route = NULL},
        {.method = "GET", .path = "", .route = NULL},
    };
    struct config config;
    config_builtin(&config, POLICY_FEWEST_SOLD);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    CU_ASSERT_FALSE(routes_ask_token(&config));
    config_free(&config);
}

static void the_first_that_matches_takes_it(void)
{
    static const char *const routes[][2] = {
        {"exact", "\"path\":\"/a/b\""},
        {"slash", "\"prefix\":\"/a/b/\""},
        {"below", "\"prefix\":\"/a\""},
        {"all", "\"prefix\":\"/\""},
        {"never", ""},
    };
    static const struct row rows[] = {
        {.method = "GET", .path = "/a/b", .route = "exact"},
        {.method = "GET", .path = "/a/b/", .route = "slash"},
        {.method = "GET", .path = "/a/b/c", .route = "slash"},
        {.method = "GET", .path = "/a/bc", .route = "below"},
        {.method = "GET", .path = "/a", .route = "below"},
        {.method = "GET", .path = "/ab", .route = "all"},
        {.method = "GET", .path = "/", .route = "all"},
        {.method = "OPTIONS", .path = "*", .route = "never"},
    };
    struct config config;
    configure(&config, routes, sizeof routes / sizeof *routes);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    config_free(&config);
}

static void methods_and_hosts_are_compared(void)
{
    static const char *const routes[][2] = {
        {"ipv6", "\"host\":\"[::1]\""},
        {"shop", "\"host\":\"Shop.Example\",\"method\":[\"GET\",\"HEAD\"]"},
        {"post", "\"method\":[\"POST\"]"},
    };
    static const struct row rows[] = {
        {.method = "GET", .path = "/", .host = "shop.example", .route = "shop"},
        {.method = "HEAD", .path = "/", .host = "SHOP.example:8080", .route = "shop"},
        {.method = "HEAD", .path = "/", .host = "shop.example:", .route = "shop"},
        {.method = "GET", .path = "/", .host = "shop.example:x", .route = NULL},
        {.method = "GET", .path = "/", .host = "shop.example.com", .route = NULL},
        {.method = "GET", .path = "/", .host = "shop", .route = NULL},
        {.method = "GET", .path = "/", .host = "", .route = NULL},
        {.method = "GET", .path = "/", .host = NULL, .route = NULL},
        {.method = "PUT", .path = "/", .host = "shop.example", .route = NULL},
        {.method = "get", .path = "/", .host = "shop.example", .route = NULL},
        {.method = "POST", .path = "/", .host = "shop.example", .route = "post"},
        {.method = "GET", .path = "/", .host = "[::1]", .route = "ipv6"},
        {.method = "GET", .path = "/", .host = "[::1]:80", .route = "ipv6"},
        {.method = "GET", .path = "/", .host = "[::1]80", .route = NULL},
        {.method = "GET", .path = "/", .host = "[::1", .route = NULL},
        {.method = "GET", .path = "/", .host = "::1", .route = NULL},
    };
    struct config config;
    configure(&config, routes, sizeof routes / sizeof *routes);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    config_free(&config);
}

static void all_headers_must_be_there(void)
{
    static const char *const routes[][2] = {
        {"both", "\"header\":{\"X-Beta\":\"1\",\"x-any\":true}"},
        {"empty", "\"header\":{\"X-Beta\":\"\"}"},
    };
    static const struct row rows[] = {
        {"GET", "/", NULL, {{"x-beta", "1"}, {"X-Any", ""}}, false, "both"},
        {"GET", "/", NULL, {{"X-Beta", "1"}}, false, NULL},
        {"GET", "/", NULL, {{"X-Beta", "11"}, {"X-Any", "2"}}, false, NULL},
        {"GET", "/", NULL, {{"X-Any", "2"}}, false, NULL},
        {"GET", "/", NULL, {{"X-Beta", ""}}, false, "empty"},
    };
    struct config config;
    configure(&config, routes, sizeof routes / sizeof *routes);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    config_free(&config);
}

static void all_cookies_must_be_there(void)
{
    static const char *const routes[][2] = {
        {"both", "\"cookie\":{\"lang\":\"fi\",\"seen\":true}"},
        {"empty", "\"cookie\":{\"lang\":\"\"}"},
    };
    static const struct row rows[] = {
        {"GET", "/", NULL, {{"Cookie", "lang=fi; seen=1"}}, false, "both"},
        {"GET", "/", NULL, {{"cookie", "a=b;seen=; \t lang=fi "}}, false, "both"},
        {"GET", "/", NULL, {{"Cookie", "lang=fi; seen"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=fi"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "Lang=fi; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "xlang=fi; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=fin; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=f; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=\"fi\"; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=sv; lang=fi; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang=fi; lang=sv; seen=1"}}, false, "both"},
        {"GET", "/", NULL, {{"Cookie", "a=lang=fi; seen=1"}}, false, NULL},
        {"GET", "/", NULL, {{"Cookie", "lang="}}, false, "empty"},
        {"GET", "/", NULL, {{"Cookie", ";;=; ;lang= ;"}}, false, "empty"},
        {"GET", "/", NULL, {{"Cookie", ""}}, false, NULL},
        {"GET", "/", NULL, {{NULL, NULL}}, false, NULL},
    };
    struct config config;
    configure(&config, routes, sizeof routes / sizeof *routes);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    config_free(&config);
}

static void who_is_authenticated_may_go_elsewhere(void)
{
    static const char *const routes[][2] = {
        {"members", "\"path\":\"/a\",\"authenticated\":true"},
        {"guests", "\"path\":\"/b\",\"authenticated\":false"},
        {"all", ""},
    };
    static const struct row rows[] = {
        {"GET", "/a", NULL, {{NULL}}, true, "members"},
        {"GET", "/a", NULL, {{NULL}}, false, "all"},
        {"GET", "/b", NULL, {{NULL}}, true, "all"},
        {"GET", "/b", NULL, {{NULL}}, false, "guests"},
    };
    struct config config;
    configure(&config, routes, sizeof routes / sizeof *routes);
    expect_routes(&config, rows, sizeof rows / sizeof *rows);
    CU_ASSERT(routes_ask_token(&config));
    config_free(&config);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("routes", "the built-in ones take purchases and reads",
              the_built_in_ones_take_purchases_and_reads);
    suite_add("routes", "the first that matches takes it", the_first_that_matches_takes_it);
    suite_add("routes", "methods and hosts are compared", methods_and_hosts_are_compared);
    suite_add("routes", "all headers must be there", all_headers_must_be_there);
    suite_add("routes", "all cookies must be there", all_cookies_must_be_there);
    suite_add("routes", "who is authenticated may go elsewhere",
              who_is_authenticated_may_go_elsewhere);
}
