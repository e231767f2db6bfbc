/* What the parts of the response's parser share: response_head.c reads heads, response.c bodies. Nobody else
 * includes this. */
#ifndef BOX_OFFICE_RESPONSE_PARTS_H
#define BOX_OFFICE_RESPONSE_PARTS_H

#include "balancer/upstream/response.h"

enum response_step {
    STEP_STATUS,
    STEP_FIELDS,
    STEP_LENGTH, /* a body of known length */
    STEP_REST,   /* one that the connection's end ends */
    STEP_CHUNK_SIZE,
    STEP_CHUNK,
    STEP_CHUNK_END,
    STEP_TRAILERS,
};

/* Bytes, and a line without its CRLF. */
struct line {
    const char *text;
    size_t length;
};

/* The response is bad; `why` is a literal. */
void response_refuse(struct response *response, const char *why);

/* Takes bytes off the front of `rest` up to the end of a line; true where there is a whole one. `limit`: how
 * many bytes the head, the chunk's line or the trailers may have; `why` says that there are more. A line that
 * came at once is read where it lies. */
bool response_take_line(struct response *response, struct line *rest, size_t limit, const char *why,
                        struct line *line);

void response_begin_head(struct response *response);

/* Reads up to the final head's end. */
void response_read_head(struct response *response, struct line *rest);

/* False, and the response is bad, where it is no field. */
bool response_split_field(struct response *response, const struct line *line, struct line *name,
                          struct line *value);

static inline bool response_blank(char c)
{
    return c == ' ' || c == '\t';
}

#endif
