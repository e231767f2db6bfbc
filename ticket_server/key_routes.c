/* The keys that sign tickets: everybody may read the public ones; who has the scope `admin` makes and
 * retires them. */
#include <sodium.h>
#include <string.h>

#include "ticket_server/accept.h"
#include "ticket_server/fields.h"
#include "ticket_server/member.h"
#include "ticket_server/replies.h"

/* A gate that reads them now and then learns of a retired one in this time, besides its own. */
#define KEYS_CACHE "public, max-age=60"

static void show_keys(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    struct buffer body = {0};
    struct http_reply reply = {.status = 200};
    (void)parts;
    keys_forget(
        &acceptor->keys); /* what an answered change made is shown, whichever server made it */
    enum problem problem = keys_refresh(&acceptor->keys);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, NULL, NULL);
        return;
    }
    keys_append(&acceptor->keys, &body);
    http_reply_field(&reply, "Content-Type", "application/jwk-set+json");
    http_reply_field(&reply, "Cache-Control", KEYS_CACHE);
    reply_body(request, &reply, &body);
}

static void append_key(struct buffer *out, const struct signing_key *key)
{
    member_text(out, "{\"kid\":", key->id);
    member_time(out, ",\"created_at\":", key->created_at);
    member_time(out, ",\"retired_at\":", key->retired_at);
    buffer_add_char(out, '}');
}

static void answer_change(struct http_request *request, const struct change *change, void *context)
{
    struct keys *keys = context;
    struct buffer body = {0};
    keys_forget(keys);
    if (change->problem != PROBLEM_NONE) {
        reply_problem(request, change->problem, NULL, NULL);
        return;
    }
    append_key(&body, &change->key);
    reply_json(request, change->kind == CHANGE_KEY_ADD ? 201 : 200, &body, NULL, NULL);
}

/* A key is named in the path and nothing is said beside it. */
static bool says_nothing(struct http_request *request)
{
    struct fields fields;
    enum problem problem = fields_read_nothing(&fields, request);
    if (problem != PROBLEM_NONE)
        reply_problem(request, problem, fields.detail, NULL);
    return problem == PROBLEM_NONE;
}

static void make_key(struct acceptor *acceptor, struct http_request *request,
                     const char *const *parts)
{
    struct change change = {.kind = CHANGE_KEY_ADD};
    struct ticket_signer signer;
    (void)parts;
    if (!says_nothing(request))
        return;
    ticket_key_make(&signer);
    memcpy(change.key.id, signer.id, sizeof change.key.id);
    memcpy(change.key.seed, signer.seed, sizeof change.key.seed);
    memcpy(change.key.public_key, signer.public_key, sizeof change.key.public_key);
    accept_change(acceptor, request, &change, answer_change, &acceptor->keys);
    sodium_memzero(&signer, sizeof signer);
    sodium_memzero(&change, sizeof change);
}

static void retire_key(struct acceptor *acceptor, struct http_request *request,
                       const char *const *parts)
{
    struct change change = {.kind = CHANGE_KEY_RETIRE};
    if (!says_nothing(request))
        return;
    if (!ticket_key_id_valid(parts[0])) {
        reply_problem(request, PROBLEM_NO_SUCH_KEY, NULL, NULL);
        return;
    }
    strcpy(change.key.id, parts[0]);
    accept_change(acceptor, request, &change, answer_change, &acceptor->keys);
}

const struct route key_routes[] = {
    {"GET", "/keys", 0, show_keys},
    {"POST", "/keys", SCOPE_ADMIN, make_key},
    {"DELETE", "/keys/{}", SCOPE_ADMIN, retire_key},
    {0},
};
