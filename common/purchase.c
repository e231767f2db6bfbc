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
#include "common/plain_text.h"
#include "common/utf8.h"

enum {
    NAME_SHOWN_SIZE = 41,
};

enum field {
    FIELD_EVENT,
    FIELD_TIER,
    FIELD_QUANTITY,
    FIELD_BUYER,
    FIELD_SECONDS,
    FIELD_WAIT,
    FIELD_PAYMENT,
    FIELD_COUNT,
};

static const char *const field_names[FIELD_COUNT] = {"event",   "tier", "quantity", "buyer",
                                                     "seconds", "wait", "payment"};

/* What kind of body is read: its fields are those from `first` on, of which that one must be there. */
struct kind {
    enum field first, end;
    const char *fields; /* in words */
};

static const struct kind a_purchase = {
    FIELD_EVENT, FIELD_SECONDS, "A purchase has the fields event, tier, quantity and buyer."};
static const struct kind a_hold = {
    FIELD_EVENT, FIELD_PAYMENT,
    "A hold has the fields event, tier, quantity, buyer, seconds and wait."};
static const struct kind a_confirm = {FIELD_PAYMENT, FIELD_COUNT,
                                      "A confirm has the field payment."};

/* A body while it is read. A broken rule (422) is kept back until the end: what cannot be read at all (400)
 * goes first. */
