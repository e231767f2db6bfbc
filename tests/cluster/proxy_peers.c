/* Servers that misbehave, scripted byte by byte by varnishtest (tests/cluster/vtc): what the client gets, what
 * the log says of it, and that nobody else feels it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/peers.h"
#include "tests/lib/routing.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    PEERS = 2,
    GREETINGS_MAX = 10,
};

/* A script, and how its requests end in the log. */
struct row {
    const char *script;  /* tests/cluster/vtc/SCRIPT.vtc */
    const char *how;     /* NULL: all are answered */
    int times;           /* at least; 0: once */
    int peers;           /* servers that it plays, or that are gone; 0: one */
    const char *trusted; /* --trusted-proxy */
    int connections;     /* that the pool allows; 0: as many as it likes */
};

struct play {
    struct cluster cluster;
    struct peer peers[PEERS];
    int count;
};

struct arrival {
    struct cluster *cluster;
    char id[16];
};

static bool has_arrived(void *context)
{
    const struct arrival *arrival = context;
    char state[16];
    cluster_state(arrival->cluster, arrival->id, state);
    return strcmp(state, "up") == 0;
}

/* A pool whose timeout is short, and a route to it. Each peer has been heard of, but none listens. */
static void open_play(struct play *play, const struct row *row)
{
    struct buffer json = {0};
    const char *const options[] = {row->trusted != NULL ? "--trusted-proxy" : NULL, row->trusted,
                                   NULL};
    process_sweep();
    play->count = row->peers > 0 ? row->peers : 1;
    buffer_printf(&json,
                  "{\"pools\": {\"peers\": {\"timeout\": 1, \"connections\": %d, \"servers\": [",
                  row->connections > 0 ? row->connections : 1000);
    for (int i = 0; i < play->count; i++) {
        peer_listen(&play->peers[i]);
        buffer_printf(&json, "%s{\"id\": \"peer-%d\", \"address\": \"%s\"}", i > 0 ? ", " : "",
                      i + 1, play->peers[i].address);
    }
    buffer_add(&json, "]}}, \"routes\": [");
    buffer_add(&json, "{\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, "
                      "\"pool\": \"tickets\"}, ");
    buffer_add(&json,
               "{\"name\": \"peer\", \"match\": {\"prefix\": \"/peer\"}, \"pool\": \"peers\"}]}");
    cluster_open_config(&play->cluster, 100, 1, buffer_text(&json), options);
    buffer_free(&json);
    for (int i = 0; i < play->count; i++) {
        struct arrival arrival = {.cluster = &play->cluster};
        snprintf(arrival.id, sizeof arrival.id, "peer-%d", i + 1);
        for (int tries = 0; tries < GREETINGS_MAX && !has_arrived(&arrival); tries++) {
            peer_greet(&play->peers[i]);
            wait_until(has_arrived, &arrival, 1);
        }
        peer_leave(&play->peers[i]);
        CU_ASSERT_FATAL(has_arrived(&arrival));
    }
}

static void run_script(struct play *play, const char *script)
{
    char program[FILES_PATH_SIZE], path[FILES_PATH_SIZE], balancer[64],
        peers[PEERS][PEER_ADDRESS_SIZE + 8] = {"", ""};
    struct process process;
    process_find(program, "varnishtest");
    snprintf(path, sizeof path, "tests/cluster/vtc/%s.vtc", script);
    snprintf(balancer, sizeof balancer, "balancer=%s", play->cluster.url + strlen("http://"));
    for (int i = 0; i < PEERS; i++)
        snprintf(peers[i], sizeof peers[i], "peer%d=%s", i + 1,
                 play->peers[i < play->count ? i : 0].address);
    const char *argv[] = {program,  "-t", "30",     "-D", balancer, "-D",
                          peers[0], "-D", peers[1], path, NULL};
    if (process_run(&process, play->cluster.dir, argv, 0) != 0)
        printf("  script: %s\n", path);
}

