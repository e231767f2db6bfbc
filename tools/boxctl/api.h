/* The HTTP APIs of a balancer, asked one thing at a time: its admin API, and that of the shop. One thread. */
#ifndef BOX_OFFICE_BOXCTL_API_H
#define BOX_OFFICE_BOXCTL_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/buffer.h"
#include "tools/boxctl/terms.h"

enum {
    API_FAILURE_SIZE = 512,
    API_PATH_SIZE = 512,
    API_KEY_SIZE = 64,
};

struct api;

/* What came of a request. Zeroed to begin with, used again and again, freed with api_answer_free. */
struct api_answer {
    long status; /* 0: none came */
    struct buffer body;
    cJSON *json;                    /* of the body; NULL where that is none */
    char failure[API_FAILURE_SIZE]; /* where it was not 200 to 299: why, and what to do about it */
    char next[API_PATH_SIZE]; /* of a list: the path of its next page; "": that was the last */
};

/* How an API is reached. */
struct api_place {
    const char *url;        /* as typed, with http:// or without */
    const char *option;     /* that names it: "--admin"; in failures, as is ... */
    const char *token_file; /* ... this */
    const char *token;      /* NULL: none is needed */
};

/* What cannot be had ends the process. */
struct api *api_open(const struct api_place *place);
void api_close(struct api *api);

/* `body`: JSON, or NULL. `patience`: microseconds for all of it. True where it was answered with 200 to 299 and
 * JSON. */
bool api_ask(struct api *api, const char *method, const char *path, const char *body,
             int64_t patience, struct api_answer *answer);

/* What is asked from now on is sent with this Idempotency-Key, so that it may be repeated; NULL: without one. At most
 * API_KEY_SIZE - 1 bytes. */
void api_set_key(struct api *api, const char *key);

/* Gets `path` into a file that is open, however long it is, as fast as that takes it. False with the reason in
 * `answer`; something may have been written by then. */
bool api_download(struct api *api, const char *path, FILE *file, struct api_answer *answer);

void api_answer_free(struct api_answer *answer);

/* A text or number of an object; "" or 0 where it has none. */
const char *api_text(const cJSON *object, const char *name);
int64_t api_number(const cJSON *object, const char *name);
bool api_true(const cJSON *object, const char *name);

/* The price of an object that has one, as people read it: "25.00 EUR". */
void api_price(const cJSON *object, char out[TERMS_PRICE_SIZE]);

#endif
