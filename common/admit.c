#include "common/admit.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static const char key_header[] = "Idempotency-Key";

static bool refuse(struct http_request *request, enum problem problem, const char *detail)
{
    http_refuse(request, problem, detail, NULL);
    return false;
}

static bool admit_method(struct http_request *request)
{
    if (strcmp(http_method(request), "POST") == 0)
        return true;
    http_refuse(request, PROBLEM_METHOD_NOT_ALLOWED, "A purchase is made with POST.", "POST");
    return false;
}

/* Takes the client's key; leaves item->key empty where it sent none. */
static bool admit_key(struct http_request *request, struct item *item)
{
    unsigned count = http_header_count(request, key_header);
    if (count > 1)
        return refuse(request, PROBLEM_MALFORMED, "Idempotency-Key is sent more than once.");
    const char *key = count == 1 ? http_header(request, key_header) : NULL;
    if (count == 1 && (!key || !purchase_key_valid(key)))
        return refuse(request, PROBLEM_MALFORMED,
                      "Idempotency-Key must be 16 to 255 visible ASCII characters.");
    if (key)
        memcpy(item->key, key, strlen(key) + 1);
    return true;
}

static bool admit_body(struct http_request *request, struct purchase *purchase)
{
    size_t length;
    const char *body = http_body(request, &length);
    if (length > PURCHASE_BYTES_MAX)
        return refuse(request, PROBLEM_TOO_LARGE, "A purchase has at most 16384 bytes.");
    if (http_header_count(request, "Content-Type") > 1)
        return refuse(request, PROBLEM_MALFORMED, "Content-Type is sent more than once.");
    char detail[PROBLEM_DETAIL_SIZE];
    enum problem problem =
        purchase_parse(http_header(request, "Content-Type"), body, length, purchase, detail);
    return problem == PROBLEM_NONE || refuse(request, problem, detail);
}

bool admit_purchase(struct http_request *request, struct item *item)
{
    memset(item, 0, sizeof *item);
    if (!admit_method(request) || !admit_body(request, &item->purchase) ||
        !admit_key(request, item))
        return false;
    item->request = id_make();
    item->attempt = 1;
    item->admitted = clock_now();
    item->deadline = item->admitted + PURCHASE_SECONDS * CLOCK_SECOND;
    item->key_made = item->key[0] == '\0';
    if (item->key_made)
        id_format(&item->request, item->key);
    return true;
}

/* A refusal that is not stored leaves the key free for another try, so no key is named. */
static bool names_key(const struct outcome *outcome)
{
    return outcome->problem == PROBLEM_NONE || outcome->stored ||
           outcome->problem == PROBLEM_OUTCOME_UNKNOWN;
}

static void add_location(struct http_reply *reply, const struct sale *sale)
{
    char location[HTTP_FIELD_SIZE];
    char *at = stpcpy(stpcpy(stpcpy(location, "/events/"), sale->event), "/purchases/");
    id_format(&sale->id, at);
    http_reply_field(reply, "Location", location);
}

static void add_retry_after(struct http_reply *reply, enum problem problem)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", problem_retry_after(problem));
    http_reply_field(reply, "Retry-After", seconds);
}

void admit_answer(struct http_request *request, const struct item *item,
                  const struct outcome *outcome, const char *cookie)
{
    char id[ID_TEXT_SIZE];
    struct buffer body = {0};
    struct http_reply reply;
    reply.status = outcome_status(outcome);
    reply.fields = 0;
    id_format(&item->request, id);
    http_reply_field(&reply, "Request-Id", id);
    if (names_key(outcome))
        http_reply_field(&reply, key_header, item->key);
    if (cookie != NULL)
        http_reply_field(&reply, "Set-Cookie", cookie);
    if (outcome->problem == PROBLEM_NONE)
        add_location(&reply, &outcome->sale);
    else if (problem_retry_after(outcome->problem) > 0)
        add_retry_after(&reply, outcome->problem);
    outcome_append(&body, outcome, item->purchase.event, item->key);
    buffer_add_char(&body, '\n'); /* a terminal's prompt begins a line of its own */
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}
