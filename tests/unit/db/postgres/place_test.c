/* URLs of PostgreSQL stores: what is ours in them, and that no password is ever told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store_option.h"
#include "db/postgres/place.h"
#include "tests/lib/suite.h"

static void is_plain(const char *rest, const char *schema, const char *plain)
{
    struct postgres_place place;
    char error[STORE_ERROR_SIZE] = "";
    CU_ASSERT_FATAL(postgres_place_parse(&place, rest, error));
    CU_ASSERT_STRING_EQUAL(place.schema, schema);
    CU_ASSERT_STRING_EQUAL(place.plain, plain);
    if (strcmp(place.plain, plain) != 0)
        printf("  %s became %s\n", rest, place.plain);
    postgres_place_free(&place);
}

static void refused(const char *rest, const char *words)
{
    struct postgres_place place;
    char error[STORE_ERROR_SIZE] = "";
    CU_ASSERT_FALSE(postgres_place_parse(&place, rest, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, words));
    CU_ASSERT_PTR_NULL(strstr(error, "geheim"));
}

static void schemas(void)
{
    is_plain("//host/shop", "box_office", "postgresql://host/shop");
    is_plain("//host/shop?schema=box_office", "box_office", "postgresql://host/shop");
    is_plain("//host/shop?schema=a_2", "a_2", "postgresql://host/shop?schema=a_2");
    is_plain("//host/shop?sslmode=require&schema=tour", "tour",
             "postgresql://host/shop?sslmode=require&schema=tour");
    is_plain("//host/shop?schema=tour&sslmode=require", "tour",
             "postgresql://host/shop?sslmode=require&schema=tour");
    is_plain("//host/shop?%73chema=%74our", "tour", "postgresql://host/shop?schema=tour");
    refused("//host/shop?schema=", "names no schema");
    refused("//host/shop?schema=1a", "names no schema");
    refused("//host/shop?schema=Tour", "names no schema");
    refused("//host/shop?schema=pg_tour", "names no schema");
    refused("//host/shop?schema=a%22b", "names no schema");
    refused("//host/shop?schema=a%0", "names no schema");
    refused("//host/shop?schema=a%00b", "names no schema");
    refused("//host/shop?schema=a&schema=b", "names no schema");
    refused("//host/shop?schema=a23456789b123456789c123456789d123456789e123456789f123456789g1234",
            "names no schema");
}

static void passwords(void)
{
    const char *plain = "postgresql://me@host:5433/shop";
    is_plain("//me:geheim@host:5433/shop", "box_office", plain);
    is_plain("//me:ge%68eim@host:5433/shop", "box_office", plain);
    is_plain("//me:ge?heim@host:5433/shop", "box_office", plain);
    is_plain("//me:ge?schema=heim@host:5433/shop", "box_office", plain);
    is_plain("//me@host:5433/shop?password=geheim", "box_office", plain);
    is_plain("//me@host:5433/shop?pass%77ord=geheim", "box_office", plain);
    is_plain("//me:other@host:5433/shop?password=geheim", "box_office", plain);
    is_plain("//me@host:5433/shop?sslpassword=geheim&schema=tour", "tour",
             "postgresql://me@host:5433/shop?schema=tour");
    refused("//me:geheim@host:5433/shop?nothing=geheim", "cannot be understood");
    refused("//me:geheim@host:5433/shop?password", "cannot be understood");
    refused("//me:ge%zzheim@host/shop", "cannot be understood");
    refused("//me:geheim@[::1/shop", "cannot be understood");
    refused("me:geheim@host/shop", "//");
}

/* Whatever libpq has been taught since. */
static void all_that_libpq_hides(void)
{
    int count = 0;
    PQconninfoOption *options = PQconndefaults();
    CU_ASSERT_PTR_NOT_NULL_FATAL(options);
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        char url[128];
        if (strchr(option->dispchar, '*') == NULL)
            continue;
        snprintf(url, sizeof url, "postgresql://h/shop?%s=geheim", option->keyword);
        is_plain(strchr(url, '/'), "box_office", "postgresql://h/shop");
        CU_ASSERT(store_option_hide(url));
        CU_ASSERT_STRING_EQUAL(url, "postgresql://h/shop");
        count++;
    }
    CU_ASSERT(count >= 2);
    PQconninfoFree(options);
    unsetenv("PGPASSWORD");
    unsetenv(STORE_OPTION_KEY_PASSWORD);
}

