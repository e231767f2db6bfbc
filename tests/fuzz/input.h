/* Bytes of a fuzzer, taken apart into what a target needs. Where they run out, zeros and empty texts
 * follow. One thread. */
#ifndef BOX_OFFICE_FUZZ_INPUT_H
#define BOX_OFFICE_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at, *end;
};

struct input input_of(const uint8_t *data, size_t size);

size_t input_left(const struct input *input);
uint8_t input_byte(struct input *input);

/* 0 to INT64_MAX: mostly a small one, else any. */
int64_t input_number(struct input *input);

/* The text up to the next such byte, which is skipped, or all that is left: in memory of its own, NUL-
 * terminated behind its *length bytes (which may hold NULs), so that reading past it is seen. `length`
 * may be NULL. The caller frees it. */
char *input_until(struct input *input, char byte, size_t *length);
char *input_rest(struct input *input, size_t *length);

#endif
