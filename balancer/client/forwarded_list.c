#include <string.h>
#include <strings.h>

#include "balancer/client/forwarded_parts.h"

bool slice_same(struct slice slice, struct slice other)
{
    return slice.length == other.length && strncasecmp(slice.text, other.text, slice.length) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trimmed(struct slice slice)
{
    for (; slice.length > 0 && is_space(slice.text[0]); slice.length--)
        slice.text++;
    while (slice.length > 0 && is_space(slice.text[slice.length - 1]))
        slice.length--;
    return slice;
}

/* Where the first separator is that does not stand in quotes, or the end. *open: in quotes there. */
static size_t find_separator(struct slice text, char separator, enum quoting quoting, bool *open)
{
    *open = false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];
        if (c == separator && !*open)
            return i;
        if (c == '"' && quoting == QUOTED)
            *open = !*open;
        else if (c == '\\' && *open)
            i++; /* a quoted pair (RFC 9110, 5.6.4) */
    }
    return text.length;
}

bool slice_next(struct slice *rest, char separator, enum quoting quoting, struct slice *element)
{
    bool open;
    if (rest->text == NULL)
        return false;
    size_t length = find_separator(*rest, separator, quoting, &open);
    *element = trimmed((struct slice){rest->text, length});
    if (length == rest->length)
        *rest = (struct slice){0};
    else
        *rest = (struct slice){rest->text + length + 1, rest->length - length - 1};
    return true;
}

static bool leaves_quote_open(struct slice value)
{
    bool open;
    find_separator(value, '\0', QUOTED, &open); /* no value has a NUL */
    return open;
}

void forwarded_gather(const struct forwarded *fields, const char *name, enum quoting quoting,
                      struct buffer *out)
{
    size_t begin = out->length;
    for (size_t i = 0; i < fields->fields; i++) {
        const struct forwarded_field *field = &fields->field[i];
        struct slice value = trimmed((struct slice){field->value, field->value_length});
        if (!slice_is((struct slice){field->name, field->name_length}, name) || value.length == 0)
            continue;
        if (quoting == QUOTED && leaves_quote_open(value)) {
            out->length = begin;
            continue;
        }
        buffer_add(out, out->length > begin ? ", " : "");
        buffer_append(out, value.text, value.length);
    }
}

bool forwarded_find(const struct forwarded *fields, const char *name, struct slice *value)
{
    for (size_t i = 0; i < fields->fields; i++) {
        const struct forwarded_field *field = &fields->field[i];
        if (!slice_is((struct slice){field->name, field->name_length}, name))
            continue;
        *value = (struct slice){field->value, field->value_length};
        return true;
    }
    return false;
}
