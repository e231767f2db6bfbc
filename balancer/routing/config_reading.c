#include "balancer/routing/config_reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

size_t config_here(struct config_reading *reading)
{
    return json_reader_offset(&reading->reader);
}

size_t config_line(const struct config_reading *reading, size_t at)
{
    size_t line = 1;
    for (const char *c = reading->reader.begin; c < reading->reader.begin + at; c++)
        line += *c == '\n';
    return line;
}

bool config_refuse(struct config_reading *reading, size_t at, const char *format, ...)
{
    if (json_reader_failed(&reading->reader))
        return false;
    int used = snprintf(reading->error, CONFIG_ERROR_SIZE, "%.250s:%zu: ", reading->file,
                        config_line(reading, at));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->error + used, CONFIG_ERROR_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    json_reader_fail(&reading->reader, "refused");
    return false;
}

const char *config_shown(const char *text, char out[CONFIG_SHOWN_SIZE])
{
    size_t length = 0;
    for (; length < CONFIG_SHOWN_SIZE - 4 && text[length] != '\0'; length++)
        out[length] = text[length] >= 0x20 && text[length] < 0x7f ? text[length] : '?';
    snprintf(out + length, CONFIG_SHOWN_SIZE - length, "%s", text[length] != '\0' ? "..." : "");
    return out;
}

bool config_enter(struct config_reading *reading, enum json_kind kind, const char *right)
{
    size_t at = config_here(reading);
    enum json_kind found = json_peek(&reading->reader);
    if (found != kind && found != JSON_BAD)
        return config_refuse(reading, at, "%s, not %s", right, json_kind_name(found));
    return json_enter(&reading->reader, kind);
}

static void refuse_field(struct config_reading *reading, size_t at, const char *what,
                         const char *name, const char *const *names)
{
    char list[160] = "", shown[CONFIG_SHOWN_SIZE];
    size_t used = 0;
    for (size_t i = 0; names[i] != NULL && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    config_refuse(reading, at, "%s has no field \"%s\"; it may have %s", what,
                  config_shown(name, shown), list);
}

int config_take_field(struct config_reading *reading, const char *what, const char *const *names,
                      uint32_t *seen)
{
    char name[CONFIG_SHOWN_SIZE];
    size_t length;
    size_t at = config_here(reading);
    if (!json_read_name(&reading->reader, name, sizeof name, &length))
        return -1;
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        if (*seen & 1u << i)
            config_refuse(reading, at, "\"%s\" comes twice", name);
        *seen |= 1u << i;
        return json_reader_failed(&reading->reader) ? -1 : i;
    }
    refuse_field(reading, at, what, name, names);
    return -1;
}

bool config_need(struct config_reading *reading, size_t at, const char *what,
                 const char *const *names, uint32_t seen, int field)
{
    if (seen & 1u << field)
        return true;
    return config_refuse(reading, at, "%s needs \"%s\"", what, names[field]);
}

/* Judges a text of which out[size] holds as much as fits. */
static bool judge_text(struct config_reading *reading, size_t at, const char *out, size_t size,
                       size_t length, bool (*valid)(const char *text), const char *right)
{
    char shown[CONFIG_SHOWN_SIZE];
    if (length >= size)
        return config_refuse(reading, at, "%s, not %zu bytes", right, length);
    if (valid != NULL && !valid(out))
        return config_refuse(reading, at, "%s, not \"%s\"", right, config_shown(out, shown));
    return true;
}

bool config_take_text(struct config_reading *reading, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right)
{
    size_t length;
    size_t at = config_here(reading);
    enum json_kind kind = json_peek(&reading->reader);
    if (kind != JSON_STRING && kind != JSON_BAD)
        return config_refuse(reading, at, "%s, not %s", right, json_kind_name(kind));
    return json_read_text(&reading->reader, out, size, &length) &&
           judge_text(reading, at, out, size, length, valid, right);
}

char *config_take_copy(struct config_reading *reading, bool (*valid)(const char *text),
                       const char *right)
{
    char text[CONFIG_TEXT_MAX + 1];
    return config_take_text(reading, text, sizeof text, valid, right) ? memory_copy(text) : NULL;
}

bool config_take_name(struct config_reading *reading, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right)
{
    size_t length;
    size_t at = config_here(reading);
    return json_read_name(&reading->reader, out, size, &length) &&
           judge_text(reading, at, out, size, length, valid, right);
}

bool config_take_number(struct config_reading *reading, const char *field, int64_t min, int64_t max,
                        int64_t *number)
{
    bool inside = false;
    size_t at = config_here(reading);
    enum json_kind kind = json_peek(&reading->reader);
    if (kind == JSON_BAD ||
        (kind == JSON_NUMBER && !json_read_number(&reading->reader, min, max, number, &inside)))
        return false;
    if (!inside)
        return config_refuse(reading, at, "\"%s\" takes a whole number from %lld to %lld", field,
                             (long long)min, (long long)max);
    return true;
}

/* Digits, and up to three more behind a point: in milliseconds. */
static bool parse_seconds(const char *at, const char *end, int64_t *milliseconds)
{
    int decimals = -1; /* the point has not come */
    int64_t value = 0;
    for (; at < end; at++) {
        if (*at == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*at < '0' || *at > '9' || decimals == 3 || value > INT32_MAX)
            return false;
        value = value * 10 + (*at - '0');
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
        value *= 10;
    *milliseconds = value;
    return true;
}

bool config_take_seconds(struct config_reading *reading, const char *field, int64_t min,
                         int64_t max, int64_t *time)
{
    bool ignored;
    int64_t value = -1;
    size_t at = config_here(reading);
    struct json_reader *reader = &reading->reader;
    enum json_kind kind = json_peek(reader);
    if (kind == JSON_BAD ||
        (kind == JSON_NUMBER && !json_read_number(reader, 0, 0, &value, &ignored)))
        return false;
    if (kind != JSON_NUMBER || !parse_seconds(reader->begin + at, reader->at, &value) ||
        value * CLOCK_MILLISECOND < min || value * CLOCK_MILLISECOND > max)
        return config_refuse(reading, at,
                             "\"%s\" takes seconds from %.10g to %.10g, with at most 3 decimals",
                             field, (double)min / CLOCK_SECOND, (double)max / CLOCK_SECOND);
    *time = value * CLOCK_MILLISECOND;
    return true;
}

bool config_take_bool(struct config_reading *reading, const char *field, bool *value)
{
    size_t at = config_here(reading);
    enum json_kind kind = json_peek(&reading->reader);
    if (kind != JSON_TRUE && kind != JSON_FALSE && kind != JSON_BAD)
        return config_refuse(reading, at, "\"%s\" takes true or false, not %s", field,
                             json_kind_name(kind));
    return json_read_bool(&reading->reader, value);
}
