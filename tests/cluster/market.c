#include "tests/cluster/market.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/socket.h"
#include "tests/lib/audit.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 10000000,
    CONNECTIONS = 64,
    CHILDREN_MAX = 64,
};

#define PURCHASES                                                                                  \
    "{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, \"pool\": \"tickets\"}"

const char market_purchases[] = "{\"routes\": [" PURCHASES "]}\n";
const char market_reads[] =
    "{\"routes\": [" PURCHASES
    ",\n  {\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\"}]}\n";
const char market_wrong[] = "{\"routes\": [\n  {\"name\": \"all\", \"pool\": \"files\"}\n]}\n";

/* --- the market ------------------------------------------------------------------------------------ */

static void start_load(struct market *market, const char *prefix)
{
    market->client = client_open();
    market->load = (struct load){.url = {market->cluster.url},
                                 .urls = 1,
                                 .threads = load_scaled(CONNECTIONS),
                                 .prefix = prefix};
    load_begin(&market->load);
    CU_ASSERT(load_progress(&market->load, (size_t)load_scaled(MARKET_SALES)));
}

void market_open(struct market *market, const char *prefix, const char *config)
{
    const char *const none[] = {NULL};
    process_sweep();
    *market = (struct market){.silent = -1};
    cluster_open_config(&market->cluster, CAPACITY, 3, config, none);
    start_load(market, prefix);
}

void market_open_slow(struct market *market, const char *prefix)
{
    const char *const none[] = {NULL};
    char address[ADDRESS_SIZE], config[512];
    process_sweep();
    *market = (struct market){.silent = socket_listen("127.0.0.1:0")};
    socket_address(market->silent, address);
    snprintf(config, sizeof config,
             "{\"pools\": {\"files\": {\"check\": \"/\", \"servers\": [{\"id\": \"files-1\", "
             "\"address\": \"%s\"}]}}, \"routes\": [" PURCHASES "]}\n",
             address);
    cluster_open_config(&market->cluster, CAPACITY, 3, config, none);
    start_load(market, prefix);
}

void market_copy_program(struct market *market, const char *name)
{
    char self[FILES_PATH_SIZE], from[FILES_PATH_SIZE], to[FILES_PATH_SIZE];
    struct buffer bytes = {0};
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CU_ASSERT_FATAL(length > 0);
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    files_path(from, self, name);
    files_path(to, market->dir, name);
    files_read(from, &bytes);
    unlink(to); /* one that runs cannot be written to */
    files_write(to, bytes.data, bytes.length);
    CU_ASSERT_EQUAL(chmod(to, 0755), 0);
    buffer_free(&bytes);
}

void market_put_script(struct market *market, const char *name, const char *text)
{
    char path[FILES_PATH_SIZE];
    files_path(path, market->dir, name);
    unlink(path);
    files_write(path, text, strlen(text));
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
}

void market_open_own(struct market *market, const char *prefix)
{
    char balancer[FILES_PATH_SIZE];
    *market = (struct market){.silent = -1};
    files_directory(market->dir);
    market_copy_program(market, "balancer");
    market_copy_program(market, "ticket_server");
    files_path(balancer, market->dir, "balancer");
    cluster_open_build(&market->cluster, balancer, CAPACITY, 3);
    start_load(market, prefix);
}

void market_end_load(struct market *market)
{
    load_end(&market->load);
    CU_ASSERT_EQUAL(market->load.failed, 0);
    if (market->load.failed > 0) {
        printf("  %d failed: %s\n", market->load.failed, market->load.failure);
        process_show(&market->cluster.master);
    }
}

void market_free(struct market *market)
{
    cluster_close(&market->cluster);
    load_free(&market->load);
    if (market->silent >= 0)
        close(market->silent);
    if (market->dir[0] != '\0')
        files_remove(market->dir);
}

