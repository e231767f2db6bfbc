/* The admin listener: for those who have the token. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

static void expect(struct client *client, struct cluster *cluster, const char *path,
                   const char *token, long status)
{
    struct query query = {.url = cluster->admin, .path = path, .token = token};
    struct response response = {0};
    struct bought bought;
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, status);
    if (status == 401) {
        char challenge[64];
        CU_ASSERT(bought_read(&response, &bought));
        CU_ASSERT_STRING_EQUAL(bought.code, "unauthorized");
        CU_ASSERT(response_header(&response, "WWW-Authenticate", challenge, sizeof challenge));
        CU_ASSERT_PTR_NULL(strstr(buffer_text(&response.body), "pid"));
    }
    response_free(&response);
}

static void needs_the_token(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    cluster_open(&cluster, 10, 2);
    char prefix[CLUSTER_TOKEN_SIZE], longer[CLUSTER_TOKEN_SIZE + 1];
    snprintf(prefix, sizeof prefix, "%.*s", (int)strlen(cluster.token) - 1, cluster.token);
    snprintf(longer, sizeof longer, "%sx", cluster.token);
    const char *const wrong[] = {NULL, "", "wrong", prefix, longer};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect(client, &cluster, "/servers", wrong[i], 401);
    expect(client, &cluster, "/servers", cluster.token, 200);
    expect(client, &cluster, "/healthz", cluster.token, 200);
    expect(client, &cluster, "/nope", cluster.token, 404);
    client_close(client);
    cluster_close(&cluster);
}

/* The token is a secret of whoever started the cluster, and nothing of it leaks to the public. */
static void keeps_to_itself(void)
{
    struct cluster cluster;
    struct client *client = client_open();
    struct stat status;
    cluster_open(&cluster, 10, 2);
    CU_ASSERT_EQUAL(stat(cluster.token_file, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    CU_ASSERT(strlen(cluster.token) >= 32);
    struct query query = {.url = cluster.url, .path = "/servers", .token = cluster.token};
    struct response response = {0};
    CU_ASSERT(client_ask(client, &query, &response));
    CU_ASSERT_EQUAL(response.status, 404);
    response_free(&response);
    client_close(client);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("admin", "needs_the_token", needs_the_token);
    suite_add("admin", "keeps_to_itself", keeps_to_itself);
}
