#include "db/postgres/array.h"

#include <arpa/inet.h>
#include <string.h>

/* What stands before the elements: dimensions, whether there are NULLs, the type, and of the one dimension the
 * length and where counting begins. All numbers are 32 bits, the highest byte first. */
enum {
    HEAD_DIMENSIONS,
    HEAD_NULLS,
    HEAD_TYPE,
    HEAD_LENGTH,
    HEAD_FIRST,
    HEAD_COUNT,
    HEAD_SIZE = HEAD_COUNT * 4,
};

static void add_size(struct array *array, int32_t size)
{
    uint32_t sent = htonl((uint32_t)size);
    buffer_append(&array->bytes, &sent, sizeof sent);
    array->count++;
}

void array_begin(struct array *array, enum array_type type)
{
    static const char head[HEAD_SIZE];
    buffer_clear(&array->bytes);
    buffer_append(&array->bytes, head, sizeof head);
    array->type = type;
    array->count = 0;
}

void array_number(struct array *array, int64_t value)
{
    uint32_t high = htonl((uint32_t)((uint64_t)value >> 32));
    uint32_t low = htonl((uint32_t)value);
    add_size(array, array->type == ARRAY_BIGINT ? 8 : 4);
    if (array->type == ARRAY_BIGINT)
        buffer_append(&array->bytes, &high, sizeof high);
    buffer_append(&array->bytes, &low, sizeof low);
}

void array_bytes(struct array *array, const void *bytes, size_t size)
{
    add_size(array, (int32_t)size);
    buffer_append(&array->bytes, bytes, size);
}

void array_text(struct array *array, const char *text)
{
    array_bytes(array, text, strlen(text));
}

void array_null(struct array *array)
{
    add_size(array, -1);
}

/* An array without elements has no dimension. That there may be NULLs is said of each: nobody asks whether there are. */
void array_end(struct array *array)
{
    uint32_t head[HEAD_COUNT] = {
        [HEAD_DIMENSIONS] = htonl(array->count == 0 ? 0 : 1),
        [HEAD_NULLS] = htonl(1),
        [HEAD_TYPE] = htonl((uint32_t)array->type),
        [HEAD_LENGTH] = htonl(array->count),
        [HEAD_FIRST] = htonl(1),
    };
    memcpy(array->bytes.data, head, sizeof head);
    if (array->count == 0)
        array->bytes.length = HEAD_LENGTH * 4;
}

void array_bind(struct array *array, struct sql_query *query, int at)
{
    array_end(array);
    sql_bind_bytes(query, at, array->bytes.data, array->bytes.length);
}

void array_free(struct array *array)
{
    buffer_free(&array->bytes);
}
