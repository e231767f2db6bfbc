#include "balancer/routing/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/routing/config_text.h"

#define SERVER(fields) POOL("\"servers\":[\n{" fields "}]")
#define ROUTE(fields)  "{\"routes\":[\n{\"name\":\"a\",\"pool\":\"tickets\",\n" fields "}]}"
#define MATCH(fields)  ROUTE("\"match\":{\n" fields "}")
#define JWT(fields)    "{" ROUTES ",\n\"jwt\":{\n" fields "}}"

static const struct config_refusal whole_rows[] = {
    {"", "x.json:1: JSON ends where"},
    {"\n\n", "x.json:3: JSON ends where"},
    {"[]", "x.json:1: a configuration is an object, not an array"},
    {"{\n}", "x.json:1: a configuration needs \"routes\""},
    {"{\n\"routes\":[\n{\"name\":\"a\" \"pool\":1}]}", "x.json:3: JSON has '\"' where ',' or '}'"},
    {"{" ROUTES "}\n\nx", "x.json:3: something follows the JSON value"},
    {"{" ROUTES ",\n" ROUTES "}", "x.json:2: \"routes\" comes twice"},
    {"{" ROUTES ",\n\"route\":1}",
     "x.json:2: a configuration has no field \"route\"; it may have pools, routes, jwt, "
     "trusted_proxies"},
    {"{" ROUTES ",\n\"a\\nb\":1}", "x.json:2: a configuration has no field \"a?b\""},
    {"{" ROUTES ",\n\"pools\":[]}", "x.json:2: \"pools\" takes an object of pools"},
    {"{\n\"routes\":{}}", "x.json:2: \"routes\" takes an array, not an object"},
    {"{\n\"routes\":[]}", "x.json:2: \"routes\" takes at least one route"},
    {"{\"routes\":[\n7]}", "x.json:2: a route is an object, not a number"},
    {"{\"routes\":[\n\"\xff\"]}", "x.json:2: a route is an object, not a string"},
    {"{\"routes\":[{\n\"name\":\"\xff\"}]}", "x.json:2: a string is not UTF-8"},
    {"{" ROUTES ",\n\"trusted_proxies\":\"10.0.0.0/8\"}",
     "x.json:2: \"trusted_proxies\" takes an array, not a string"},
    {"{" ROUTES ",\n\"trusted_proxies\":[\"10.0.0.0/8\",\n\"10.0.0.1/8\"]}",
     "x.json:3: \"trusted_proxies\" takes a network like 10.0.0.0/8 or ::1/128, without bits "
     "behind the prefix, not \"10.0.0.1/8\""},
    {"{" ROUTES ",\n\"trusted_proxies\":[7]}", "x.json:2: \"trusted_proxies\" takes a network"},
};

