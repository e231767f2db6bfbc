#include "tests/unit/balancer/admin/office.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"

enum {
    SECONDS = 20,
};

struct office office;

static void changed(void *context)
{
    struct office *seen = context;
    seen->changes++;
}

static bool command(void *context, enum admin_command command, char why[ADMIN_WHY_SIZE])
{
    struct office *seen = context;
    seen->commands++;
    seen->command = command;
    snprintf(why, ADMIN_WHY_SIZE, "A test says no.");
    return !seen->refuses;
}

static void progress(void *context, struct buffer *out)
{
    (void)context;
    buffer_add(out, "{\"running\":true,\"done\":1,\"total\":3,\"detail\":\"server-2 drains\"}");
}

/* The loop is held. */
static void lead(void)
{
    char address[ADDRESS_SIZE];
    int fd = socket_listen("127.0.0.1:0");
    CU_ASSERT_FATAL(fd >= 0);
    socket_address(fd, address);
    snprintf(office.url, sizeof office.url, "http://%s", address);
    departures_open(&office.departures, &office.servers, office.held.loop);
    office.settings.loop = office.held.loop;
    office.admin = admin_open(&office.settings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(office.admin);
    CU_ASSERT_FATAL(admin_lead(office.admin, fd, 16));
    held_loop_free(&office.held);
}

void office_open(size_t up)
{
    memset(&office, 0, sizeof office);
    history_servers_up(&office.servers, up, (const int64_t[]){7, 8, 9});
    files_directory(office.dir);
    files_path(office.token, office.dir, "admin.token");
    files_path(office.members, office.dir, "members.json");
    files_write(office.token, OFFICE_TOKEN, strlen(OFFICE_TOKEN));
    CU_ASSERT_EQUAL_FATAL(chmod(office.token, 0600), 0);
    office.settings = (struct admin_settings){
        .servers = &office.servers,
        .departures = &office.departures,
        .token_file = office.token,
        .members_file = office.members,
        .calls = {changed, command, progress, &office},
    };
    held_loop_open(&office.held);
    lead();
}

static void stop(void)
{
    held_loop_hold(&office.held);
    departures_close(&office.departures);
    admin_close(office.admin);
    held_loop_close(&office.held);
    servers_free(&office.servers);
}

void office_close(void)
{
    stop();
    buffer_free(&office.answer.bytes);
    buffer_free(&office.request);
    files_remove(office.dir);
}

void office_restart(void)
{
    stop();
    servers_init(&office.servers);
    held_loop_open(&office.held);
    lead();
}

static int transmit(const char *method, const char *path, const char *headers, const char *body)
{
    struct buffer *request = &office.request;
    buffer_clear(request);
    buffer_printf(request, "%s %s HTTP/1.1\r\nHost: a\r\n%s", method, path, headers);
    if (body != NULL)
        buffer_printf(request, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        buffer_add(request, "\r\n");
    int fd = raw_connect(office.url);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(raw_send(fd, request->data, request->length));
    return fd;
}

unsigned office_ask_with(const char *method, const char *path, const char *headers,
                         const char *body)
{
    int fd = transmit(method, path, headers, body);
    raw_receive(fd, &office.answer, strcmp(method, "HEAD") == 0, SECONDS);
    close(fd);
    return office.answer.status;
}

unsigned office_ask(const char *method, const char *path, const char *body)
{
    return office_ask_with(
        method, path,
        body != NULL ? OFFICE_BEARER "Content-Type: application/json\r\n" : OFFICE_BEARER, body);
}

int office_send(const char *method, const char *path)
{
    return transmit(method, path, OFFICE_BEARER, NULL);
}

unsigned office_receive(int fd)
{
    raw_receive(fd, &office.answer, false, SECONDS);
    close(fd);
    return office.answer.status;
}

bool office_head_has(const char *text)
{
    return strcasestr(buffer_text(&office.answer.bytes), text) != NULL;
}

bool office_body_has(const char *text)
{
    return strstr(raw_body(&office.answer), text) != NULL;
}

cJSON *office_json(void)
{
    char error[JSON_ERROR_SIZE];
    const char *body = raw_body(&office.answer);
    cJSON *json = json_parse(body, strlen(body), error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

const char *office_code(void)
{
    static char code[32];
    cJSON *json = office_json();
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "code"));
    snprintf(code, sizeof code, "%s", text != NULL ? text : "");
    cJSON_Delete(json);
    return code;
}

const char *office_file(void)
{
    static struct buffer text;
    buffer_clear(&text);
    if (access(office.members, F_OK) == 0)
        files_read(office.members, &text);
    return buffer_text(&text);
}

struct server office_server(const char *id)
{
    struct server server = {.state = SERVER_NEW};
    servers_find(&office.servers, id, &server);
    return server;
}

void office_busy(const char *id, int64_t busy)
{
    size_t index = servers_find(&office.servers, id, NULL);
    CU_ASSERT_FATAL(index != SERVER_NONE);
    lock_take(&office.servers.lock);
    office.servers.list[index].busy = busy;
    lock_drop(&office.servers.lock);
}

void office_over(const char *id)
{
    struct routing_done done = {.request = "r", .status = 200, .how = END_ANSWERED};
    size_t index = servers_find(&office.servers, id, NULL);
    CU_ASSERT_FATAL(index != SERVER_NONE);
    servers_done(&office.servers, index, &done);
}
