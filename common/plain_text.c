#include "common/plain_text.h"

#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

struct range {
    uint32_t first, last;
};

/* Ordered, as are the others. Of Default_Ignorable_Code_Point all but `joiners`, `selectors` and `tags`. */
static const struct range refused[] = {
    {0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
    {0x61c, 0x61c},     {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180e, 0x180e},
    {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe001f},
    {0xe0080, 0xe00ff}, {0xe01f0, 0xe0fff},
};

/* With the blank of Braille. */
static const struct range spaces[] = {
    {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000},
};

static const struct range joiners[] = {{0x200c, 0x200d}};

static const struct range selectors[] = {
    {0x180b, 0x180d}, {0x180f, 0x180f}, {0xfe00, 0xfe0f}, {0xe0100, 0xe01ef}};

/* They spell, behind a black flag, whose it is: those of England, Scotland and Wales. */
static const struct range tags[] = {{0xe0020, 0xe007f}};

enum {
    BLACK_FLAG = 0x1f3f4,
    TAG_END = 0xe007f,
};

static bool is_among(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count && ranges[i].first <= c; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

#define IS_AMONG(c, ranges) is_among(c, ranges, sizeof(ranges) / sizeof *(ranges))

static bool is_noncharacter(uint32_t c)
{
    return (c & 0xfffe) == 0xfffe;
}

static bool is_keycap(uint32_t c)
{
    return c == '#' || c == '*' || (c >= '0' && c <= '9');
}

/* Behind any letter, or many at a time, "ada" could have many spellings that look the same. A joiner may stand behind a
 * selector: emoji are joined with their variant. */
static bool may_follow(uint32_t c, uint32_t before)
{
    bool carries = before >= 0x80 && !IS_AMONG(before, spaces) && !IS_AMONG(before, joiners);
    if (IS_AMONG(c, joiners))
        return carries;
    if (IS_AMONG(c, selectors))
        return (carries && !IS_AMONG(before, selectors)) || is_keycap(before);
    if (IS_AMONG(c, tags))
        return before == BLACK_FLAG || (IS_AMONG(before, tags) && before != TAG_END);
    return !IS_AMONG(c, refused) && !is_noncharacter(c);
}

static bool may_stand_at_an_end(uint32_t c)
{
    return !IS_AMONG(c, spaces) && !IS_AMONG(c, joiners);
}

bool plain_text_valid(const char *text, size_t size)
{
    size_t length = strlen(text);
    const char *end = text + length;
    uint32_t last = ' ';
    if (length == 0 || length >= size)
        return false;
    for (const char *at = text; at < end;) {
        bool first = at == text;
        uint32_t character = utf8_decode(&at, end);
        if (character == UTF8_BAD || !may_follow(character, last) ||
            (first && !may_stand_at_an_end(character)))
            return false;
        last = character;
    }
    return may_stand_at_an_end(last);
}
