#include "ticket_server/markup.h"

#include <string.h>

#include "common/utf8.h"

/* What stands for a character that cannot stand for itself; NULL where it can. */
static const char *escape(uint32_t character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
    case '\r':
        return " ";
    case UTF8_BAD:
    case 0xfffe:
    case 0xffff:
        return "\xef\xbf\xbd";
    default:
        return character < 0x20 || (character >= 0x7f && character <= 0x9f) ? "\xef\xbf\xbd" : NULL;
    }
}

void markup_part(struct buffer *out, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *begin = text;
        uint32_t character = utf8_decode(&text, end);
        if (text == begin)
            text++;
        const char *instead = escape(character);
        if (instead != NULL)
            buffer_add(out, instead);
        else
            buffer_append(out, begin, (size_t)(text - begin));
    }
}

void markup_text(struct buffer *out, const char *text)
{
    markup_part(out, text, strlen(text));
}
