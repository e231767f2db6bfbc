/* Ticket servers that come and go while people buy: by the admin API, and by themselves. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/cluster/box.h"
#include "tests/lib/audit.h"
#include "tests/lib/load.h"
#include "tests/lib/peers.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 10000000, /* never sold out */
    SALES = 100,
    TRIES = 50, /* to remove a server while something is under way there */
    SECONDS = 60,
};

/* A cluster with one server of its own, and buyers who have no patience: whatever fails is seen. */
struct scene {
    struct cluster cluster;
    struct load load;
};

static void scene_open(struct scene *scene, const char *prefix)
{
    cluster_open(&scene->cluster, CAPACITY, 1);
    scene->load =
        (struct load){.url = {scene->cluster.url}, .urls = 1, .threads = 16, .prefix = prefix};
    load_begin(&scene->load);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

/* No purchase has failed, and what was sold is as it was told. */
static void scene_close(struct scene *scene)
{
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0)
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
    audit_exact(&scene->cluster, &scene->load);
    cluster_close(&scene->cluster);
    load_free(&scene->load);
}

/* --- what is kept -------------------------------------------------------------------------------- */

static void expect_reason(struct cluster *cluster, const char *id, const char *fragment)
{
    char path[64];
    struct response answer = {0};
    snprintf(path, sizeof path, "/servers/%s", id);
    CU_ASSERT_EQUAL(admin_ask(cluster, "GET", path, NULL, &answer), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer_text(&answer, "check.reason"), fragment));
    response_free(&answer);
}

/* Waits until this server is in this state, in a router that may just be starting. */
struct arrival {
    struct cluster *cluster;
    const char *id, *state;
    pid_t router; /* the one before */
};

static bool arrived(void *context)
{
    const struct arrival *arrival = context;
    char state[16];
    if (!cluster_look(arrival->cluster))
        return false;
    cluster_state(arrival->cluster, arrival->id, state);
    return strcmp(state, arrival->state) == 0;
}

static bool another_leads(void *context)
{
    const struct arrival *arrival = context;
    return cluster_look(arrival->cluster) && arrival->cluster->router != arrival->router;
}

static void expect_arrival(struct cluster *cluster, const char *id, const char *state)
{
    struct arrival arrival = {.cluster = cluster, .id = id, .state = state};
    CU_ASSERT(wait_until(arrived, &arrival, SECONDS));
}

/* Whatever ends, and comes again: the router, or all of the balancer. */
static void an_added_server_stays_over_restarts(void)
{
    struct cluster cluster;
    struct peer place;
    struct box box;
    cluster_open(&cluster, CAPACITY, 1);
    peer_address(&place);
    admin_add_server(&cluster, "box-1", place.address);
    expect_arrival(&cluster, "box-1", "joining");
    expect_reason(&cluster, "box-1", "connect");
    box_start(&box, &cluster, "box-1", place.address, NULL);
    expect_arrival(&cluster, "box-1", "up");
    admin_expect(&cluster, "PATCH", "/servers/server-1", "{\"state\":\"drain\"}", 200, NULL);
    CU_ASSERT(cluster_look(&cluster));
    pid_t router = cluster.router;
    process_signal(router, SIGKILL);
    struct arrival other = {.cluster = &cluster, .router = router};
    CU_ASSERT(wait_until(another_leads, &other, SECONDS));
    expect_arrival(&cluster, "box-1", "up");
    expect_arrival(&cluster, "server-1", "draining");
    admin_expect(&cluster, "PATCH", "/servers/server-1", "{\"state\":\"ready\"}", 200, NULL);
    expect_arrival(&cluster, "server-1", "up");
    CU_ASSERT(box_end(&box));
    cluster_stop(&cluster, SIGTERM);
    cluster_start_again(&cluster);
    expect_arrival(&cluster, "box-1", "joining");
    expect_arrival(&cluster, "server-1", "up");
    admin_expect(&cluster, "DELETE", "/servers/box-1", NULL, 200, NULL);
    admin_expect(&cluster, "DELETE", "/servers/box-1", NULL, 404, "no_such_server");
    cluster_close(&cluster);
}

