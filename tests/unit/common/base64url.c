#include "common/base64url.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

enum {
    BYTES_MAX = 64,
};

struct row {
    const char *text, *bytes; /* NULL: refused */
};

/* RFC 4648, section 10, without the padding; and what is not canonical. */
static const struct row rows[] = {
    {"", ""},
    {"Zg", "f"},
    {"Zm8", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg", "foob"},
    {"Zm9vYmE", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"-_-_", "\xfb\xff\xbf"},
    /* too short for one more byte, also where no bit is left */
    {"Z", NULL},
    {"Zm9vY", NULL},
    {"A", NULL},
    {"Zm9vA", NULL},
    /* four bits too many, and two */
    {"Zh", NULL},
    {"Zm9", NULL},
    {"Zg==", NULL},
    {"Zm8=", NULL},
    {"+/+/", NULL},
    {"Zm 9", NULL},
    {"Zm9v\n", NULL},
    {" Zm9", NULL},
    {"Zm9\x80", NULL},
};

static void a_text_is_bytes_or_not(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        unsigned char bytes[BYTES_MAX];
        char again[BYTES_MAX];
        size_t length = strlen(row->text), decoded;
        bool good = base64url_decode(row->text, length, bytes, &decoded);
        bool right = good == (row->bytes != NULL);
        if (right && good) {
            base64url_encode(bytes, decoded, again);
            right = decoded == strlen(row->bytes) && memcmp(bytes, row->bytes, decoded) == 0 &&
                    decoded == base64url_decoded_max(length) && strcmp(again, row->text) == 0;
        }
        if (!right) {
            printf("  '%s'\n", row->text);
            CU_FAIL("another view of what the text is");
        }
    }
}

static void every_byte_comes_back(void)
{
    unsigned char bytes[256], again[256];
    char text[BASE64URL_LENGTH(256) + 1];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t length = 0; length <= sizeof bytes; length++) {
        size_t decoded;
        base64url_encode(bytes, length, text);
        CU_ASSERT_EQUAL(strlen(text), BASE64URL_LENGTH(length));
        CU_ASSERT(base64url_decode(text, strlen(text), again, &decoded));
        CU_ASSERT_EQUAL(decoded, length);
        CU_ASSERT_EQUAL(memcmp(bytes, again, length), 0);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("base64url", "a text is bytes or not", a_text_is_bytes_or_not);
    suite_add("base64url", "every byte comes back", every_byte_comes_back);
}
