#include "tests/fuzz/input.h"

#include <string.h>

#include "common/buffer.h"

struct input input_of(const uint8_t *data, size_t size)
{
    return (struct input){data, data + size};
}

size_t input_left(const struct input *input)
{
    return (size_t)(input->end - input->at);
}

uint8_t input_byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

int64_t input_number(struct input *input)
{
    uint8_t first = input_byte(input);
    if (first < 0xf0)
        return first;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | input_byte(input);
    return (int64_t)(number >> (1 + first % 16 * 4));
}

static char *take(struct input *input, size_t size, size_t *length)
{
    char *text = memory_new(size + 1);
    if (size > 0)
        memcpy(text, input->at, size);
    input->at += size;
    if (length != NULL)
        *length = size;
    return text;
}

char *input_until(struct input *input, char byte, size_t *length)
{
    size_t left = input_left(input);
    const uint8_t *stop = left > 0 ? memchr(input->at, byte, left) : NULL;
    char *text = take(input, stop != NULL ? (size_t)(stop - input->at) : left, length);
    if (stop != NULL)
        input->at++;
    return text;
}

char *input_rest(struct input *input, size_t *length)
{
    return take(input, input_left(input), length);
}
