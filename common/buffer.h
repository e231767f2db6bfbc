/* A byte buffer that grows. One owner, one thread at a time; zeroed memory is an empty buffer.
 *
 * Memory that cannot be had ends the process (every caller bounds what it asks for, so running out
 * means a bug or a broken machine, and no caller could do better). */
#ifndef BOX_OFFICE_BUFFER_H
#define BOX_OFFICE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    char *data; /* owned; not NUL-terminated unless buffer_text says so; NULL while empty */
    size_t length;
    size_t capacity;
};

void buffer_free(struct buffer *buffer);

/* Empties, and keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Empties, and gives the memory back where it is more than `most` bytes: for what is kept to be used
 * again, and was once much larger than usual. */
void buffer_rest(struct buffer *buffer, size_t most);

/* For buffer_reserve: makes room where there is none. */
void buffer_grow(struct buffer *buffer, size_t needed);

/* Makes room for `more` further bytes and returns where they go; the caller adds to length itself.
 */
static inline char *buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->length + more > buffer->capacity)
        buffer_grow(buffer, buffer->length + more);
    return buffer->data + buffer->length;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    memcpy(buffer_reserve(buffer, length), bytes, length);
    buffer->length += length;
}

/* Inline, so that the length of a literal is known, and few bytes are copied without a call. */
static inline void buffer_add(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

static inline void buffer_add_char(struct buffer *buffer, char c)
{
    *buffer_reserve(buffer, 1) = c;
    buffer->length++;
}

void buffer_add_number(struct buffer *buffer, int64_t number);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as a NUL-terminated string, valid until the next change; the NUL is not counted. */
const char *buffer_text(struct buffer *buffer);

/* Like malloc (zeroed) and strdup, but never NULL: what cannot be had ends the process. */
void *memory_new(size_t size);
char *memory_copy(const char *text);

#endif
