/* utf8_decode and json_utf8 agree with the grammar of RFC 3629; utf8_encode undoes utf8_decode. */
#include "common/utf8.h"

#include <string.h>

#include "common/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

static void check_character(const char *text, const char *end)
{
    const char *at = text;
    char again[UTF8_LENGTH_MAX];
    size_t length = grammar_utf8((const uint8_t *)text, (size_t)(end - text));
    uint32_t character = utf8_decode(&at, end);
    must((character != UTF8_BAD) == (length > 0), "utf8_decode takes what RFC 3629 has");
    must((size_t)(at - text) == length, "utf8_decode moves past the character, or stays");
    if (length == 0)
        return;
    must(character <= 0x10ffff && (character < 0xd800 || character > 0xdfff), "it is a scalar");
    must(utf8_encode(character, again) == length && memcmp(again, text, length) == 0,
         "utf8_encode writes what was read");
}

void fuzz_utf8(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    for (size_t at = 0; at < size; at++)
        check_character(text + at, text + size);
    must(json_utf8(text, size) == grammar_text(text, size), "json_utf8 takes UTF-8 without NUL");
}
