/* Arrays as PostgreSQL's array_recv takes them; bytes as its array_send writes them (but for the mark of NULLs). */
#include <string.h>

#include "db/postgres/array.h"
#include "tests/lib/suite.h"

static void is(struct array *array, const void *bytes, size_t size)
{
    array_end(array);
    CU_ASSERT_EQUAL_FATAL(array->bytes.length, size);
    CU_ASSERT_EQUAL(memcmp(array->bytes.data, bytes, size), 0);
}

#define IS(array, text) is(array, text, sizeof text - 1)

static void numbers(void)
{
    struct array array = {0};
    array_begin(&array, ARRAY_BIGINT);
    array_number(&array, 1);
    array_number(&array, -2);
    array_number(&array, INT64_MIN);
    array_number(&array, 0x0102030405060708);
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x14\0\0\0\4\0\0\0\1"
               "\0\0\0\x8\0\0\0\0\0\0\0\1"
               "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe"
               "\0\0\0\x8\x80\0\0\0\0\0\0\0"
               "\0\0\0\x8\1\2\3\4\5\6\7\x8");
    array_begin(&array, ARRAY_INTEGER);
    array_number(&array, 5);
    array_number(&array, -1);
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x17\0\0\0\2\0\0\0\1"
               "\0\0\0\4\0\0\0\5\0\0\0\4\xff\xff\xff\xff");
    array_free(&array);
}

static void texts_and_bytes(void)
{
    struct array array = {0};
    array_begin(&array, ARRAY_TEXT);
    array_text(&array, "");
    array_text(&array, "EUR");
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1"
               "\0\0\0\0\0\0\0\3EUR");
    array_begin(&array, ARRAY_BYTEA);
    array_bytes(&array, "a\0b", 3);
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x11\0\0\0\1\0\0\0\1\0\0\0\3a\0b");
    array_free(&array);
}

static void nulls(void)
{
    struct array array = {0};
    array_begin(&array, ARRAY_TEXT);
    array_null(&array);
    array_text(&array, "x");
    array_null(&array);
    CU_ASSERT_EQUAL(array.count, 3);
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1"
               "\xff\xff\xff\xff\0\0\0\1x\xff\xff\xff\xff");
    array_free(&array);
}

/* Such an array has no dimension, and so nothing is said of its length. */
static void nothing(void)
{
    struct array array = {0};
    array_begin(&array, ARRAY_BIGINT);
    IS(&array, "\0\0\0\0\0\0\0\1\0\0\0\x14");
    array_free(&array);
}

static void used_again(void)
{
    struct array array = {0};
    array_begin(&array, ARRAY_BIGINT);
    for (int i = 0; i < 4096; i++)
        array_number(&array, i);
    array_end(&array);
    CU_ASSERT_EQUAL(array.bytes.length, 20 + 4096 * 12);
    array_begin(&array, ARRAY_TEXT);
    CU_ASSERT_EQUAL(array.count, 0);
    array_text(&array, "b");
    IS(&array, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\1b");
    array_free(&array);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("array", "numbers of both sizes", numbers);
    suite_add("array", "texts and bytes", texts_and_bytes);
    suite_add("array", "NULLs", nulls);
    suite_add("array", "one without elements", nothing);
    suite_add("array", "used again for another type", used_again);
}
