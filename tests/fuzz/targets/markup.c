/* Text in SVG and HTML: whatever it was, it is UTF-8 that XML can say, and no markup begins or ends in
 * it. */
#include "ticket_server/markup.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static void check_characters(const char *at, const char *end)
{
    while (at < end) {
        uint32_t character = utf8_decode(&at, end);
        must(character != UTF8_BAD && character >= 0x20 && (character < 0x7f || character > 0x9f) &&
                 character != 0xfffe && character != 0xffff,
             "it is what XML can say");
        must(character != '<' && character != '>' && character != '"' && character != '\'',
             "no markup");
    }
}

static void check_references(const char *text)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (const char *at = strchr(text, '&'); at != NULL; at = strchr(at + 1, '&')) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known = is_known || strncmp(at, known[i], strlen(known[i])) == 0;
        must(is_known, "every & begins a reference");
    }
}

void fuzz_markup(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct buffer out = {0};
    size_t length;
    char *text = input_rest(&input, &length);
    markup_part(&out, text, length);
    check_references(buffer_text(&out));
    check_characters(out.data, out.data + out.length);
    free(text);
    buffer_free(&out);
}
