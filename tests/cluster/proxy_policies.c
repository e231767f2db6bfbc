/* Each policy over real servers: the log shows the distribution that it promises, the report proves each
 * choice, and finds a choice that was changed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/cluster/stage.h"
#include "tests/lib/audit.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"

enum {
    CLIENTS = 60,
    HELD_MAX = 32,
};

static void open_files(struct stage *stage, const char *policy, int first, int second, int third)
{
    char routes[256];
    snprintf(routes, sizeof routes,
             "{\"name\": \"files\", \"match\": {\"prefix\": \"/\"}, \"pool\": \"files\", "
             "\"policy\": \"%s\"}",
             policy);
    stage_open(stage, &(struct stage_plan){.routes = routes,
                                           .weights = {first, second, third},
                                           .options = {"--trusted-proxy", "127.0.0.1/32"}});
}

static int chosen(const struct stage *stage, const char *server)
{
    return routing_count(&stage->cluster, &(struct routing_wanted){.route = "files", .to = server});
}

static void expect_lines(const struct stage *stage, int count)
{
    CU_ASSERT_EQUAL(
        routing_await(&stage->cluster, &(struct routing_wanted){.route = "files"}, count), count);
}

/* The log is clean as it is, and red with another server in the middle of it. */
static void close_files(struct stage *stage)
{
    stage_stop(stage);
    routing_expect_edit_found(&stage->cluster, " choice ", " to=files-");
    stage_close(stage);
}

static void ask(struct stage *stage, int times)
{
    char served[SERVER_SIZE];
    for (int i = 0; i < times; i++)
        CU_ASSERT_EQUAL(stage_get(stage, "/small", NULL, NULL, served), 200);
}

/* Smooth: within each six choices, each server has its share. */
static void round_robin(void)
{
    struct stage stage;
    char served[SERVER_SIZE];
    int turns[STAGE_PEERS] = {0};
    open_files(&stage, "round-robin", 3, 1, 2);
    for (int i = 1; i <= 60; i++) {
        CU_ASSERT_EQUAL(stage_get(&stage, "/small", NULL, NULL, served), 200);
        turns[(served[strlen("files-")] - '1') % STAGE_PEERS]++;
        if (i % 6 == 0)
            CU_ASSERT(turns[0] == i / 2 && turns[1] == i / 6 && turns[2] == i / 3);
    }
    expect_lines(&stage, 60);
    CU_ASSERT_EQUAL(chosen(&stage, "files-1"), 30);
    CU_ASSERT_EQUAL(chosen(&stage, "files-2"), 10);
    CU_ASSERT_EQUAL(chosen(&stage, "files-3"), 20);
    close_files(&stage);
}

/* Downloads that nobody reads: each stays under way, at the server that it was given to. */
static void hold(struct stage *stage, int *fds, int count)
{
    static const char request[] = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < count; i++) {
        fds[i] = raw_connect(stage->cluster.url);
        CU_ASSERT_FATAL(fds[i] >= 0);
        CU_ASSERT(raw_send(fds[i], request, sizeof request - 1));
        expect_lines(stage, i + 1);
    }
}

static void let_go(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static void least_connections(void)
{
    struct stage stage;
    int fds[HELD_MAX];
    open_files(&stage, "least-connections", 1, 1, 2);
    hold(&stage, fds, 16);
    CU_ASSERT_EQUAL(chosen(&stage, "files-1"), 4);
    CU_ASSERT_EQUAL(chosen(&stage, "files-2"), 4);
    CU_ASSERT_EQUAL(chosen(&stage, "files-3"), 8);
    let_go(fds, 16);
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &(struct routing_wanted){.how = "left"}, 16), 16);
    close_files(&stage);
}

/* Chance leaves no server far behind: of 30, each has 10, give or take a few. */
static void power_of_two(void)
{
    struct stage stage;
    int fds[HELD_MAX];
    char server[SERVER_SIZE];
    open_files(&stage, "power-of-two", 1, 1, 1);
    hold(&stage, fds, 30);
    for (int i = 1; i <= STAGE_PEERS; i++) {
        snprintf(server, sizeof server, "files-%d", i);
        CU_ASSERT(chosen(&stage, server) >= 7 && chosen(&stage, server) <= 13);
    }
    let_go(fds, 30);
    CU_ASSERT_EQUAL(routing_await(&stage.cluster, &(struct routing_wanted){.how = "left"}, 30), 30);
    close_files(&stage);
}

/* Of 300, each has 100; six standard deviations (8.2 each) are allowed for. */
static void random_choice(void)
{
    struct stage stage;
    char server[SERVER_SIZE];
    open_files(&stage, "random", 1, 1, 1);
    ask(&stage, 300);
    expect_lines(&stage, 300);
    for (int i = 1; i <= STAGE_PEERS; i++) {
        snprintf(server, sizeof server, "files-%d", i);
        CU_ASSERT(chosen(&stage, server) >= 51 && chosen(&stage, server) <= 149);
    }
    close_files(&stage);
}

/* Who answers the client of this number, as a trusted proxy tells of it. */
static int served_by(struct stage *stage, int client)
{
    char field[64], served[SERVER_SIZE];
    snprintf(field, sizeof field, "X-Forwarded-For: 203.0.113.%d", client);
    CU_ASSERT_EQUAL(stage_get(stage, "/small", field, NULL, served), 200);
    return served[0] != '\0' ? served[strlen("files-")] - '1' : STAGE_PEERS;
}

