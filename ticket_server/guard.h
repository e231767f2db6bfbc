/* Who may do what: bearer tokens (RFC 6750) with scopes.
 *
 * A token is "bo_" and 43 characters of base64url, which stand for 32 random bytes. The store keeps its SHA-256 only,
 * and is asked each time, so that a token that was revoked is refused from then on. The balancer's admin token may
 * do everything. No token is ever logged. The loop's thread only. */
#ifndef BOX_OFFICE_GUARD_H
#define BOX_OFFICE_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/http.h"
#include "common/secret_file.h"
#include "db/store.h"
#include "ticket_server/catalog.h"

enum {
    GUARD_TOKEN_SIZE = 3 + 43 + 1,
    GUARD_CHALLENGE_SIZE = 80,
};

/* Zeroed to begin with: then there is no admin token. */
struct guard {
    const char *
        token_file; /* of the admin token; not owned; read when it is needed, and again when it changed */
    bool looked;
    struct stat seen;                   /* of the file as it was read last, for good or ill */
    char admin_token[SECRET_TEXT_SIZE]; /* "": none */
};

/* Judges a request for something of this scope: PROBLEM_NONE, UNAUTHORIZED (no good token), FORBIDDEN (good, but
 * not for this), MALFORMED (Authorization comes twice), STORE_UNAVAILABLE. */
enum problem guard_judge(struct guard *guard, struct catalog *catalog,
                         const struct http_request *request, uint32_t scope);

/* The same of the only Authorization header's value; NULL: there is none. */
enum problem guard_judge_text(struct guard *guard, struct catalog *catalog,
                              const char *authorization, uint32_t scope);

/* What WWW-Authenticate says with these two problems (RFC 6750, section 3): nothing but the scheme where no bearer
 * token was sent; `scope` is the one that was needed. */
void guard_challenge(enum problem problem, const char *authorization, uint32_t scope,
                     char challenge[GUARD_CHALLENGE_SIZE]);

/* Refuses what was judged so. */
void guard_refuse(struct http_request *request, enum problem problem, uint32_t scope);

/* A new token, and what the store keeps of it. False where there is no randomness to be had. */
bool guard_make_token(char token[GUARD_TOKEN_SIZE], uint8_t hash[TOKEN_HASH_SIZE]);

/* Whether the text could be a token; then its hash. */
bool guard_hash_token(const char *token, uint8_t hash[TOKEN_HASH_SIZE]);

#endif