/* The balancer goes on: at once, through the same worker. */
static void expect_answers(struct play *play)
{
    struct query query = {.url = play->cluster.url, .path = "/events/demo"};
    struct response response = {0};
    struct client *client = client_open();
    client_ask(client, &query, &response);
    CU_ASSERT_EQUAL(response.status, 200);
    response_free(&response);
    client_close(client);
}

static void expect_logged(struct play *play, const struct row *row)
{
    static const char *const bad[] = {"connect", "lost", "bad", "late", "left"};
    int times = row->times > 0 ? row->times : 1;
    if (row->how != NULL)
        CU_ASSERT(routing_await(&play->cluster, &(struct routing_wanted){.how = row->how}, times) >=
                  times);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (row->how == NULL || strcmp(row->how, bad[i]) != 0)
            CU_ASSERT_EQUAL(routing_count(&play->cluster, &(struct routing_wanted){.how = bad[i]}),
                            0);
}

static void play_row(const struct row *row)
{
    struct play play;
    unsigned before = CU_get_number_of_failure_records();
    open_play(&play, row);
    run_script(&play, row->script);
    expect_answers(&play);
    expect_logged(&play, row);
    cluster_stop(&play.cluster, SIGTERM);
    audit_clean(&play.cluster, NULL);
    if (CU_get_number_of_failure_records() != before)
        printf("  script: %s\n", row->script);
    cluster_close(&play.cluster);
}

static void play_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        play_row(&rows[i]);
}

static void heads(void)
{
    static const struct row rows[] = {
        {.script = "head_cut", .how = "lost"},
        {.script = "head_never", .how = "lost", .times = 3},
        {.script = "head_large", .how = "bad"},
        {.script = "head_unfit", .how = "bad"},
        {.script = "status_line", .how = "bad"},
        {.script = "other_protocol", .how = "bad"},
        {.script = "two_lengths", .how = "bad"},
        {.script = "length_and_chunks", .how = "bad"},
        {.script = "folded", .how = "bad"},
        {.script = "informational"},
    };
    play_all(rows, sizeof rows / sizeof *rows);
}

static void bodies(void)
{
    static const struct row rows[] = {
        {.script = "chunk_size", .how = "bad"},
        {.script = "body_short_length", .how = "lost"},
        {.script = "body_short_chunked", .how = "lost"},
        {.script = "early_answer"},
        {.script = "early_reset", .how = "lost"},
        {.script = "bodyless"},
        {.script = "chunked"},
        {.script = "until_closed"},
    };
    play_all(rows, sizeof rows / sizeof *rows);
}

static void silence(void)
{
    static const struct row rows[] = {
        {.script = "late", .how = "late"},           {.script = "stall", .how = "late"},
        {.script = "refusal_stalls", .how = "late"}, {.script = "early_stall", .how = "late"},
        {.script = "left", .how = "left"},
    };
    play_all(rows, sizeof rows / sizeof *rows);
}

static void connections(void)
{
    static const struct row rows[] = {
        {.script = "reset", .how = "lost"},
        {.script = "refused_next", .how = "connect", .peers = 2},
        {.script = "refused_all", .how = "connect", .times = 2, .peers = 2},
        {.script = "unasked"},
        {.script = "excess"},
        {.script = "kept"},
        {.script = "kept_closed_get"},
        {.script = "kept_closed_post", .how = "lost"},
        {.script = "full", .connections = 1},
    };
    play_all(rows, sizeof rows / sizeof *rows);
}

static void fields(void)
{
    static const struct row rows[] = {
        {.script = "fields"},
        {.script = "fields_trusted", .trusted = "127.0.0.1/32"},
        {.script = "loop"},
        {.script = "no_host"},
    };
    play_all(rows, sizeof rows / sizeof *rows);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("proxy_peers", "heads", heads);
    suite_add("proxy_peers", "bodies", bodies);
    suite_add("proxy_peers", "silence", silence);
    suite_add("proxy_peers", "connections", connections);
    suite_add("proxy_peers", "fields", fields);
}
