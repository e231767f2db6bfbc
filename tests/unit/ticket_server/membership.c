#include "ticket_server/membership.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/http.h"
#include "common/socket.h"
#include "tests/lib/suite.h"
#include "tests/unit/common/held_loop.h"

enum {
    SECONDS = 20,
    ASKED_MAX = 64,
};

#define EIGHT "http://a,http://b,http://c,http://d,http://e,http://f,http://g,http://h"

static void lists_of_balancers_are_checked(void)
{
    static const char *const good[] = {"http://127.0.0.1:8081", "http://127.0.0.1:8081/",
                                       "http://[::1]:8081,http://shop.example:80/", EIGHT};
    static const char *const bad[] = {"",
                                      ",",
                                      "http://",
                                      "http:///",
                                      "127.0.0.1:8081",
                                      "https://127.0.0.1:8081",
                                      "http://a,",
                                      "http://a,,http://b",
                                      "http://u:p@a:1",
                                      "http://a/b",
                                      "http://a?b",
                                      "http://a#b",
                                      "http://a b"};
    char longest[256];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CU_ASSERT(membership_check(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FALSE(membership_check(bad[i]));
        if (membership_check(bad[i]))
            printf("  %s\n", bad[i]);
    }
    CU_ASSERT_FALSE(membership_check(EIGHT ",http://i"));
    snprintf(longest, sizeof longest, "http://%0200d", 1);
    CU_ASSERT_FALSE(membership_check(longest));
}

/* A balancer's admin listener that only counts, on the loop of the server that joins. */
struct desk {
    struct held_loop held;
    struct http_server *http;
    struct membership *membership;
    char url[128];
    unsigned status; /* that it answers PUT with */
    int joins, heartbeats, leaves;
    int refusals;    /* by the name of localhost it is another balancer, which refuses for good */
    char wrong[128]; /* a request that was not as it should be */
};

static void expect(struct desk *desk, struct http_request *request, bool good)
{
    if (!good && desk->wrong[0] == '\0')
        snprintf(desk->wrong, sizeof desk->wrong, "%s %s%s", http_method(request),
                 http_path(request), http_query(request));
}

static void take_put(struct desk *desk, struct http_request *request)
{
    size_t length;
    const char *body = http_body(request, &length);
    const char *type = http_header(request, "Content-Type");
    expect(desk, request, type != NULL && strcmp(type, "application/json") == 0);
    if (strcmp(body, "{\"url\":\"http://127.0.0.1:9001\",\"pool\":\"tickets\",\"weight\":1}") == 0)
        desk->joins++;
    else if (strcmp(body, "{\"url\":\"http://127.0.0.1:9001\",\"pool\":\"tickets\",\"weight\":1,"
                          "\"heartbeat\":true}") == 0)
        desk->heartbeats++;
    else
        expect(desk, request, false);
}

static void answer(struct http_request *request, unsigned status)
{
    struct http_reply reply = {.status = status, .body = "{}\n", .length = 3};
    http_answer(request, &reply);
}

static bool is_other(struct http_request *request)
{
    const char *host = http_header(request, "Host");
    return host != NULL && strncmp(host, "localhost", 9) == 0;
}

/* Once the first has taken it. */
static void refuse(struct desk *desk, struct http_request *request)
{
    expect(desk, request, strcmp(http_method(request), "PUT") == 0);
    desk->refusals += desk->joins > 0;
    answer(request, desk->joins > 0 ? 409 : 503);
}

static void handle(void *context, struct http_request *request)
{
    struct desk *desk = context;
    if (is_other(request)) {
        refuse(desk, request);
        return;
    }
    const char *token = http_header(request, "Authorization");
    bool put = strcmp(http_method(request), "PUT") == 0;
    expect(desk, request, token != NULL && strcmp(token, "Bearer secret") == 0);
    expect(desk, request, strcmp(http_path(request), "/servers/box-1") == 0);
    if (put)
        take_put(desk, request);
    else
        expect(desk, request,
               strcmp(http_method(request), "DELETE") == 0 &&
                   strcmp(http_query(request), "?drain=10s") == 0);
    desk->leaves += !put;
    answer(request, put ? desk->status : 200);
}

/* `other`: a further balancer, without its port, which is the same; or "". */
static void desk_open_as(struct desk *desk, unsigned status, const char *other)
{
    char address[ADDRESS_SIZE];
    *desk = (struct desk){.status = status};
    int fd = socket_listen("127.0.0.1:0");
    socket_address(fd, address);
    snprintf(desk->url, sizeof desk->url, "http://%s/%s%s", address, other,
             other[0] != '\0' ? strrchr(address, ':') : "");
    held_loop_open(&desk->held);
    const struct http_settings http = {.listen_fd = fd,
                                       .connections_max = 4,
                                       .body_max = 1000,
                                       .connection_memory = 8192,
                                       .handler = handle,
                                       .context = desk};
    desk->http = http_open(desk->held.loop, &http);
    CU_ASSERT_PTR_NOT_NULL_FATAL(desk->http);
    const struct membership_settings settings = {.balancers = desk->url,
                                                 .token = "secret",
                                                 .id = "box-1",
                                                 .address = "127.0.0.1:9001",
                                                 .loop = desk->held.loop};
    CU_ASSERT(membership_check(desk->url));
    desk->membership = membership_open(&settings);
}

static void desk_open(struct desk *desk, unsigned status)
{
    desk_open_as(desk, status, "");
}

static void desk_close(struct desk *desk)
{
    CU_ASSERT_STRING_EQUAL(desk->wrong, "");
    held_loop_free(&desk->held); /* whoever waits for an answer gets it */
    membership_close(desk->membership);
    held_loop_hold(&desk->held);
    http_close(desk->http);
    held_loop_close(&desk->held);
}

static bool has_beaten(void *context)
{
    const struct desk *desk = context;
    return desk->heartbeats >= 1;
}

static bool has_asked_twice(void *context)
{
    const struct desk *desk = context;
    return desk->joins >= 2;
}

static bool has_left(void *context)
{
    const struct desk *desk = context;
    return membership_left(desk->membership);
}

static void joins_says_that_it_is_there_and_leaves(void)
{
    struct desk desk;
    desk_open(&desk, 201);
    CU_ASSERT(held_loop_until(&desk.held, has_beaten, &desk, SECONDS));
    CU_ASSERT_EQUAL(desk.joins, 1);
    CU_ASSERT_EQUAL(desk.leaves, 0);
    CU_ASSERT_FALSE(membership_left(desk.membership));
    membership_leave(desk.membership);
    CU_ASSERT(held_loop_until(&desk.held, has_left, &desk, SECONDS));
    CU_ASSERT_EQUAL(desk.leaves, 1);
    desk_close(&desk);
    CU_ASSERT_EQUAL(desk.leaves, 1);
}

static void asks_again_where_that_may_help(void)
{
    struct desk desk;
    desk_open(&desk, 503);
    CU_ASSERT(held_loop_until(&desk.held, has_asked_twice, &desk, SECONDS));
    CU_ASSERT_EQUAL(desk.heartbeats, 0); /* it has not joined yet */
    desk.status = 200;
    CU_ASSERT(held_loop_until(&desk.held, has_beaten, &desk, SECONDS));
    desk_close(&desk);
}

/* It has been removed: it says nothing more, and has nothing to leave. */
static void does_not_insist(void)
{
    struct desk desk;
    desk_open(&desk, 201);
    CU_ASSERT(held_loop_until(&desk.held, has_beaten, &desk, SECONDS));
    desk.status = 410;
    desk.heartbeats = 0;
    CU_ASSERT(held_loop_until(&desk.held, has_beaten, &desk, SECONDS));
    membership_leave(desk.membership);
    CU_ASSERT(held_loop_until(&desk.held, has_left, &desk, SECONDS));
    CU_ASSERT_EQUAL(desk.heartbeats, 1);
    CU_ASSERT_EQUAL(desk.leaves, 0);
    desk_close(&desk);
}

static bool was_refused(void *context)
{
    const struct desk *desk = context;
    return desk->refusals >= 1 && desk->heartbeats >= 1;
}

/* It sells for the first, and leaves that one only: the other knows somebody else by its id. */
static void one_refusal_does_not_end_it(void)
{
    struct desk desk;
    desk_open_as(&desk, 201, ",http://localhost");
    CU_ASSERT(held_loop_until(&desk.held, was_refused, &desk, SECONDS));
    membership_leave(desk.membership);
    CU_ASSERT(held_loop_until(&desk.held, has_left, &desk, SECONDS));
    CU_ASSERT_EQUAL(desk.leaves, 1);
    CU_ASSERT_EQUAL(desk.refusals, 1);
    desk_close(&desk);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("member", "lists of balancers are checked", lists_of_balancers_are_checked);
    suite_add("member", "joins, says that it is there, and leaves",
              joins_says_that_it_is_there_and_leaves);
    suite_add("member", "asks again where that may help", asks_again_where_that_may_help);
    suite_add("member", "does not insist", does_not_insist);
    suite_add("member", "one refusal does not end it", one_refusal_does_not_end_it);
}
