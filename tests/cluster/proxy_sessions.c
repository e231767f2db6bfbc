/* Affinity: a session stays at its server, moves where that is gone, and nobody chooses a server by forging
 * one. */
#include <stdio.h>
#include <string.h>

#include "tests/cluster/stage.h"
#include "tests/cluster/tokens.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"

enum {
    COOKIE_SIZE = 160,
    REQUESTS = 50,
    VISITORS = 20,
};

#define FILES(affinity)                                                                            \
    "{\"name\": \"files\", \"pool\": \"files\", \"policy\": \"round-robin\", "                     \
    "\"affinity\": \"" affinity "\"}"

/* Who keeps the cookie that is set. */
struct visitor {
    char cookie[COOKIE_SIZE]; /* a Cookie field; "": none yet */
    int cookies;              /* set so far */
};

/* A number from 0 on; -1: no answer by one of the files' servers. */
static int server_number(const char *served)
{
    return strncmp(served, "files-", strlen("files-")) == 0 ? served[strlen("files-")] - '1' : -1;
}

static int visit(struct stage *stage, struct visitor *visitor)
{
    struct query query = {.url = stage->cluster.url,
                          .path = "/small",
                          .fields = {visitor->cookie[0] != '\0' ? visitor->cookie : NULL}};
    struct response response = {0};
    char set[COOKIE_SIZE], served[SERVER_SIZE];
    client_ask(stage->client, &query, &response);
    CU_ASSERT_EQUAL(response.status, 200);
    response_header(&response, "X-Served-By", served, sizeof served);
    if (response_header(&response, "Set-Cookie", set, sizeof set)) {
        CU_ASSERT_PTR_NOT_NULL(strstr(set, "; HttpOnly; SameSite=Lax"));
        snprintf(visitor->cookie, sizeof visitor->cookie, "Cookie: a=b; %.*s",
                 (int)strcspn(set, ";"), set);
        visitor->cookies++;
    }
    response_free(&response);
    return server_number(served);
}

static int chosen_because(const struct stage *stage, const char *why)
{
    return routing_count(&stage->cluster, &(struct routing_wanted){.why = why});
}

static void close_sessions(struct stage *stage)
{
    stage_stop(stage);
    routing_expect_edit_found(&stage->cluster, " why=session ", " to=files-");
    stage_close(stage);
}

static void stays(void)
{
    struct stage stage;
    stage_open(&stage, &(struct stage_plan){.routes = FILES("cookie")});
    for (int i = 0; i < STAGE_PEERS; i++) { /* round-robin: each at another server */
        struct visitor visitor = {{0}, 0};
        CU_ASSERT_EQUAL(visit(&stage, &visitor), i);
        for (int request = 1; request < REQUESTS; request++)
            CU_ASSERT_EQUAL(visit(&stage, &visitor), i);
        CU_ASSERT_EQUAL(visitor.cookies, 1);
    }
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &(struct routing_wanted){.why = "session"},
                                  STAGE_PEERS * (REQUESTS - 1)),
                    STAGE_PEERS * (REQUESTS - 1));
    close_sessions(&stage);
}

/* Each is answered as somebody who comes for the first time. */
static void forged(void)
{
    static const char *const cookies[] = {
        "Cookie: box_office_session_files=",
        "Cookie: box_office_session_files=files-2",
        "Cookie: box_office_session_files=\"; drop",
        "Cookie: ;;;=",
    };
    struct stage stage;
    struct visitor honest = {{0}, 0};
    stage_open(&stage, &(struct stage_plan){.routes = FILES("cookie")});
    visit(&stage, &honest);
    for (size_t i = 0; i < sizeof cookies / sizeof *cookies; i++) {
        struct visitor visitor = {{0}, 0};
        snprintf(visitor.cookie, sizeof visitor.cookie, "%s", cookies[i]);
        CU_ASSERT(visit(&stage, &visitor) >= 0);
        CU_ASSERT_EQUAL(visitor.cookies, 1);
    }
    struct visitor blank = honest; /* of the right length, and nothing else */
    char *value = strchr(strchr(blank.cookie, ';'), '=') + 1;
    memset(value, 'A', strlen(value));
    CU_ASSERT(visit(&stage, &blank) >= 0);
    CU_ASSERT_EQUAL(blank.cookies, 2);
    for (size_t cut = 1; cut < 60; cut += 7) { /* a good one, with one character changed */
        struct visitor visitor = honest;
        char *at = visitor.cookie + strlen(visitor.cookie) - cut;
        *at = *at == 'A' ? 'B' : 'A';
        CU_ASSERT(visit(&stage, &visitor) >= 0);
        CU_ASSERT_EQUAL(visitor.cookies, 2);
    }
    CU_ASSERT_EQUAL(chosen_because(&stage, "session"), 0);
    visit(&stage, &honest);
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &(struct routing_wanted){.why = "session"}, 1),
                    1);
    close_sessions(&stage);
}

