/* JSON bodies, read field by field into a struct, as a table says: what organisers send. Unknown and repeated
 * fields, missing ones and wrong types are malformed (400); a value that breaks a rule is told as such (422), and
 * only where the whole can be read. Any thread. */
#ifndef BOX_OFFICE_FIELDS_H
#define BOX_OFFICE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"
#include "common/json_reader.h"
#include "common/problem.h"

enum {
    FIELD_TEXT_MAX = 1024, /* bytes of the longest text, cut beyond; every rule allows less */
};

struct fields {
    struct json_reader json;
    bool broken;                      /* `detail` tells of a broken rule */
    char detail[PROBLEM_DETAIL_SIZE]; /* of what is wrong */
};

enum field_kind {
    FIELD_TEXT,   /* char[], for which `valid` holds */
    FIELD_NUMBER, /* int64_t, min to max */
    FIELD_TIME,   /* int64_t, RFC 3339 with an offset, from 1970 to what flights carry (2112) */
    FIELD_FLAG,   /* bool */
    FIELD_LIST,   /* an array: `list` reads each of its elements */
};

struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    bool nullable; /* null sets a number or time to 0 */
    size_t at;     /* offset of the member that it sets */
    uint32_t mark; /* or'ed into what fields_read tells */
    int64_t min, max;
    bool (*valid)(const char *text); /* of a text; which fits where it goes */
    const char *rule;                /* what follows "NAME must be" where it is not valid */
    void (*list)(struct fields *fields, void *into);
};

/* Reads one object, for which the next value is taken, into the struct `into`. The marks of the fields that came. */
uint32_t fields_read(struct fields *fields, const struct field *table, size_t count, void *into);

/* Reads a text, cut to fit; false where the next value is none, which is malformed: `name` must be a string. */
bool fields_text(struct fields *fields, const char *name, char *out, size_t size);

/* Notes that a rule is broken, in one sentence, unless one is noted. */
void fields_break(struct fields *fields, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads a whole text into `into`. PROBLEM_NONE and the marks; or MALFORMED, INVALID with a sentence in
 * fields->detail. */
enum problem fields_parse(struct fields *fields, const char *text, size_t length,
                          const struct field *table, size_t count, void *into, uint32_t *marks);

/* PROBLEM_NONE where the request says that its body is JSON; else UNSUPPORTED_MEDIA_TYPE with the sentence. */
enum problem fields_media(struct fields *fields, const struct http_request *request);

/* Both, of a request's body. */
enum problem fields_read_body(struct fields *fields, struct http_request *request,
                              const struct field *table, size_t count, void *into, uint32_t *marks);

/* For requests that say all by their path: a body must be empty, or "{}", so that nobody believes he has said
 * more. */
enum problem fields_read_nothing(struct fields *fields, struct http_request *request);

#endif
