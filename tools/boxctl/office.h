/* The admin API of a balancer, asked one thing at a time. One thread. */
#ifndef BOX_OFFICE_OFFICE_H
#define BOX_OFFICE_OFFICE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    OFFICE_FAILURE_SIZE = 512,
};

struct office;

/* What came of a request. Zeroed to begin with, used again and again, freed with office_answer_free. */
struct office_answer {
    long status; /* 0: none came */
    struct buffer body;
    cJSON *json; /* of the body; NULL where that is none */
    char failure
        [OFFICE_FAILURE_SIZE]; /* where it was not 200 to 299: why, and what to do about it */
};

/* `url` as typed, with http:// or without; the file of the token is only named by it, in failures. What cannot
 * be had ends the process. */
struct office *office_open(const char *url, const char *token, const char *token_file);
void office_close(struct office *office);

/* `body`: JSON, or NULL. `patience`: microseconds for all of it. True where it was answered with 200 to 299 and
 * JSON. */
bool office_ask(struct office *office, const char *method, const char *path, const char *body,
                int64_t patience, struct office_answer *answer);

void office_answer_free(struct office_answer *answer);

/* A text or number of an object; "" or 0 where it has none. */
const char *office_text(const cJSON *object, const char *name);
int64_t office_number(const cJSON *object, const char *name);
bool office_true(const cJSON *object, const char *name);

#endif
