/* The admin API of a balancer, asked one thing at a time. One thread. */
#ifndef BOX_OFFICE_BOXCTL_API_H
#define BOX_OFFICE_BOXCTL_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    API_FAILURE_SIZE = 512,
};

struct api;

/* What came of a request. Zeroed to begin with, used again and again, freed with api_answer_free. */
struct api_answer {
    long status; /* 0: none came */
    struct buffer body;
    cJSON *json;                    /* of the body; NULL where that is none */
    char failure[API_FAILURE_SIZE]; /* where it was not 200 to 299: why, and what to do about it */
};

/* `url` as typed, with http:// or without; the file of the token is only named by it, in failures. What cannot
 * be had ends the process. */
struct api *api_open(const char *url, const char *token, const char *token_file);
void api_close(struct api *api);

/* `body`: JSON, or NULL. `patience`: microseconds for all of it. True where it was answered with 200 to 299 and
 * JSON. */
bool api_ask(struct api *api, const char *method, const char *path, const char *body,
             int64_t patience, struct api_answer *answer);

void api_answer_free(struct api_answer *answer);

/* A text or number of an object; "" or 0 where it has none. */
const char *api_text(const cJSON *object, const char *name);
int64_t api_number(const cJSON *object, const char *name);
bool api_true(const cJSON *object, const char *name);

#endif
