/* How the two halves of a flight, its request (item.c) and its answer (answer.c), are written and read
 * as JSON. For those two only, but for the bounds: who takes in what a flight will carry must keep to them, as an answer
 * with one value beyond is not believed at all. Writers append to a buffer; a reader's first failure is kept in the
 * json_reader, and what it reads afterwards means nothing. */
#ifndef BOX_OFFICE_WIRE_H
#define BOX_OFFICE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/json.h"
#include "common/json_reader.h"

#define WIRE_TIME_MAX   (INT64_C(1) << 52) /* microseconds: in the year 2112, and exact as a double */
#define WIRE_NUMBER_MAX (INT64_C(1) << 53)

/* Adds what `lead` says, then the text, which needs no escapes, then a quote. */
static inline void wire_text(struct buffer *out, const char *lead, const char *text)
{
    buffer_add(out, lead);
    buffer_add(out, text);
    buffer_add_char(out, '"');
}

static inline void wire_number(struct buffer *out, const char *lead, int64_t number)
{
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static inline void wire_id(struct buffer *out, const char *lead, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    wire_text(out, lead, text);
}

/* Between two objects of an array. */
static inline void wire_comma(struct buffer *out)
{
    if (out->data[out->length - 1] == '}')
        buffer_add_char(out, ',');
}

/* Reads a string that must fit, with its NUL, into out[0..size). */
bool wire_read_text(struct json_reader *reader, const char *name, char *out, size_t size);

/* The same, of which `valid` must hold. */
void wire_read_checked(struct json_reader *reader, const char *name, char *out, size_t size,
                       bool valid(const char *text));

void wire_read_id(struct json_reader *reader, const char *name, struct id *id);

/* 0 where it is not a whole number from min to max. */
int64_t wire_read_number(struct json_reader *reader, const char *name, int64_t min, int64_t max);

/* Fails where a value was read but is not valid. */
void wire_demand(struct json_reader *reader, bool valid, const char *name);

/* Fails where a field that must be there was not seen; both are sets of indexes into `names`. */
void wire_demand_fields(struct json_reader *reader, uint32_t seen, uint32_t required,
                        const char *const *names);

/* True where the whole text was read without a failure; else the reason is copied. */
bool wire_finish(struct json_reader *reader, char error[JSON_ERROR_SIZE]);

#endif