static void moves(void)
{
    struct stage stage;
    struct visitor visitor = {{0}, 0};
    stage_open(&stage, &(struct stage_plan){.routes = FILES("cookie")});
    int home = visit(&stage, &visitor);
    CU_ASSERT_FATAL(home == 0);
    struct visitor before = visitor;
    peer_stop(&stage.peers[home]);
    int away = visit(&stage, &visitor);
    CU_ASSERT(away != home && away >= 0);
    CU_ASSERT_EQUAL(visitor.cookies, 2);
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &(struct routing_wanted){.why = "moved"}, 1), 1);
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(visit(&stage, &visitor), away);
    CU_ASSERT_EQUAL(visitor.cookies, 2);
    peer_nginx_again(&stage.peers[home]);
    CU_ASSERT(cluster_reaches(&stage.cluster, "files-1", "up"));
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(visit(&stage, &visitor), away); /* the session is there now */
        CU_ASSERT_EQUAL(visit(&stage, &before), home);  /* who never heard of the move */
    }
    CU_ASSERT_EQUAL(before.cookies, 1);
    close_sessions(&stage);
}

/* Asks so often with these fields: the server that answers all of them; -1 where they are several. */
static int server_of(struct stage *stage, const char *field, int times)
{
    char served[SERVER_SIZE];
    int server = -1;
    for (int i = 0; i < times; i++) {
        CU_ASSERT_EQUAL(stage_get(stage, "/small", field, NULL, served), 200);
        int now = server_number(served);
        if (i > 0 && now != server)
            return -1;
        server = now;
    }
    return server;
}

static void expect_spread(const int *visitors)
{
    for (int i = 0; i < STAGE_PEERS; i++)
        CU_ASSERT(visitors[i] < VISITORS); /* not all at one */
}

/* The session is the subject's, not the token's: another token of the same one leads there too. */
static void by_token(void)
{
    struct stage stage;
    char further[FILES_PATH_SIZE + 128], directory[FILES_PATH_SIZE], field[TOKEN_FIELD_SIZE];
    int visitors[STAGE_PEERS + 1] = {0};
    files_directory(directory);
    tokens_configure(directory, further, sizeof further);
    stage_open(&stage, &(struct stage_plan){.routes = FILES("jwt"), .further = further});
    files_discard(directory);
    for (int i = 0; i < VISITORS; i++) {
        char subject[32];
        snprintf(subject, sizeof subject, "subject-%d", i);
        tokens_field(field, subject, 60, NULL);
        int home = server_of(&stage, field, 4);
        tokens_field(field, subject, 3600, NULL);
        CU_ASSERT(home >= 0 && server_of(&stage, field, 4) == home);
        visitors[home >= 0 ? home : STAGE_PEERS]++;
    }
    expect_spread(visitors);
    CU_ASSERT_EQUAL(server_of(&stage, "Authorization: Bearer x.y.z", 2), -1); /* in turn */
    close_sessions(&stage);
}

static void by_address(void)
{
    struct stage stage;
    int visitors[STAGE_PEERS + 1] = {0};
    stage_open(&stage, &(struct stage_plan){.routes = FILES("address"),
                                            .options = {"--trusted-proxy", "127.0.0.1/32"}});
    for (int i = 0; i < VISITORS; i++) {
        char field[64];
        snprintf(field, sizeof field, "X-Forwarded-For: 2001:db8::%x", i);
        int home = server_of(&stage, field, 5);
        CU_ASSERT(home >= 0);
        visitors[home >= 0 ? home : STAGE_PEERS]++;
    }
    expect_spread(visitors);
    close_sessions(&stage);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_sessions", "stays", stays);
    suite_add("proxy_sessions", "forged", forged);
    suite_add("proxy_sessions", "moves", moves);
    suite_add("proxy_sessions", "by_token", by_token);
    suite_add("proxy_sessions", "by_address", by_address);
}
