/* Who may do what: each route with each scope, by its answer to a token. */
#include <stdio.h>
#include <string.h>

#include "tests/cluster/organiser.h"
#include "tests/lib/suite.h"

enum {
    SCOPES = 5,
    TOKEN_SIZE = 64,
};

static const char *const scopes[SCOPES] = {"events", "sales", "refunds", "check-in", "admin"};

#define NOBODY "01930000-0000-7000-8000-000000000000"

static const struct {
    const char *scope, *method, *path, *body;
    long status; /* of who may ask */
} routes[] = {
    {"events", "POST", "/events", "{}", 400},
    {"events", "PATCH", "/events/demo", "{\"waiting_list\":false}", 200},
    {"events", "POST", "/events/demo/tiers", "{}", 400},
    {"events", "PATCH", "/events/demo/tiers/standard", "{\"limit\":10}", 200},
    {"sales", "GET", "/events/demo/orders", NULL, 200},
    {"sales", "GET", "/events/demo/orders.csv", NULL, 200},
    {"sales", "GET", "/events/demo/owed", NULL, 200},
    {"refunds", "POST", "/events/demo/purchases/" NOBODY "/refund", NULL, 404},
    {"refunds", "POST", "/events/demo/owed/settle",
     "{\"order\":\"" NOBODY "\",\"reference\":\"a\"}", 404},
    {"admin", "GET", "/tokens", NULL, 200},
    {"admin", "POST", "/tokens", "{}", 400},
    {"admin", "DELETE", "/tokens/" NOBODY, NULL, 404},
    {"check-in", "POST", "/check-ins", "{}", 400},
    {"check-in", "GET", "/events/demo/tickets.csv", NULL, 200},
    {"admin", "POST", "/keys", NULL, 201},
    {"admin", "DELETE", "/keys/AAAAAAAAAAA", NULL, 404},
};

static struct organiser box;

/* A token of this scope; its id, too. */
static void make_token(const char *scope, char token[TOKEN_SIZE], char id[ID_TEXT_SIZE])
{
    char body[96];
    box.token = box.cluster.token;
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"scopes\":[\"%s\"]}", scope, scope);
    organiser_expect(&box, "POST", "/tokens", body, 201, "\"token\":\"bo_");
    organiser_take(&box, "token", token, TOKEN_SIZE);
    organiser_take(&box, "id", id, ID_TEXT_SIZE);
}

static void expect(size_t route, const char *token, long status)
{
    box.token = token;
    organiser_expect(&box, routes[route].method, routes[route].path, routes[route].body, status,
                     "");
}

static void expect_challenge(const char *expected)
{
    char challenge[96] = "";
    CU_ASSERT(response_header(&box.answer, "WWW-Authenticate", challenge, sizeof challenge));
    CU_ASSERT_STRING_EQUAL(challenge, expected);
}

static void each_scope_is_for_its_routes(void)
{
    char tokens[SCOPES][TOKEN_SIZE], id[ID_TEXT_SIZE], lacks[96];
    organiser_open(&box, 10);
    for (size_t i = 0; i < SCOPES; i++)
        make_token(scopes[i], tokens[i], id);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        expect(i, NULL, 401);
        expect_challenge("Bearer");
        expect(i, "bo_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 401);
        expect(i, "nonsense", 401);
        expect_challenge("Bearer error=\"invalid_token\"");
        snprintf(lacks, sizeof lacks, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
                 routes[i].scope);
        expect(i, box.cluster.token, routes[i].status);
        for (size_t j = 0; j < SCOPES; j++) {
            bool may = strcmp(scopes[j], routes[i].scope) == 0 || strcmp(scopes[j], "admin") == 0;
            expect(i, tokens[j], may ? routes[i].status : 403);
            if (!may)
                expect_challenge(lacks);
        }
    }
    organiser_close(&box);
}

static bool is_told_in(const char *directory, const char *file, const char *secret)
{
    char path[FILES_PATH_SIZE];
    struct buffer text = {0};
    files_path(path, directory, file);
    files_read(path, &text);
    bool told = strstr(buffer_text(&text), secret) != NULL;
    buffer_free(&text);
    return told;
}

/* At once, at every server; and a token is told once, and stands in no log. */
static void a_revoked_token_is_none(void)
{
    char token[TOKEN_SIZE], id[ID_TEXT_SIZE], path[80];
    organiser_open(&box, 10);
    make_token("sales", token, id);
    snprintf(path, sizeof path, "/tokens/%s", id);
    organiser_expect(&box, "GET", "/tokens", NULL, 200, id);
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&box.answer.body), token));
    for (int i = 0; i < 4; i++)
        expect(4, token, 200);
    for (int i = 0; i < 2; i++) {
        box.token = box.cluster.token;
        organiser_expect(&box, "DELETE", path, NULL, 200, "\"revoked\":true");
    }
    for (int i = 0; i < 4; i++)
        expect(4, token, 401);
    box.token = box.cluster.token;
    organiser_expect(&box, "GET", "/tokens", NULL, 200, "\"revoked_at\":\"");
    organiser_expect(&box, "POST", "/tokens", "{\"name\":\"a\",\"scopes\":[]}", 422,
                     "at least one");
    organiser_expect(&box, "POST", "/tokens", "{\"name\":\"a\",\"scopes\":[\"all\"]}", 422,
                     "scopes must be");
    CU_ASSERT_FALSE(is_told_in(box.cluster.logs, "routing.log", token));
    CU_ASSERT_FALSE(is_told_in(box.cluster.logs, "ticket_server-server-1.log", token));
    CU_ASSERT_FALSE(is_told_in(box.cluster.logs, "routing.log", box.cluster.token));
    organiser_close(&box);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("organiser_tokens", "each_scope_is_for_its_routes", each_scope_is_for_its_routes);
    suite_add("organiser_tokens", "a_revoked_token_is_none", a_revoked_token_is_none);
}
