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

/* Each round begins with who answered last, and goes through all. */
static void silence_comes_last(void)
{
    struct postgres_place place = {.hosts = 3};
    struct postgres_dial dial = {.place = &place, .host = 1};
    postgres_dial_reached(&dial);
    CU_ASSERT_EQUAL(dial.host, 1);
    postgres_dial_silent(&dial);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(dial.host, (i + 2) % 3);
        CU_ASSERT_EQUAL(dial.rest == 0, i < 3);
        postgres_dial_failed(&dial, false);
    }
    postgres_dial_failed(&dial, false);
    CU_ASSERT_EQUAL(dial.host, 0);
    postgres_dial_reached(&dial);
    postgres_dial_failed(&dial, false);
    postgres_dial_failed(&dial, false);
    postgres_dial_failed(&dial, false);
    CU_ASSERT_EQUAL(dial.host, 0);
}

static void addresses_turn(void)
{
    struct postgres_addresses list = {.count = 3, .text = {"10.0.0.1", "10.0.0.2", "::1"}};
    char why[STORE_ERROR_SIZE];
    postgres_addresses_turn(&list, "10.0.0.2", false);
    CU_ASSERT_STRING_EQUAL(list.text[0], "10.0.0.2");
    CU_ASSERT_STRING_EQUAL(list.text[2], "10.0.0.1");
    postgres_addresses_turn(&list, "::1", true);
    CU_ASSERT_STRING_EQUAL(list.text[0], "10.0.0.1");
    CU_ASSERT_STRING_EQUAL(list.text[2], "::1");
    postgres_addresses_turn(&list, "10.0.0.9", true);
    CU_ASSERT_STRING_EQUAL(list.text[0], "10.0.0.1");
    CU_ASSERT(postgres_addresses_find(&list, "/run/postgresql", why));
    CU_ASSERT(list.count == 1 && list.text[0][0] == '\0');
    CU_ASSERT(postgres_addresses_find(&list, "::1", why));
    CU_ASSERT(list.count == 1 && strcmp(list.text[0], "::1") == 0);
    CU_ASSERT_FALSE(postgres_addresses_find(&list, "no host", why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no host"));
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
    suite_add("postgres refusal", "who answered comes first", silence_comes_last);
    suite_add("postgres refusal", "addresses", addresses_turn);
    suite_add("postgres refusal", "old servers are refused", old_servers_are_refused);
}
