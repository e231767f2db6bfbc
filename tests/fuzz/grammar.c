#include "tests/fuzz/grammar.h"

#include <regex.h>
#include <string.h>

#include "common/json.h"
#include "tests/fuzz/fuzz.h"

/* --- RFC 3629, section 4 ----------------------------------------------------------------------- */

struct form {
    uint8_t first, first_last;   /* range of the first byte */
    uint8_t second, second_last; /* … of the second; the others are 80 to bf */
    size_t length;
};

static const struct form forms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool fits(const struct form *form, const uint8_t *text, size_t length)
{
    if (text[0] < form->first || text[0] > form->first_last || length < form->length)
        return false;
    if (form->length > 1 && (text[1] < form->second || text[1] > form->second_last))
        return false;
    for (size_t i = 2; i < form->length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return false;
    return true;
}

size_t grammar_utf8(const uint8_t *text, size_t length)
{
    for (size_t i = 0; length > 0 && i < sizeof forms / sizeof *forms; i++)
        if (fits(&forms[i], text, length))
            return forms[i].length;
    return 0;
}

bool grammar_text(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && text[at] != '\0') {
        size_t character = grammar_utf8((const uint8_t *)text + at, length - at);
        if (character == 0)
            return false;
        at += character;
    }
    return at == length;
}

/* --- RFC 8259: tokens -------------------------------------------------------------------------- */

enum {
    NUMBER_MAX = 60,
    MEMBERS_MAX = 64,
};

static const char number_bytes[] = "0123456789+-.eE";

/* Each gives the token's length; 0: it is none. */
static size_t number_token(const char *at, size_t left)
{
    static regex_t number;
    static bool known;
    if (!known)
        must(regcomp(&number, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$",
                     REG_EXTENDED | REG_NOSUB) == 0,
             "the grammar of numbers compiles");
    known = true;
    char copy[NUMBER_MAX + 1];
    size_t length = 0;
    for (; length < left && at[length] && strchr(number_bytes, at[length]); length++)
        if (length == NUMBER_MAX)
            return 0;
    memcpy(copy, at, length);
    copy[length] = '\0';
    return regexec(&number, copy, 0, NULL, 0) == 0 ? length : 0;
}

static size_t escape(const char *at, size_t left)
{
    static const char hexadecimal[] = "0123456789abcdefABCDEF";
    if (left < 2 || !at[1] || !strchr("\"\\/bfnrtu", at[1]))
        return 0;
    if (at[1] != 'u')
        return 2;
    for (size_t i = 2; i < 6; i++)
        if (i >= left || !at[i] || !strchr(hexadecimal, at[i]))
            return 0;
    return memcmp(at + 2, "0000", 4) == 0 ? 0 : 6;
}

/* Whether halves of surrogate pairs belong together, cJSON looks at. */
static size_t string_token(const char *at, size_t left)
{
    size_t length = 1;
    while (length < left && at[length] != '"') {
        size_t step = at[length] == '\\' ? escape(at + length, left - length)
                      : (uint8_t)at[length] < 0x20
                          ? 0
                          : grammar_utf8((const uint8_t *)at + length, left - length);
        if (step == 0)
            return 0;
        length += step;
    }
    return length < left ? length + 1 : 0;
}

static size_t word_token(const char *at, size_t left)
{
    static const char *const words[] = {"null", "true", "false"};
    for (size_t i = 0; i < 3; i++)
        if (left >= strlen(words[i]) && memcmp(at, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    return 0;
}

static size_t token(const char *at, size_t left)
{
    if (*at && strchr(" \t\r\n[]{},:", *at))
        return 1;
    if (*at == '"')
        return string_token(at, left);
    return *at == '-' || (*at >= '0' && *at <= '9') ? number_token(at, left) : word_token(at, left);
}

static bool tokens_good(const char *text, size_t length)
{
    for (size_t at = 0, step; at < length; at += step) {
        step = token(text + at, length - at);
        if (step == 0)
            return false;
    }
    return true;
}

/* --- the whole --------------------------------------------------------------------------------- */

static bool names_good(const cJSON *object)
{
    size_t count = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next, count++)
        for (const cJSON *other = object->child; other != child; other = other->next)
            if (strcmp(child->string, other->string) == 0)
                return false;
    return count <= MEMBERS_MAX;
}

static bool value_good(const cJSON *value, int depth)
{
    bool container = cJSON_IsArray(value) || cJSON_IsObject(value);
    if (container && depth == JSON_DEPTH_MAX)
        return false;
    if (cJSON_IsObject(value) && !names_good(value))
        return false;
    for (const cJSON *child = container ? value->child : NULL; child != NULL; child = child->next)
        if (!value_good(child, depth + 1))
            return false;
    return true;
}

cJSON *grammar_json(const char *text, size_t length)
{
    const char *end;
    if (!tokens_good(text, length))
        return NULL;
    cJSON *value = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (value == NULL)
        return NULL;
    size_t used = (size_t)(end - text);
    while (used < length && strchr(" \t\r\n", text[used]))
        used++;
    if (used == length && value_good(value, 0))
        return value;
    cJSON_Delete(value);
    return NULL;
}
