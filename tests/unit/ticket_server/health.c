#include "ticket_server/health.h"

#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "tests/lib/suite.h"

static double number(const cJSON *report, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(report, name);
    CU_ASSERT_FATAL(cJSON_IsNumber(value));
    return value->valuedouble;
}

static cJSON *ask(struct health *health, const struct seller_status *status, uint64_t traffic)
{
    struct buffer out = {0};
    char error[JSON_ERROR_SIZE];
    health_append(health, status, traffic, &out);
    cJSON *report = json_parse(out.data, out.length, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report);
    buffer_free(&out);
    return report;
}

static void tells_what_the_seller_committed(void)
{
    const struct seller_status status = {
        .figures = {.server = "server-1", .store = "store", .boot = 3, .commit = 17, .sold = 6},
        .pending = 9,
        .commit_us = 812};
    struct health health;
    health_begin(&health);
    cJSON *report = ask(&health, &status, 0);
    CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItem(report, "server")->valuestring, "server-1");
    CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItem(report, "store")->valuestring, "store");
    CU_ASSERT_EQUAL(number(report, "boot"), 3);
    CU_ASSERT_EQUAL(number(report, "commit"), 17);
    CU_ASSERT_EQUAL(number(report, "sold"), 6);
    CU_ASSERT_EQUAL(number(report, "pending"), 9);
    CU_ASSERT_EQUAL(number(report, "commit_us"), 812);
    CU_ASSERT(number(report, "resident_bytes") > 100000);
    CU_ASSERT_EQUAL(number(report, "flights"), FLIGHT_VERSION);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(report), 11);
    cJSON_Delete(report);
}

static void cpu_is_that_since_it_was_last_asked(void)
{
    const struct seller_status status = {0};
    struct health health;
    health_begin(&health);
    health.used -= CLOCK_SECOND;      /* as if a second of work lay between, */
    health.asked -= 2 * CLOCK_SECOND; /* in two seconds */
    cJSON *report = ask(&health, &status, 0);
    CU_ASSERT(number(report, "cpu_percent") > 40 && number(report, "cpu_percent") < 60);
    cJSON_Delete(report);
    health.asked -= 1000 * CLOCK_SECOND; /* the same second must not count again */
    report = ask(&health, &status, 0);
    CU_ASSERT(number(report, "cpu_percent") < 1);
    cJSON_Delete(report);
}

/* Two balancers that ask at once are told the same: over a millisecond, a rate says nothing. */
static void rates_are_taken_over_some_time(void)
{
    const struct seller_status status = {0};
    struct health health;
    health_begin(&health);
    health.asked -= 10 * CLOCK_SECOND;
    cJSON *report = ask(&health, &status, 50000);
    CU_ASSERT(number(report, "network_bytes_per_second") > 4000 &&
              number(report, "network_bytes_per_second") <= 5000);
    cJSON_Delete(report);
    report = ask(&health, &status, 9000000);
    CU_ASSERT(number(report, "network_bytes_per_second") <= 5000);
    cJSON_Delete(report);
    health.asked -= 10 * CLOCK_SECOND; /* and now all that came since */
    report = ask(&health, &status, 9000000);
    CU_ASSERT(number(report, "network_bytes_per_second") > 800000);
    cJSON_Delete(report);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("health", "tells what the seller committed", tells_what_the_seller_committed);
    suite_add("health", "CPU is that since it was last asked", cpu_is_that_since_it_was_last_asked);
    suite_add("health", "rates are taken over some time", rates_are_taken_over_some_time);
}
