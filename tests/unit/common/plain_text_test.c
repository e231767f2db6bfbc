#include "common/plain_text.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

enum {
    SIZE = 41,
};

static void takes_any_script(void)
{
    static const char *const texts[] = {
        "A",
        "Ελλάδα",
        "مهرجان الموسيقى",
        "春のガラ",
        "שלום",
        "क्षत्रिय",
        "🎉👩\xe2\x80\x8d🎤",
        "1\xef\xb8\x8f\xe2\x83\xa3 ❤\xef\xb8\x8f", /* keycap, heart */
        "می\xe2\x80\x8cخواهم",                     /* ZERO WIDTH NON-JOINER */
        "葛\xf3\xa0\x84\x80城",                    /* a variant of the first */
        "❤\xef\xb8\x8f\xe2\x80\x8d🔥 🏴\xe2\x80\x8d☠\xef\xb8\x8f", /* joined behind a selector */
        "🏴\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf", /* a flag: its tags and CANCEL TAG */
        "a  b",
        "x\xc2\xa0y",
        "0123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CU_ASSERT(plain_text_valid(texts[i], SIZE));
        if (!plain_text_valid(texts[i], SIZE))
            printf("  %zu\n", i);
    }
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
        "a\xe2\x80\xa8",     /* LINE SEPARATOR */
        "a\xe2\x80\xae",     /* RIGHT-TO-LEFT OVERRIDE */
        "a\xe2\x80\x8f",     /* RIGHT-TO-LEFT MARK */
        "a\xe2\x81\xa6",     /* LEFT-TO-RIGHT ISOLATE */
        "a\xd8\x9c",         /* ARABIC LETTER MARK */
        "\xc2\xa0z",         /* NO-BREAK SPACE */
        "a\xe3\x80\x80",     /* IDEOGRAPHIC SPACE */
        "\xe2\xa0\x80",      /* BRAILLE PATTERN BLANK */
        "a\xc2\xadz",        /* SOFT HYPHEN */
        "a\xe2\x80\x8bz",    /* ZERO WIDTH SPACE */
        "a\xe2\x81\xa0z",    /* WORD JOINER */
        "a\xef\xbb\xbf",     /* ZERO WIDTH NO-BREAK SPACE */
        "\xe3\x85\xa4",      /* HANGUL FILLER */
        "\xef\xb7\x90",      /* U+FDD0 is no character */
        "a\xf0\x9f\xbf\xbf", /* nor is U+1FFFF */
        "a\xf3\xa0\x81\xa7", /* TAG LATIN SMALL LETTER G */
        "\xf3\xa0\x81\xa7",
        "🎉\xf3\xa0\x81\xa7",
        "🏴a\xf3\xa0\x81\xa7",
        "🏴\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf\xf3\xa0\x81\xa7",
        "🏴\xf3\xa0\x80\x81", /* LANGUAGE TAG */
        "\xe2\x80\x8d",         /* joiners and selectors alone */
        "\xef\xb8\x8f",
        "é \xe2\x80\x8d é",
        "é\xe2\x80\x8c",
        "o\xe2\x80\x8dtto", /* looks like "otto" */
        "é\xe2\x80\x8d\xe2\x80\x8dz",
        "é\xe2\x80\x8c\xe2\x80\x8dz",
        "❤\xef\xb8\x8f\xef\xb8\x8f",
        "é\xe2\x80\x8d\xef\xb8\x8f",
        "a\xef\xb8\x8f",
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