void market_settle(struct market *market)
{
    client_close(market->client);
    cluster_stop(&market->cluster, SIGTERM);
    audit_exact(&market->cluster, &market->load);
    market_free(market);
}

void market_close(struct market *market)
{
    CU_ASSERT(load_progress(&market->load, (size_t)load_scaled(MARKET_SALES)));
    market_end_load(market);
    audit_repeats(&market->cluster, &market->load);
    market_settle(market);
}

/* --- what is there -------------------------------------------------------------------------------- */

/* The processes of this program that the master has started: routers, and a program that is tried. */
static size_t routers_of(const struct cluster *cluster, pid_t list[CHILDREN_MAX])
{
    char path[64], name[32];
    long pid;
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)cluster->master.pid,
             (int)cluster->master.pid);
    FILE *children = fopen(path, "re");
    while (children != NULL && count < CHILDREN_MAX && fscanf(children, "%ld", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%ld/comm", pid);
        FILE *comm = fopen(path, "re");
        if (comm != NULL && fgets(name, sizeof name, comm) != NULL &&
            strcmp(name, "balancer\n") == 0)
            list[count++] = (pid_t)pid;
        if (comm != NULL)
            fclose(comm);
    }
    if (children != NULL)
        fclose(children);
    return count;
}

static bool is_one_router(void *context)
{
    pid_t list[CHILDREN_MAX];
    return routers_of(context, list) == 1;
}

void market_expect_one_router(struct market *market)
{
    CU_ASSERT(wait_until(is_one_router, &market->cluster, MARKET_SECONDS));
}

struct newcomer {
    struct cluster *cluster;
    pid_t pid; /* of the new router */
};

static bool has_come(void *context)
{
    struct newcomer *newcomer = context;
    pid_t list[CHILDREN_MAX];
    size_t count = routers_of(newcomer->cluster, list);
    for (size_t i = 0; i < count; i++)
        if (list[i] != newcomer->cluster->router)
            newcomer->pid = list[i];
    return newcomer->pid != 0;
}

pid_t market_newcomer(struct market *market)
{
    struct newcomer newcomer = {.cluster = &market->cluster};
    CU_ASSERT_FATAL(wait_until(has_come, &newcomer, MARKET_SECONDS));
    return newcomer.pid;
}

struct line {
    struct cluster *cluster;
    const char *text;
};

static bool is_said(void *context)
{
    const struct line *line = context;
    struct buffer text = {0};
    files_read(line->cluster->master.err, &text);
    bool said = strstr(buffer_text(&text), line->text) != NULL;
    buffer_free(&text);
    return said;
}

void market_expect(struct market *market, const char *text)
{
    struct line line = {&market->cluster, text};
    bool said = wait_until(is_said, &line, MARKET_SECONDS);
    CU_ASSERT(said);
    if (!said) {
        printf("  expected \"%s\"\n", text);
        process_show(&market->cluster.master);
    }
}

long market_get(struct market *market, const char *path)
{
    struct query query = {.url = market->cluster.url, .path = path, .alone = true};
    struct response response = {0};
    client_ask(market->client, &query, &response);
    response_free(&response);
    return response.status;
}

void market_expect_another(struct market *market, pid_t before)
{
    CU_ASSERT(cluster_router_restarted(&market->cluster, before));
    CU_ASSERT(cluster_all_up(&market->cluster));
    CU_ASSERT(load_progress(&market->load, (size_t)load_scaled(MARKET_SALES)));
}

void market_expect_the_same(struct market *market, pid_t before)
{
    market_expect_one_router(market);
    CU_ASSERT(cluster_look(&market->cluster));
    CU_ASSERT_EQUAL(market->cluster.router, before);
    CU_ASSERT(load_progress(&market->load, (size_t)load_scaled(MARKET_SALES)));
}

void market_signal(struct market *market, int signal)
{
    CU_ASSERT(cluster_look(&market->cluster));
    process_signal(market->cluster.master.pid, signal);
}