static const struct config_refusal pool_rows[] = {
    {"{\"pools\":{\n\"Files\":{}}," ROUTES "}",
     "x.json:2: a pool's name is 1 to 32 of a-z 0-9 -, not \"Files\""},
    {"{\"pools\":{\n\"\":{}}," ROUTES "}", "x.json:2: a pool's name is"},
    {"{\"pools\":{\n\"abcdefghijabcdefghijabcdefghijabc\":{}}," ROUTES "}",
     "x.json:2: a pool's name is 1 to 32 of a-z 0-9 -, not 33 bytes"},
    {"{\"pools\":{\n\"a\":7}," ROUTES "}", "x.json:2: a pool is an object, not a number"},
    {"{\"pools\":{\n\"a\":{}}," ROUTES "}", "x.json:2: a pool needs \"servers\""},
    {"{\"pools\":{\"a\":{" GOOD_SERVERS "},\n\"a\":{}}," ROUTES "}",
     "x.json:2: another pool is named \"a\" already"},
    {"{\"pools\":{\"tickets\":{},\n\"tickets\":{}}," ROUTES "}",
     "x.json:2: \"tickets\" comes twice"},
    {"{\"pools\":{\"tickets\":{\n" GOOD_SERVERS "}}," ROUTES "}",
     "x.json:2: the pool \"tickets\" takes no \"servers\": the balancer starts them"},
    {"{\"pools\":{\n\"tickets\":[]}," ROUTES "}", "x.json:2: a pool is an object, not an array"},
    {POOL("\"server\":[]"), "x.json:3: a pool has no field \"server\"; it may have servers, check, "
                            "timeout, thresholds, eject, out_most, connections, max_pending, "
                            "slow_start, waiting, retries"},
    {POOL("\"servers\":{}"), "x.json:3: \"servers\" takes an array, not an object"},
    {POOL("\"servers\":[]"), "x.json:3: \"servers\" takes at least one server"},
    {POOL("\"servers\":[\n\"a\"]"), "x.json:4: a server is an object, not a string"},
    {POOL(GOOD_SERVERS ",\n\"check\":\"healthz\""),
     "x.json:4: \"check\" takes a path that begins with '/'"},
    {POOL(GOOD_SERVERS ",\n\"check\":\"/a b\""), "x.json:4: \"check\" takes a path"},
    {POOL(GOOD_SERVERS ",\n\"check\":null"),
     "x.json:4: \"check\" takes a path, an object or false, not null"},
    {POOL(GOOD_SERVERS ",\n\"timeout\":0"),
     "x.json:4: \"timeout\" takes a whole number from 1 to 3600"},
    {POOL(GOOD_SERVERS ",\n\"timeout\":3601"), "x.json:4: \"timeout\" takes"},
    {POOL(GOOD_SERVERS ",\n\"timeout\":1.5"), "x.json:4: \"timeout\" takes"},
    {POOL(GOOD_SERVERS ",\n\"timeout\":\"30\""), "x.json:4: \"timeout\" takes"},
    {POOL(GOOD_SERVERS ",\n\"connections\":65536"),
     "x.json:4: \"connections\" takes a whole number from 1 to 65535"},
    {SERVER("\"id\":\"f\""), "x.json:4: a server needs \"address\""},
    {SERVER("\n\"address\":\"127.0.0.1:1\""), "x.json:4: a server needs \"id\""},
    {SERVER("\n\"id\":\"F\""), "x.json:5: \"id\" takes 1 to 32 of a-z 0-9 -, not \"F\""},
    {SERVER("\n\"id\":7"), "x.json:5: \"id\" takes 1 to 32 of a-z 0-9 -, not a number"},
    {SERVER("\n\"id\":\"server-12\""),
     "x.json:5: \"server-12\" is a name that the balancer gives to ticket servers"},
    {SERVER("\"id\":\"f\",\"address\":\"127.0.0.1:1\"},\n{\"id\":\"f\""),
     "x.json:5: another server has the id \"f\" already"},
    {"{\"pools\":{\"a\":{" GOOD_SERVERS "},\"b\":{\n" GOOD_SERVERS "}}," ROUTES "}",
     "x.json:2: another server has the id \"f\" already"},
    {SERVER("\n\"address\":\"localhost:80\""),
     "x.json:5: \"address\" takes a numeric address and a port, e.g. 127.0.0.1:9001, not "
     "\"localhost:80\""},
    {SERVER("\n\"address\":\"127.0.0.1\""), "x.json:5: \"address\" takes"},
    {SERVER("\n\"address\":\"127.0.0.1:0\""), "x.json:5: \"address\" takes"},
    {SERVER("\n\"address\":\"127.0.0.1:65536\""), "x.json:5: \"address\" takes"},
    {SERVER("\n\"address\":\"127.0.0.1:"
            "00000000000000000000000000000000000000000000000000000080\""),
     "x.json:5: \"address\" takes"},
    {SERVER("\n\"address\":\"::1:80\""), "x.json:5: \"address\" takes"},
    {SERVER("\n\"weight\":0"), "x.json:5: \"weight\" takes a whole number from 1 to 1000"},
    {SERVER("\n\"weight\":1001"), "x.json:5: \"weight\" takes"},
    {SERVER("\n\"wieght\":1"),
     "x.json:5: a server has no field \"wieght\"; it may have id, address, weight"},
};

