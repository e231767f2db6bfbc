/* Servers that others have made, and clients too: what comes through the balancer is what was sent. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/stage.h"
#include "tests/lib/audit.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"

enum {
    ARGUMENTS_MAX = 8,
    UPLOAD = 2 << 20,
};

static const struct stage_plan plan = {
    .routes = "{\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\"}, "
              "{\"name\": \"files\", \"match\": {\"prefix\": \"/\"}, \"pool\": \"files\"}",
    .nginx = "client_max_body_size 64m; location /put/ { dav_methods PUT DELETE; } "
             "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;",
};

static void expect_same(const char *path, const char *other)
{
    struct buffer one = {0}, two = {0};
    files_read(path, &one);
    files_read(other, &two);
    CU_ASSERT_EQUAL_FATAL(one.length, two.length);
    CU_ASSERT(one.length > 0 && memcmp(one.data, two.data, one.length) == 0);
    buffer_free(&one);
    buffer_free(&two);
}

/* Asks with curl, with these words beside; the status. The body goes to DIR/body, the head to DIR/head. */
static long curl(struct stage *stage, const char *path, const char *const *words)
{
    char program[FILES_PATH_SIZE], url[FILES_PATH_SIZE], body[FILES_PATH_SIZE],
        head[FILES_PATH_SIZE];
    struct process process;
    struct buffer text = {0};
    process_find(program, "curl");
    snprintf(url, sizeof url, "%s%s", stage->cluster.url, path);
    files_path(body, stage->dir, "body");
    files_path(head, stage->dir, "head");
    const char *argv[16 + ARGUMENTS_MAX] = {
        program, "-sS", "--noproxy", "*",  "--max-time",   "30", "-o",
        body,    "-D",  head,        "-w", "%{http_code}", url};
    for (size_t i = 0; i < ARGUMENTS_MAX && words[i] != NULL; i++)
        argv[13 + i] = words[i];
    process_run(&process, stage->dir, argv, 0);
    files_read(process.out, &text);
    long status = strtol(buffer_text(&text), NULL, 10);
    buffer_free(&text);
    return status;
}

#define CURL(stage, path, ...) curl(stage, path, (const char *const[]){__VA_ARGS__, NULL})

static void expect_body(struct stage *stage, const char *original)
{
    char body[FILES_PATH_SIZE], path[FILES_PATH_SIZE], below[64];
    snprintf(below, sizeof below, "www/%s", original);
    files_path(path, stage->peers[0].dir, below);
    files_path(body, stage->dir, "body");
    expect_same(body, path);
}

static void expect_field(struct stage *stage, const char *line)
{
    char head[FILES_PATH_SIZE];
    struct buffer text = {0};
    files_path(head, stage->dir, "head");
    files_read(head, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), line));
    if (strstr(text.data, line) == NULL)
        printf("  no \"%s\" in:\n%s", line, text.data);
    buffer_free(&text);
}

static void expect_length(struct stage *stage, size_t length)
{
    char body[FILES_PATH_SIZE];
    struct buffer text = {0};
    files_path(body, stage->dir, "body");
    files_read(body, &text);
    CU_ASSERT_EQUAL(text.length, length);
    buffer_free(&text);
}

static void downloads(void)
{
    struct stage stage;
    stage_open(&stage, &plan);
    CU_ASSERT_EQUAL(CURL(&stage, "/small", "--http1.1"), 200);
    expect_body(&stage, "small");
    expect_field(&stage, "Content-Length: 1024\r\n");
    expect_field(&stage, "Server: nginx");
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "--http1.1"), 200);
    expect_body(&stage, "large");
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "--http1.0"), 200);
    expect_body(&stage, "large");
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "-r", "100-1123"), 206);
    expect_field(&stage, "Content-Range: bytes 100-1123/10485760\r\n");
    expect_length(&stage, 1024);
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "-I"), 200);
    expect_field(&stage, "Content-Length: 10485760\r\n");
    CU_ASSERT_EQUAL(CURL(&stage, "/small", "--compressed"), 200);
    expect_field(&stage, "Content-Encoding: gzip\r\n");
    expect_body(&stage, "small");
    CU_ASSERT_EQUAL(CURL(&stage, "/nowhere", "--http1.1"), 404);
    expect_field(&stage, "Content-Type: text/html");
    stage_stop(&stage);
    stage_close(&stage);
}

static void not_modified(void)
{
    struct stage stage;
    char tag[64], field[96];
    struct response response = {0};
    stage_open(&stage, &plan);
    struct query query = {.url = stage.cluster.url, .path = "/small"};
    CU_ASSERT(client_ask(stage.client, &query, &response));
    CU_ASSERT(response_header(&response, "ETag", tag, sizeof tag));
    snprintf(field, sizeof field, "If-None-Match: %s", tag);
    query.fields[0] = field;
    for (int i = 0; i < 3; i++) { /* over one connection: nothing is left in it */
        CU_ASSERT(client_ask(stage.client, &query, &response));
        CU_ASSERT_EQUAL(response.status, 304);
        CU_ASSERT_EQUAL(response.body.length, 0);
    }
    response_free(&response);
    stage_stop(&stage);
    stage_close(&stage);
}

