/* UUIDv7 ids (RFC 9562): time-ordered, so that they are cheap as keys of an index, and with 62
 * random bits from the kernel, so that nobody can guess one. */
#ifndef BOX_OFFICE_ID_H
#define BOX_OFFICE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ID_TEXT_SIZE = 37, /* 8-4-4-4-12 lower-case hexadecimal digits and the NUL */
};

struct id {
    uint8_t bytes[16];
};

/* A new id; any thread. Ids made by one thread increase (unless the wall clock steps back). */
struct id id_make(void);

void id_format(const struct id *id, char text[ID_TEXT_SIZE]);

/* Reads exactly 36 characters followed by a NUL, either case, any UUID version; else false. */
bool id_parse(const char *text, struct id *id);

bool id_equal(const struct id *a, const struct id *b);

#endif