static const struct config_refusal route_rows[] = {
    {"{\"routes\":[\n{\"pool\":\"tickets\"}]}", "x.json:2: a route needs \"name\""},
    {"{\"routes\":[\n{\"name\":\"a\"}]}", "x.json:2: a route needs \"pool\""},
    {"{\"routes\":[\n{\"name\":\"A\"}]}",
     "x.json:2: a route's name is 1 to 32 of a-z 0-9 -, not \"A\""},
    {"{\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\"},\n{\"name\":\"a\"}]}",
     "x.json:2: another route is named \"a\" already"},
    {"{\"routes\":[{\"name\":\"a\",\n\"pool\":\"files\"}],\n\"pools\":{}}",
     "x.json:2: no pool is named \"files\"; name it in \"pools\""},
    {"{\"routes\":[{\"name\":\"a\",\n\"pool\":7}]}", "x.json:2: \"pool\" takes the name of a pool"},
    {"{\"routes\":[{\"name\":\"a\",\"pool\":\"files\",\n\"policy\":\"fewest-sold\"}],\n"
     "\"pools\":{\"files\":{" GOOD_SERVERS "}}}",
     "x.json:2: \"fewest-sold\" is for the pool \"tickets\": the servers of \"files\" sell none"},
    {ROUTE("\"policy\":\"fewest\""),
     "x.json:3: \"policy\" takes one of fewest-sold, round-robin, least-connections, "
     "power-of-two, ip-hash, least-workload, random, not \"fewest\""},
    {ROUTE("\"policy\":null"), "x.json:3: \"policy\" takes one of"},
    {ROUTE("\"affinity\":\"none\""),
     "x.json:3: \"affinity\" takes one of cookie, jwt, address, not \"none\""},
    {ROUTE("\"affinity\":\"jwt\""), "x.json:3: affinity by \"jwt\" needs the section \"jwt\""},
    {ROUTE("\"demand_token\":true"), "x.json:3: \"demand_token\" needs the section \"jwt\""},
    {ROUTE("\"demand_token\":1"), "x.json:3: \"demand_token\" takes true or false, not a number"},
    {ROUTE("\"weight\":1"), "x.json:3: a route has no field \"weight\"; it may have name, match, "
                            "pool, policy, affinity, demand_token"},
    {ROUTE("\"match\":[]"), "x.json:3: \"match\" takes an object of conditions, not an array"},
    {MATCH("\"authenticated\":false"), "x.json:4: \"authenticated\" needs the section \"jwt\""},
    {MATCH("\"authenticated\":\"yes\""), "x.json:4: \"authenticated\" takes true or false"},
    {MATCH("\"paths\":1"), "x.json:4: \"match\" has no field \"paths\"; it may have method, path, "
                           "prefix, host, header, cookie, authenticated"},
    {MATCH("\"path\":\"a\""), "x.json:4: \"path\" takes a path that begins with '/', without "
                              "query, up to 1024 bytes, not \"a\""},
    {MATCH("\"path\":\"/a?b\""), "x.json:4: \"path\" takes"},
    {MATCH("\"prefix\":\"/\xc3\xa4\""), "x.json:4: \"prefix\" takes"},
    {MATCH("\"path\":\"/a\",\n\"prefix\":\"/a\""),
     "x.json:5: \"path\" and \"prefix\" exclude each other"},
    {MATCH("\"prefix\":\"/a\",\n\"path\":\"/a\""), "x.json:5: \"path\" and \"prefix\" exclude"},
    {MATCH("\"method\":\"GET\""),
     "x.json:4: \"method\" takes an array of methods, e.g. [\"GET\", \"HEAD\"], not a string"},
    {MATCH("\"method\":[]"), "x.json:4: \"method\" takes an array of methods"},
    {MATCH("\"method\":[\n\"get\"]"), "x.json:5: a method is of A-Z, e.g. GET, not \"get\""},
    {MATCH("\"method\":[\"GET\",\n\"GET\"]"), "x.json:5: this method comes twice"},
    {MATCH("\"host\":\"shop:80\""),
     "x.json:4: \"host\" takes a name or an address, without port, not \"shop:80\""},
    {MATCH("\"host\":\"\""), "x.json:4: \"host\" takes"},
    {MATCH("\"host\":\"[::1\""), "x.json:4: \"host\" takes"},
    {MATCH("\"header\":{}"), "x.json:4: there are no headers"},
    {MATCH("\"header\":[]"), "x.json:4: conditions on headers or cookies are an object"},
    {MATCH("\"header\":{\n\"X A\":\"\"}"), "x.json:5: a header's name is a token"},
    {MATCH("\"header\":{\n\"X-A\":false}"),
     "x.json:5: a header takes its value, without spaces around, or true for any, not a boolean"},
    {MATCH("\"header\":{\n\"X-A\":\" 1\"}"), "x.json:5: a header takes its value"},
    {MATCH("\"header\":{\n\"X-A\":\"a\\nb\"}"),
     "x.json:5: a header takes its value, without spaces around, or true for any, not \"a?b\""},
    {MATCH("\"header\":{\"X-A\":true,\n\"x-a\":\"1\"}"), "x.json:5: \"x-a\" comes twice"},
    {MATCH("\"cookie\":{\n\"a\":\"b;c\"}"), "x.json:5: a cookie takes its value"},
    {MATCH("\"cookie\":{\n\"a=\":\"b\"}"), "x.json:5: a cookie's name is a token"},
    {MATCH("\"cookie\":{\"a\":\"b\",\n\"a\":true}"), "x.json:5: \"a\" comes twice"},
    {JWT("\"key_file\":\"k\""), "x.json:2: \"jwt\" needs \"algorithm\""},
    {JWT("\"algorithm\":\"HS256\""), "x.json:2: \"jwt\" needs \"key_file\""},
    {JWT("\"algorithm\":\"none\""),
     "x.json:3: \"algorithm\" takes HS256, RS256 or ES256, not \"none\""},
    {JWT("\"algorithm\":\"HS256\",\n\"key_file\":\"\""), "x.json:4: \"key_file\" takes"},
    {JWT("\"issuer\":7"), "x.json:3: \"issuer\" takes"},
    {JWT("\"audience\":\"\""), "x.json:3: \"audience\" takes"},
    {JWT("\"key\":\"\""), "x.json:3: \"jwt\" has no field \"key\"; it may have algorithm, "
                          "key_file, issuer, audience"},
};

