#include "tools/boxctl/terms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/outcome.h"

enum {
    DIGITS_MAX = 12,
    PART_SIZE = 80,
    CURRENCY_LENGTH = 3,
};

/* Digits behind the point; those of all others are two. */
static int minor_digits(const char *currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND";
    return strstr(none, currency) != NULL ? 0 : strstr(three, currency) != NULL ? 3 : 2;
}

bool terms_number(const char *text, int64_t *number)
{
    size_t length = strlen(text);
    if (length == 0 || length > DIGITS_MAX || strspn(text, "0123456789") != length)
        return false;
    *number = strtoll(text, NULL, 10);
    return true;
}

bool terms_price(const char *text, int64_t *amount, char currency[4])
{
    char digits[2 * DIGITS_MAX + 1] = "";
    size_t length = strlen(text), whole = strspn(text, "0123456789");
    if (length < CURRENCY_LENGTH || !currency_valid(text + length - CURRENCY_LENGTH) ||
        whole == 0 || whole > DIGITS_MAX)
        return false;
    const char *code = text + length - CURRENCY_LENGTH, *rest = text + whole;
    int due = minor_digits(code);
    size_t behind = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (*rest == '.' && (behind != (size_t)due || behind == 0))
        return false;
    if (rest + (*rest == '.' ? behind + 1 : 0) != code)
        return false;
    int written = snprintf(digits, sizeof digits, "%.*s%.*s", (int)whole, text, (int)behind,
                           behind > 0 ? rest + 1 : "");
    for (int i = (int)behind; i < due; i++)
        digits[written++] = '0';
    if (!terms_number(digits, amount))
        return false;
    memcpy(currency, code, CURRENCY_LENGTH + 1);
    return true;
}

void terms_show_price(int64_t amount, const char *currency, char out[TERMS_PRICE_SIZE])
{
    int digits = currency_valid(currency) ? minor_digits(currency) : 0;
    int64_t unit = digits == 3 ? 1000 : digits == 2 ? 100 : 1;
    if (digits == 0)
        snprintf(out, TERMS_PRICE_SIZE, "%" PRId64 " %.3s", amount, currency);
    else
        snprintf(out, TERMS_PRICE_SIZE, "%" PRId64 ".%0*d %.3s", amount / unit, digits,
                 (int)(amount % unit), currency);
}

void terms_show_time(const char *text, const char *none, char out[TERMS_TIME_SIZE])
{
    int64_t time;
    if (clock_parse(text, &time))
        snprintf(out, TERMS_TIME_SIZE, "%.*sZ", (int)strcspn(text, "."), text);
    else
        snprintf(out, TERMS_TIME_SIZE, "%s", none);
}

void terms_show_count(int64_t count, const char *what, char out[TERMS_COUNT_SIZE])
{
    snprintf(out, TERMS_COUNT_SIZE, "%" PRId64 " %s%s", count, what, count == 1 ? "" : "s");
}

bool terms_span(const char *text, int64_t *seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
    char digits[DIGITS_MAX + 1];
    size_t length = strlen(text);
    if (length < 2 || length > sizeof digits)
        return false;
    memcpy(digits, text, length - 1);
    digits[length - 1] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (text[length - 1] == units[i].letter && terms_number(digits, seconds)) {
            *seconds *= units[i].seconds;
            return true;
        }
    return false;
}

/* Cuts the text at the colons; how many parts, at most 4; 0 where one is too long. */
static size_t split(const char *text, char parts[4][PART_SIZE])
{
    size_t count = 0;
    for (; count < 4; count++) {
        size_t length = strcspn(text, ":");
        if (length >= PART_SIZE)
            return 0;
        memcpy(parts[count], text, length);
        parts[count][length] = '\0';
        if (text[length] == '\0')
            return count + 1;
        text += length + 1;
    }
    return 0;
}

bool terms_tier(struct buffer *out, const char *text)
{
    char parts[4][PART_SIZE], currency[4];
    int64_t capacity, price, limit = 0;
    size_t count = split(text, parts);
    if (count < 3 || !purchase_name_valid(parts[0]) || !terms_number(parts[1], &capacity) ||
        !terms_price(parts[2], &price, currency) || (count == 4 && !terms_number(parts[3], &limit)))
        return false;
    buffer_printf(
        out, "{\"name\":\"%s\",\"price\":%" PRId64 ",\"currency\":\"%s\",\"capacity\":%" PRId64,
        parts[0], price, currency, capacity);
    if (count == 4)
        buffer_printf(out, ",\"limit\":%" PRId64, limit);
    buffer_add_char(out, '}');
    return true;
}
