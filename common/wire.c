#include "common/wire.h"

#include <string.h>

bool wire_read_text(struct json_reader *reader, const char *name, char *out, size_t size)
{
    size_t length;
    if (!json_read_text(reader, out, size, &length))
        return false;
    if (length >= size)
        json_reader_fail(reader, "%s is too long", name);
    return length < size;
}

void wire_demand(struct json_reader *reader, bool valid, const char *name)
{
    if (!valid)
        json_reader_fail(reader, "%s is not valid", name);
}

void wire_read_id(struct json_reader *reader, const char *name, struct id *id)
{
    char text[ID_TEXT_SIZE];
    if (wire_read_text(reader, name, text, sizeof text))
        wire_demand(reader, id_parse(text, id), name);
}

void wire_read_checked(struct json_reader *reader, const char *name, char *out, size_t size,
                       bool valid(const char *text))
{
    if (wire_read_text(reader, name, out, size))
        wire_demand(reader, valid(out), name);
}

int64_t wire_read_number(struct json_reader *reader, const char *name, int64_t min, int64_t max)
{
    int64_t number = 0;
    bool inside;
    if (json_read_number(reader, min, max, &number, &inside))
        wire_demand(reader, inside, name);
    return number;
}

void wire_demand_fields(struct json_reader *reader, uint32_t seen, uint32_t required,
                        const char *const *names)
{
    uint32_t missing = required & ~seen;
    if (missing)
        json_reader_fail(reader, "%s is missing before the end", names[__builtin_ctz(missing)]);
}

bool wire_finish(struct json_reader *reader, char error[JSON_ERROR_SIZE])
{
    if (json_finish(reader))
        return true;
    memcpy(error, reader->error, JSON_ERROR_SIZE);
    return false;
}
