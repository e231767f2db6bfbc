#include "balancer/admin/api.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/socket.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"
#include "tests/unit/common/held_loop.h"

#define TOKEN  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BEARER "Authorization: Bearer " TOKEN "\r\n"

/* The admin listener, and what it answered last. */
struct office {
    struct held_loop held;
    struct servers servers;
    struct admin admin;
    struct http_server *http;
    char url[64];
    struct raw_answer answer;
};

static struct office office;

static void open_office(size_t up)
{
    char address[ADDRESS_SIZE];
    memset(&office, 0, sizeof office);
    history_servers_up(&office.servers, up, (const int64_t[]){7, 8, 9});
    office.admin.servers = &office.servers;
    strcpy(office.admin.token, TOKEN);
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, address);
    snprintf(office.url, sizeof office.url, "http://%s", address);
    held_loop_open(&office.held);
    struct http_settings settings = {.listen_fd = fd,
                                     .connections_max = 8,
                                     .body_max = 16384,
                                     .connection_memory = 16384,
                                     .handler = admin_handle,
                                     .context = &office.admin};
    office.http = http_open(office.held.loop, &settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(office.http);
    held_loop_free(&office.held);
}

static void close_office(void)
{
    held_loop_hold(&office.held);
    http_close(office.http);
    held_loop_close(&office.held);
    servers_free(&office.servers);
    buffer_free(&office.answer.bytes);
}

static unsigned ask(const char *method, const char *path, const char *headers)
{
    char request[512];
    int length = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method,
                          path, headers);
    int fd = raw_connect(office.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request, (size_t)length));
    raw_receive(fd, &office.answer, strcmp(method, "HEAD") == 0, 20);
    close(fd);
    return office.answer.status;
}

static bool head_has(const char *text)
{
    return strcasestr(buffer_text(&office.answer.bytes), text) != NULL;
}

static void health_follows_the_servers(void)
{
    open_office(2);
    CU_ASSERT_EQUAL(ask("GET", "/healthz", ""), 200);
    CU_ASSERT_EQUAL(ask("HEAD", "/healthz", ""), 200);
    servers_failed(&office.servers, 0, 1, "a test says so");
    CU_ASSERT_EQUAL(ask("GET", "/healthz", ""), 200);
    servers_failed(&office.servers, 1, 1, "a test says so");
    CU_ASSERT_EQUAL(ask("GET", "/healthz", ""), 503);
    CU_ASSERT(head_has("\r\nRetry-After: 1\r\n"));
    CU_ASSERT(servers_joined(&office.servers, "server-1", "127.0.0.1:1", 9));
    CU_ASSERT_EQUAL(ask("GET", "/healthz", ""), 503); /* joining is not up */
    close_office();
}

static void servers_need_the_token(void)
{
    open_office(1);
    CU_ASSERT_EQUAL(ask("GET", "/servers", ""), 401);
    CU_ASSERT(head_has("\r\nWWW-Authenticate: Bearer\r\n"));
    CU_ASSERT_PTR_NULL(strstr(raw_body(&office.answer), "server-1"));
    CU_ASSERT_EQUAL(ask("GET", "/servers", "Authorization: Bearer x\r\n"), 401);
    CU_ASSERT_EQUAL(ask("GET", "/servers", BEARER), 200);
    CU_ASSERT_EQUAL(ask("HEAD", "/servers", BEARER), 200);
    close_office();
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : -1;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : "(none)";
}

static void servers_are_told_in_full(void)
{
    char error[JSON_ERROR_SIZE];
    int64_t since;
    open_office(3);
    servers_failed(&office.servers, 1, 1, "it said \"no\"");
    CU_ASSERT_EQUAL(ask("GET", "/servers", BEARER), 200);
    const char *body = raw_body(&office.answer);
    cJSON *read = json_parse(body, strlen(body), error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(read, "servers");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 3);
    const cJSON *second = cJSON_GetArrayItem(list, 1);
    CU_ASSERT_STRING_EQUAL(text_of(read, "router"), office.servers.router);
    CU_ASSERT_STRING_EQUAL(text_of(second, "id"), "server-2");
    CU_ASSERT_STRING_EQUAL(text_of(second, "address"), "127.0.0.1:1");
    CU_ASSERT_STRING_EQUAL(text_of(second, "state"), "down");
    CU_ASSERT_STRING_EQUAL(text_of(second, "why"), "it said \"no\"");
    CU_ASSERT(clock_parse(text_of(second, "since"), &since));
    CU_ASSERT_EQUAL(number_of(second, "told"), 8);
    CU_ASSERT_EQUAL(number_of(second, "boot"), 1);
    CU_ASSERT_EQUAL(number_of(second, "pending"), 0);
    CU_ASSERT_EQUAL(number_of(second, "limit"), MAX_PENDING);
    CU_ASSERT_EQUAL(number_of(second, "pid"), 101);
    cJSON_Delete(read);
    close_office();
}

static void nothing_else_is_there(void)
{
    open_office(1);
    CU_ASSERT_EQUAL(ask("GET", "/", BEARER), 404);
    CU_ASSERT_EQUAL(ask("GET", "/servers/", BEARER), 404);
    CU_ASSERT_EQUAL(ask("DELETE", "/servers", BEARER), 405);
    CU_ASSERT(head_has("\r\nAllow: GET, HEAD\r\n"));
    CU_ASSERT_EQUAL(ask("POST", "/healthz", "Content-Length: 0\r\n"), 405);
    close_office();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("admin api", "health follows the servers", health_follows_the_servers);
    suite_add("admin api", "servers need the token", servers_need_the_token);
    suite_add("admin api", "servers are told in full", servers_are_told_in_full);
    suite_add("admin api", "nothing else is there", nothing_else_is_there);
}
