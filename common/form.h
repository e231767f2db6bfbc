/* Reads application/x-www-form-urlencoded bodies, field by field and strictly: every %XX must be one,
 * every field have a '=', and what comes out be UTF-8 without NUL. One thread at a time. */
#ifndef BOX_OFFICE_FORM_H
#define BOX_OFFICE_FORM_H

#include <stddef.h>

enum form_step {
    FORM_FIELD, /* name and value are those of the next field */
    FORM_END,
    FORM_BAD, /* `why` tells, and at which byte */
};

enum {
    FORM_WHY_SIZE = 128,
};

struct form {
    char *begin, *at, *end; /* the caller's memory, decoded in place */
    const char *name;       /* NUL-terminated, inside that memory */
    const char *value;
    char why[FORM_WHY_SIZE];
};

/* `text` has length + 1 bytes, is overwritten, and must outlive the names and values. */
void form_open(struct form *form, char *text, size_t length);

enum form_step form_next(struct form *form);

#endif