static void a_wrong_file_is_refused_with_its_line(void)
{
    config_text_refused(whole_rows, sizeof whole_rows / sizeof *whole_rows);
    config_text_refused(pool_rows, sizeof pool_rows / sizeof *pool_rows);
    config_text_refused(route_rows, sizeof route_rows / sizeof *route_rows);
}

/* --- bounds ------------------------------------------------------------------------------------ */

/* A file with so many of something: `before`, the items with their numbers, `after`. */
struct bound {
    const char *before, *head, *tail, *after;
    bool letters; /* numbers are spelled as so many letters */
    int max;
    const char *error; /* of one more; each item has a line of its own, from the second on */
};

static void write_items(struct buffer *text, const struct bound *bound, int count)
{
    buffer_clear(text);
    buffer_add(text, bound->before);
    for (int i = 0; i < count; i++) {
        buffer_printf(text, "%s\n%s", i > 0 ? "," : "", bound->head);
        if (bound->letters)
            buffer_printf(text, "%.*s", i + 1, "XXXXXXXXXXXXXXXXXXXXXXXX");
        else
            buffer_add_number(text, i);
        buffer_add(text, bound->tail);
    }
    buffer_add(text, bound->after);
}

static void bounds_are_kept(void)
{
    static const struct bound bounds[] = {
        {"{\"routes\":[", "{\"name\":\"r", "\",\"pool\":\"tickets\"}", "]}", false, 64,
         "x.json:66: there may be at most 64 routes"},
        {"{" ROUTES ",\"pools\":{\"p\":{\"servers\":[", "{\"id\":\"s",
         "\",\"address\":\"[::1]:1\"}", "]}}}", false, 960,
         "x.json:962: there may be at most 960 servers in all"},
        {"{" ROUTES ",\"trusted_proxies\":[", "\"10.0.0.", "\"", "]}", false, 64,
         "x.json:66: there may be at most 64 trusted proxies"},
        {"{\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\",\"match\":{\"method\":[", "\"", "\"",
         "]}}]}", true, 16, "x.json:18: \"method\" takes at most 16 methods"},
        {"{\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\",\"match\":{\"header\":{", "\"",
         "\":true", "}}}]}", false, 8, "x.json:10: a route takes at most 8 headers"},
        {"{\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\",\"match\":{\"cookie\":{", "\"",
         "\":\"\"", "}}}]}", false, 8, "x.json:10: a route takes at most 8 cookies"},
    };
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct config config;
        char error[CONFIG_ERROR_SIZE] = "";
        write_items(&text, &bounds[i], bounds[i].max);
        CU_ASSERT(config_text_read(text.data, text.length, &config, error));
        CU_ASSERT_STRING_EQUAL(error, "");
        config_free(&config);
        write_items(&text, &bounds[i], bounds[i].max + 1);
        CU_ASSERT_FALSE(config_text_read(text.data, text.length, &config, error));
        CU_ASSERT_STRING_EQUAL(error, bounds[i].error);
    }
    buffer_free(&text);
}

