#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_reader.h"
#include "tests/lib/suite.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

struct row {
    const char *text;
    size_t length;
    const char *error; /* a fragment; NULL: accepted */
};

static const struct row rows[] = {
    {TEXT("null"), NULL},
    {TEXT(" [1, -0, 0.5, 1e3, -1E-2, 10] \n"), NULL},
    {TEXT("{\"a\":{\"b\":[true,false,null,\"\\u00e9\\ud83c\\udfab\\n\"]},\"c\":\"\xc3\xa9\"}"),
     NULL},
    {TEXT("[[[[[[[[1]]]]]]]]"), NULL},
    {TEXT("[[[[[[[[[1]]]]]]]]]"), "nested deeper than 8 at byte 9"},
    {TEXT(""), "ends where a value is expected at byte 0"},
    {TEXT("   "), "ends where a value is expected at byte 3"},
    {TEXT("{"), "ends"},
    {TEXT("{\"a\""), "ends where ':' is expected"},
    {TEXT("{\"a\":"), "ends where a value is expected"},
    {TEXT("{\"a\":1"), "ends where ',' or '}' is expected at byte 6"},
    {TEXT("{\"a\":1,}"), "'}' where a field name in quotes is expected at byte 7"},
    {TEXT("{,}"), "',' where a field name in quotes is expected at byte 1"},
    {TEXT("{a:1}"), "'a' where a field name in quotes is expected at byte 1"},
    {TEXT("{'a':1}"), "where a field name in quotes is expected"},
    {TEXT("{1:1}"), "where a field name in quotes is expected"},
    {TEXT("{\"a\" 1}"), "'1' where ':' is expected"},
    {TEXT("{\"a\":1 \"b\":2}"), "'\"' where ',' or '}' is expected"},
    {TEXT("[1,]"), "']' where a value is expected at byte 3"},
    {TEXT("[1}"), "'}' where ',' or ']' is expected at byte 2"},
    {TEXT("[1 2]"), "where ',' or ']' is expected"},
    {TEXT("1 2"), "something follows the JSON value at byte 2"},
    {TEXT("{} x"), "something follows the JSON value at byte 3"},
    {TEXT("{}\0"), "something follows the JSON value at byte 2"},
    {TEXT("\0{}"), "byte 0x00 where a value is expected at byte 0"},
    {TEXT("\xef\xbb\xbf{}"), "byte 0xef where a value is expected at byte 0"},
    {TEXT("01"), "not spelled as JSON spells numbers"},
    {TEXT("-01"), "not spelled"},
    {TEXT("-"), "not spelled"},
    {TEXT("1."), "not spelled"},
    {TEXT(".5"), "'.' where a value is expected"},
    {TEXT("+1"), "'+' where a value is expected"},
    {TEXT("1e"), "not spelled"},
    {TEXT("1e+"), "not spelled"},
    {TEXT("0x10"), "something follows"},
    {TEXT("1e400"), NULL},
    {TEXT("1234567890123456789012345678901234567890123456789012345678901"), "longer than 60"},
    {TEXT("NaN"), "where a value is expected"},
    {TEXT("nul"), "where a value is expected"},
    {TEXT("nulll"), "something follows"},
    {TEXT("True"), "where a value is expected"},
    {TEXT("truE"), "where a value is expected"},
    {TEXT("\"a"), "ends inside a string"},
    {TEXT("\"a\\"), "escape that is none"},
    {TEXT("\"\t\""), "bare control character 0x09 at byte 1"},
    {TEXT("\"a\0b\""), "bare control character 0x00 at byte 2"},
    {TEXT("\"\\u0000\""), "escape that is none, NUL"},
    {TEXT("\"\\x41\""), "escape that is none"},
    {TEXT("\"\\u12g4\""), "escape that is none"},
    {TEXT("\"\\u12\""), "escape that is none"},
    {TEXT("\"\\ud800\""), "half a surrogate pair at byte 1"},
    {TEXT("\"\\udc00\""), "half a surrogate pair"},
    {TEXT("\"\\ud800\\ud800\""), "half a surrogate pair"},
    {TEXT("\"\\udc00\\udc00\""), "half a surrogate pair"},
    {TEXT("\"\\ud800x\""), "half a surrogate pair"},
    {TEXT("\"\x80\""), "not UTF-8 at byte 1"},
    {TEXT("\"\xc0\xaf\""), "not UTF-8"},         /* overlong */
    {TEXT("\"\xe0\x80\xaf\""), "not UTF-8"},     /* overlong */
    {TEXT("\"\xed\xa0\x80\""), "not UTF-8"},     /* a surrogate */
    {TEXT("\"\xf4\x90\x80\x80\""), "not UTF-8"}, /* beyond U+10FFFF */
    {TEXT("\"\xf0\x9f\x8e\""), "not UTF-8"},     /* cut short */
    {TEXT("{\"a\":1,\"b\":2,\"a\":3}"), "name comes twice at byte 13"},
    {TEXT("{\"a\":1,\"\\u0061\":2}"), "name comes twice"},
    {TEXT("{\"\xc3\xa9\":1,\"\\u00e9\":2}"), "name comes twice"},
    {TEXT("{\"a\":{\"a\":1},\"b\":{\"a\":2}}"), NULL},
    {TEXT("{\"a\":1,\"ab\":2,\"A\":3,\"\":4}"), NULL},
};