struct reading {
    const struct kind *kind;
    struct purchase *purchase; /* of all but a confirm */
    int *seconds;              /* of a hold, as is the next */
    bool *wait;
    char *payment; /* of a confirm: KEY_SIZE bytes */
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

/* How many visible ASCII characters it is; 0: there are others. */
static size_t visible_length(const char *text)
{
    size_t length = 0;
    for (; text[length]; length++)
        if (text[length] < 0x21 || text[length] > 0x7e)
            return 0;
    return length;
}

bool purchase_key_valid(const char *key)
{
    size_t length = visible_length(key);
    return length >= KEY_LENGTH_MIN && length < KEY_SIZE;
}

bool purchase_reference_valid(const char *reference)
{
    size_t length = visible_length(reference);
    return length >= 1 && length < KEY_SIZE;
}

bool purchase_buyer_valid(const char *buyer)
{
    return plain_text_valid(buyer, BUYER_SIZE);
}

bool purchase_buyer_flies(const char *buyer)
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

static void set_buyer(struct reading *reading, const char *text)
{
    if (purchase_buyer_valid(text))
        memcpy(reading->purchase->buyer, text, strlen(text) + 1);
    else
        break_rule(reading, "buyer must be 1 to %d bytes of " PLAIN_TEXT_RULE ".", BUYER_SIZE - 1);
}

static void set_payment(struct reading *reading, const char *text)
{
    if (purchase_reference_valid(text))
        memcpy(reading->payment, text, strlen(text) + 1);
    else
        break_rule(reading, "payment must be 1 to %d visible ASCII characters.", KEY_SIZE - 1);
}

/* `text` may have been cut, if only to a length that is too long for every field. */
static void set_text(struct reading *reading, enum field field, const char *text)
{
    if (field == FIELD_PAYMENT)
        set_payment(reading, text);
    else if (field == FIELD_BUYER)
        set_buyer(reading, text);
    else
        set_name(reading, field, text,
                 field == FIELD_EVENT ? reading->purchase->event : reading->purchase->tier);
}

static int number_max(enum field field)
{
    return field == FIELD_SECONDS ? HOLD_SECONDS_MAX : QUANTITY_MAX;
}

static void set_number(struct reading *reading, enum field field, bool inside, int64_t number)
{
    if (inside)
        *(field == FIELD_SECONDS ? reading->seconds : &reading->purchase->quantity) = (int)number;
    else
        break_rule(reading, "%s must be a whole number from 1 to %d.", field_names[field],
                   number_max(field));
}

/* JSON_TRUE stands for JSON_FALSE, too. */
static enum json_kind kind_wanted(enum field field)
{
    if (field == FIELD_QUANTITY || field == FIELD_SECONDS)
        return JSON_NUMBER;
    return field == FIELD_WAIT ? JSON_TRUE : JSON_STRING;
}

static void read_json_text(struct reading *reading, struct json_reader *reader, enum field field)
{
    char text[KEY_SIZE + UTF8_LENGTH_MAX]; /* longer than each field may be */
    size_t length;
    if (json_read_text(reader, text, sizeof text, &length))
        set_text(reading, field, text);
}

static void read_json_number(struct reading *reading, struct json_reader *reader, enum field field)
{
    int64_t number = 0;
    bool inside;
    if (json_read_number(reader, 1, number_max(field), &number, &inside))
        set_number(reading, field, inside, number);
}

static void read_json_value(struct reading *reading, struct json_reader *reader, enum field field)
{
    enum json_kind wanted = kind_wanted(field);
    enum json_kind kind = json_peek(reader);
    if (kind != wanted && !(wanted == JSON_TRUE && kind == JSON_FALSE))
        json_reader_fail(reader, "%s must be %s, not %s", field_names[field],
                         wanted == JSON_TRUE ? "true or false" : json_kind_name(wanted),
                         json_kind_name(kind));
    else if (wanted == JSON_NUMBER)
        read_json_number(reading, reader, field);
    else if (wanted == JSON_STRING)
        read_json_text(reading, reader, field);
    else
        json_read_bool(reader, reading->wait);
}

static enum problem malformed(struct reading *reading, const char *why)
{
    snprintf(reading->detail, PROBLEM_DETAIL_SIZE, "The body cannot be read: %s. %s", why,
             reading->kind->fields);
    return PROBLEM_MALFORMED;
}

static enum problem read_json(struct reading *reading, const char *body, size_t length)
{
    const struct kind *kind = reading->kind;
    struct json_reader reader;
    json_reader_open(&reader, body, length);
    if (json_enter(&reader, JSON_OBJECT))
        while (json_more(&reader)) {
            int field = json_read_field(&reader, field_names + kind->first,
                                        (size_t)(kind->end - kind->first), &reading->seen);
            if (field >= 0)
                read_json_value(reading, &reader, (enum field)((int)kind->first + field));
        }
    return json_finish(&reader) ? PROBLEM_NONE : malformed(reading, reader.error);
}

/* A form's number is spelled as JSON spells numbers, and must moreover be plain digits: what is a
 * number but not one of ours (-1, 1.5, 1e9) breaks a rule, what is none ("01", "+1", "two") is
 * malformed. */
static const char *read_form_number(struct reading *reading, enum field field, const char *text)
{
    size_t length = strlen(text);
    if (!json_number_spelled(text, length))
        return "plain digits are expected in";
    bool plain = strspn(text, "0123456789") == length;
    long number = plain ? strtol(text, NULL, 10) : 0;
    set_number(reading, field, number >= 1 && number <= number_max(field), number);
    return NULL;
}

static const char *read_form_wait(struct reading *reading, const char *text)
{
    *reading->wait = strcmp(text, "true") == 0;
    return *reading->wait || strcmp(text, "false") == 0 ? NULL : "true or false is expected in";
}

static const char *read_form_value(struct reading *reading, enum field field, const char *text)
{
    switch (kind_wanted(field)) {
    case JSON_NUMBER:
        return read_form_number(reading, field, text);
    case JSON_TRUE:
        return read_form_wait(reading, text);
    default:
        set_text(reading, field, text);
        return NULL;
    }
}

/* NULL, or why the field is malformed. */
static const char *read_form_field(struct reading *reading, const struct form *form)
{
    const struct kind *kind = reading->kind;
    enum field field = kind->first;
    while (field < kind->end && strcmp(form->name, field_names[field]) != 0)
        field++;
    if (field == kind->end)
        return "unknown field";
    uint32_t bit = 1u << (field - kind->first);
    if (reading->seen & bit)
        return "this field comes twice:";
    reading->seen |= bit;
    return read_form_value(reading, field, form->value);
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

static enum problem parse(struct reading *reading, const char *content_type, const char *body,
                          size_t length)
{
    enum problem problem = read_body(reading, content_type, body, length);
    if (problem != PROBLEM_NONE)
        return problem;
    if (!(reading->seen & 1u)) {
        char why[32];
        snprintf(why, sizeof why, "%s is missing", field_names[reading->kind->first]);
        return malformed(reading, why);
    }
    return reading->broken ? PROBLEM_INVALID : PROBLEM_NONE;
}

enum problem purchase_parse(const char *content_type, const char *body, size_t length,
                            struct purchase *purchase, char detail[PROBLEM_DETAIL_SIZE])
{
    memset(purchase, 0, sizeof *purchase);
    struct reading reading = {.kind = &a_purchase, .purchase = purchase, .detail = detail};
    return parse(&reading, content_type, body, length);
}

enum problem hold_parse(const char *content_type, const char *body, size_t length,
                        struct purchase *purchase, int *seconds, bool *wait,
                        char detail[PROBLEM_DETAIL_SIZE])
{
    memset(purchase, 0, sizeof *purchase);
    *seconds = 0;
    *wait = false;
    struct reading reading = {
        .kind = &a_hold, .purchase = purchase, .seconds = seconds, .wait = wait, .detail = detail};
    return parse(&reading, content_type, body, length);
}

enum problem payment_parse(const char *content_type, const char *body, size_t length,
                           char reference[KEY_SIZE], char detail[PROBLEM_DETAIL_SIZE])
{
    struct reading reading = {.kind = &a_confirm, .payment = reference, .detail = detail};
    return parse(&reading, content_type, body, length);
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
