/* An HTTP/1.1 response, read strictly (RFC 9112): the parser of the proxy's client.
 *
 * Pure: no I/O, no clock. It is fed with bytes as they come; any split of the same bytes gives the same
 * result. What is malformed or ambiguous is refused, never guessed at: what one reader takes for the body,
 * another takes for the next answer. Bounded in memory: a head of RESPONSE_HEAD_MAX bytes, and no body,
 * which is handed out in place. One thread at a time. */
#ifndef BOX_OFFICE_RESPONSE_H
#define BOX_OFFICE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    RESPONSE_HEAD_MAX = 32 << 10,    /* bytes, of each head: status line and fields */
    RESPONSE_FIELDS_MAX = 128,       /* of a head */
    RESPONSE_OPTIONS_MAX = 32,       /* that Connection names, beside "close" and "keep-alive" */
    RESPONSE_INTERIM_MAX = 16,       /* answers of 1xx before the final one */
    RESPONSE_SIZE_DIGITS_MAX = 15,   /* of a chunk's size */
    RESPONSE_EXTENSION_MAX = 256,    /* bytes, of a chunk's extensions */
    RESPONSE_TRAILERS_MAX = 8 << 10, /* bytes, of all together */
};

enum response_state {
    RESPONSE_HEAD, /* the final head has not come whole */
    RESPONSE_BODY,
    RESPONSE_DONE, /* it is whole: what follows belongs to no answer */
    RESPONSE_BAD,  /* `error` says why; nothing more is read */
};

/* Zeroed memory is one that has not begun. */
struct response {
    enum response_state state;
    const char *error; /* of a bad one: a literal, which can follow "the answer is bad: " */

    /* Of the final head; valid from RESPONSE_BODY or RESPONSE_DONE on */
    unsigned status; /* 200 to 599 */
    unsigned minor;  /* of the version: HTTP/1.0 or HTTP/1.1 */
    int64_t
        length; /* of the body, as Content-Length tells it; -1: not told. Of an answer to HEAD and of a 304
                        it is what the answer to a GET would have; their body is empty */
    bool keep_alive;      /* the connection may be used again, once this answer is whole (9.3) */
    struct buffer fields; /* end-to-end ones: name NUL value NUL …; see response_next_field */

    /* The parser's */
    bool head_request;
    uint8_t step;
    bool close_said, keep_alive_said;
    unsigned interim, field_count, option_count, lengths, encodings;
    size_t taken;          /* bytes of this head, chunk's line or trailers so far */
    int64_t left;          /* bytes of the body, or of the chunk, to come */
    struct buffer line;    /* the begun line */
    struct buffer options; /* that Connection nominates: name NUL … */
};

/* Makes ready for the next answer, in the same memory. `head_request`: it answers a HEAD. */
void response_begin(struct response *response, bool head_request);

void response_discard(struct response *response);

/* Gives back what is more than usual of its memory. */
void response_rest(struct response *response);

/* Reads on, at most to the end of the head or of one piece of the body, and returns how many bytes that took.
 * Body bytes among them are told in *body and *body_length (else 0); they lie within `bytes`. To be called
 * again with what is left, until nothing is, or until the state is DONE or BAD. */
size_t response_feed(struct response *response, const char *bytes, size_t length, const char **body,
                     size_t *body_length);

/* The connection has ended. True where the answer is whole, also because nothing else ends it (6.3, 8);
 * otherwise it is bad. */
bool response_end(struct response *response);

/* The end-to-end fields, one after the other, as they came: *at is 0 before the first. Without Content-Length (see
 * `length`), without hop-by-hop fields and those that Connection nominates (RFC 9110, 7.6.1), and without
 * Proxy-Authenticate, which speaks to us. */
bool response_next_field(const struct response *response, size_t *at, const char **name,
                         const char **value);

/* The first such field's value, or NULL. The name is compared without case. */
const char *response_field(const struct response *response, const char *name);

#endif
