#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/routing/config_text.h"

static void read_fine(const char *text, struct config *config)
{
    char error[CONFIG_ERROR_SIZE] = "";
    bool good = config_text_read(text, strlen(text), config, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(good);
}

/* The rules of the first pool that the text names. Its check is gone with the configuration. */
static struct pool_rules rules_of(const char *text)
{
    struct config config;
    read_fine(text, &config);
    config_text_same_again(&config);
    struct pool_rules rules = config.pools[config.pool_count - 1].rules;
    rules.check = NULL;
    config_free(&config);
    return rules;
}

static bool same(struct pool_rules a, struct pool_rules b)
{
    a.check = b.check = NULL;
    return memcmp(&a, &b, sizeof a) == 0;
}

/* --- what is said ------------------------------------------------------------------------------ */

static void every_rule_of_tickets_is_read(void)
{
    static const char text[] = TICKETS(
        "\"retries\":{\"share\":7,\"reserve\":0},\"waiting\":9,"
        "\"slow_start\":{\"from\":5,\"time\":1.5},\"max_pending\":6,\"out_most\":0,"
        "\"eject\":{\"pause_max\":0.75,\"pause\":0.5,\"requests\":3,\"share\":33,\"failures\":2},"
        "\"thresholds\":{\"commit\":0.025,\"network\":2,\"memory\":77,\"cpu\":150},"
        "\"check\":{\"fall\":3,\"rise\":4,\"timeout\":0.125,\"interval\":0.5}");
    const struct pool_rules right = {
        .interval = 500 * CLOCK_MILLISECOND,
        .check_timeout = 125 * CLOCK_MILLISECOND,
        .status_min = 200,
        .status_max = 200,
        .rise = 4,
        .fall = 3,
        .cpu = 1500,
        .memory = 77,
        .network = 2000000,
        .commit = 25 * CLOCK_MILLISECOND,
        .eject_failures = 2,
        .eject_share = 330,
        .eject_requests = 3,
        .eject_pause = 500 * CLOCK_MILLISECOND,
        .eject_pause_max = 750 * CLOCK_MILLISECOND,
        .out_most = 0,
        .limit = 6,
        .slow_start = 1500 * CLOCK_MILLISECOND,
        .slow_from = 5,
        .waiting = 9,
        .retry_reserve = 0,
        .retry_share = 70,
    };
    CU_ASSERT(same(rules_of(text), right));
}

static void every_rule_of_another_pool_is_read(void)
{
    static const char text[] =
        FILES("\"check\":{\"status\":[204,404],\"path\":\"/up?x\",\"fall\":1,\"rise\":2,"
              "\"interval\":2,\"timeout\":3},\"eject\":{\"failures\":9},\"out_most\":100,"
              "\"slow_start\":{\"time\":0.1,\"from\":70},\"connections\":70,\"waiting\":1,"
              "\"retries\":{\"reserve\":5},\"timeout\":8");
    struct pool_rules right = pool_rules_default(false);
    struct config config;
    right.interval = 2 * CLOCK_SECOND;
    right.check_timeout = 3 * CLOCK_SECOND;
    right.status_min = 204;
    right.status_max = 404;
    right.rise = 2;
    right.fall = 1;
    right.eject_failures = 9;
    right.out_most = 1000;
    right.slow_start = 100 * CLOCK_MILLISECOND;
    right.slow_from = 70;
    right.limit = 70;
    right.waiting = 1;
    right.retry_reserve = 5;
    CU_ASSERT(same(rules_of(text), right));
    read_fine(text, &config);
    CU_ASSERT_PTR_EQUAL(config.pools[1].rules.check, config.pools[1].check);
    CU_ASSERT_STRING_EQUAL(config.pools[1].check, "/up?x");
    CU_ASSERT_EQUAL(config.pools[1].timeout, 8 * CLOCK_SECOND);
    config_free(&config);
}

static void what_is_left_out_goes_without_saying(void)
{
    static const char *const tickets[] = {
        "{" ROUTES "}",
        TICKETS(""),
        TICKETS("\"check\":{},\"thresholds\":{},\"eject\":{},\"slow_start\":{},\"retries\":{}"),
    };
    static const char *const others[] = {
        FILES("\"check\":false"),
        FILES("\"check\":{\"path\":\"/\"},\"eject\":{},\"slow_start\":false,\"retries\":{}"),
        FILES("\"check\":\"/\""),
    };
    struct config config;
    for (size_t i = 0; i < sizeof tickets / sizeof *tickets; i++)
        CU_ASSERT(same(rules_of(tickets[i]), pool_rules_default(true)));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT(same(rules_of(others[i]), pool_rules_default(false)));
    read_fine(FILES("\"check\":false"), &config);
    CU_ASSERT_STRING_EQUAL(config.pools[CONFIG_TICKETS].rules.check, "/healthz");
    CU_ASSERT_PTR_NULL(config.pools[CONFIG_TICKETS].check);
    CU_ASSERT_PTR_NULL(config.pools[1].rules.check);
    CU_ASSERT_EQUAL(config.pools[1].timeout, 30 * CLOCK_SECOND);
    config_free(&config);
}

static void what_is_false_is_off(void)
{
    struct pool_rules rules = rules_of(TICKETS("\"eject\":false,\"slow_start\":false"));
    CU_ASSERT_EQUAL(rules.eject_failures, 0);
    CU_ASSERT_EQUAL(rules.slow_start, 0);
}

/* Another pool has no slow start, unless it asks for one; and a low limit needs no "from". */
static void a_slow_start_begins_within_the_limit(void)
{
    struct pool_rules rules = rules_of(FILES("\"slow_start\":{}"));
    CU_ASSERT_EQUAL(rules.slow_start, 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(rules.slow_from, 16);
    rules = rules_of(TICKETS("\"max_pending\":7"));
    CU_ASSERT_EQUAL(rules.slow_start, 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(rules.slow_from, 7);
    rules = rules_of(TICKETS("\"slow_start\":{\"from\":40},\"max_pending\":40"));
    CU_ASSERT_EQUAL(rules.slow_from, 40);
    rules = rules_of(FILES("\"connections\":1,\"slow_start\":{\"time\":3}"));
    CU_ASSERT_EQUAL(rules.slow_from, 1);
}

static void seconds_are_taken_exactly(void)
{
    static const struct {
        const char *text;
        int64_t milliseconds; /* 0: refused */
    } rows[] = {
        {"1", 1000},
        {"1.0", 1000},
        {"1.5", 1500},
        {"1.05", 1050},
        {"1.005", 1005},
        {"0.3", 300},
        {"0.29", 290},
        {"0.057", 57},
        {"59.999", 59999},
        {"60.000", 60000},
        {"1.0000", 0},
        {"1.0005", 0},
        {"1e0", 0},
        {"1.5e0", 0},
        {"-1", 0},
        {"-0", 0},
        {"60.001", 0},
        {"0.049", 0},
        {"1e-1", 0},
        {"99999999999999999999", 0},
        {"18446744073709551617", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200], error[CONFIG_ERROR_SIZE] = "";
        struct config config;
        int length =
            snprintf(text, sizeof text, TICKETS("\"check\":{\"interval\": %s }"), rows[i].text);
        bool good = config_text_read(text, (size_t)length, &config, error);
        CU_ASSERT_EQUAL(good, rows[i].milliseconds > 0);
        if (!good)
            continue;
        CU_ASSERT_EQUAL(config.pools[CONFIG_TICKETS].rules.interval,
                        rows[i].milliseconds * CLOCK_MILLISECOND);
        config_text_same_again(&config);
        config_free(&config);
    }
}

/* --- bounds ------------------------------------------------------------------------------------ */

/* A figure in its place, the lowest and highest that is fine, and what is just outside. */
struct bound {
    const char *before, *after;
    const char *below, *min, *max, *above;
    const char *error; /* of those outside */
};

#define IN(object, field) "\"" object "\":{\"" field "\":", "}"

static const struct bound bounds[] = {
    {IN("check", "interval"), "0.049", "0.05", "60", "60.001",
     "\"interval\" takes seconds from 0.05 to 60, with at most 3 decimals"},
    {IN("check", "timeout"), "0.009", "0.01", "60", "60.001",
     "\"timeout\" takes seconds from 0.01 to 60, with"},
    {IN("check", "rise"), "0", "1", "100", "101", "\"rise\" takes a whole number from 1 to 100"},
    {IN("check", "fall"), "0", "1", "100", "101", "\"fall\" takes a whole number from 1 to 100"},
    {IN("thresholds", "cpu"), "0", "1", "100000", "100001",
     "\"cpu\" takes a whole number from 1 to 100000"},
    {IN("thresholds", "memory"), "0", "1", "16777216", "16777217",
     "\"memory\" takes a whole number from 1 to 16777216"},
    {IN("thresholds", "network"), "0", "1", "100000", "100001",
     "\"network\" takes a whole number from 1 to 100000"},
    {IN("thresholds", "commit"), "0", "0.001", "60", "60.001",
     "\"commit\" takes seconds from 0.001 to 60, with"},
    {IN("eject", "failures"), "0", "1", "1000", "1001",
     "\"failures\" takes a whole number from 1 to 1000"},
    {IN("eject", "share"), "0", "1", "100", "101", "\"share\" takes a whole number from 1 to 100"},
    {IN("eject", "requests"), "0", "1", "100000", "100001",
     "\"requests\" takes a whole number from 1 to 100000"},
    {"\"eject\":{\"pause_max\":3600,\"pause\":", "}", "0.049", "0.05", "3600", "3600.001",
     "\"pause\" takes seconds from 0.05 to 3600, with"},
    {"\"eject\":{\"pause\":0.05,\"pause_max\":", "}", "0.049", "0.05", "3600", "3600.001",
     "\"pause_max\" takes seconds from 0.05 to 3600, with"},
    {"\"out_most\":", "", "-1", "0", "100", "101",
     "\"out_most\" takes a whole number from 0 to 100"},
    {"\"max_pending\":", "", "0", "1", "65535", "65536",
     "\"max_pending\" takes a whole number from 1 to 65535"},
    {IN("slow_start", "time"), "0.099", "0.1", "3600", "3600.001",
     "\"time\" takes seconds from 0.1 to 3600, with"},
    {"\"max_pending\":65535,\"slow_start\":{\"from\":", "}", "0", "1", "65535", "65536",
     "\"from\" takes a whole number from 1 to 65535"},
    {"\"waiting\":", "", "0", "1", "1000000", "1000001",
     "\"waiting\" takes a whole number from 1 to 1000000"},
    {IN("retries", "reserve"), "-1", "0", "1000000", "1000001",
     "\"reserve\" takes a whole number from 0 to 1000000"},
    {IN("retries", "share"), "-1", "0", "100", "101",
     "\"share\" takes a whole number from 0 to 100"},
};

static void expect_bound(const struct bound *bound, const char *value, bool fine)
{
    char text[400], error[CONFIG_ERROR_SIZE] = "", right[200];
    struct config config;
    snprintf(right, sizeof right, "x.json:4: %s", bound->error);
    int length =
        snprintf(text, sizeof text, TICKETS("%s\n%s%s"), bound->before, value, bound->after);
    bool good = config_text_read(text, (size_t)length, &config, error);
    CU_ASSERT_EQUAL(good, fine);
    if (good) {
        config_text_same_again(&config);
        config_free(&config);
    } else {
        CU_ASSERT_EQUAL(strncmp(error, right, strlen(right)), 0);
    }
}

static void the_bounds_of_each_figure_are_kept(void)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        expect_bound(&bounds[i], bounds[i].below, false);
        expect_bound(&bounds[i], bounds[i].min, true);
        expect_bound(&bounds[i], bounds[i].max, true);
        expect_bound(&bounds[i], bounds[i].above, false);
        expect_bound(&bounds[i], "\"1\"", false);
        expect_bound(&bounds[i], "null", false);
    }
}

/* --- refusals ---------------------------------------------------------------------------------- */

static const struct config_refusal rows[] = {
    {TICKETS("\"servers\":1"), "x.json:3: the pool \"tickets\" takes no \"servers\": the balancer "
                               "starts them (--servers N)"},
    {TICKETS("\"timeout\":1"), "x.json:3: the pool \"tickets\" takes no \"timeout\""},
    {TICKETS("\"connections\":1"),
     "x.json:3: the pool \"tickets\" takes \"max_pending\", not \"connections\""},
    {FILES("\"max_pending\":1"),
     "x.json:4: \"max_pending\" is for the pool \"tickets\"; others take \"connections\""},
    {FILES("\"thresholds\":{}"),
     "x.json:4: \"thresholds\" are for the pool \"tickets\": other servers do not report"},
    {TICKETS("\"out_most\":1,\n\"out_most\":1"), "x.json:4: \"out_most\" comes twice"},
    {TICKETS("\"eject\":{},\n\"eject\":false"), "x.json:4: \"eject\" comes twice"},
    {TICKETS("\"limit\":1"),
     "x.json:3: a pool has no field \"limit\"; it may have servers, check,"},

    {TICKETS("\"check\":\"/up\""), "x.json:3: \"check\" takes an object, not a string"},
    {TICKETS("\"check\":false"), "x.json:3: \"check\" takes an object, not a boolean"},
    {TICKETS("\"check\":{\n\"path\":\"/up\"}"),
     "x.json:4: \"check\" of \"tickets\", which is asked for /healthz, has no field \"path\"; it "
     "may have interval, timeout, rise, fall"},
    {TICKETS("\"check\":{\n\"status\":[200,200]}"), "x.json:4: \"check\" of \"tickets\", which"},
    {TICKETS("\"check\":{\"rise\":1,\n\"rise\":1}"), "x.json:4: \"rise\" comes twice"},
    {FILES("\"check\":true"), "x.json:4: \"check\" takes a path, an object or false, not a bool"},
    {FILES("\"check\":[]"), "x.json:4: \"check\" takes a path, an object or false, not an array"},
    {FILES("\"check\":{}"), "x.json:4: \"check\" needs \"path\""},
    {FILES("\"check\":{\n\"path\":\"up\"}"),
     "x.json:5: \"path\" takes a path that begins with '/', up to 1024 visible ASCII characters, "
     "not \"up\""},
    {FILES("\"check\":{\n\"path\":7}"), "x.json:5: \"path\" takes a path"},
    {FILES("\"check\":{\"path\":\"/\",\n\"path\":\"/\"}"), "x.json:5: \"path\" comes twice"},
    {FILES("\"check\":{\n\"port\":1}"), "x.json:5: \"check\" has no field \"port\"; it may have "
                                        "interval, timeout, rise, fall, path, status"},
    {FILES("\"check\":{\n\"status\":200}"),
     "x.json:5: \"status\" takes the lowest and the highest that is fine, e.g. [200, 399], not a "
     "number"},
    {FILES("\"check\":{\n\"status\":[]}"), "x.json:5: \"status\" takes the lowest and the highest"},
    {FILES("\"check\":{\n\"status\":[200]}"), "x.json:5: \"status\" takes the lowest and"},
    {FILES("\"check\":{\n\"status\":[200,300,400]}"), "x.json:5: \"status\" takes the lowest and"},
    {FILES("\"check\":{\n\"status\":[300,299]}"), "x.json:5: \"status\" takes the lowest and"},
    {FILES("\"check\":{\n\"status\":[400]}"), "x.json:5: \"status\" takes the lowest and"},
    {FILES("\"check\":{\"status\":[\n199,200]}"),
     "x.json:5: \"status\" takes a whole number from 200 to 599"},
    {FILES("\"check\":{\"status\":[200,\n600]}"), "x.json:5: \"status\" takes a whole number"},
    {FILES("\"check\":{\"status\":[200,\n\"300\"]}"), "x.json:5: \"status\" takes a whole number"},

    {TICKETS("\"thresholds\":false"), "x.json:3: \"thresholds\" takes an object, not a boolean"},
    {TICKETS("\"thresholds\":{\n\"load\":1}"),
     "x.json:4: \"thresholds\" has no field \"load\"; it may have cpu, memory, network, commit"},
    {TICKETS("\"eject\":true"), "x.json:3: \"eject\" takes an object or false, not a boolean"},
    {TICKETS("\"eject\":0"), "x.json:3: \"eject\" takes an object or false, not a number"},
    {TICKETS("\"eject\":{\n\"time\":1}"),
     "x.json:4: \"eject\" has no field \"time\"; it may have failures, share, requests, pause, "
     "pause_max"},
    {TICKETS("\n\"eject\":{\"pause\":60.5}"),
     "x.json:4: \"pause\" (60.5 s) is longer than \"pause_max\" (60 s)"},
    {TICKETS("\n\"eject\":{\"pause_max\":0.999}"),
     "x.json:4: \"pause\" (1 s) is longer than \"pause_max\" (0.999 s)"},
    {TICKETS("\"slow_start\":true"), "x.json:3: \"slow_start\" takes an object or false, not a b"},
    {TICKETS("\"slow_start\":{\n\"to\":1}"),
     "x.json:4: \"slow_start\" has no field \"to\"; it may have time, from"},
    {TICKETS("\n\"slow_start\":{\"from\":513}"),
     "x.json:4: \"from\" (513) is more than \"max_pending\" (512)"},
    {TICKETS("\n\"slow_start\":{\"from\":9},\n\"max_pending\":8"),
     "x.json:4: \"from\" (9) is more than \"max_pending\" (8)"},
    {FILES("\"connections\":8,\n\"slow_start\":{\"from\":9}"),
     "x.json:5: \"from\" (9) is more than \"connections\" (8)"},
    {TICKETS("\"retries\":false"), "x.json:3: \"retries\" takes an object, not a boolean"},
    {TICKETS("\"retries\":{\n\"ratio\":1}"),
     "x.json:4: \"retries\" has no field \"ratio\"; it may have reserve, share"},
    {FILES("\"check\":{\"path\":\"/\"},\n\"waiting\":0"), "x.json:5: \"waiting\" takes a whole"},
};

static void a_wrong_rule_is_refused_with_its_line(void)
{
    config_text_refused(rows, sizeof rows / sizeof *rows);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("config_rules", "every rule of tickets is read", every_rule_of_tickets_is_read);
    suite_add("config_rules", "every rule of another pool is read",
              every_rule_of_another_pool_is_read);
    suite_add("config_rules", "what is left out goes without saying",
              what_is_left_out_goes_without_saying);
    suite_add("config_rules", "what is false is off", what_is_false_is_off);
    suite_add("config_rules", "a slow start begins within the limit",
              a_slow_start_begins_within_the_limit);
    suite_add("config_rules", "seconds are taken exactly", seconds_are_taken_exactly);
    suite_add("config_rules", "the bounds of each figure are kept",
              the_bounds_of_each_figure_are_kept);
    suite_add("config_rules", "a wrong rule is refused with its line",
              a_wrong_rule_is_refused_with_its_line);
}