static void bad_calls_change_nothing(void)
{
    static const struct {
        const char *method, *path, *body;
        long status;
        const char *code;
    } calls[] = {
        {"POST", "/servers", "{\"id\":\"a\",\"url\":\"http://u:p@127.0.0.1:1\"}", 422,
         "invalid_server"},
        {"POST", "/servers", "{\"id\":\"a\",\"url\":\"http://192.0.2.1:1\"}", 403,
         "remote_address"},
        {"POST", "/servers", "{\"id\":\"server-1\",\"url\":\"http://127.0.0.1:1\"}", 422,
         "invalid_server"},
        {"POST", "/servers", "{\"id\":\"a\",\"url\":\"http://127.0.0.1:1\"", 400, "malformed"},
        {"POST", "/servers", "[[[[[[[[[[[[[[[[[[[[", 400, "malformed"},
        {"PUT", "/servers/server-1", "{\"url\":\"http://127.0.0.1:1\"}", 422, "invalid_server"},
        {"PATCH", "/servers/nobody", "{\"state\":\"drain\"}", 404, "no_such_server"},
        {"PATCH", "/servers/server-1", "{\"state\":\"off\"}", 422, "invalid_server"},
        {"DELETE", "/servers/server-1", NULL, 409, "server_started"},
        {"DELETE", "/servers/nobody", NULL, 404, "no_such_server"},
        {"DELETE", "/servers", NULL, 405, "method_not_allowed"},
    };
    struct cluster cluster;
    struct buffer long_body = {0};
    cluster_open(&cluster, CAPACITY, 1);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        admin_expect(&cluster, calls[i].method, calls[i].path, calls[i].body, calls[i].status,
                     calls[i].code);
    for (int i = 0; i < 20000; i++)
        buffer_add_char(&long_body, '{');
    admin_expect(&cluster, "POST", "/servers", buffer_text(&long_body), 413, "too_large");
    buffer_free(&long_body);
    CU_ASSERT(cluster_look(&cluster));
    CU_ASSERT_EQUAL(cluster.count, 1);
    CU_ASSERT_STRING_EQUAL(cluster.server[0].state, "up");
    cluster_close(&cluster);
}

/* Without the token nobody changes anything, and who guesses has to wait. */
static void nobody_guesses_the_token(void)
{
    char right[CLUSTER_TOKEN_SIZE];
    struct cluster cluster;
    long last = 0;
    cluster_open(&cluster, CAPACITY, 1);
    memcpy(right, cluster.token, sizeof right);
    cluster.token[0] = cluster.token[0] == '0' ? '1' : '0';
    for (int i = 0; i < 11; i++) {
        struct response answer = {0};
        last = admin_ask(&cluster, "POST", "/servers",
                         "{\"id\":\"a\",\"url\":\"http://127.0.0.1:1\"}", &answer);
        CU_ASSERT_EQUAL(last, i < 10 ? 401 : 429);
        response_free(&answer);
    }
    memcpy(cluster.token, right, sizeof right);
    admin_expect(&cluster, "GET", "/servers/a", NULL, 404, "no_such_server");
    cluster_close(&cluster);
}

/* --- under load ---------------------------------------------------------------------------------- */

/* Removes it, and says how many requests it waited for. */
static double remove_box(struct cluster *cluster, const char *query)
{
    char path[64];
    struct response answer = {0};
    snprintf(path, sizeof path, "/servers/box-1%s", query);
    CU_ASSERT_EQUAL(admin_ask(cluster, "DELETE", path, NULL, &answer), 200);
    double waited = answer_number(&answer, "waited.requests");
    CU_ASSERT(waited >= 0 && answer_number(&answer, "took_ms") >= 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&answer.body), "\"cut\":false"));
    response_free(&answer);
    return waited;
}

static void removed_under_load(void)
{
    struct scene scene;
    struct peer place;
    struct box box;
    double waited = 0;
    scene_open(&scene, "remove");
    peer_address(&place);
    box_start(&box, &scene.cluster, "box-1", place.address, NULL);
    CU_ASSERT(box_said(&box, "sells on"));
    for (int i = 0; i < TRIES && waited == 0; i++) { /* it may just be idle */
        admin_add_server(&scene.cluster, "box-1", place.address);
        expect_arrival(&scene.cluster, "box-1", "up");
        CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
        waited = remove_box(&scene.cluster, "?drain=30s");
    }
    CU_ASSERT(waited > 0);
    CU_ASSERT(box_end(&box));
    scene_close(&scene);
}

static void joins_and_leaves_under_load(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    struct box box;
    scene_open(&scene, "join");
    box_start(&box, cluster, "box-1", "127.0.0.1:0", cluster->admin);
    expect_arrival(cluster, "box-1", "up");
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    CU_ASSERT(box_end(&box));
    CU_ASSERT(box_said(&box, "has left"));
    admin_expect(cluster, "GET", "/servers/box-1", NULL, 404, NULL);
    box_start(&box, cluster, "box-1", "127.0.0.1:0", cluster->admin);
    expect_arrival(cluster, "box-1", "up");
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    box_kill(&box);
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    expect_arrival(cluster, "box-1", "down");
    box_start(&box, cluster, "box-1", "127.0.0.1:0", cluster->admin); /* on another port */
    expect_arrival(cluster, "box-1", "up");
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    CU_ASSERT(box_end(&box));
    scene_close(&scene);
}

/* --- joining ------------------------------------------------------------------------------------- */

