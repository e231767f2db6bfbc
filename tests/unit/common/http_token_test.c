#include "common/http_token.h"

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

static __attribute__((constructor)) void suite(void)
{
    suite_add("http token", "each byte is in the list or not", each_byte_is_in_the_list_or_not);
    suite_add("http token", "nothing is no token", nothing_is_no_token);
}
