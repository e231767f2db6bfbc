/* Requests that must be refused, each with the status and code that say why. Fixed data. */
#ifndef BOX_OFFICE_TEST_BAD_ROWS_H
#define BOX_OFFICE_TEST_BAD_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* A body of POST /purchases. */
struct bad_body {
    const char *body;
    size_t length; /* 0: strlen(body) */
    unsigned status;
    const char *code;
};
extern const struct bad_body bad_json[], bad_forms[];
extern const size_t bad_json_count, bad_forms_count;

/* A request that is well-formed HTTP. `body` is sent with its length where it is not NULL. */
struct bad_request {
    const char *method;
    const char *path;
    const char *headers; /* whole lines; NULL: those of a form */
    const char *body;
    unsigned status;
    const char *code;
};
extern const struct bad_request bad_requests[];
extern const size_t bad_requests_count;

/* Bytes that are not well-formed, or can be read in two ways: refused with a 4xx, and the connection
 * closed, so that what follows is not taken for a request. */
struct bad_bytes {
    const char *what;
    const char *bytes;
    size_t length;   /* 0: strlen(bytes) */
    unsigned status; /* ours: exact; 0: any 4xx of MHD's own, or closed without an answer */
};
extern const struct bad_bytes bad_framing[];
extern const size_t bad_framing_count;
extern const struct bad_bytes bad_bytes[];
extern const size_t bad_bytes_count;

#endif
