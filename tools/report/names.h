/* Numbers for texts: each different text gets the next number, from 0. One thread; zeroed memory is
 * empty. */
#ifndef BOX_OFFICE_NAMES_H
#define BOX_OFFICE_NAMES_H

#include <stdint.h>

#include "common/buffer.h"

struct names {
    uint32_t count;
    struct buffer texts;  /* NUL-terminated, one after the other */
    struct buffer starts; /* uint32_t: where each begins */
    uint32_t *slots;      /* owned; a hash table of numbers + 1; 0: unused */
    uint32_t slot_count;  /* a power of two */
};

void names_free(struct names *names);

/* The text's number, a new one where it has none. */
uint32_t names_number(struct names *names, const char *text);

/* The text; valid until the next names_number. */
const char *names_text(const struct names *names, uint32_t number);

#endif
