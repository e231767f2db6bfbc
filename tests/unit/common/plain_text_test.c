#include "common/plain_text.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

enum {
    SIZE = 41,
};

static void takes_any_script(void)
{
    static const char *const texts[] = {"A",
                                        "Ελλάδα",
                                        "مهرجان الموسيقى",
                                        "春のガラ",
                                        "שלום",
                                        "क्षत्रिय",
                                        "🎉👩\xe2\x80\x8d🎤",
                                        "a  b",
                                        "x\xc2\xa0y",
                                        "0123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT(plain_text_valid(texts[i], SIZE));
}

static void refuses_what_deceives(void)
{
    static const char *const texts[] = {
        "",
        " a",
        "a ",
        "a\nb",
        "a\x7f",
        "a\xc2\x85" /* NEL */,
        "a\xe2\x80\xa8", /* LINE SEPARATOR */
        "a\xe2\x80\xae", /* RIGHT-TO-LEFT OVERRIDE */
        "a\xe2\x80\x8f", /* RIGHT-TO-LEFT MARK */
        "a\xe2\x81\xa6", /* LEFT-TO-RIGHT ISOLATE */
        "a\xd8\x9c",     /* ARABIC LETTER MARK */
        "a\xff",
        "a\xc3",
        "a\xed\xa0\x80", /* half a surrogate pair */
        "01234567890123456789012345678901234567890",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CU_ASSERT_FALSE(plain_text_valid(texts[i], SIZE));
        if (plain_text_valid(texts[i], SIZE))
            printf("  %zu\n", i);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("plain_text", "takes any script", takes_any_script);
    suite_add("plain_text", "refuses what deceives", refuses_what_deceives);
}
