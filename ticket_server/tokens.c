/* Tokens: making, listing, revoking. For who has the scope `admin`. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/plain_text.h"
#include "ticket_server/accept.h"
#include "ticket_server/fields.h"
#include "ticket_server/member.h"
#include "ticket_server/replies.h"
#include "ticket_server/scopes.h"

enum {
    SCOPE_NAME_SIZE = 32,
};

/* Appends a token's object without its closing brace. */
static void add_token(struct buffer *out, const struct token_terms *token)
{
    char id[ID_TEXT_SIZE];
    id_format(&token->id, id);
    member_text(out, "{\"id\":", id);
    member_text(out, ",\"name\":", token->name);
    buffer_add(out, ",\"scopes\":");
    scopes_append(out, token->scopes);
    member_time(out, ",\"created_at\":", token->created_at);
    member_time(out, ",\"revoked_at\":", token->revoked_at);
}

/* --- the list ------------------------------------------------------------------------------------ */

static void list_token(void *context, const struct token_terms *token)
{
    struct buffer *out = context;
    if (out->data[out->length - 1] != '[')
        buffer_add_char(out, ',');
    add_token(out, token);
    buffer_add_char(out, '}');
}

static void show_tokens(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    struct buffer body = {0};
    (void)parts;
    buffer_add(&body, "{\"tokens\":[");
    enum store_found found = store_each_token(catalog_store(acceptor->catalog), list_token, &body);
    enum problem problem = catalog_problem(acceptor->catalog, found, PROBLEM_NONE);
    buffer_add(&body, "]}");
    if (problem == PROBLEM_NONE) {
        reply_json(request, 200, &body, NULL, NULL);
        return;
    }
    buffer_free(&body);
    reply_problem(request, problem, NULL, NULL);
}

/* --- making one ---------------------------------------------------------------------------------- */

struct token_body {
    char name[TITLE_SIZE];
    uint32_t scopes;
};

static bool name_valid(const char *text)
{
    return plain_text_valid(text, TITLE_SIZE);
}

static void read_scope(struct fields *fields, void *into)
{
    struct token_body *body = into;
    char name[SCOPE_NAME_SIZE];
    if (!fields_text(fields, "a scope", name, sizeof name))
        return;
    uint32_t scope = scope_from_name(name);
    if (scope == 0)
        fields_break(fields, "scopes must be some of events, sales, refunds, check-in, admin.");
    body->scopes |= scope;
}

static const struct field token_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .required = true,
     .at = offsetof(struct token_body, name),
     .valid = name_valid,
     .rule = "1 to 400 bytes of " PLAIN_TEXT_RULE},
    {.name = "scopes", .kind = FIELD_LIST, .required = true, .list = read_scope},
};

/* The context is the token, which is told once and kept nowhere. */
static void answer_made(struct http_request *request, const struct change *change, void *context)
{
    struct buffer body = {0};
    char *token = context;
    if (change->problem != PROBLEM_NONE) {
        reply_problem(request, change->problem, NULL, NULL);
    } else {
        add_token(&body, &change->token);
        buffer_add(&body, ",\"token\":\"");
        buffer_add(&body, token);
        buffer_add(&body, "\"}");
        reply_json(request, 201, &body, "Cache-Control", "no-store");
    }
    free(token);
}

static void make_token(struct acceptor *acceptor, struct http_request *request,
                       const char *const *parts)
{
    struct fields fields;
    struct token_body body = {.scopes = 0};
    struct change change = {.kind = CHANGE_TOKEN_ADD};
    char token[GUARD_TOKEN_SIZE];
    uint32_t marks;
    (void)parts;
    enum problem problem = fields_read_body(
        &fields, request, token_fields, sizeof token_fields / sizeof *token_fields, &body, &marks);
    if (problem == PROBLEM_NONE && body.scopes == 0) {
        fields_break(&fields, "scopes must be at least one.");
        problem = PROBLEM_INVALID;
    }
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, fields.detail, NULL);
        return;
    }
    if (!guard_make_token(token, change.token.hash)) {
        reply_problem(request, PROBLEM_OVERLOADED, NULL, NULL);
        return;
    }
    change.token.id = id_make();
    change.token.scopes = body.scopes;
    change.token.created_at = clock_now();
    memcpy(change.token.name, body.name, sizeof body.name);
    accept_change(acceptor, request, &change, answer_made, memory_copy(token));
}

/* --- revoking ------------------------------------------------------------------------------------ */

static void answer_revoked(struct http_request *request, const struct change *change, void *context)
{
    (void)context;
    struct buffer body = {0};
    char id[ID_TEXT_SIZE];
    if (change->problem != PROBLEM_NONE) {
        reply_problem(request, change->problem, NULL, NULL);
        return;
    }
    id_format(&change->token.id, id);
    buffer_printf(&body, "{\"id\":\"%s\",\"revoked\":true}", id);
    reply_json(request, 200, &body, NULL, NULL);
}

static void revoke_token(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    struct fields fields;
    struct change change = {.kind = CHANGE_TOKEN_REVOKE};
    enum problem problem = fields_read_nothing(&fields, request);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, fields.detail, NULL);
        return;
    }
    if (!id_parse(parts[0], &change.token.id)) {
        reply_problem(request, PROBLEM_NO_SUCH_TOKEN, NULL, NULL);
        return;
    }
    change.token.revoked_at = clock_now();
    accept_change(acceptor, request, &change, answer_revoked, NULL);
}

const struct route token_routes[] = {
    {"GET", "/tokens", SCOPE_ADMIN, show_tokens},
    {"POST", "/tokens", SCOPE_ADMIN, make_token},
    {"DELETE", "/tokens/{}", SCOPE_ADMIN, revoke_token},
    {0},
};