/* A pool has servers, whose ids differ: what write_items cannot spell. */
static void there_are_sixteen_pools_at_most(void)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    for (int count = 15; count <= 16; count++) {
        struct buffer text = {0};
        buffer_add(&text, "{" ROUTES ",\"pools\":{");
        for (int i = 0; i < count; i++)
            buffer_printf(&text,
                          "%s\n\"p%d\":{\"servers\":[{\"id\":\"s%d\",\"address\":\"1.2.3.4:5\"}]}",
                          i > 0 ? "," : "", i, i);
        buffer_add(&text, "}}");
        CU_ASSERT_EQUAL(config_text_read(text.data, text.length, &config, error), count == 15);
        if (count == 15)
            config_free(&config);
        buffer_free(&text);
    }
    CU_ASSERT_STRING_EQUAL(error, "x.json:17: there may be at most 16 pools, \"tickets\" included");
}

static void a_file_has_a_mebibyte_at_most(void)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    struct buffer text = {0};
    buffer_add(&text, "{" ROUTES "}");
    while (text.length < CONFIG_FILE_MAX)
        buffer_add_char(&text, ' ');
    CU_ASSERT(config_text_read(text.data, text.length, &config, error));
    config_free(&config);
    buffer_add_char(&text, ' ');
    CU_ASSERT_FALSE(config_text_read(text.data, text.length, &config, error));
    CU_ASSERT_STRING_EQUAL(error, "x.json:1: the file is longer than 1048576 bytes");
    buffer_free(&text);
}

static void a_text_has_a_kibibyte_at_most(void)
{
    for (int length = 1024; length <= 1025; length++) {
        struct config config;
        char error[CONFIG_ERROR_SIZE] = "";
        struct buffer text = {0};
        buffer_printf(&text, MATCH("\"path\":\"/%0*d\""), length - 1, 0);
        CU_ASSERT_EQUAL(config_text_read(text.data, text.length, &config, error), length == 1024);
        if (length == 1024)
            config_free(&config);
        else
            CU_ASSERT_STRING_EQUAL(error, "x.json:4: \"path\" takes a path that begins with '/', "
                                          "without query, up to 1024 bytes, not 1025 bytes");
        buffer_free(&text);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("config", "a wrong file is refused with its line",
              a_wrong_file_is_refused_with_its_line);
    suite_add("config", "bounds are kept", bounds_are_kept);
    suite_add("config", "there are sixteen pools at most", there_are_sixteen_pools_at_most);
    suite_add("config", "a file has a mebibyte at most", a_file_has_a_mebibyte_at_most);
    suite_add("config", "a text has a kibibyte at most", a_text_has_a_kibibyte_at_most);
}
