#include "common/purchase.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buffer.h"
#include "common/form.h"
#include "common/json_reader.h"
#include "common/log.h"
#include "common/utf8.h"

enum {
    NAME_SHOWN_SIZE = 41,
};

enum field {
    FIELD_EVENT,
    FIELD_TIER,
    FIELD_QUANTITY,
    FIELD_BUYER,
    FIELD_COUNT,
};

static const char *const field_names[FIELD_COUNT] = {"event", "tier", "quantity", "buyer"};

/* A purchase while its body is read. A broken rule (422) is kept back until the end: what cannot be
 * read at all (400) goes first. */
struct reading {
    struct purchase *purchase;
    uint32_t seen; /* a bit per field */
    bool broken;   /* `detail` tells of a broken rule */
    char *detail;
};

int purchase_quantity(const struct purchase *purchase)
{
    return purchase->quantity ? purchase->quantity : 1;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool purchase_name_valid(const char *name)
{
    if (!is_alphanumeric(name[0]))
        return false;
    size_t length = 1;
    for (; name[length]; length++)
        if (!is_alphanumeric(name[length]) && !strchr("._-", name[length]))
            return false;
    return length < NAME_SIZE;
}

bool purchase_key_valid(const char *key)
{
    size_t length = 0;
    for (; key[length]; length++)
        if (key[length] < 0x21 || key[length] > 0x7e)
            return false;
    return length >= KEY_LENGTH_MIN && length < KEY_SIZE;
}

bool purchase_buyer_valid(const char *buyer)
{
    size_t length = strlen(buyer);
    if (length == 0 || length >= BUYER_SIZE)
        return false;
    for (const char *at = buyer; *at;) {
        uint32_t character = utf8_decode(&at, buyer + length);
        if (character == UTF8_BAD || character < 0x20 || (character >= 0x7f && character <= 0x9f))
            return false;
    }
    return true;
}

static void __attribute__((format(printf, 2, 3)))
break_rule(struct reading *reading, const char *format, ...)
{
    if (reading->broken)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->detail, PROBLEM_DETAIL_SIZE, format, arguments);
    va_end(arguments);
    reading->broken = true;
}

static void set_name(struct reading *reading, enum field field, const char *text, char *out)
{
    if (purchase_name_valid(text))
        memcpy(out, text, strlen(text) + 1);
    else
        break_rule(reading,
                   "%s must be 1 to %d characters of A-Z a-z 0-9 . _ - and begin with a letter or "
                   "digit.",
                   field_names[field], NAME_SIZE - 1);
}

/* `text` may have been cut, if only to a length that is too long for every field. */
static void set_text(struct reading *reading, enum field field, const char *text)
{
    struct purchase *purchase = reading->purchase;
    if (field != FIELD_BUYER)
        set_name(reading, field, text, field == FIELD_EVENT ? purchase->event : purchase->tier);
    else if (purchase_buyer_valid(text))
        memcpy(purchase->buyer, text, strlen(text) + 1);
    else
        break_rule(reading, "buyer must be 1 to %d bytes of UTF-8 without control characters.",
                   BUYER_SIZE - 1);
}

static void set_quantity(struct reading *reading, bool inside, int64_t quantity)
{
    if (inside)
        reading->purchase->quantity = (int)quantity;
    else
        break_rule(reading, "quantity must be a whole number from 1 to %d.", QUANTITY_MAX);
}

static void read_json_value(struct reading *reading, struct json_reader *reader, enum field field)
{
    enum json_kind wanted = field == FIELD_QUANTITY ? JSON_NUMBER : JSON_STRING;
    enum json_kind kind = json_peek(reader);
    if (kind != wanted) {
        json_reader_fail(reader, "%s must be %s, not %s", field_names[field],
                         json_kind_name(wanted), json_kind_name(kind));
    } else if (wanted == JSON_NUMBER) {
        int64_t quantity = 0;
        bool inside;
        if (json_read_number(reader, 1, QUANTITY_MAX, &quantity, &inside))
            set_quantity(reading, inside, quantity);
    } else {
        char text[BUYER_SIZE + UTF8_LENGTH_MAX];
        size_t length;
        if (json_read_text(reader, text, sizeof text, &length))
            set_text(reading, field, text);
    }
}

