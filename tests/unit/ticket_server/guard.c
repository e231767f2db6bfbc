#include "ticket_server/guard.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/ticket_server/place.h"

static void a_token_is_what_its_hash_says(void)
{
    char token[GUARD_TOKEN_SIZE], other[GUARD_TOKEN_SIZE];
    uint8_t hash[TOKEN_HASH_SIZE], again[TOKEN_HASH_SIZE];
    CU_ASSERT(guard_make_token(token, hash));
    CU_ASSERT(guard_make_token(other, again));
    CU_ASSERT_STRING_NOT_EQUAL(token, other);
    CU_ASSERT_NOT_EQUAL(memcmp(hash, again, sizeof hash), 0);
    CU_ASSERT_EQUAL(strlen(token), 46);
    CU_ASSERT_EQUAL(strncmp(token, "bo_", 3), 0);
    CU_ASSERT(guard_hash_token(token, again));
    CU_ASSERT_EQUAL(memcmp(hash, again, sizeof hash), 0);
}

static void what_has_not_its_shape_is_none(void)
{
    char token[GUARD_TOKEN_SIZE + 1];
    uint8_t hash[TOKEN_HASH_SIZE];
    static const char good[] = "bo_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    CU_ASSERT(guard_hash_token(good, hash));
    for (size_t i = 0; i < sizeof good - 1; i++) {
        strcpy(token, good);
        token[i] = '=';
        CU_ASSERT_FALSE(guard_hash_token(token, hash));
        token[i] = '\0';
        CU_ASSERT_FALSE(guard_hash_token(token, hash));
    }
    strcpy(token, good);
    strcat(token, "A");
    CU_ASSERT_FALSE(guard_hash_token(token, hash));
    strcpy(token, good);
    token[sizeof good - 2] = 'B'; /* bits that stand for nothing */
    CU_ASSERT_FALSE(guard_hash_token(token, hash));
}

/* --- what it judges ------------------------------------------------------------------------------- */

struct scene {
    struct place place;
    struct catalog *catalog;
    struct store *seller;
    struct guard guard;
    char file[FILES_PATH_SIZE];
    char token[GUARD_TOKEN_SIZE];
    struct id id;
};

static struct scene scene;
static const char admin[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void add_token(uint32_t scopes)
{
    struct change change = {.kind = CHANGE_TOKEN_ADD,
                            .token = {.name = "gate", .scopes = scopes, .created_at = clock_now()}};
    CU_ASSERT(guard_make_token(scene.token, change.token.hash));
    scene.id = change.token.id = id_make();
    CU_ASSERT_EQUAL(store_change(scene.seller, &change), STORE_DURABLE);
    CU_ASSERT_EQUAL(change.problem, PROBLEM_NONE);
}

static void revoke_token(void)
{
    struct change change = {.kind = CHANGE_TOKEN_REVOKE,
                            .token = {.id = scene.id, .revoked_at = clock_now()}};
    CU_ASSERT_EQUAL(store_change(scene.seller, &change), STORE_DURABLE);
}

static void open_scene(void)
{
    char error[STORE_ERROR_SIZE];
    memset(&scene, 0, sizeof scene);
    place_open(&scene.place, 10);
    scene.catalog = catalog_open(scene.place.url, error);
    scene.seller = store_open_seller(scene.place.url, "server-1", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene.catalog);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene.seller);
    files_path(scene.file, scene.place.directory, "admin.token");
    scene.guard.token_file = scene.file;
}

static void close_scene(void)
{
    store_close(scene.seller);
    catalog_close(scene.catalog);
    place_close(&scene.place);
}

static void put_admin_token(const char *token, mode_t mode)
{
    char beside[FILES_PATH_SIZE];
    files_path(beside, scene.place.directory, "beside");
    files_write(beside, token, strlen(token));
    CU_ASSERT_EQUAL(chmod(beside, mode), 0);
    CU_ASSERT_EQUAL(rename(beside, scene.file), 0);
}

static enum problem judge(const char *scheme, const char *token, uint32_t scope)
{
    char given[128];
    snprintf(given, sizeof given, "%s%s", scheme, token);
    return guard_judge_text(&scene.guard, scene.catalog, given, scope);
}

