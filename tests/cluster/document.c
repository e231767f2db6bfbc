/* The API's document, as the product shows it. What it says is held against all answers by tests/api/check. */
#include <string.h>

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

static long get(struct client *client, const char *url, const char *path, struct response *response)
{
    struct query query = {.url = url, .path = path};
    CU_ASSERT(client_ask(client, &query, response));
    return response->status;
}

static void is_shown_by_both(void)
{
    struct cluster cluster;
    struct buffer file = {0};
    struct response response = {0};
    char type[64];
    struct client *client = client_open();
    cluster_open(&cluster, 1, 1);
    files_read("ticket_server/openapi.json", &file);
    const char *const urls[] = {cluster.url, cluster.server[0].url};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        CU_ASSERT_EQUAL(get(client, urls[i], "/openapi.json", &response), 200);
        CU_ASSERT(response_header(&response, "Content-Type", type, sizeof type));
        CU_ASSERT_STRING_EQUAL(type, "application/json");
        CU_ASSERT_STRING_EQUAL(buffer_text(&response.body), buffer_text(&file));
    }
    CU_ASSERT_EQUAL(get(client, cluster.url, "/healthz", &response), 404);
    response_free(&response);
    buffer_free(&file);
    client_close(client);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("document", "is_shown_by_both", is_shown_by_both);
}