/* The balancer comes later, goes, and comes again: the server says once that it is not there, and joins. */
static void joins_a_balancer_that_comes_later(void)
{
    struct cluster cluster;
    struct box box;
    cluster_open(&cluster, CAPACITY, 1);
    cluster_stop(&cluster, SIGTERM);
    box_start(&box, &cluster, "box-1", "127.0.0.1:0", cluster.admin);
    CU_ASSERT(box_said(&box, "does not answer"));
    cluster_start_again(&cluster);
    CU_ASSERT(box_said(&box, "has joined"));
    expect_arrival(&cluster, "box-1", "up");
    admin_expect(&cluster, "DELETE", "/servers/box-1", NULL, 200, NULL);
    CU_ASSERT(box_said(&box, "has removed this server"));
    CU_ASSERT(box_end(&box));
    admin_expect(&cluster, "GET", "/servers/box-1", NULL, 404, NULL);
    cluster_close(&cluster);
}

static void expect_refused(const struct cluster *cluster, const char *id, const char *word)
{
    struct box box;
    struct buffer text = {0};
    box_start(&box, cluster, id, "127.0.0.1:0", cluster->admin);
    CU_ASSERT_EQUAL(process_wait(&box.process, SECONDS), 1);
    files_read(box.process.err, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), word));
    buffer_free(&text);
}

/* Sells what it did before: it was not fenced by who was refused. */
static void expect_sales(struct cluster *cluster)
{
    struct load load = {.url = {cluster->url}, .urls = 1, .threads = 2, .prefix = "after"};
    pid_t seller = cluster->server[0].pid;
    load_begin(&load);
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(SALES)));
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    load_free(&load);
    CU_ASSERT(cluster_look(cluster));
    CU_ASSERT_EQUAL(cluster->server[0].pid, seller);
}

static void a_refused_server_fences_nobody(void)
{
    struct cluster cluster;
    cluster_open(&cluster, CAPACITY, 1);
    CU_ASSERT(cluster_look(&cluster));
    expect_refused(&cluster, "server-1", "--id");
    expect_sales(&cluster);
    cluster_close(&cluster);
}

/* Two processes of one id: the one that came last stays, the other does not come back to it. */
static void the_later_of_two_stays(void)
{
    struct cluster cluster, beside;
    struct box first, second;
    cluster_open(&cluster, CAPACITY, 1);
    box_start(&first, &cluster, "box-1", "127.0.0.1:0", cluster.admin);
    expect_arrival(&cluster, "box-1", "up");
    beside = cluster;
    files_path(beside.dir, cluster.dir, "beside");
    CU_ASSERT_EQUAL(mkdir(beside.dir, 0755), 0);
    box_start(&second, &beside, "box-1", "127.0.0.1:0", cluster.admin);
    CU_ASSERT_EQUAL(process_wait(&first.process, SECONDS), 1);
    CU_ASSERT(box_said(&first, "has joined from another address"));
    expect_arrival(&cluster, "box-1", "up");
    CU_ASSERT(box_end(&second));
    CU_ASSERT(box_said(&second, "has left"));
    cluster_close(&cluster);
}

static void a_server_that_cannot_join_says_why_and_ends(void)
{
    struct cluster cluster, stranger;
    char token[CLUSTER_TOKEN_SIZE];
    cluster_open(&cluster, CAPACITY, 1);
    admin_add_server(&cluster, "box-1", "127.0.0.1:1");
    expect_refused(&cluster, "box-1", "added already");
    expect_refused(&cluster, "server-1", "--id");
    stranger = cluster;
    files_path(stranger.token_file, cluster.dir, "other.token");
    memcpy(token, cluster.token, sizeof token);
    token[0] = token[0] == '0' ? '1' : '0';
    files_write(stranger.token_file, token, strlen(token));
    CU_ASSERT_EQUAL(chmod(stranger.token_file, 0600), 0);
    expect_refused(&stranger, "box-2", "token");
    admin_expect(&cluster, "GET", "/servers/box-2", NULL, 404, NULL);
    cluster_close(&cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("membership", "an_added_server_stays_over_restarts",
              an_added_server_stays_over_restarts);
    suite_add("membership", "bad_calls_change_nothing", bad_calls_change_nothing);
    suite_add("membership", "nobody_guesses_the_token", nobody_guesses_the_token);
    suite_add("membership", "removed_under_load", removed_under_load);
    suite_add("membership", "joins_and_leaves_under_load", joins_and_leaves_under_load);
    suite_add("membership", "joins_a_balancer_that_comes_later", joins_a_balancer_that_comes_later);
    suite_add("membership", "a_refused_server_fences_nobody", a_refused_server_fences_nobody);
    suite_add("membership", "the_later_of_two_stays", the_later_of_two_stays);
    suite_add("membership", "a_server_that_cannot_join_says_why_and_ends",
              a_server_that_cannot_join_says_why_and_ends);
}
