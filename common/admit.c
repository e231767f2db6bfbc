#include "common/admit.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static const char key_header[] = "Idempotency-Key";
static const char purchases_path[] = "/purchases";
static const char holds_path[] = "/holds";
static const char confirm_path[] = "/confirm";

/* What is asked for, as method and path say. */
struct asked {
    bool found; /* else it is nothing that is admitted here */
    enum verb verb;
    const char *hold; /* "{id}…" of /holds/{id}…, as it came */
};

static const struct asked nothing = {.found = false};

/* Below /holds; `rest` is what follows that. */
static struct asked find_hold(const char *method, const char *rest)
{
    bool post = strcmp(method, "POST") == 0;
    if (rest[0] == '\0')
        return post ? (struct asked){true, VERB_HOLD, NULL} : nothing;
    size_t length = rest[0] == '/' ? strcspn(rest + 1, "/") : 0;
    if (length == 0)
        return nothing;
    const char *behind = rest + 1 + length;
    if (post && strcmp(behind, confirm_path) == 0)
        return (struct asked){true, VERB_CONFIRM, rest + 1};
    bool release = behind[0] == '\0' && strcmp(method, "DELETE") == 0;
    return release ? (struct asked){true, VERB_RELEASE, rest + 1} : nothing;
}

static struct asked find(const char *method, const char *path)
{
    static const size_t length = sizeof holds_path - 1;
    if (strcmp(path, purchases_path) == 0)
        return (struct asked){true, VERB_PURCHASE, NULL};
    return strncmp(path, holds_path, length) == 0 ? find_hold(method, path + length) : nothing;
}

bool admit_finds(const char *method, const char *path)
{
    return find(method, path).found;
}

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

static enum problem parse_body(struct http_request *request, struct item *item, const char *body,
                               size_t length, char detail[PROBLEM_DETAIL_SIZE])
{
    const char *type = http_header(request, "Content-Type");
    switch (item->verb) {
    case VERB_HOLD:
        return hold_parse(type, body, length, &item->purchase, &item->seconds, &item->wait, detail);
    case VERB_CONFIRM:
        return payment_parse(type, body, length, item->key, detail);
    default:
        return purchase_parse(type, body, length, &item->purchase, detail);
    }
}

static bool admit_body(struct http_request *request, struct item *item)
{
    size_t length;
    const char *body = http_body(request, &length);
    if (length > PURCHASE_BYTES_MAX)
        return refuse(request, PROBLEM_TOO_LARGE, "A body has at most 16384 bytes here.");
    if (http_header_count(request, "Content-Type") > 1)
        return refuse(request, PROBLEM_MALFORMED, "Content-Type is sent more than once.");
    char detail[PROBLEM_DETAIL_SIZE];
    enum problem problem = parse_body(request, item, body, length, detail);
    return problem == PROBLEM_NONE || refuse(request, problem, detail);
}

/* What cannot be an id names no hold. */
static bool admit_hold(struct http_request *request, const char *text, struct id *id)
{
    char copy[ID_TEXT_SIZE];
    size_t length = strcspn(text, "/");
    if (length < sizeof copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (id_parse(copy, id))
            return true;
    }
    return refuse(request, PROBLEM_NO_SUCH_HOLD, problem_detail(PROBLEM_NO_SUCH_HOLD));
}

/* All but what each item has. */
static bool admit_asked(struct http_request *request, const struct asked *asked, struct item *item)
{
    switch (asked->verb) {
    case VERB_CONFIRM:
        return admit_hold(request, asked->hold, &item->order) && admit_body(request, item);
    case VERB_RELEASE:
        return admit_hold(request, asked->hold, &item->order);
    default:
        return admit_method(request) && admit_body(request, item) && admit_key(request, item);
    }
}

bool admit(struct http_request *request, struct item *item)
{
    memset(item, 0, sizeof *item);
    struct asked asked = find(http_method(request), http_path(request));
    item->verb = asked.verb;
    if (!admit_asked(request, &asked, item))
        return false;
    item_admit(item);
    return true;
}

/* A refusal that is not stored leaves the key free for another try, so no key is named. */
static bool names_key(const struct outcome *outcome)
{
    return outcome->problem == PROBLEM_NONE || outcome->stored ||
           outcome->problem == PROBLEM_OUTCOME_UNKNOWN;
}

static void add_location(struct http_reply *reply, const struct item *item, const struct sale *sale)
{
    char location[HTTP_FIELD_SIZE], *at = location;
    if (item->verb == VERB_RELEASE)
        return;
    if (item->verb == VERB_HOLD)
        at = stpcpy(stpcpy(at, holds_path), "/");
    else
        at = stpcpy(stpcpy(stpcpy(at, "/events/"), sale->event), "/purchases/");
    id_format(&sale->id, at);
    http_reply_field(reply, "Location", location);
}

/* What is not on sale yet says itself when to come again. */
static int64_t retry_after(const struct outcome *outcome)
{
    int64_t least = problem_retry_after(outcome->problem);
    if (outcome->retry_at == 0)
        return least;
    int64_t wait = (outcome->retry_at - clock_now() + CLOCK_SECOND - 1) / CLOCK_SECOND;
    return wait > least ? wait : least;
}

static void add_retry_after(struct http_reply *reply, const struct outcome *outcome)
{
    char text[24];
    int64_t seconds = retry_after(outcome);
    if (seconds == 0)
        return;
    snprintf(text, sizeof text, "%lld", (long long)seconds);
    http_reply_field(reply, "Retry-After", text);
}

void admit_answer(struct http_request *request, const struct item *item,
                  const struct outcome *outcome, const char *cookie)
{
    char id[ID_TEXT_SIZE];
    struct buffer body = {0};
    struct http_reply reply;
    reply.status = outcome_status(outcome, item);
    reply.fields = 0;
    id_format(&item->request, id);
    http_reply_field(&reply, "Request-Id", id);
    if (verb_has_key(item->verb) && names_key(outcome))
        http_reply_field(&reply, key_header, item->key);
    if (cookie != NULL)
        http_reply_field(&reply, "Set-Cookie", cookie);
    if (outcome->problem == PROBLEM_NONE)
        add_location(&reply, item, &outcome->sale);
    else
        add_retry_after(&reply, outcome);
    outcome_append(&body, outcome, item);
    buffer_add_char(&body, '\n'); /* a terminal's prompt begins a line of its own */
    reply.body = body.data;
    reply.length = body.length;
    http_answer(request, &reply);
    buffer_free(&body);
}
