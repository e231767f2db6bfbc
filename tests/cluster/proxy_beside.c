/* Selling goes on beside the proxy: through the same worker, with the same servers' counts. */
#include <stdio.h>
#include <string.h>

#include "tests/cluster/stage.h"
#include "tests/lib/audit.h"
#include "tests/lib/load.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"

enum {
    DOWNLOADERS = 4,
    DOWNLOADS = 5, /* of each, one after the other */
    DOWNLOAD_SECONDS = 60,
    ARGUMENTS = 10,
};

static const char routes[] =
    "{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, \"pool\": \"tickets\", "
    "\"policy\": \"fewest-sold\"}, "
    "{\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\"}, "
    "{\"name\": \"files\", \"pool\": \"files\", \"policy\": \"least-connections\"}";

static void begin_downloads(struct stage *stage, struct process *downloads)
{
    char program[FILES_PATH_SIZE], url[FILES_PATH_SIZE];
    process_find(program, "curl");
    snprintf(url, sizeof url, "%s/large?[1-%d]", stage->cluster.url, DOWNLOADS);
    const char *argv[ARGUMENTS] = {
        program, "-sS",       "--noproxy", "*",
        "-o",    "/dev/null", "-w",        "%{http_code} %{size_download}\\n",
        url};
    for (int i = 0; i < DOWNLOADERS; i++)
        process_start(&downloads[i], stage->dir, argv);
}

static void end_downloads(struct process *downloads)
{
    char line[32];
    snprintf(line, sizeof line, "200 %d\n", STAGE_LARGE);
    for (int i = 0; i < DOWNLOADERS; i++) {
        struct buffer text = {0};
        int whole = 0;
        CU_ASSERT_EQUAL(process_wait(&downloads[i], DOWNLOAD_SECONDS), 0);
        files_read(downloads[i].out, &text);
        for (const char *at = buffer_text(&text); (at = strstr(at, line)) != NULL; at++)
            whole++;
        CU_ASSERT_EQUAL(whole, DOWNLOADS);
        buffer_free(&text);
    }
}

static void downloads_beside_a_rush(void)
{
    struct stage stage;
    struct process downloads[DOWNLOADERS];
    stage_open(&stage, &(struct stage_plan){.routes = routes, .tickets = 3});
    struct load load = {.url = {stage.cluster.url}, .urls = 1, .threads = 16, .prefix = "beside"};
    load_begin(&load);
    CU_ASSERT(load_progress(&load, 1));
    begin_downloads(&stage, downloads);
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(500)));
    CU_ASSERT(client_sold(stage.client, stage.cluster.url) > 0);
    end_downloads(downloads);
    CU_ASSERT(load_progress(&load, 1)); /* they were buying all the while */
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    CU_ASSERT_EQUAL(client_sold(stage.client, stage.cluster.url), load.tickets);
    struct routing_wanted files = {.route = "files"};
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &files, DOWNLOADERS * DOWNLOADS),
                    DOWNLOADERS * DOWNLOADS);
    CU_ASSERT(cluster_quiet(&stage.cluster));
    stage_stop(&stage);
    audit_exact(&stage.cluster, &load);
    stage_close(&stage);
    load_free(&load);
}

/* A pool that is gone is gone for its own requests only. */
static void a_pool_that_is_gone(void)
{
    struct stage stage;
    char served[SERVER_SIZE];
    stage_open(&stage, &(struct stage_plan){.routes = routes, .tickets = 3});
    for (int i = 0; i < STAGE_PEERS; i++)
        peer_stop(&stage.peers[i]);
    long status = stage_get(&stage, "/small", NULL, NULL, served);
    CU_ASSERT(status == 502 || status == 503);
    CU_ASSERT_EQUAL(stage_get(&stage, "/small", NULL, NULL, served), 503);
    CU_ASSERT_EQUAL(stage_get(&stage, "/events/demo", NULL, NULL, served), 200);
    for (int i = 0; i < 9; i++) {
        struct bought bought;
        CU_ASSERT(client_buy(stage.client, stage.cluster.url, "event=demo", NULL, &bought));
        CU_ASSERT_EQUAL(bought.status, 201);
    }
    stage_stop(&stage);
    stage_close(&stage);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_beside", "downloads_beside_a_rush", downloads_beside_a_rush);
    suite_add("proxy_beside", "a_pool_that_is_gone", a_pool_that_is_gone);
}
