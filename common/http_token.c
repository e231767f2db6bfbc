#include "common/http_token.h"

#include <stdint.h>

/* A bit for each character: of !#$%&'*+-. and digits; of letters and ^_`|~. Every byte of every field's name
 * is looked at twice on its way, so that a search in a list would be felt. */
static const uint64_t characters[4] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe, 0, 0};

bool http_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t c = (uint8_t)text[i];
        if ((characters[c / 64] >> c % 64 & 1) == 0)
            return false;
    }
    return length > 0;
}