static enum problem malformed(struct reading *reading, const char *why)
{
    snprintf(reading->detail, PROBLEM_DETAIL_SIZE,
             "The body cannot be read: %s. A purchase has the fields event, tier, quantity and "
             "buyer.",
             why);
    return PROBLEM_MALFORMED;
}

static enum problem read_json(struct reading *reading, const char *body, size_t length)
{
    struct json_reader reader;
    json_reader_open(&reader, body, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader)) {
            int field = json_read_field(&reader, field_names, FIELD_COUNT, &reading->seen);
            if (field >= 0)
                read_json_value(reading, &reader, (enum field)field);
        }
    return json_finish(&reader) ? PROBLEM_NONE : malformed(reading, reader.error);
}

/* A form's quantity is spelled as JSON spells numbers, and must moreover be plain digits: what is a
 * number but not one of ours (-1, 1.5, 1e9) breaks a rule, what is none ("01", "+1", "two") is
 * malformed. */
static bool read_form_quantity(struct reading *reading, const char *text)
{
    size_t length = strlen(text);
    if (!json_number_spelled(text, length))
        return false;
    bool plain = strspn(text, "0123456789") == length;
    long quantity = plain ? strtol(text, NULL, 10) : 0;
    set_quantity(reading, quantity >= 1 && quantity <= QUANTITY_MAX, quantity);
    return true;
}

/* NULL, or why the field is malformed. */
static const char *read_form_field(struct reading *reading, const struct form *form)
{
    int field = 0;
    while (field < FIELD_COUNT && strcmp(form->name, field_names[field]) != 0)
        field++;
    if (field == FIELD_COUNT)
        return "unknown field";
    if (reading->seen & 1u << field)
        return "this field comes twice:";
    reading->seen |= 1u << field;
    if (field != FIELD_QUANTITY)
        set_text(reading, (enum field)field, form->value);
    else if (!read_form_quantity(reading, form->value))
        return "plain digits are expected in";
    return NULL;
}

/* As much of a field's name as a sentence can show, without what could upset a terminal. */
static void show_name(const char *name, char shown[NAME_SHOWN_SIZE])
{
    size_t length = 0;
    for (; length < NAME_SHOWN_SIZE - 1 && name[length]; length++)
        shown[length] = name[length] >= 0x20 && name[length] < 0x7f ? name[length] : '?';
    shown[length] = '\0';
}

static enum problem read_form_fields(struct reading *reading, struct form *form)
{
    for (;;) {
        enum form_step step = form_next(form);
        if (step == FORM_END)
            return PROBLEM_NONE;
        if (step == FORM_BAD)
            return malformed(reading, form->why);
        const char *why = read_form_field(reading, form);
        if (!why)
            continue;
        char text[PROBLEM_DETAIL_SIZE / 2];
        char name[NAME_SHOWN_SIZE];
        show_name(form->name, name);
        snprintf(text, sizeof text, "%s \"%s\"", why, name);
        return malformed(reading, text);
    }
}

static enum problem read_form(struct reading *reading, const char *body, size_t length)
{
    char *copy = memory_new(length + 1);
    memcpy(copy, body, length);
    struct form form;
    form_open(&form, copy, length);
    enum problem problem = read_form_fields(reading, &form);
    free(copy);
    return problem;
}

/* --- Content-Type (RFC 9110, 8.3.1) ------------------------------------------------------------ */

enum media {
    MEDIA_OTHER,
    MEDIA_JSON,
    MEDIA_FORM,
};

