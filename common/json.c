#include "common/json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/json_reader.h"
#include "common/utf8.h"

cJSON *json_parse(const char *text, size_t length, char error[JSON_ERROR_SIZE])
{
    struct json_reader reader;
    json_reader_open(&reader, text, length);
    if (!json_skip(&reader) || !json_finish(&reader)) {
        memcpy(error, reader.error, JSON_ERROR_SIZE);
        return NULL;
    }
    cJSON *value = cJSON_ParseWithLength(text, length);
    if (!value)
        snprintf(error, JSON_ERROR_SIZE, "no memory to read the JSON");
    return value;
}

bool json_integer(const cJSON *value, int64_t min, int64_t max, int64_t *number)
{
    if (!cJSON_IsNumber(value))
        return false;
    double read = value->valuedouble;
    if (!(read >= (double)min && read <= (double)max) || (double)(int64_t)read != read)
        return false;
    *number = (int64_t)read;
    return true;
}

bool json_utf8(const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        uint32_t character = utf8_decode(&text, end);
        if (character == UTF8_BAD || character == 0)
            return false;
    }
    return true;
}

static void append_escape(struct buffer *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *found = strchr(from, c);
    if (found) {
        buffer_add_char(out, '\\');
        buffer_add_char(out, to[found - from]);
    } else {
        buffer_printf(out, "\\u%04x", (unsigned)(uint8_t)c);
    }
}

bool json_media(const char *type)
{
    static const char json[] = "application/json";
    const size_t length = sizeof json - 1;
    return type != NULL && strncasecmp(type, json, length) == 0 &&
           strchr("; \t", type[length]) != NULL;
}

void json_append(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    while (*text) {
        const char *from = text;
        while (*text && *text != '"' && *text != '\\' && (uint8_t)*text >= 0x20)
            text++;
        buffer_append(out, from, (size_t)(text - from));
        if (*text)
            append_escape(out, *text++);
    }
    buffer_add_char(out, '"');
}