static void ip_hash(void)
{
    struct stage stage;
    int home[CLIENTS], clients[STAGE_PEERS + 1] = {0};
    open_files(&stage, "ip-hash", 1, 1, 1);
    for (int i = 0; i < CLIENTS; i++)
        clients[home[i] = served_by(&stage, i)]++;
    for (int i = 0; i < STAGE_PEERS; i++)
        CU_ASSERT(clients[i] >= 5); /* of 20; they are the same clients in each run */
    for (int i = 0; i < CLIENTS; i++)
        CU_ASSERT_EQUAL(served_by(&stage, i), home[i]);
    peer_stop(&stage.peers[1]);
    for (int i = 0; i < CLIENTS; i++) {
        int now = served_by(&stage, i);
        CU_ASSERT(home[i] == 1 ? now != 1 : now == home[i]);
    }
    CU_ASSERT(routing_count(&stage.cluster, &(struct routing_wanted){.client = "203.0.113.7"}) >=
              3);
    close_files(&stage);
}

/* files-2 answers 500 to one path, and nothing to the other. Its clients belong to it all the same, and each is
 * answered by another server. */
static void ip_hash_heals(void)
{
    static const char nginx[] =
        "location /moody { if ($document_root ~ files-2) { return 500; } return 200 fine; }\n"
        "location /mute { if ($document_root ~ files-2) { return 444; } return 200 fine; }\n";
    static const char *const paths[] = {"/moody", "/mute"};
    struct stage stage;
    char field[64], served[SERVER_SIZE];
    stage_open(&stage, &(struct stage_plan){
                           .routes = "{\"name\": \"files\", \"pool\": \"files\", "
                                     "\"policy\": \"ip-hash\"}",
                           .nginx = nginx,
                           .options = {"--trusted-proxy", "127.0.0.1/32"},
                       });
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(field, sizeof field, "X-Forwarded-For: 203.0.113.%d", i);
        CU_ASSERT_EQUAL(stage_get(&stage, paths[i % 2], field, NULL, served), 200);
        CU_ASSERT_STRING_NOT_EQUAL(served, "files-2");
    }
    CU_ASSERT(chosen(&stage, "files-2") > 0);
    close_files(&stage);
}

static void open_tickets(struct stage *stage, const char *policy)
{
    char routes[256];
    snprintf(routes, sizeof routes,
             "{\"name\": \"files\", \"match\": {\"prefix\": \"/\"}, \"pool\": \"tickets\", "
             "\"policy\": \"%s\"}",
             policy);
    stage_open(stage, &(struct stage_plan){.routes = routes, .tickets = 3});
}

static void close_tickets(struct stage *stage)
{
    stage_stop(stage);
    routing_expect_edit_found(&stage->cluster, " choice ", " to=server-");
    stage_close(stage);
}

/* The servers report their workload a few times a second; a choice before the first report is "stale". */
static void least_workload(void)
{
    struct stage stage;
    char served[SERVER_SIZE];
    open_tickets(&stage, "least-workload");
    for (int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(stage_get(&stage, "/events/demo", NULL, NULL, served), 200);
    expect_lines(&stage, 100);
    int stale = routing_count(&stage.cluster, &(struct routing_wanted){.why = "stale"});
    CU_ASSERT(stale < 50);
    close_tickets(&stage);
}

static void fewest_sold(void)
{
    struct stage stage;
    char server[SERVER_SIZE];
    open_tickets(&stage, "fewest-sold");
    for (int i = 0; i < 30; i++) {
        struct bought bought;
        CU_ASSERT(
            client_buy(stage.client, stage.cluster.url, "event=demo&quantity=2", NULL, &bought));
        CU_ASSERT_EQUAL(bought.status, 201);
    }
    expect_lines(&stage, 30);
    for (int i = 1; i <= 3; i++) {
        snprintf(server, sizeof server, "server-%d", i);
        CU_ASSERT_EQUAL(chosen(&stage, server), 10);
    }
    close_tickets(&stage);
}

/* Purchases go by any policy (--policy), many at once; each sale is kept, each choice proved. */
static void purchases_by_each(void)
{
    for (int i = 0; i < POLICY_COUNT; i++) {
        struct cluster cluster;
        const char *name = policy_name((enum policy)i);
        const char *const options[] = {"--policy", name, NULL};
        struct load load = {.threads = 8, .buyers = load_scaled(200), .prefix = name};
        cluster_open_with(&cluster, 1000000, 3, options);
        load.url[0] = cluster.url;
        load.urls = 1;
        load_begin(&load);
        load_end(&load);
        CU_ASSERT_EQUAL(load.failed, 0);
        CU_ASSERT(cluster_quiet(&cluster));
        CU_ASSERT(routing_count(&cluster, &(struct routing_wanted){.route = "purchase",
                                                                   .policy = name}) >= load.buyers);
        audit_exact(&cluster, &load);
        cluster_close(&cluster);
        load_free(&load);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_policies", "round_robin", round_robin);
    suite_add("proxy_policies", "least_connections", least_connections);
    suite_add("proxy_policies", "power_of_two", power_of_two);
    suite_add("proxy_policies", "random", random_choice);
    suite_add("proxy_policies", "ip_hash", ip_hash);
    suite_add("proxy_policies", "ip_hash_heals", ip_hash_heals);
    suite_add("proxy_policies", "least_workload", least_workload);
    suite_add("proxy_policies", "fewest_sold", fewest_sold);
    suite_add("proxy_policies", "purchases_by_each", purchases_by_each);
}
