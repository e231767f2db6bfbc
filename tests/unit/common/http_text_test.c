#include "common/http_text.h"

#include <string.h>

#include "tests/lib/suite.h"

static bool is_listed(int c)
{
    static const char list[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return memchr(list, c, sizeof list - 1) != NULL;
}

/* Alone, and behind or before one that is fine. */
static void each_byte_is_in_the_list_or_not(void)
{
    for (int c = 0; c < 256; c++) {
        const char text[] = {(char)c, 'a', (char)c};
        for (size_t from = 0; from < sizeof text; from++)
            for (size_t length = 1; length <= sizeof text - from; length++)
                CU_ASSERT_EQUAL(http_token(text + from, length),
                                is_listed(c) || (from == 1 && length == 1));
    }
}

static void nothing_is_no_token(void)
{
    CU_ASSERT_FALSE(http_token("a", 0));
}

/* Each byte at each place of a text of each length, whose other bytes are the bounds of what is printable. */
static void a_control_is_found_wherever_it_is(void)
{
    static const char others[] = "\t  \x7e\x80\xff\t ~\x9f\xa0 \t\x80\xfe ~\xff\t";
    char text[sizeof others - 1];
    for (size_t length = 1; length <= sizeof text; length++)
        for (size_t place = 0; place < length; place++)
            for (int c = 0; c < 256; c++) {
                memcpy(text, others, sizeof text);
                text[place] = (char)c;
                bool control = (c < 0x20 && c != '\t') || c == 0x7f;
                CU_ASSERT_EQUAL(http_printable(text, length), !control);
            }
    CU_ASSERT(http_printable("\x01", 0));
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("http text", "each byte is in the list or not", each_byte_is_in_the_list_or_not);
    suite_add("http text", "nothing is no token", nothing_is_no_token);
    suite_add("http text", "a control is found wherever it is", a_control_is_found_wherever_it_is);
}
