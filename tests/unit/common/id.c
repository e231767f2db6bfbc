#include "common/id.h"

#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

static void carries_the_time_version_and_variant(void)
{
    int64_t before = clock_now() / 1000;
    struct id id = id_make();
    for (int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(id_make().bytes[8] >> 6, 2);
    int64_t after = clock_now() / 1000;
    int64_t time = 0;
    for (int i = 0; i < 6; i++)
        time = time << 8 | id.bytes[i];
    CU_ASSERT(before <= time && time <= after + 1);
    CU_ASSERT_EQUAL(id.bytes[6] >> 4, 7);
    CU_ASSERT_EQUAL(id.bytes[8] >> 6, 2);
}

static void increases_also_within_a_microsecond(void)
{
    struct id last = id_make();
    for (int i = 0; i < 100000; i++) {
        struct id id = id_make();
        if (memcmp(last.bytes, id.bytes, sizeof id.bytes) >= 0)
            CU_FAIL_FATAL("an id does not follow the one before");
        last = id;
    }
}

static void is_not_to_be_guessed(void)
{
    struct id a = id_make();
    struct id b = id_make();
    CU_ASSERT(memcmp(a.bytes + 8, b.bytes + 8, 8) != 0);
}

static void comes_back_from_its_text(void)
{
    struct id id = id_make();
    struct id read;
    char text[ID_TEXT_SIZE];
    id_format(&id, text);
    CU_ASSERT_EQUAL(strlen(text), 36);
    CU_ASSERT(id_parse(text, &read));
    CU_ASSERT(id_equal(&id, &read));
    CU_ASSERT(id_parse("0193B0AA-0000-7ABC-8DEF-0123456789AB", &read));
    id_format(&read, text);
    CU_ASSERT_STRING_EQUAL(text, "0193b0aa-0000-7abc-8def-0123456789ab");
}

static void refuses_what_is_no_id(void)
{
    static const char *const texts[] = {
        "",
        "0193b0aa",
        "0193b0aa-0000-7abc-8def-0123456789a",
        "0193b0aa-0000-7abc-8def-0123456789abc",
        "0193b0aa-0000-7abc-8def-0123456789ag",
        "0193b0aa00007abc8def0123456789abcdef",
        "0193b0aa-0000-7abc-8def_0123456789ab",
        "{193b0aa-0000-7abc-8def-0123456789ab",
    };
    struct id id;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (id_parse(texts[i], &id))
            CU_FAIL(texts[i]);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("id", "carries the time, version and variant", carries_the_time_version_and_variant);
    suite_add("id", "increases also within a microsecond", increases_also_within_a_microsecond);
    suite_add("id", "is not to be guessed", is_not_to_be_guessed);
    suite_add("id", "comes back from its text", comes_back_from_its_text);
    suite_add("id", "refuses what is no id", refuses_what_is_no_id);
}
