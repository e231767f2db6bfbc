#include "tests/cluster/stage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/suite.h"

static void open_peers(struct stage *stage, const char *further)
{
    for (int i = 0; i < STAGE_PEERS; i++) {
        char dir[FILES_PATH_SIZE], name[SERVER_SIZE];
        snprintf(name, sizeof name, "files-%d", i + 1);
        files_path(dir, stage->dir, name);
        peer_address(&stage->peers[i]);
        peer_nginx(&stage->peers[i], dir, name, further != NULL ? further : "");
        peer_file(&stage->peers[i], "small", STAGE_SMALL);
        peer_file(&stage->peers[i], "large", STAGE_LARGE);
    }
}

static void add_servers(struct buffer *json, const struct stage *stage, const int *weights)
{
    for (int i = 0; i < STAGE_PEERS; i++)
        buffer_printf(json, "%s{\"id\": \"files-%d\", \"address\": \"%s\", \"weight\": %d}",
                      i > 0 ? ", " : "", i + 1, stage->peers[i].address,
                      weights[i] > 0 ? weights[i] : 1);
}

void stage_open(struct stage *stage, const struct stage_plan *plan)
{
    struct buffer json = {0};
    process_sweep();
    *stage = (struct stage){.client = client_open()};
    files_directory(stage->dir);
    open_peers(stage, plan->nginx);
    buffer_add(&json, "{\"pools\": {\"files\": {\"servers\": [");
    add_servers(&json, stage, plan->weights);
    buffer_printf(&json, "]}}, \"routes\": [%s]%s}", plan->routes,
                  plan->further != NULL ? plan->further : "");
    cluster_open_config(&stage->cluster, 1000000, plan->tickets > 0 ? plan->tickets : 1,
                        buffer_text(&json), plan->options);
    buffer_free(&json);
    for (int i = 0; i < STAGE_PEERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "files-%d", i + 1);
        CU_ASSERT_FATAL(cluster_reaches(&stage->cluster, id, "up"));
    }
}

long stage_get(struct stage *stage, const char *path, const char *field, const char *other,
               char served[SERVER_SIZE])
{
    struct query query = {.url = stage->cluster.url, .path = path, .fields = {field, other}};
    struct response response = {0};
    if (field == NULL)
        query.fields[0] = other;
    client_ask(stage->client, &query, &response);
    response_header(&response, "X-Served-By", served, SERVER_SIZE);
    response_free(&response);
    return response.status;
}

void stage_stop(struct stage *stage)
{
    client_close(stage->client);
    for (int i = 0; i < STAGE_PEERS; i++)
        peer_stop(&stage->peers[i]);
    cluster_stop(&stage->cluster, SIGTERM);
    audit_clean(&stage->cluster, NULL);
}

void stage_close(struct stage *stage)
{
    cluster_close(&stage->cluster);
    files_remove(stage->dir);
}
