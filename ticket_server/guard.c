#include "ticket_server/guard.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base64url.h"
#include "ticket_server/scopes.h"

enum {
    RANDOM_SIZE = 32,
    TEXT_LENGTH = BASE64URL_LENGTH(RANDOM_SIZE),
};

static const char prefix[] = "bo_";
static const struct secret_file file = {.what = "admin token", .option = "--token-file"};

static bool hash_text(const char *token, uint8_t hash[TOKEN_HASH_SIZE])
{
    return gnutls_hash_fast(GNUTLS_DIG_SHA256, token, strlen(token), hash) == 0;
}

bool guard_make_token(char token[GUARD_TOKEN_SIZE], uint8_t hash[TOKEN_HASH_SIZE])
{
    unsigned char bytes[RANDOM_SIZE];
    if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof bytes) != 0)
        return false;
    memcpy(token, prefix, sizeof prefix);
    base64url_encode(bytes, sizeof bytes, token + sizeof prefix - 1);
    return hash_text(token, hash);
}

bool guard_hash_token(const char *token, uint8_t hash[TOKEN_HASH_SIZE])
{
    unsigned char bytes[RANDOM_SIZE + 1];
    size_t length;
    return strlen(token) == GUARD_TOKEN_SIZE - 1 &&
           strncmp(token, prefix, sizeof prefix - 1) == 0 &&
           base64url_decode(token + sizeof prefix - 1, TEXT_LENGTH, bytes, &length) &&
           hash_text(token, hash);
}

/* --- the admin token ---------------------------------------------------------------------------- */

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What is wrong with a file is told once, not with each request. One that is missing may still be made: the
 * balancer's router makes it when it starts, and a server may be up before. */
static void look_at_file(struct guard *guard)
{
    struct stat now;
    if (guard->token_file == NULL || stat(guard->token_file, &now) != 0) {
        guard->looked = false;
        guard->admin_token[0] = '\0';
        return;
    }
    if (guard->looked && same_file(&now, &guard->seen))
        return;
    guard->looked = true;
    guard->seen = now;
    if (!secret_file_read(&file, guard->token_file, guard->admin_token))
        guard->admin_token[0] = '\0';
}

static bool is_admin_token(struct guard *guard, const char *token)
{
    look_at_file(guard);
    return guard->admin_token[0] != '\0' && strlen(token) == SECRET_TEXT_SIZE - 1 &&
           gnutls_memcmp(token, guard->admin_token, SECRET_TEXT_SIZE - 1) == 0;
}

/* --- the store's tokens ------------------------------------------------------------------------- */

/* Found by its hash, which tells nothing of the token; compared once more in constant time. */
static enum problem judge_token(struct catalog *catalog, const char *token, uint32_t scope)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    struct token_terms terms;
    if (!guard_hash_token(token, hash))
        return PROBLEM_UNAUTHORIZED;
    enum store_found found = store_find_token(catalog_store(catalog), hash, &terms);
    if (found != STORE_FOUND)
        return catalog_problem(catalog, found, PROBLEM_UNAUTHORIZED);
    if (terms.revoked_at != 0 || gnutls_memcmp(hash, terms.hash, sizeof hash) != 0)
        return PROBLEM_UNAUTHORIZED;
    bool may = (terms.scopes & SCOPE_ADMIN) != 0 || (terms.scopes & scope) == scope;
    return may ? PROBLEM_NONE : PROBLEM_FORBIDDEN;
}

/* What follows the scheme and one or more spaces (RFC 6750, section 2.1); NULL: no bearer token is sent. */
static const char *find_token(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    const size_t length = sizeof scheme - 1;
    if (authorization == NULL || strncasecmp(authorization, scheme, length) != 0)
        return NULL;
    return authorization + length + strspn(authorization + length, " ");
}

enum problem guard_judge_text(struct guard *guard, struct catalog *catalog,
                              const char *authorization, uint32_t scope)
{
    const char *token = find_token(authorization);
    if (token == NULL)
        return PROBLEM_UNAUTHORIZED;
    return is_admin_token(guard, token) ? PROBLEM_NONE : judge_token(catalog, token, scope);
}

enum problem guard_judge(struct guard *guard, struct catalog *catalog,
                         const struct http_request *request, uint32_t scope)
{
    if (http_header_count(request, "Authorization") > 1)
        return PROBLEM_MALFORMED;
    return guard_judge_text(guard, catalog, http_header(request, "Authorization"), scope);
}

void guard_challenge(enum problem problem, const char *authorization, uint32_t scope,
                     char challenge[GUARD_CHALLENGE_SIZE])
{
    if (problem == PROBLEM_FORBIDDEN)
        snprintf(challenge, GUARD_CHALLENGE_SIZE,
                 "Bearer error=\"insufficient_scope\", scope=\"%s\"", scope_name(scope));
    else
        snprintf(challenge, GUARD_CHALLENGE_SIZE, "Bearer%s",
                 find_token(authorization) != NULL ? " error=\"invalid_token\"" : "");
}

void guard_refuse(struct http_request *request, enum problem problem, uint32_t scope)
{
    char challenge[GUARD_CHALLENGE_SIZE];
    if (problem == PROBLEM_UNAUTHORIZED || problem == PROBLEM_FORBIDDEN) {
        guard_challenge(problem, http_header(request, "Authorization"), scope, challenge);
        http_refuse_token(request, problem, challenge);
        return;
    }
    http_refuse(request, problem,
                problem == PROBLEM_MALFORMED ? "Authorization is sent more than once."
                                             : problem_detail(problem),
                NULL);
}
