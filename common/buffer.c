#include "common/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

enum {
    FIRST_CAPACITY = 256,
};

static void *allocated(void *memory)
{
    if (memory == NULL)
        die(EXIT_TROUBLE, "out of memory");
    return memory;
}

void *memory_new(size_t size)
{
    return allocated(calloc(1, size > 0 ? size : 1));
}

char *memory_copy(const char *text)
{
    return allocated(strdup(text));
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

void buffer_rest(struct buffer *buffer, size_t most)
{
    buffer_clear(buffer);
    if (buffer->capacity > most)
        buffer_free(buffer);
}

void buffer_grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    buffer->data = allocated(realloc(buffer->data, capacity));
    buffer->capacity = capacity;
}

void buffer_add_number(struct buffer *buffer, int64_t number)
{
    char digits[20]; /* of the largest magnitude, 2^63 */
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        buffer_add_char(buffer, '-');
    buffer_append(buffer, digits + at, sizeof digits - at);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length <= 0)
        return;
    va_start(arguments, format);
    vsnprintf(buffer_reserve(buffer, (size_t)length + 1), (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

const char *buffer_text(struct buffer *buffer)
{
    *buffer_reserve(buffer, 1) = '\0';
    return buffer->data;
}
