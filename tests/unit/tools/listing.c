#include "tools/boxctl/listing.h"

#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/suite.h"

#define SERVER(id, pool, state, more)                                                              \
    "{\"id\":\"" id "\",\"pool\":\"" pool "\",\"address\":\"127.0.0.1:1\",\"source\":\"added\","   \
    "\"state\":\"" state "\",\"since\":\"2026-11-21T10:00:00.000000Z\",\"why\":\"a reason\","      \
    "\"pending\":3,\"limit\":512,\"busy\":2,\"told\":40,\"failures\":1,\"requests\":9" more "}"
#define LIST(servers) "{\"router\":\"r\",\"pid\":1,\"servers\":[" servers "]}"

static cJSON *read(const char *text)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(text, strlen(text), error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

static void expect_table(const char *list, bool colour, size_t width, int64_t later,
                         const char *expected)
{
    struct buffer out = {0};
    int64_t now = 0;
    cJSON *json = read(list);
    CU_ASSERT(clock_parse("2026-11-21T10:00:00.000000Z", &now));
    listing_table(json, colour, width, now + later, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), expected);
    cJSON_Delete(json);
    buffer_free(&out);
}

static void columns_stand_in_line(void)
{
    expect_table(
        LIST(SERVER(
            "box-1", "tickets", "up",
            ",\"check\":{\"passed\":true,\"took_us\":1234}") "," SERVER("files-long", "files",
                                                                        "down",
                                                                        ",\"drain\":true,\"check\":"
                                                                        "null") "," SERVER("c",
                                                                                           "files",
                                                                                           "joinin"
                                                                                           "g",
                                                                                           ",\"chec"
                                                                                           "k\":{"
                                                                                           "\"passe"
                                                                                           "d\":"
                                                                                           "false,"
                                                                                           "\"took_"
                                                                                           "us\":"
                                                                                           "1}")),
        false, 0, 90 * CLOCK_SECOND,
        "SERVER      POOL     STATE          FOR  ADDRESS      SOURCE  PENDING   BUSY  SOLD  "
        "FAILED   "
        "CHECK  WHY\n"
        "box-1       tickets  up              1m  127.0.0.1:1  added     3/512      2    40     "
        "1/9  "
        "1.2 ms  a reason\n"
        "files-long  files    down, drained   1m  127.0.0.1:1  added            2/512           "
        "1/9    "
        "none  a reason\n"
        "c           files    joining         1m  127.0.0.1:1  added            2/512           "
        "1/9  "
        "failed  a reason\n");
    expect_table(LIST(""), false, 0, 0,
                 "SERVER  POOL  STATE  FOR  ADDRESS  SOURCE  PENDING  BUSY  SOLD  FAILED  CHECK  "
                 "WHY\n");
}

static void a_terminal_gets_colours_and_no_more_than_fits(void)
{
    expect_table(LIST(SERVER("a", "tickets", "up", "")), true, 24, 0,
                 "SERVER  POOL     STATE\n"
                 "a       tickets\033[32m  up   \033[0m\n");
    expect_table(LIST(SERVER("a", "tickets", "draining", ",\"leave\":true")), true, 40, 0,
                 "SERVER  POOL     STATE             FOR\n"
                 "a       tickets\033[33m  draining, leaves\033[0m   0s\n");
}

static void ages_are_told_in_the_largest_unit(void)
{
    static const struct {
        int64_t seconds;
        const char *fragment;
    } ages[] = {{-5, " 0s "},   {59, " 59s "},    {60, " 1m "},    {3599, " 59m "},
                {3600, " 1h "}, {86399, " 23h "}, {86400, " 1d "}, {864000, " 10d "}};
    int64_t since = 0;
    cJSON *json = read(LIST(SERVER("a", "tickets", "up", "")));
    CU_ASSERT(clock_parse("2026-11-21T10:00:00.000000Z", &since));
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        struct buffer out = {0};
        listing_table(json, false, 0, since + ages[i].seconds * CLOCK_SECOND, &out);
        CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), ages[i].fragment));
        buffer_free(&out);
    }
    cJSON_Delete(json);
}

static void terminals_obey_nothing_of_it(void)
{
    static const struct {
        const char *text, *plain;
    } texts[] = {{"plain → text", "plain → text"},
                 {"\033[2J", "?[2J"},
                 {"a\nb\tc\177", "a?b?c?"},
                 {"\xc2\x9b"
                  "1m",
                  "?1m"},
                 {"\xff\xc3", "??"},
                 {"", ""}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buffer out = {0};
        listing_plain(&out, texts[i].text);
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), texts[i].plain);
        buffer_free(&out);
    }
}

static void only_changes_are_told(void)
{
    struct buffer out = {0};
    cJSON *first =
        read(LIST(SERVER("a", "tickets", "joining", "") "," SERVER("b", "tickets", "up", "")));
    cJSON *second = read(LIST(SERVER("a", "tickets", "up", "")));
    listing_changes(NULL, first, &out);
    CU_ASSERT_STRING_EQUAL(buffer_text(&out), "2026-11-21T10:00:00.000000Z a joining: a reason\n"
                                              "2026-11-21T10:00:00.000000Z b up: a reason\n");
    buffer_clear(&out);
    listing_changes(first, first, &out);
    CU_ASSERT_EQUAL(out.length, 0);
    listing_changes(first, second, &out);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&out), "2026-11-21T10:00:00.000000Z a joining → up: a reason\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "Z b up → left\n"));
    cJSON_Delete(first);
    cJSON_Delete(second);
    buffer_free(&out);
}

/* An answer of something else than a balancer. */
static void anything_can_be_listed(void)
{
    static const char *const answers[] = {"{}", "[]", "{\"servers\":1}", "{\"servers\":[1,{}]}",
                                          "{\"servers\":[{\"id\":1,\"since\":\"now\"}]}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct buffer out = {0};
        cJSON *json = read(answers[i]);
        listing_table(json, false, 0, 0, &out);
        listing_changes(json, json, &out);
        listing_changes(NULL, json, &out);
        CU_ASSERT(out.length > 0);
        cJSON_Delete(json);
        buffer_free(&out);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("listing", "columns stand in line", columns_stand_in_line);
    suite_add("listing", "a terminal gets colours and no more than fits",
              a_terminal_gets_colours_and_no_more_than_fits);
    suite_add("listing", "ages are told in the largest unit", ages_are_told_in_the_largest_unit);
    suite_add("listing", "terminals obey nothing of it", terminals_obey_nothing_of_it);
    suite_add("listing", "only changes are told", only_changes_are_told);
    suite_add("listing", "anything can be listed", anything_can_be_listed);
}
