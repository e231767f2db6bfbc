#include "common/form.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

void form_open(struct form *form, char *text, size_t length)
{
    form->begin = form->at = text;
    form->end = text + length;
    form->name = form->value = "";
    form->why[0] = '\0';
}

static enum form_step refuse(struct form *form, const char *at, const char *why)
{
    snprintf(form->why, sizeof form->why, "%s at byte %zu", why, (size_t)(at - form->begin));
    return FORM_BAD;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes [from, to) in place and ends it with a NUL; NULL, or what is wrong and where. */
static const char *decode(char *from, char *to, const char **where)
{
    char *out = from;
    for (char *at = from; at < to; at++) {
        *where = at;
        if (*at == '+') {
            *out++ = ' ';
        } else if (*at == '%') {
            int high = to - at > 2 ? digit_value(at[1]) : -1;
            int low = high < 0 ? -1 : digit_value(at[2]);
            if (low < 0)
                return "a '%' without two hexadecimal digits";
            *out++ = (char)(high << 4 | low);
            at += 2;
        } else if ((uint8_t)*at <= ' ' || *at == 0x7f) {
            return "a space or control character that is not percent-encoded";
        } else {
            *out++ = *at;
        }
    }
    *where = from;
    if (!json_utf8(from, (size_t)(out - from)))
        return "text that is not UTF-8, or holds NUL,";
    *out = '\0';
    return NULL;
}

enum form_step form_next(struct form *form)
{
    if (form->at >= form->end)
        return FORM_END;
    char *from = form->at;
    char *to = memchr(from, '&', (size_t)(form->end - from));
    if (!to)
        to = form->end;
    else if (to + 1 == form->end)
        return refuse(form, to, "an '&' that no field follows");
    char *equals = memchr(from, '=', (size_t)(to - from));
    if (!equals)
        return refuse(form, from, "a field without '='");
    const char *where;
    const char *why = decode(from, equals, &where);
    if (!why)
        why = decode(equals + 1, to, &where);
    if (why)
        return refuse(form, where, why);
    form->name = from;
    form->value = equals + 1;
    form->at = to < form->end ? to + 1 : to;
    return FORM_FIELD;
}
