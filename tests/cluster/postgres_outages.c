/* PostgreSQL is not there for a while, in all ways: nothing is sold meanwhile, every buyer is told so in time, who only
 * looks is answered at once, and selling goes on by itself. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/cluster/postgres_scene.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SLOWER = 5, /* under the sanitizers */
    LOOKERS = POSTGRES_SCENE_SERVERS + 2,
    LOOK_GAP = 20, /* milliseconds */
    LOOKS = 12,    /* of each, before it begins */
    ANSWERED_MILLISECONDS = 8000,
    BACK_SECONDS = 30,
};

/* A buyer is told after 5 s at the latest; a ticket server's loop waits for the store once, for a second. */
static const int64_t told_most = 6500 * CLOCK_MILLISECOND;
static const int64_t look_most = 1500 * CLOCK_MILLISECOND;
static const int64_t back_most = 5 * CLOCK_SECOND;

static int64_t slower(int64_t time)
{
    return load_scaled(100) < 100 ? time * SLOWER : time;
}

/* --- who only looks ---------------------------------------------------------------------------- */

struct looker {
    char url[CLUSTER_URL_SIZE];
    const char *path, *token;
    bool store; /* what it asks for lies in the store */
    atomic_bool *ending;
    atomic_int well; /* answers of 200 */
    pthread_t thread;
    int64_t longest;
    int answers,
        strange; /* that came, and of those: not 200, or of the store neither 200 nor 503 */
    long strangest;
};

static void look_once(struct looker *looker, struct client *client, struct response *response)
{
    const struct query query = {.url = looker->url,
                                .path = looker->path,
                                .token = looker->token,
                                .alone = true,
                                .patience = ANSWERED_MILLISECONDS};
    int64_t begun = clock_monotonic();
    bool answered = client_ask(client, &query, response);
    int64_t took = clock_monotonic() - begun;
    atomic_fetch_add(&looker->well, answered && response->status == 200);
    looker->longest = took > looker->longest ? took : looker->longest;
    looker->answers++;
    if (answered && (response->status == 200 || (looker->store && response->status == 503)))
        return;
    looker->strange++;
    looker->strangest = answered ? response->status : 0;
}

static void *look(void *context)
{
    struct looker *looker = context;
    struct client *client = client_open();
    struct response response = {0};
    const struct timespec gap = {.tv_nsec = LOOK_GAP * 1000000L};
    while (!atomic_load(looker->ending)) {
        look_once(looker, client, &response);
        nanosleep(&gap, NULL);
    }
    response_free(&response);
    client_close(client);
    return NULL;
}

struct lookers {
    struct looker list[LOOKERS];
    atomic_bool ending;
};

/* Every ticket server has been asked for what lies in the store, and so is connected to it. */
static bool all_look(void *context)
{
    struct lookers *lookers = context;
    for (size_t i = 0; i < LOOKERS; i++)
        if (atomic_load(&lookers->list[i].well) < LOOKS)
            return false;
    return true;
}

static void lookers_begin(struct lookers *lookers, struct cluster *cluster)
{
    atomic_init(&lookers->ending, false);
    for (size_t i = 0; i < LOOKERS; i++) {
        struct looker *looker = &lookers->list[i];
        *looker = (struct looker){.path = "/healthz", .ending = &lookers->ending};
        if (i < POSTGRES_SCENE_SERVERS) {
            snprintf(looker->url, sizeof looker->url, "%s", cluster->server[i].url);
        } else if (i == POSTGRES_SCENE_SERVERS) {
            snprintf(looker->url, sizeof looker->url, "%s", cluster->admin);
            looker->path = "/servers";
            looker->token = cluster->token;
        } else {
            snprintf(looker->url, sizeof looker->url, "%s", cluster->url);
            looker->path = "/events/demo";
            looker->store = true;
        }
        CU_ASSERT_EQUAL_FATAL(pthread_create(&looker->thread, NULL, look, looker), 0);
    }
    CU_ASSERT(wait_until(all_look, lookers, BACK_SECONDS));
}

static void lookers_end(struct lookers *lookers, const char *outage)
{
    atomic_store(&lookers->ending, true);
    for (size_t i = 0; i < LOOKERS; i++) {
        struct looker *looker = &lookers->list[i];
        pthread_join(looker->thread, NULL);
        bool fine = looker->strange == 0 && looker->answers > 0 &&
                    (looker->store || looker->longest < slower(look_most));
        CU_ASSERT(fine);
        if (!fine)
            printf("  %s: %s%s: longest %lld ms, %d of %d answers strange: %ld\n", outage,
                   looker->url, looker->path, (long long)(looker->longest / CLOCK_MILLISECOND),
                   looker->strange, looker->answers, looker->strangest);
    }
}

/* --- who wants to buy -------------------------------------------------------------------------- */

static size_t sold(struct load *load)
{
    lock_take(&load->lock);
    size_t count = load->sold;
    lock_drop(&load->lock);
    return count;
}

