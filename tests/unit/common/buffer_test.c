#include "common/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

static void zeroed_memory_is_an_empty_buffer(void)
{
    struct buffer buffer = {0};
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), "");
    CU_ASSERT_EQUAL(buffer.length, 0);
    buffer_append(&buffer, NULL, 0);
    CU_ASSERT_EQUAL(buffer.length, 0);
    buffer_free(&buffer);
    CU_ASSERT_PTR_NULL(buffer.data);
    buffer_free(&buffer);
}

static void it_grows_and_keeps_what_is_in_it(void)
{
    struct buffer buffer = {0};
    for (int i = 0; i < 10000; i++)
        buffer_add_char(&buffer, (char)(i % 251));
    buffer_append(&buffer, "a\0b", 3);
    CU_ASSERT_EQUAL_FATAL(buffer.length, 10003);
    CU_ASSERT(buffer.capacity >= buffer.length);
    int same = 0;
    for (int i = 0; i < 10000; i++)
        same += buffer.data[i] == (char)(i % 251);
    CU_ASSERT_EQUAL(same, 10000);
    CU_ASSERT_EQUAL(memcmp(buffer.data + 10000, "a\0b", 3), 0);
    buffer_free(&buffer);
}

static void room_is_made_without_being_used(void)
{
    struct buffer buffer = {0};
    buffer_add(&buffer, "ab");
    memset(buffer_reserve(&buffer, 1000), 'x', 1000);
    CU_ASSERT_EQUAL(buffer.length, 2);
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), "ab");
    size_t capacity = buffer.capacity;
    buffer_reserve(&buffer, capacity - 2);
    CU_ASSERT_EQUAL(buffer.capacity, capacity);
    buffer_reserve(&buffer, capacity - 1);
    CU_ASSERT(buffer.capacity > capacity);
    buffer_free(&buffer);
}

static void the_text_ends_behind_its_content(void)
{
    struct buffer buffer = {0};
    while (buffer.length == 0 || buffer.length < buffer.capacity)
        buffer_add_char(&buffer, 'x');
    size_t full = buffer.length; /* no room for the NUL */
    CU_ASSERT_EQUAL(strlen(buffer_text(&buffer)), full);
    CU_ASSERT_EQUAL(buffer.length, full);
    buffer_clear(&buffer);
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), "");
    CU_ASSERT(buffer.capacity > full);
    buffer_free(&buffer);
}

/* What is kept for the next time is no more than usual. */
static void at_rest_it_keeps_no_more_than_asked(void)
{
    struct buffer buffer = {0};
    buffer_reserve(&buffer, 1000);
    buffer.length = 1000;
    size_t usual = buffer.capacity;
    buffer_rest(&buffer, usual);
    CU_ASSERT_EQUAL(buffer.length, 0);
    CU_ASSERT_EQUAL(buffer.capacity, usual);
    buffer_reserve(&buffer, usual + 1);
    buffer_rest(&buffer, usual);
    CU_ASSERT_EQUAL(buffer.length, 0);
    CU_ASSERT_EQUAL(buffer.capacity, 0);
    CU_ASSERT_PTR_NULL(buffer.data);
    buffer_add(&buffer, "again");
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), "again");
    buffer_free(&buffer);
}

static void numbers_are_written_as_printf_does(void)
{
    static const int64_t numbers[] = {0,    1,         -1,        9,         10,        -10,
                                      4096, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1000000};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct buffer buffer = {0};
        char expected[32];
        snprintf(expected, sizeof expected, "<%lld", (long long)numbers[i]);
        buffer_add_char(&buffer, '<');
        buffer_add_number(&buffer, numbers[i]);
        CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), expected);
        buffer_free(&buffer);
    }
}

static void printf_takes_any_length(void)
{
    struct buffer buffer = {0};
    char wide[2000];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    buffer_printf(&buffer, "%s", "");
    CU_ASSERT_EQUAL(buffer.length, 0);
    buffer_printf(&buffer, "%s-%d", wide, 7);
    buffer_printf(&buffer, "%c", 'z');
    CU_ASSERT_EQUAL(buffer.length, sizeof wide - 1 + 3);
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer) + sizeof wide - 1, "-7z");
    buffer_free(&buffer);
}

static void memory_is_zeroed_and_never_null(void)
{
    unsigned char *memory = memory_new(64);
    int zeros = 0;
    for (int i = 0; i < 64; i++)
        zeros += memory[i] == 0;
    CU_ASSERT_EQUAL(zeros, 64);
    free(memory);
    void *nothing = memory_new(0);
    CU_ASSERT_PTR_NOT_NULL(nothing);
    free(nothing);
    char *copy = memory_copy("text");
    CU_ASSERT_STRING_EQUAL(copy, "text");
    free(copy);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("buffer", "zeroed memory is an empty buffer", zeroed_memory_is_an_empty_buffer);
    suite_add("buffer", "it grows and keeps what is in it", it_grows_and_keeps_what_is_in_it);
    suite_add("buffer", "room is made without being used", room_is_made_without_being_used);
    suite_add("buffer", "the text ends behind its content", the_text_ends_behind_its_content);
    suite_add("buffer", "at rest it keeps no more than asked", at_rest_it_keeps_no_more_than_asked);
    suite_add("buffer", "numbers are written as printf does", numbers_are_written_as_printf_does);
    suite_add("buffer", "printf takes any length", printf_takes_any_length);
    suite_add("buffer", "memory is zeroed and never null", memory_is_zeroed_and_never_null);
}
