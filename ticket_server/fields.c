#include "ticket_server/fields.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/rfc3339.h"
#include "common/wire.h"

void fields_break(struct fields *fields, const char *format, ...)
{
    if (fields->broken)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fields->detail, sizeof fields->detail, format, arguments);
    va_end(arguments);
    fields->broken = true;
}

/* Whether the next value is of this kind; else it is malformed, and in one way only. */
static bool expect(struct fields *fields, const char *name, enum json_kind wanted)
{
    enum json_kind kind = json_peek(&fields->json);
    if (kind == wanted)
        return true;
    if (kind != JSON_BAD)
        json_reader_fail(&fields->json, "%s must be %s, not %s", name, json_kind_name(wanted),
                         json_kind_name(kind));
    return false;
}

bool fields_text(struct fields *fields, const char *name, char *out, size_t size)
{
    size_t length;
    return expect(fields, name, JSON_STRING) && json_read_text(&fields->json, out, size, &length);
}

static void read_text(struct fields *fields, const struct field *field, void *member)
{
    char text[FIELD_TEXT_MAX];
    if (!fields_text(fields, field->name, text, sizeof text))
        return;
    if (field->valid(text))
        memcpy(member, text, strlen(text) + 1);
    else
        fields_break(fields, "%s must be %s.", field->name, field->rule);
}

static void read_number(struct fields *fields, const struct field *field, int64_t *member)
{
    int64_t number = 0;
    bool inside;
    if (!expect(fields, field->name, JSON_NUMBER) ||
        !json_read_number(&fields->json, field->min, field->max, &number, &inside))
        return;
    if (inside)
        *member = number;
    else
        fields_break(fields, "%s must be a whole number from %" PRId64 " to %" PRId64 ".",
                     field->name, field->min, field->max);
}

static void read_time(struct fields *fields, const struct field *field, int64_t *member)
{
    char text[FIELD_TEXT_MAX];
    int64_t time;
    if (!fields_text(fields, field->name, text, sizeof text))
        return;
    if (!rfc3339_parse(text, &time) || time <= 0)
        fields_break(fields,
                     "%s must be a time with its offset, as RFC 3339 has it: "
                     "2026-12-31T20:00:00+01:00.",
                     field->name);
    else if (time > WIRE_TIME_MAX)
        fields_break(fields, "%s must be no later than 2112-09-17T23:53:47Z.", field->name);
    else
        *member = time;
}

static void read_list(struct fields *fields, const struct field *field, void *into)
{
    if (!expect(fields, field->name, JSON_ARRAY) || !json_enter(&fields->json, JSON_ARRAY))
        return;
    while (json_more(&fields->json))
        field->list(fields, into);
}

static void read_value(struct fields *fields, const struct field *field, void *into)
{
    char *member = (char *)into + field->at;
    bool flag;
    if (field->nullable && json_peek(&fields->json) == JSON_NULL) {
        memset(member, 0, sizeof(int64_t));
        json_skip(&fields->json);
        return;
    }
    switch (field->kind) {
    case FIELD_TEXT:
        read_text(fields, field, member);
        break;
    case FIELD_NUMBER:
        read_number(fields, field, (int64_t *)(void *)member);
        break;
    case FIELD_TIME:
        read_time(fields, field, (int64_t *)(void *)member);
        break;
    case FIELD_FLAG:
        if (json_read_bool(&fields->json, &flag))
            memcpy(member, &flag, sizeof flag);
        break;
    case FIELD_LIST:
        read_list(fields, field, into);
        break;
    }
}

static void demand(struct fields *fields, const struct field *table, size_t count, uint32_t seen)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].required && !(seen & 1u << i))
            json_reader_fail(&fields->json, "the field \"%s\" is missing", table[i].name);
}

uint32_t fields_read(struct fields *fields, const struct field *table, size_t count, void *into)
{
    const char *names[JSON_FIELDS_MAX];
    uint32_t seen = 0, marks = 0;
    assert(count <= JSON_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    if (!json_enter(&fields->json, JSON_OBJECT))
        return 0;
    while (json_more(&fields->json)) {
        int index = json_read_field(&fields->json, names, count, &seen);
        if (index < 0)
            return 0;
        marks |= table[index].mark;
        read_value(fields, &table[index], into);
    }
    demand(fields, table, count, seen);
    return marks;
}

static enum problem finish(struct fields *fields)
{
    if (!json_finish(&fields->json)) {
        snprintf(fields->detail, sizeof fields->detail, "The body cannot be read: %s.",
                 fields->json.error);
        return PROBLEM_MALFORMED;
    }
    return fields->broken ? PROBLEM_INVALID : PROBLEM_NONE;
}

enum problem fields_parse(struct fields *fields, const char *text, size_t length,
                          const struct field *table, size_t count, void *into, uint32_t *marks)
{
    fields->broken = false;
    fields->detail[0] = '\0';
    json_reader_open(&fields->json, text, length);
    *marks = fields_read(fields, table, count, into);
    return finish(fields);
}

enum problem fields_media(struct fields *fields, const struct http_request *request)
{
    if (http_header_count(request, "Content-Type") == 1 &&
        json_media(http_header(request, "Content-Type")))
        return PROBLEM_NONE;
    strcpy(fields->detail, "The body must be JSON: send Content-Type: application/json.");
    return PROBLEM_UNSUPPORTED_MEDIA_TYPE;
}

enum problem fields_read_body(struct fields *fields, struct http_request *request,
                              const struct field *table, size_t count, void *into, uint32_t *marks)
{
    size_t length;
    const char *body = http_body(request, &length);
    enum problem problem = fields_media(fields, request);
    return problem != PROBLEM_NONE ? problem
                                   : fields_parse(fields, body, length, table, count, into, marks);
}

enum problem fields_read_nothing(struct fields *fields, struct http_request *request)
{
    static const struct field none[1];
    char nothing;
    size_t length;
    uint32_t marks;
    const char *body = http_body(request, &length);
    return length == 0 ? PROBLEM_NONE
                       : fields_parse(fields, body, length, none, 0, &nothing, &marks);
}
