/* Keys as bytea, there and back. */
#include <string.h>

#include "db/postgres/key.h"
#include "tests/lib/suite.h"

static void becomes(const char *key, size_t size)
{
    uint8_t packed[KEY_PACKED_SIZE];
    char text[KEY_SIZE];
    CU_ASSERT_EQUAL(key_pack(key, packed), size);
    key_unpack(packed, size, text);
    CU_ASSERT_STRING_EQUAL(text, key);
}

static void there_and_back(void)
{
    char longest[KEY_SIZE];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    becomes("0189d3a0-1234-7abc-8def-0123456789ab", 16);
    becomes("0189D3A0-1234-7abc-8def-0123456789ab", 36);
    becomes("sixteen-bytes-it", 17);
    becomes("seventeen-bytes-y", 17);
    becomes("key-of-eighteen-by", 18);
    becomes(longest, 255);
}

static void too_long(void)
{
    uint8_t packed[KEY_SIZE + 10];
    char text[KEY_SIZE];
    memset(packed, 'x', sizeof packed);
    key_unpack(packed, sizeof packed, text);
    CU_ASSERT_EQUAL(strlen(text), KEY_SIZE - 1);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres keys", "there and back", there_and_back);
    suite_add("postgres keys", "what is no key is cut", too_long);
}