static void takes_what_the_rfc_takes_and_nothing_else(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char error[JSON_ERROR_SIZE] = "";
        char *exact = memory_new(rows[i].length); /* so that a sanitizer sees any byte too far */
        memcpy(exact, rows[i].text, rows[i].length);
        cJSON *value = json_parse(exact, rows[i].length, error);
        bool right = rows[i].error ? !value && strstr(error, rows[i].error) : value != NULL;
        if (!right) {
            printf("\n  %s: \"%s\"\n", rows[i].text, error);
            CU_FAIL("a row of the table is read wrongly");
        }
        cJSON_Delete(value);
        free(exact);
    }
}

static void refuses_an_object_with_too_many_members(void)
{
    for (int members = 64; members <= 65; members++) {
        struct buffer text = {0};
        char error[JSON_ERROR_SIZE];
        for (int i = 0; i < members; i++)
            buffer_printf(&text, "%c\"%d\":0", i ? ',' : '{', i);
        buffer_add_char(&text, '}');
        cJSON *value = json_parse(text.data, text.length, error);
        CU_ASSERT_EQUAL(value != NULL, members == 64);
        cJSON_Delete(value);
        buffer_free(&text);
    }
}

static void integers_are_whole_and_within_bounds(void)
{
    static const struct {
        const char *text;
        bool inside;
        int64_t number;
    } numbers[] = {
        {"5", true, 5},
        {"5.0", true, 5},
        {"5e0", true, 5},
        {"0.5e1", true, 5},
        {"0", false, 0},
        {"-1", false, 0},
        {"2.9", false, 0},
        {"1001", false, 0},
        {"1e9", false, 0},
        {"1e400", false, 0},
        {"2147483648", false, 0},
        {"9007199254740993", false, 0},
        {"18446744073709551617", false, 0},
        {"-0", false, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char error[JSON_ERROR_SIZE];
        int64_t number = -7;
        int64_t read = -7;
        bool inside = false;
        struct json_reader reader;
        cJSON *value = json_parse(numbers[i].text, strlen(numbers[i].text), error);
        json_reader_open(&reader, numbers[i].text, strlen(numbers[i].text));
        CU_ASSERT_EQUAL(json_integer(value, 1, 1000, &number), numbers[i].inside);
        CU_ASSERT(json_read_number(&reader, 1, 1000, &read, &inside));
        CU_ASSERT_EQUAL(inside, numbers[i].inside);
        if (numbers[i].inside) {
            CU_ASSERT_EQUAL(number, numbers[i].number);
            CU_ASSERT_EQUAL(read, numbers[i].number);
        }
        cJSON_Delete(value);
    }
    cJSON *text = cJSON_CreateString("5");
    int64_t number;
    CU_ASSERT_FALSE(json_integer(text, 1, 1000, &number));
    CU_ASSERT_FALSE(json_integer(NULL, 1, 1000, &number));
    cJSON_Delete(text);
}

static void utf8_is_checked(void)
{
    CU_ASSERT(json_utf8(TEXT("")));
    CU_ASSERT(json_utf8(TEXT("abc \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xab \x7f")));
    CU_ASSERT_FALSE(json_utf8(TEXT("a\0b")));
    CU_ASSERT_FALSE(json_utf8(TEXT("\xff")));
    CU_ASSERT_FALSE(json_utf8(TEXT("\xc3")));
    CU_ASSERT_FALSE(json_utf8("\xc3\xa9", 1));
    CU_ASSERT_FALSE(json_utf8(TEXT("\xed\xbf\xbf")));
    CU_ASSERT_FALSE(json_utf8(TEXT("\xc1\x81")));
}

static void strings_are_escaped(void)
{
    struct buffer out = {0};
    json_append(&out, "a\"b\\c\n\r\t\b\f\x01\x1f\x7f/\xc3\xa9");
    CU_ASSERT_STRING_EQUAL(buffer_text(&out),
                           "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f\x7f/\xc3\xa9\"");
    buffer_free(&out);
}

static void texts_are_cut_and_their_length_told(void)
{
    struct json_reader reader;
    char out[4];
    size_t length = 0;
    json_reader_open(&reader, TEXT("[\"abc\",\"abcd\",\"ab\\u00e9\"]"));
    CU_ASSERT(json_enter(&reader, JSON_ARRAY));
    CU_ASSERT(json_more(&reader) && json_read_text(&reader, out, sizeof out, &length));
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(length, 3);
    CU_ASSERT(json_more(&reader) && json_read_text(&reader, out, sizeof out, &length));
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(length, 4);
    CU_ASSERT(json_more(&reader) && json_read_text(&reader, out, sizeof out, &length));
    CU_ASSERT_EQUAL(length, 4);
    CU_ASSERT_FALSE(json_more(&reader));
    CU_ASSERT(json_finish(&reader));
}

static void fields_come_in_any_order_but_once(void)
{
    static const char *const names[] = {"one", "two", "three"};
    struct json_reader reader;
    uint32_t seen = 0;
    json_reader_open(&reader, TEXT("{\"three\":3,\"one\":1,\"\\u0074wo\":2,\"one\":1}"));
    CU_ASSERT(json_enter(&reader, JSON_OBJECT));
    CU_ASSERT(json_more(&reader));
    CU_ASSERT_EQUAL(json_read_field(&reader, names, 3, &seen), 2);
    CU_ASSERT(json_skip(&reader) && json_more(&reader));
    CU_ASSERT_EQUAL(json_read_field(&reader, names, 3, &seen), 0);
    CU_ASSERT(json_skip(&reader) && json_more(&reader));
    CU_ASSERT_EQUAL(json_read_field(&reader, names, 3, &seen), 1);
    CU_ASSERT(json_skip(&reader) && json_more(&reader));
    CU_ASSERT_EQUAL(json_read_field(&reader, names, 3, &seen), -1);
    CU_ASSERT_STRING_EQUAL(reader.error, "field \"one\" comes twice at byte 32");
    CU_ASSERT_FALSE(json_more(&reader));
    CU_ASSERT_FALSE(json_finish(&reader));
}

static void names_may_be_free(void)
{
    struct json_reader reader;
    char name[4];
    size_t length = 0;
    bool flag;
    json_reader_open(&reader, TEXT("{ \"a\\u0062\" :true,\n  \"long\":true, 7}"));
    CU_ASSERT(json_enter(&reader, JSON_OBJECT) && json_more(&reader));
    CU_ASSERT_EQUAL(json_reader_offset(&reader), 2);
    CU_ASSERT(json_read_name(&reader, name, sizeof name, &length));
    CU_ASSERT_STRING_EQUAL(name, "ab");
    CU_ASSERT(json_read_bool(&reader, &flag) && json_more(&reader));
    CU_ASSERT_EQUAL(json_reader_offset(&reader), 21);
    CU_ASSERT(json_read_name(&reader, name, sizeof name, &length));
    CU_ASSERT_STRING_EQUAL(name, "lon");
    CU_ASSERT_EQUAL(length, 4);
    CU_ASSERT(json_read_bool(&reader, &flag) && json_more(&reader));
    CU_ASSERT_FALSE(json_read_name(&reader, name, sizeof name, &length));
    CU_ASSERT_STRING_EQUAL(reader.error,
                           "JSON has '7' where a field name in quotes is expected at byte 34");
    CU_ASSERT_EQUAL(reader.failed_at, 34);
    CU_ASSERT_EQUAL(reader.reason_length, strlen(reader.error) - strlen(" at byte 34"));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("json", "takes what the RFC takes and nothing else",
              takes_what_the_rfc_takes_and_nothing_else);
    suite_add("json", "refuses an object with too many members",
              refuses_an_object_with_too_many_members);
    suite_add("json", "integers are whole and within bounds", integers_are_whole_and_within_bounds);
    suite_add("json", "UTF-8 is checked", utf8_is_checked);
    suite_add("json", "strings are escaped", strings_are_escaped);
    suite_add("json", "texts are cut and their length told", texts_are_cut_and_their_length_told);
    suite_add("json", "names may be free", names_may_be_free);
    suite_add("json", "fields come in any order but once", fields_come_in_any_order_but_once);
}