static bool same_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The text up to the next ';' without the white space around it; *next is where the next part begins,
 * or NULL. */
static const char *next_part(const char *text, size_t *length, const char **next)
{
    while (is_blank(*text))
        text++;
    const char *semicolon = strchr(text, ';');
    size_t end = semicolon ? (size_t)(semicolon - text) : strlen(text);
    *next = semicolon ? semicolon + 1 : NULL;
    while (end > 0 && is_blank(text[end - 1]))
        end--;
    *length = end;
    return text;
}

static bool other_charset(const char *parameter, size_t length)
{
    static const char name[] = "charset=";
    size_t name_length = sizeof name - 1;
    if (length < name_length || strncasecmp(parameter, name, name_length) != 0)
        return false;
    parameter += name_length;
    length -= name_length;
    return !same_word(parameter, length, "utf-8") && !same_word(parameter, length, "\"utf-8\"");
}

static enum media media_of(const char *content_type)
{
    size_t length;
    const char *next;
    const char *part = next_part(content_type, &length, &next);
    enum media media = same_word(part, length, "application/json")                    ? MEDIA_JSON
                       : same_word(part, length, "application/x-www-form-urlencoded") ? MEDIA_FORM
                                                                                      : MEDIA_OTHER;
    while (next) {
        part = next_part(next, &length, &next);
        if (other_charset(part, length))
            return MEDIA_OTHER;
    }
    return media;
}

/* --- the whole --------------------------------------------------------------------------------- */

static enum problem read_body(struct reading *reading, const char *content_type, const char *body,
                              size_t length)
{
    if (!content_type && length == 0)
        return malformed(reading, "it is empty");
    switch (content_type ? media_of(content_type) : MEDIA_OTHER) {
    case MEDIA_JSON:
        return read_json(reading, body, length);
    case MEDIA_FORM:
        return read_form(reading, body, length);
    case MEDIA_OTHER:
        break;
    }
    snprintf(
        reading->detail, PROBLEM_DETAIL_SIZE,
        "Content-Type must be application/json or application/x-www-form-urlencoded, in UTF-8.");
    return PROBLEM_UNSUPPORTED_MEDIA_TYPE;
}

enum problem purchase_parse(const char *content_type, const char *body, size_t length,
                            struct purchase *purchase, char detail[PROBLEM_DETAIL_SIZE])
{
    memset(purchase, 0, sizeof *purchase);
    struct reading reading = {.purchase = purchase, .detail = detail};
    enum problem problem = read_body(&reading, content_type, body, length);
    if (problem != PROBLEM_NONE)
        return problem;
    if (!(reading.seen & 1u << FIELD_EVENT))
        return malformed(&reading, "event is missing");
    return reading.broken ? PROBLEM_INVALID : PROBLEM_NONE;
}

/* --- fingerprint ------------------------------------------------------------------------------- */

/* One field as it is hashed: its length (an absent one: none, marked by 0xff), then its bytes. */
static size_t put_field(uint8_t *out, const char *text)
{
    size_t length = 0;
    for (; text[length]; length++)
        out[1 + length] = (uint8_t)text[length];
    out[0] = length ? (uint8_t)length : 0xff;
    return 1 + length;
}

void purchase_fingerprint(const struct purchase *purchase, uint8_t fingerprint[FINGERPRINT_SIZE])
{
    uint8_t bytes[2 * NAME_SIZE + BUYER_SIZE + 3];
    size_t length = put_field(bytes, purchase->event);
    length += put_field(bytes + length, purchase->tier);
    length += put_field(bytes + length, purchase->buyer);
    bytes[length++] = (uint8_t)(purchase->quantity >> 8);
    bytes[length++] = (uint8_t)purchase->quantity;
    uint8_t digest[32];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, digest) < 0)
        die(EXIT_TROUBLE, "SHA-256 is not to be had from GnuTLS");
    memcpy(fingerprint, digest, FINGERPRINT_SIZE);
}
