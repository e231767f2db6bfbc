#include "balancer/routing/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/routing/config_text.h"

#define ONE_ROUTE "{" ROUTES "}"

static void read_sample(struct config *config)
{
    char error[CONFIG_ERROR_SIZE] = "";
    struct buffer text = {0};
    files_read("balancer/config.sample.json", &text);
    CU_ASSERT_FATAL(config_read("sample", text.data, text.length, config, error));
    buffer_free(&text);
}

static void the_sample_is_read_whole(void)
{
    struct config config;
    read_sample(&config);
    CU_ASSERT_EQUAL(config.pool_count, 2);
    CU_ASSERT_EQUAL(config.server_count, 2);
    CU_ASSERT_EQUAL(config.route_count, 11);
    const struct pool_config *tickets = &config.pools[CONFIG_TICKETS], *files = &config.pools[1];
    CU_ASSERT(tickets->tickets && !files->tickets);
    CU_ASSERT_STRING_EQUAL(tickets->name, "tickets");
    CU_ASSERT_STRING_EQUAL(files->name, "files");
    CU_ASSERT_EQUAL(files->count, 2);
    CU_ASSERT_STRING_EQUAL(files->servers[1].id, "files-2");
    CU_ASSERT_STRING_EQUAL(files->servers[1].address, "127.0.0.1:9002");
    CU_ASSERT_EQUAL(files->servers[0].weight, 2);
    CU_ASSERT_EQUAL(files->servers[1].weight, 1);
    CU_ASSERT_STRING_EQUAL(files->check, "/healthz");
    CU_ASSERT_EQUAL(files->timeout, 30 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(files->rules.limit, 1024);
    CU_ASSERT(config.has_jwt);
    CU_ASSERT_EQUAL(config.jwt.algorithm, JWT_HS256);
    CU_ASSERT_STRING_EQUAL(config.jwt.key_file, "db/jwt.key");
    CU_ASSERT_STRING_EQUAL(config.jwt.issuer, "https://id.example");
    CU_ASSERT_STRING_EQUAL(config.jwt.audience, "box-office");
    CU_ASSERT(config_trusts(&config, "127.0.0.1") && config_trusts(&config, "::1"));
    CU_ASSERT_FALSE(config_trusts(&config, "127.0.0.2"));
    config_free(&config);
}

static void the_samples_routes_are_read_whole(void)
{
    struct config config;
    read_sample(&config);
    const struct route *purchase = &config.routes[0], *beta = &config.routes[8];
    CU_ASSERT_STRING_EQUAL(purchase->name, "purchase");
    CU_ASSERT_EQUAL(purchase->pool, CONFIG_TICKETS);
    CU_ASSERT_EQUAL(purchase->policy, POLICY_FEWEST_SOLD);
    CU_ASSERT_EQUAL(purchase->affinity, AFFINITY_NONE);
    CU_ASSERT(!purchase->demand_token && !purchase->match.prefix && !purchase->match.asks_token);
    CU_ASSERT_EQUAL(beta->pool, 1);
    CU_ASSERT_EQUAL(beta->policy, POLICY_POWER_OF_TWO);
    CU_ASSERT_EQUAL(beta->affinity, AFFINITY_JWT);
    CU_ASSERT(beta->match.prefix && beta->match.asks_token && beta->match.authenticated);
    CU_ASSERT_STRING_EQUAL(beta->match.path, "/pictures/");
    CU_ASSERT_EQUAL(beta->match.path_length, 10);
    CU_ASSERT_STRING_EQUAL(beta->match.host, "shop.example");
    CU_ASSERT_EQUAL(beta->match.method_count, 2);
    CU_ASSERT_STRING_EQUAL(beta->match.methods[1], "HEAD");
    CU_ASSERT_STRING_EQUAL(beta->match.headers[0].name, "X-Beta");
    CU_ASSERT_STRING_EQUAL(beta->match.headers[0].value, "1");
    CU_ASSERT_STRING_EQUAL(beta->match.cookies[0].name, "lang");
    CU_ASSERT_PTR_NULL(beta->match.cookies[0].value);
    CU_ASSERT(config.routes[9].demand_token);
    CU_ASSERT_EQUAL(config.routes[10].affinity, AFFINITY_COOKIE);
    config_free(&config);
}

/* What is named further down, and jwt below the routes that need it. */
static void names_may_be_used_before_they_are_defined(void)
{
    static const char text[] =
        "{\"routes\":[{\"demand_token\":true,\"policy\":\"random\",\"pool\":\"b\",\"name\":\"r\"}],"
        "\"jwt\":{\"key_file\":\"k\",\"algorithm\":\"ES256\"},"
        "\"pools\":{\"a\":{\"servers\":[{\"id\":\"server-\",\"address\":\"[::1]:1\"}]},"
        "\"tickets\":{},\"b\":{\"servers\":[{\"id\":\"server-x\",\"address\":\"[::1]:1\"}]}}}";
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    CU_ASSERT_FATAL(config_text_read(text, sizeof text - 1, &config, error));
    CU_ASSERT_STRING_EQUAL(config.pools[config.routes[0].pool].name, "b");
    CU_ASSERT_EQUAL(config.pool_count, 3);
    CU_ASSERT_EQUAL(config.jwt.algorithm, JWT_ES256);
    CU_ASSERT_PTR_NULL(config.jwt.issuer);
    CU_ASSERT_PTR_NULL(config.pools[2].check);
    config_free(&config);
}

static void what_is_left_out_has_its_default(void)
{
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    CU_ASSERT_FATAL(config_text_read(ONE_ROUTE, strlen(ONE_ROUTE), &config, error));
    CU_ASSERT_EQUAL(config.pool_count, 1);
    CU_ASSERT(config.pools[CONFIG_TICKETS].tickets && !config.has_jwt);
    CU_ASSERT_EQUAL(config.routes[0].policy, POLICY_ROUND_ROBIN);
    CU_ASSERT_PTR_NULL(config.routes[0].match.path);
    CU_ASSERT_FALSE(config_trusts(&config, "127.0.0.1"));
    config_free(&config);
}

/* --- what is printed --------------------------------------------------------------------------- */

static void what_is_printed_is_read_again(void)
{
    static const char odd[] =
        "{\"routes\":[{\"name\":\"a\",\"pool\":\"tickets\",\"match\":{"
        "\"host\":\"[2001:DB8::1]\",\"header\":{\"X\":\"\\\"\\\\ \xc3\xa9\",\"Y\":\"\"},"
        "\"cookie\":{\"a\":\"\"}}}]}";
    struct config config;
    char error[CONFIG_ERROR_SIZE] = "";
    read_sample(&config);
    config_text_same_again(&config);
    config_free(&config);
    CU_ASSERT_FATAL(config_text_read(odd, sizeof odd - 1, &config, error));
    CU_ASSERT_STRING_EQUAL(config.routes[0].match.host, "[2001:db8::1]");
    config_text_same_again(&config);
    config_free(&config);
}

static const char built_in[] =
    "{\n"
    "  \"pools\": {\n"
    "    \"tickets\": {\n"
    "      \"check\": {\"interval\": 0.25, \"timeout\": 1, \"rise\": 1, \"fall\": 2},\n"
    "      \"thresholds\": {},\n"
    "      \"eject\": {\"failures\": 5, \"share\": 50, \"requests\": 20, \"pause\": 1, "
    "\"pause_max\": 60},\n"
    "      \"out_most\": 50,\n"
    "      \"max_pending\": 512,\n"
    "      \"slow_start\": {\"time\": 10, \"from\": 32},\n"
    "      \"waiting\": 16384,\n"
    "      \"retries\": {\"reserve\": 1024, \"share\": 20}\n"
    "    }\n"
    "  },\n"
    "  \"routes\": [\n"
    "    {\n"
    "      \"name\": \"purchase\",\n"
    "      \"match\": {\"path\": \"/purchases\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"least-workload\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"hold\",\n"
    "      \"match\": {\"method\": [\"POST\", \"DELETE\"], \"prefix\": \"/holds\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"least-workload\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"read-hold\",\n"
    "      \"match\": {\"prefix\": \"/holds\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"read\",\n"
    "      \"match\": {\"prefix\": \"/events\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"tokens\",\n"
    "      \"match\": {\"prefix\": \"/tokens\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"keys\",\n"
    "      \"match\": {\"prefix\": \"/keys\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"check-in\",\n"
    "      \"match\": {\"path\": \"/check-ins\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"document\",\n"
    "      \"match\": {\"path\": \"/openapi.json\"},\n"
    "      \"pool\": \"tickets\",\n"
    "      \"policy\": \"round-robin\",\n"
    "      \"demand_token\": false\n"
    "    }\n"
    "  ],\n"
    "  \"trusted_proxies\": []\n"
    "}\n";

static void the_built_in_one_is_printed(void)
{
    struct config config;
    struct buffer text = {0};
    config_builtin(&config, POLICY_LEAST_WORKLOAD);
    config_text_same_again(&config);
    config_print(&config, &text);
    CU_ASSERT_STRING_EQUAL(buffer_text(&text), built_in);
    buffer_free(&text);
    config_free(&config);
}

static void further_proxies_are_trusted(void)
{
    struct config config;
    struct buffer many = {0};
    char error[CONFIG_ERROR_SIZE] = "";
    config_builtin(&config, POLICY_FEWEST_SOLD);
    CU_ASSERT(config_trust(&config, "10.0.0.0/8,2001:db8::/32", error));
    CU_ASSERT(config_trusts(&config, "10.1.2.3") && config_trusts(&config, "2001:db8::5"));
    CU_ASSERT_FALSE(config_trusts(&config, "11.1.2.3"));
    static const char *const bad[] = {"", ",", "10.0.0.0/8,", "10.0.0.0/8 ", "10.0.0.0/8;::1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FALSE(config_trust(&config, bad[i], error));
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "is not a network"));
    }
    config.trusted_count = 0;
    for (int i = 0; i < CONFIG_NETWORKS_MAX; i++)
        buffer_printf(&many, "%s10.0.0.%d", i > 0 ? "," : "", i);
    CU_ASSERT(config_trust(&config, buffer_text(&many), error));
    CU_ASSERT_FALSE(config_trust(&config, "::1", error));
    CU_ASSERT_STRING_EQUAL(error, "there may be at most 64 trusted proxies");
    buffer_free(&many);
    config_free(&config);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("config", "the sample is read whole", the_sample_is_read_whole);
    suite_add("config", "the sample's routes are read whole", the_samples_routes_are_read_whole);
    suite_add("config", "names may be used before they are defined",
              names_may_be_used_before_they_are_defined);
    suite_add("config", "what is left out has its default", what_is_left_out_has_its_default);
    suite_add("config", "what is printed is read again", what_is_printed_is_read_again);
    suite_add("config", "the built-in one is printed", the_built_in_one_is_printed);
    suite_add("config", "further proxies are trusted", further_proxies_are_trusted);
}