/* Uploads with these words, and looks at the file as the server has it. */
static void upload(struct stage *stage, const char *from, const char *word, const char *other)
{
    char put[FILES_PATH_SIZE];
    CU_ASSERT_EQUAL(CURL(stage, "/put/x", "-T", from, "-H", word, "-H", other), 201);
    files_path(put, stage->peers[0].dir, "www/put/x");
    expect_same(from, put);
    CU_ASSERT_EQUAL(CURL(stage, "/put/x", "-X", "DELETE"), 204);
}

/* All go to the server that has the folder. */
static void uploads(void)
{
    struct stage stage;
    char from[FILES_PATH_SIZE];
    struct stage_plan one = plan;
    one.routes = "{\"name\": \"files\", \"pool\": \"files\", \"affinity\": \"address\"}";
    one.nginx = "client_max_body_size 64m; location /put/ { dav_methods PUT DELETE; "
                "root ../files-1/www; create_full_put_path on; }";
    stage_open(&stage, &one);
    peer_file(&stage.peers[0], "upload", UPLOAD);
    files_path(from, stage.peers[0].dir, "www/upload");
    upload(&stage, from, "Expect: 100-continue", "X: y");
    upload(&stage, from, "Transfer-Encoding: chunked", "Expect:");
    upload(&stage, from, "Expect:", "X: y");
    stage_stop(&stage);
    stage_close(&stage);
}

static void python(void)
{
    struct cluster cluster;
    struct peer peer;
    struct buffer json = {0};
    char dir[FILES_PATH_SIZE], www[FILES_PATH_SIZE];
    struct stage stage = {.client = client_open()};
    process_sweep();
    files_directory(stage.dir);
    files_path(dir, stage.dir, "python");
    peer_address(&peer);
    peer_python(&peer, dir);
    peer_file(&peer, "large", STAGE_LARGE);
    buffer_printf(
        &json,
        "{\"pools\": {\"files\": {\"check\": \"/\", \"servers\": [{\"id\": \"files-1\", "
        "\"address\": \"%s\"}]}}, \"routes\": [{\"name\": \"files\", \"pool\": \"files\"}]}",
        peer.address);
    cluster_open_config(&cluster, 10, 1, buffer_text(&json), (const char *const[]){NULL});
    buffer_free(&json);
    CU_ASSERT_FATAL(cluster_reaches(&cluster, "files-1", "up"));
    stage.cluster = cluster;
    stage.peers[0] = peer;
    files_path(www, dir, "www");
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "--http1.1"), 200);
    expect_field(&stage, "SimpleHTTP");
    expect_body(&stage, "large");
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "-I"), 200);
    CU_ASSERT_EQUAL(CURL(&stage, "/", "--http1.1"), 200);
    CU_ASSERT_EQUAL(CURL(&stage, "/nowhere", "--http1.1"), 404);
    CU_ASSERT_EQUAL(CURL(&stage, "/large", "-d", "x=1"), 501); /* it knows no POST, and says so */
    stage_stop(&stage);
    stage_close(&stage);
}

static void wrk(void)
{
    struct stage stage;
    struct process process;
    struct buffer text = {0};
    char program[FILES_PATH_SIZE], url[FILES_PATH_SIZE];
    stage_open(&stage, &plan);
    process_find(program, "wrk");
    snprintf(url, sizeof url, "%s/small", stage.cluster.url);
    process_run(
        &process, stage.dir,
        (const char *const[]){program, "-t1", "-c64", "-d2s", "--timeout", "20s", url, NULL}, 0);
    files_read(process.out, &text);
    bool fine = strstr(buffer_text(&text), "Requests/sec") != NULL &&
                strstr(text.data, "Socket errors") == NULL && strstr(text.data, "Non-2xx") == NULL;
    CU_ASSERT(fine);
    if (!fine)
        process_show(&process);
    buffer_free(&text);
    stage_stop(&stage);
    stage_close(&stage);
}

static void node(void)
{
    struct cluster cluster;
    struct peer peer;
    struct process process;
    struct buffer json = {0};
    char program[FILES_PATH_SIZE];
    process_sweep();
    peer_address(&peer);
    buffer_printf(
        &json,
        "{\"pools\": {\"node\": {\"servers\": [{\"id\": \"node-1\", \"address\": \"%s\"}]}}, "
        "\"routes\": [{\"name\": \"node\", \"match\": {\"prefix\": \"/node\"}, "
        "\"pool\": \"node\"}]}",
        peer.address);
    cluster_open_config(&cluster, 10, 1, buffer_text(&json), (const char *const[]){NULL});
    buffer_free(&json);
    process_find(program, "node");
    process_run(&process, cluster.dir,
                (const char *const[]){program, "tests/cluster/node/fetch.mjs", cluster.url,
                                      strchr(peer.address, ':') + 1, NULL},
                0);
    CU_ASSERT_EQUAL(routing_await(&cluster, &(struct routing_wanted){.how = "left"}, 1), 1);
    cluster_stop(&cluster, SIGTERM);
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_files", "downloads", downloads);
    suite_add("proxy_files", "not_modified", not_modified);
    suite_add("proxy_files", "uploads", uploads);
    suite_add("proxy_files", "python", python);
    suite_add("proxy_files", "wrk", wrk);
    suite_add("proxy_files", "node", node);
}