/* 503, in time, and with the advice to come again. */
static void be_told(struct postgres_scene *scene, const char *outage)
{
    struct client *client = client_open();
    struct response response = {0};
    char after[16];
    const struct query query = {.url = scene->cluster.url,
                                .path = "/purchases",
                                .body = "event=demo",
                                .alone = true,
                                .patience = ANSWERED_MILLISECONDS * SLOWER};
    int64_t begun = clock_monotonic();
    bool answered = client_ask(client, &query, &response);
    int64_t took = clock_monotonic() - begun;
    bool fine = answered && response.status == 503 && took < slower(told_most) &&
                response_header(&response, "Retry-After", after, sizeof after);
    CU_ASSERT(fine);
    if (!fine)
        printf("  %s: a buyer is answered %ld after %lld ms: %s\n", outage, response.status,
               (long long)(took / CLOCK_MILLISECOND), buffer_text(&response.body));
    response_free(&response);
    client_close(client);
}

static void come_back(struct postgres_scene *scene, const char *outage)
{
    int64_t begun = clock_monotonic();
    postgres_scene_progress(scene);
    int64_t took = clock_monotonic() - begun;
    CU_ASSERT(took < slower(back_most));
    if (took >= slower(back_most))
        printf("  %s: sold again only after %lld ms\n", outage,
               (long long)(took / CLOCK_MILLISECOND));
}

/* --- outages ----------------------------------------------------------------------------------- */

struct outage {
    const char *name;
    void (*begin)(struct pg_server *database);
    void (*end)(struct pg_server *database);
};

static void start_again(struct pg_server *database)
{
    pg_server_restart(database);
    process_spare(database->process.pid);
}

static const char end_sessions[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'box_office'";

static void admit_nobody(struct pg_server *database)
{
    pg_server_sql(database, "ALTER ROLE box_office CONNECTION LIMIT 0");
    pg_server_sql(database, "%s", end_sessions);
}

static void admit_all(struct pg_server *database)
{
    pg_server_sql(database, "ALTER ROLE box_office CONNECTION LIMIT -1");
}

static void make_read_only(struct pg_server *database)
{
    pg_server_sql(database, "ALTER ROLE box_office SET default_transaction_read_only = on");
    pg_server_sql(database, "%s", end_sessions);
}

static void make_writable(struct pg_server *database)
{
    pg_server_sql(database, "ALTER ROLE box_office RESET default_transaction_read_only");
}

static void expect_the_same(struct cluster *cluster, const pid_t *before, const char *outage)
{
    CU_ASSERT(cluster_all_up(cluster));
    for (size_t i = 0; i < POSTGRES_SCENE_SERVERS; i++) {
        CU_ASSERT_EQUAL(cluster->server[i].pid, before[i]);
        if (cluster->server[i].pid != before[i])
            printf("  %s: %s was started again\n", outage, cluster->server[i].id);
    }
}

/* What was on its way when it began may still be acknowledged, until the first buyer is told. */
static void suffer(struct postgres_scene *scene, const struct outage *outage)
{
    struct cluster *cluster = &scene->cluster;
    struct lookers lookers;
    pid_t before[POSTGRES_SCENE_SERVERS];
    CU_ASSERT(cluster_all_up(cluster));
    CU_ASSERT_EQUAL_FATAL(cluster->count, POSTGRES_SCENE_SERVERS);
    for (size_t i = 0; i < POSTGRES_SCENE_SERVERS; i++)
        before[i] = cluster->server[i].pid;
    lookers_begin(&lookers, cluster);
    outage->begin(&scene->database);
    size_t at_first = sold(&scene->load);
    be_told(scene, outage->name);
    size_t at_last = sold(&scene->load);
    CU_ASSERT(at_last <= at_first + 16); /* one of each buyer, answered just then */
    outage->end(&scene->database);
    come_back(scene, outage->name);
    lookers_end(&lookers, outage->name);
    expect_the_same(cluster, before, outage->name);
}

/* --- the tables are gone ----------------------------------------------------------------------- */

static bool all_gone(void *context)
{
    struct cluster *cluster = context;
    if (!cluster_look(cluster))
        return false;
    for (size_t i = 0; i < cluster->count; i++)
        if (strcmp(cluster->server[i].state, "up") == 0)
            return false;
    return true;
}

/* As a file that was moved away: ticket servers leave, and find it when they are started again. */
static void move_away(struct postgres_scene *scene)
{
    pg_server_sql(&scene->database, "ALTER SCHEMA box_office RENAME TO elsewhere");
    CU_ASSERT(wait_until(all_gone, &scene->cluster, BACK_SECONDS));
    be_told(scene, "moved");
    pg_server_sql(&scene->database, "ALTER SCHEMA elsewhere RENAME TO box_office");
    CU_ASSERT(cluster_all_up(&scene->cluster));
}

/* --- one after the other ----------------------------------------------------------------------- */

static void killed_and_frozen(void)
{
    static const struct outage outages[] = {
        {"killed", pg_server_kill, start_again},
        {"frozen", pg_server_freeze, pg_server_thaw},
    };
    struct postgres_scene scene;
    postgres_scene_open(&scene, "postgres-outage");
    suffer(&scene, &outages[0]);
    suffer(&scene, &outages[1]);
    postgres_scene_close(&scene);
}

static void full_read_only_and_moved(void)
{
    static const struct outage outages[] = {
        {"full", admit_nobody, admit_all},
        {"read-only", make_read_only, make_writable},
    };
    struct postgres_scene scene;
    postgres_scene_open(&scene, "postgres-full");
    suffer(&scene, &outages[0]);
    suffer(&scene, &outages[1]);
    move_away(&scene);
    postgres_scene_close(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("postgres outages", "killed_and_frozen", killed_and_frozen);
    suite_add("postgres outages", "full_read_only_and_moved", full_read_only_and_moved);
}
