/* What boxctl tells people of an answer that is none of what they wanted. */
#include "tools/boxctl/api.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http.h"
#include "common/loop.h"
#include "common/problem.h"
#include "common/socket.h"
#include "common/thread.h"
#include "tests/lib/suite.h"

/* A balancer that refuses: the path is the code. */
static struct refuser {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    atomic_bool ending;
    char url[ADDRESS_SIZE];
} refuser;

static void refuse(void *context, struct http_request *request)
{
    (void)context;
    http_refuse(request, problem_from_code(http_path(request) + 1), "This is why.", NULL);
}

static void look(void *context)
{
    (void)context;
    if (atomic_load(&refuser.ending))
        loop_stop(refuser.loop);
}

static void *run(void *argument)
{
    loop_run(argument);
    return NULL;
}

static void open_refuser(void)
{
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, refuser.url);
    refuser.loop = loop_open();
    atomic_store(&refuser.ending, false);
    struct http_settings settings = {.listen_fd = fd,
                                     .connections_max = 4,
                                     .connection_memory = 32768,
                                     .body_max = 4096,
                                     .handler = refuse};
    refuser.server = http_open(refuser.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(refuser.server);
    loop_each_turn(refuser.loop, look, NULL);
    thread_start(&refuser.thread, "refuser", run, refuser.loop);
}

static void close_refuser(void)
{
    atomic_store(&refuser.ending, true);
    loop_wake(refuser.loop);
    thread_join(refuser.thread);
    http_close(refuser.server);
    loop_close(refuser.loop);
}

static void expect_told(struct api *api, const char *path, const char *told)
{
    struct api_answer answer = {0};
    CU_ASSERT_FALSE(api_ask(api, "GET", path, NULL, 10 * CLOCK_SECOND, &answer));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.failure, told));
    if (strstr(answer.failure, told) == NULL)
        printf("  %s, expected: %s\n", answer.failure, told);
    api_answer_free(&answer);
}

static void only_a_wrong_token_is_one(void)
{
    static const char wrong[] = "does not take the token in a.token: name its own";
    open_refuser();
    struct api *api = api_open(&(struct api_place){
        .url = refuser.url, .option = "--shop", .token_file = "a.token", .token = "t"});
    expect_told(api, "/unauthorized", wrong);
    expect_told(api, "/too_many_attempts", wrong);
    expect_told(api, "/too_many_requests", "This is why. (429 too_many_requests)");
    expect_told(api, "/forbidden", "This is why. (403 forbidden)");
    api_close(api);
    close_refuser();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("boxctl api", "only a wrong token is one", only_a_wrong_token_is_one);
}
