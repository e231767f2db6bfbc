/* What a server is heard to say that does not let us in. */
#include <stdio.h>
#include <string.h>

#include "db/postgres/dial.h"
#include "db/postgres/session.h"
#include "tests/lib/suite.h"

static void codes_are_taken_out_of_messages(void)
{
    static const struct {
        const char *message, *code, *left; /* code NULL: there is none */
    } rows[] = {
        {"connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password "
         "authentication failed for user \"shop\"\nLOCATION:  auth_failed, auth.c:334\n",
         "28P01",
         "connection to server at \"127.0.0.1\", port 5432 failed: FATAL: password authentication "
         "failed for user \"shop\""},
        {"FATAL:  3D000: x:  y", "3D000", "FATAL: x:  y"},
        {"FATAL:  28p01: x", NULL, "FATAL:  28p01: x"},
        {"FATAL:  28P01", NULL, "FATAL:  28P01"},
        {"FATAL:  128P01: x", NULL, "FATAL:  128P01: x"},
        {"connection refused\n\tIs the server running?\n", NULL,
         "connection refused\n\tIs the server running?\n"},
        {"", NULL, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char message[512], code[6] = "";
        snprintf(message, sizeof message, "%s", rows[i].message);
        bool found = postgres_dial_code(message, code);
        CU_ASSERT_EQUAL(found, rows[i].code != NULL);
        CU_ASSERT_STRING_EQUAL(code, found ? rows[i].code : "");
        CU_ASSERT_STRING_EQUAL(message, rows[i].left);
    }
}

static void what_passes_is_waited_for(void)
{
    static const char *const hopeless[] = {"28P01", "28000", "3D000", "42501"};
    static const char *const passing[] = {"53300", "57P03", "57P01", "08006", "", "25006"};
    for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++)
        CU_ASSERT(postgres_dial_hopeless(hopeless[i]));
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        CU_ASSERT_FALSE(postgres_dial_hopeless(passing[i]));
}

/* One of several hosts may still let us in. */
static void all_hosts_must_be_hopeless(void)
{
    struct postgres_place place = {.hosts = 2};
    struct postgres_dial dial = {.place = &place};
    postgres_dial_failed(&dial, true);
    CU_ASSERT_FALSE(dial.hopeless);
    postgres_dial_failed(&dial, false);
    CU_ASSERT_FALSE(dial.hopeless);
    postgres_dial_failed(&dial, true);
    CU_ASSERT_FALSE(dial.hopeless);
    postgres_dial_failed(&dial, true);
    CU_ASSERT(dial.hopeless);
    postgres_dial_reached(&dial);
    CU_ASSERT_FALSE(dial.hopeless);
}

static void old_servers_are_refused(void)
{
    char error[STORE_ERROR_SIZE] = "";
    CU_ASSERT(session_version_fits(130000, "postgresql://db/t", error));
    CU_ASSERT(session_version_fits(150018, "postgresql://db/t", error));
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FALSE(session_version_fits(120022, "postgresql://db/t", error));
    CU_ASSERT_STRING_EQUAL(
        error, "the server at postgresql://db/t is PostgreSQL 12: at least 13 is needed");
    CU_ASSERT_FALSE(session_version_fits(90624, "postgresql://db/t", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "is PostgreSQL 9:"));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres refusal", "codes are taken out of messages",
              codes_are_taken_out_of_messages);
    suite_add("postgres refusal", "what passes is waited for", what_passes_is_waited_for);
    suite_add("postgres refusal", "all hosts must be hopeless", all_hosts_must_be_hopeless);
    suite_add("postgres refusal", "old servers are refused", old_servers_are_refused);
}
