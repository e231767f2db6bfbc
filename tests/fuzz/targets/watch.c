/* A line of the routing log as watch shows it: one line, and nothing in it that could move the cursor or
 * change colours. */
#include "tools/watch/line.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

static void check(const struct buffer *out)
{
    must(out->length > 0 && out->data[out->length - 1] == '\n', "a line ends with a newline");
    must(grammar_text(out->data, out->length), "a line is UTF-8");
    for (size_t i = 0; i + 1 < out->length; i++)
        must((uint8_t)out->data[i] >= 0x20 && out->data[i] != 0x7f &&
                 !((uint8_t)out->data[i] == 0xc2 && (uint8_t)out->data[i + 1] < 0xa0),
             "a line has no control characters");
}

void fuzz_watch(const uint8_t *data, size_t size)
{
    static struct routing_line parsed;
    struct buffer out = {0};
    watch_line(&out, (const char *)data, size, &parsed, false);
    check(&out);
    buffer_clear(&out);
    watch_line(&out, (const char *)data, size, &parsed, true);
    buffer_free(&out);
    routing_line_free(&parsed);
}