static void hosts(void)
{
    struct postgres_place place;
    char error[STORE_ERROR_SIZE], part[PLACE_OPTION_SIZE];
    CU_ASSERT_FATAL(postgres_place_parse(&place, "//a:1,b:2,c:3/shop", error));
    CU_ASSERT_EQUAL(place.hosts, 3);
    postgres_place_part(&place, "host", 1, part);
    CU_ASSERT_STRING_EQUAL(part, "b");
    postgres_place_part(&place, "port", 2, part);
    CU_ASSERT_STRING_EQUAL(part, "3");
    postgres_place_part(&place, "hostaddr", 0, part);
    CU_ASSERT_STRING_EQUAL(part, "");
    CU_ASSERT_STRING_EQUAL(place.plain, "postgresql://a:1,b:2,c:3/shop");
    postgres_place_free(&place);
    CU_ASSERT_FATAL(postgres_place_parse(&place, "///shop?host=/run/pg,b&port=7", error));
    CU_ASSERT_EQUAL(place.hosts, 2);
    postgres_place_part(&place, "host", 0, part);
    CU_ASSERT_STRING_EQUAL(part, "/run/pg");
    postgres_place_part(&place, "port", 1, part);
    CU_ASSERT_STRING_EQUAL(part, "7");
    CU_ASSERT_STRING_EQUAL(place.plain, "postgresql:///shop?host=%2Frun%2Fpg,b&port=7");
    postgres_place_free(&place);
    refused("//a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/shop", "17 hosts");
}

/* libpq would try all of them in one attempt, which the first one may use up. */
static void hosts_of_the_environment(void)
{
    setenv("PGHOST", "a,b", 1);
    setenv("PGPORT", "", 1);
    is_plain("///shop", "box_office", "postgresql://a,b/shop");
    is_plain("//c/shop", "box_office", "postgresql://c/shop");
    setenv("PGPORT", "1,2", 1);
    setenv("PGHOSTADDR", "::1", 1);
    is_plain("///shop", "box_office", "postgresql://a:1,b:2/shop?hostaddr=%3A%3A1");
    unsetenv("PGHOST");
    unsetenv("PGPORT");
    unsetenv("PGHOSTADDR");
}

/* What it says of itself is a URL of the same place. */
static void plain_is_a_url(void)
{
    static const char *const urls[] = {
        "//me@a:1,b:2/shop?schema=tour",
        "//%40%2F:x@h/a%20b?application_name=a%26b",
        "//me@[::1]:5/shop",
        "///?host=/tmp&user=me",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct postgres_place place, again;
        char error[STORE_ERROR_SIZE];
        CU_ASSERT_FATAL(postgres_place_parse(&place, urls[i], error));
        CU_ASSERT_FATAL(postgres_place_parse(&again, place.plain + strlen("postgresql:"), error));
        CU_ASSERT_STRING_EQUAL(place.plain, again.plain);
        CU_ASSERT_STRING_EQUAL(place.schema, again.schema);
        postgres_place_free(&place);
        postgres_place_free(&again);
    }
}

static void beside(void)
{
    struct postgres_place place;
    char error[STORE_ERROR_SIZE], url[STORE_PLACE_SIZE];
    CU_ASSERT_FATAL(postgres_place_parse(&place, "//me:geheim@host/shop?schema=tour", error));
    postgres_place_beside(&place, "tour_2026", url);
    CU_ASSERT_STRING_EQUAL(url, "postgresql://me@host/shop?schema=tour_2026");
    postgres_place_free(&place);
}

static void replicas(void)
{
    is_plain("//h/shop?target_session_attrs=primary", "box_office",
             "postgresql://h/shop?target_session_attrs=primary");
    refused("//h/shop?target_session_attrs=any", "replica");
    refused("//h/shop?target_session_attrs=prefer-standby", "replica");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres place", "schema", schemas);
    suite_add("postgres place", "no password is told", passwords);
    suite_add("postgres place", "all that libpq hides is cut out", all_that_libpq_hides);
    suite_add("postgres place", "several hosts", hosts);
    suite_add("postgres place", "hosts of the environment", hosts_of_the_environment);
    suite_add("postgres place", "what is told is a URL", plain_is_a_url);
    suite_add("postgres place", "a schema beside it", beside);
    suite_add("postgres place", "no replicas", replicas);
}