static void scopes_are_what_a_token_may(void)
{
    static const uint32_t all[] = {SCOPE_EVENTS, SCOPE_SALES, SCOPE_REFUNDS, SCOPE_CHECK_IN,
                                   SCOPE_ADMIN};
    open_scene();
    for (size_t has = 0; has < 5; has++) {
        add_token(all[has]);
        for (size_t needs = 0; needs < 5; needs++)
            CU_ASSERT_EQUAL(judge("Bearer ", scene.token, all[needs]),
                            has == needs || all[has] == SCOPE_ADMIN ? PROBLEM_NONE
                                                                    : PROBLEM_FORBIDDEN);
    }
    add_token(SCOPE_SALES | SCOPE_EVENTS);
    CU_ASSERT_EQUAL(judge("bearer ", scene.token, SCOPE_EVENTS), PROBLEM_NONE);
    CU_ASSERT_EQUAL(judge("Bearer   ", scene.token, SCOPE_EVENTS), PROBLEM_NONE);
    revoke_token();
    CU_ASSERT_EQUAL(judge("Bearer ", scene.token, SCOPE_EVENTS), PROBLEM_UNAUTHORIZED);
    close_scene();
}

static void nobody_else_may_anything(void)
{
    char other[GUARD_TOKEN_SIZE];
    uint8_t hash[TOKEN_HASH_SIZE];
    open_scene();
    add_token(SCOPE_ADMIN);
    guard_make_token(other, hash);
    CU_ASSERT_EQUAL(guard_judge_text(&scene.guard, scene.catalog, NULL, SCOPE_SALES),
                    PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Bearer ", other, SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Bearer ", "", SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Basic ", scene.token, SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("", scene.token, SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    scene.token[10] = scene.token[10] == 'A' ? 'B' : 'A';
    CU_ASSERT_EQUAL(judge("Bearer ", scene.token, SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_SALES), PROBLEM_UNAUTHORIZED);
    close_scene();
}

static void the_admin_token_is_read_when_it_is_there(void)
{
    static const char next[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    open_scene();
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    put_admin_token(admin, 0600);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_ADMIN), PROBLEM_NONE);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_CHECK_IN), PROBLEM_NONE);
    put_admin_token(next, 0600);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Bearer ", next, SCOPE_ADMIN), PROBLEM_NONE);
    put_admin_token(next, 0644); /* others may read it */
    CU_ASSERT_EQUAL(judge("Bearer ", next, SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    put_admin_token("short", 0600);
    CU_ASSERT_EQUAL(judge("Bearer ", "short", SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(judge("Bearer ", "", SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    put_admin_token(admin, 0600);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_ADMIN), PROBLEM_NONE);
    remove(scene.file);
    CU_ASSERT_EQUAL(judge("Bearer ", admin, SCOPE_ADMIN), PROBLEM_UNAUTHORIZED);
    close_scene();
}

static void expect_challenge(enum problem problem, const char *authorization, uint32_t scope,
                             const char *expected)
{
    char challenge[GUARD_CHALLENGE_SIZE];
    guard_challenge(problem, authorization, scope, challenge);
    CU_ASSERT_STRING_EQUAL(challenge, expected);
}

static void what_is_wrong_is_told(void)
{
    expect_challenge(PROBLEM_UNAUTHORIZED, NULL, SCOPE_SALES, "Bearer");
    expect_challenge(PROBLEM_UNAUTHORIZED, "Basic YTpi", SCOPE_SALES, "Bearer");
    expect_challenge(PROBLEM_UNAUTHORIZED, "Bearer x", SCOPE_SALES,
                     "Bearer error=\"invalid_token\"");
    expect_challenge(PROBLEM_FORBIDDEN, "Bearer x", SCOPE_EVENTS,
                     "Bearer error=\"insufficient_scope\", scope=\"events\"");
    expect_challenge(PROBLEM_FORBIDDEN, "Bearer x", SCOPE_CHECK_IN,
                     "Bearer error=\"insufficient_scope\", scope=\"check-in\"");
    expect_challenge(PROBLEM_FORBIDDEN, "Bearer x", SCOPE_ADMIN,
                     "Bearer error=\"insufficient_scope\", scope=\"admin\"");
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("guard", "a token is what its hash says", a_token_is_what_its_hash_says);
    suite_add("guard", "what has not its shape is none", what_has_not_its_shape_is_none);
    suite_add("guard", "scopes are what a token may", scopes_are_what_a_token_may);
    suite_add("guard", "nobody else may anything", nobody_else_may_anything);
    suite_add("guard", "what is wrong is told", what_is_wrong_is_told);
    suite_add("guard", "the admin token is read when it is there",
              the_admin_token_is_read_when_it_is_there);
}
