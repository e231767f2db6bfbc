/* A form is taken if its grammar, spelled out here once more, takes it; and its fields, encoded anew,
 * read as the same fields. */
#include "common/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/input.h"

/* Decodes one side of a '='; false where it is badly spelled. */
static bool decode(const char *at, const char *end, struct buffer *out)
{
    buffer_clear(out);
    for (; at < end; at++) {
        uint8_t byte = (uint8_t)*at;
        if (byte <= 0x20 || byte == 0x7f)
            return false;
        if (byte != '%') {
            buffer_add_char(out, byte == '+' ? ' ' : (char)byte);
            continue;
        }
        if (end - at < 3 || !isxdigit((uint8_t)at[1]) || !isxdigit((uint8_t)at[2]))
            return false;
        char digits[] = {at[1], at[2], '\0'};
        buffer_add_char(out, (char)strtoul(digits, NULL, 16));
        at += 2;
    }
    return grammar_text(buffer_text(out), out->length);
}

static bool same(const char *text, struct buffer *due)
{
    return strcmp(text, buffer_text(due)) == 0;
}

static void add_encoded(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (isalnum((uint8_t)*text))
            buffer_add_char(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned)(uint8_t)*text);
}

/* Reads the text, which is as many fields as the grammar finds; false where either refuses. Each field is
 * also written to `again`. */
static bool check_fields(const char *text, size_t length, struct form *form, struct buffer *again)
{
    struct buffer name = {0}, value = {0};
    const char *at = text, *end = text + length;
    bool good = true;
    while (good && (at < end || (at == end && length > 0 && at[-1] == '&'))) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        good = equals != NULL && decode(at, equals, &name) && decode(equals + 1, stop, &value);
        if (good && stop + 1 == end)
            good = false; /* nothing follows the '&' */
        must((form_next(form) == FORM_FIELD) == good, "a field is taken if it is spelled well");
        must(!good || (same(form->name, &name) && same(form->value, &value)),
             "a field is what is spelled");
        if (good && again != NULL) {
            buffer_add(again, again->length > 0 ? "&" : "");
            add_encoded(again, form->name);
            buffer_add_char(again, '=');
            add_encoded(again, form->value);
        }
        at = stop + 1;
    }
    buffer_free(&name);
    buffer_free(&value);
    return good;
}

static bool check(const char *text, size_t length, struct buffer *again)
{
    struct form form;
    char *copy = memory_new(length + 1);
    memcpy(copy, text, length);
    form_open(&form, copy, length);
    bool good = check_fields(text, length, &form, again);
    if (good)
        must(form_next(&form) == FORM_END, "it ends where nothing is left");
    else
        must(form.why[0] != '\0' && strlen(form.why) < sizeof form.why, "a refusal has a reason");
    free(copy);
    return good;
}

void fuzz_form(const uint8_t *data, size_t size)
{
    struct buffer again = {0}, last = {0};
    struct input input = input_of(data, size);
    char *text = input_rest(&input, NULL);
    if (check(text, size, &again)) {
        must(check(buffer_text(&again), again.length, &last), "what is encoded anew is taken");
        must(strcmp(buffer_text(&again), buffer_text(&last)) == 0, "and is the same once more");
    }
    buffer_free(&again);
    buffer_free(&last);
    free(text);
}
