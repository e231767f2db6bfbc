/* A disk that fills up under a cluster that sells: under the store in each way that this can be told by its
 * files, under the logs alone, and under all of it. While it is full nothing that cannot be kept is sold,
 * reads go on, and what needs no room goes on, too; then it sells again by itself. */
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/log.h"
#include "tests/lib/audit.h"
#include "tests/lib/disk.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    SERVERS = 3,
    BUYERS = 16,
    STORE_MEBIBYTES = 48,
    LOGS_MEBIBYTES = 16,
    SALES = 100,
    REFUSALS = 20, /* in a row, until it is believed that nothing is sold any more */
    NOTICED_SECONDS = 60,
    PATIENCE_SECONDS = 60,
    BACK_SECONDS = 5, /* from the room's return to the first sale: the promise */
    KIBIBYTE = 1024,
    PAGE = 4096,
    FRAME = PAGE + 24, /* a page in the journal */
    FOLDED_AT = 2000,  /* pages in the journal: then it is folded into the database */
    INDEX_ATTEMPTS = 5,
    INDEX_ONE_MAX = 4062, /* pages of the journal that the first 32 KiB of its index hold */
    INDEX_PART = 32 * KIBIBYTE,
    SLOW_PAGES = 1000, /* before that, buyers come one by one */
};

struct scene {
    struct disk disk;
    struct cluster cluster;
    struct load load;  /* who buys now */
    struct load known; /* what was sold to all others */
    struct client *client;
    struct response answer;
    size_t probes;   /* that were sold */
    size_t refused;  /* probes in a row */
    size_t sold;     /* by the load, when they began */
    bool lines_lost; /* a router died with lines that had no room */
};

/* --- the scene --------------------------------------------------------------------------------- */

static void begin_load(struct scene *scene, const char *prefix)
{
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = BUYERS,
                                .patience = PATIENCE_SECONDS,
                                .prefix = prefix};
    load_begin(&scene->load);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

static void end_load(struct scene *scene)
{
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0)
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
    for (size_t i = 0; i < scene->load.sold; i++)
        load_keep(&scene->known, scene->load.sales[i].key, &scene->load.sales[i].bought);
    load_free(&scene->load);
    scene->load = (struct load){0};
}

/* False, with the test skipped aloud, where there is no disk. */
static bool scene_begin(struct scene *scene, int mebibytes, bool store, bool logs)
{
    const char *const none[CLUSTER_OPTIONS_MAX] = {NULL};
    *scene = (struct scene){.client = client_open()};
    if (!disk_open_memory(&scene->disk, mebibytes)) {
        suite_skip("a small file system takes root");
        client_close(scene->client);
        return false;
    }
    const struct cluster_places places = {.store = store ? scene->disk.path : NULL,
                                          .logs = logs ? scene->disk.path : NULL};
    cluster_open_at(&scene->cluster, "balancer", 10000000, SERVERS, none, &places);
    begin_load(scene, "full-disk-early");
    return true;
}

static void scene_end(struct scene *scene)
{
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    end_load(scene);
    CU_ASSERT(cluster_quiet(&scene->cluster));
    audit_repeats(&scene->cluster, &scene->known);
    cluster_stop(&scene->cluster, SIGTERM);
    struct audit_beyond beyond = {0};
    if (scene->lines_lost)
        audit_incomplete(&scene->cluster, &scene->known, true, &beyond);
    else
        audit_exact(&scene->cluster, &scene->known);
    CU_ASSERT(beyond.sales <= (int64_t)scene->known.sold);
    cluster_close(&scene->cluster);
    free(scene->known.sales);
    response_free(&scene->answer);
    client_close(scene->client);
    disk_close(&scene->disk);
}

/* --- asking ------------------------------------------------------------------------------------ */

static size_t sold_by_load(struct scene *scene)
{
    if (scene->load.threads == 0)
        return 0;
    lock_take(&scene->load.lock);
    size_t sold = scene->load.sold;
    lock_drop(&scene->load.lock);
    return sold;
}

/* Buys one ticket, under the same key until it is sold: true then. Else it must be told to come again. */
static bool probe(void *context)
{
    struct scene *scene = context;
    char key[LOAD_KEY_SIZE], after[16];
    struct bought bought;
    snprintf(key, sizeof key, "full-disk-probe-%zu", scene->probes);
    struct query query = {.url = scene->cluster.url,
                          .path = "/purchases",
                          .body = "event=demo&quantity=1",
                          .key = key};
    CU_ASSERT(client_ask(scene->client, &query, &scene->answer));
    CU_ASSERT(bought_read(&scene->answer, &bought));
    if (bought.status == 201) {
        load_keep(&scene->known, key, &bought);
        scene->probes++;
        return true;
    }
    CU_ASSERT_EQUAL(bought.status, 503);
    CU_ASSERT(response_header(&scene->answer, "Retry-After", after, sizeof after));
    return false;
}

static bool can_read(struct scene *scene)
{
    struct query query = {.url = scene->cluster.url, .path = "/events/demo"};
    return client_ask(scene->client, &query, &scene->answer) && scene->answer.status == 200;
}

/* What the journal has been given may still hold a small sale, so this takes a moment. */
static bool nothing_is_sold(void *context)
{
    struct scene *scene = context;
    size_t sold = sold_by_load(scene);
    if (probe(scene) || sold != scene->sold)
        scene->refused = 0;
    else
        scene->refused++;
    scene->sold = sold;
    return scene->refused >= REFUSALS;
}

/* Full it is: nothing is sold. */
static void sells_nothing(struct scene *scene)
{
    CU_ASSERT(wait_until(nothing_is_sold, scene, NOTICED_SECONDS));
    for (int i = 0; i < REFUSALS; i++)
        CU_ASSERT_FALSE(probe(scene));
    CU_ASSERT_EQUAL(sold_by_load(scene), scene->sold);
}

/* And whoever reads is answered. */
static void refuses_all(struct scene *scene)
{
    sells_nothing(scene);
    for (int i = 0; i < REFUSALS; i++)
        CU_ASSERT(can_read(scene));
    CU_ASSERT_EQUAL(sold_by_load(scene), scene->sold);
}

static void sells_again(struct scene *scene, const char *what)
{
    int64_t since = clock_monotonic();
    disk_clear(&scene->disk);
    CU_ASSERT(wait_until(probe, scene, NOTICED_SECONDS));
    int64_t took = clock_monotonic() - since;
    printf("  %s: sells %" PRId64 " ms after there is room\n", what, took / CLOCK_MILLISECOND);
    CU_ASSERT(took <= BACK_SECONDS * CLOCK_SECOND);
}

/* --- what is said ------------------------------------------------------------------------------ */

struct said {
    const struct scene *scene;
    const char *text;
};

static bool is_said(void *context)
{
    const struct said *said = context;
    struct buffer text = {0};
    files_read(said->scene->cluster.master.err, &text);
    bool is = strstr(buffer_text(&text), said->text) != NULL;
    buffer_free(&text);
    return is;
}

static bool master_says(const struct scene *scene, const char *text)
{
    struct said said = {scene, text};
    return wait_until(is_said, &said, NOTICED_SECONDS);
}

/* --- the store --------------------------------------------------------------------------------- */

static int64_t size_of(const struct scene *scene, const char *ending)
{
    char path[FILES_PATH_SIZE + 8];
    struct stat status;
    snprintf(path, sizeof path, "%s%s", scene->cluster.database, ending);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    return status.st_size;
}

struct length {
    const struct scene *scene;
    int64_t pages;
};

static bool journal_is_long(void *context)
{
    const struct length *length = context;
    return size_of(length->scene, "-wal") >= length->pages * FRAME;
}

static void grow_journal(const struct scene *scene, int64_t pages)
{
    struct length length = {scene, pages};
    CU_ASSERT(wait_until(journal_is_long, &length, NOTICED_SECONDS));
}

/* The journal cannot grow: what a commit appends finds no room. */
static void the_journal_has_no_room(void)
{
    struct scene scene;
    if (!scene_begin(&scene, STORE_MEBIBYTES, true, false))
        return;
    disk_fill(&scene.disk, 0);
    refuses_all(&scene);
    sells_again(&scene, "the journal");
    scene_end(&scene);
}

/* The journal can grow until it is to be folded in, but the database cannot: sales go on until the journal, too,
 * has no room. */
static void the_database_has_no_room(void)
{
    struct scene scene;
    if (!scene_begin(&scene, STORE_MEBIBYTES, true, false))
        return;
    int64_t size = size_of(&scene, "");
    grow_journal(&scene, FOLDED_AT / 2);
    disk_fill(&scene.disk, (int64_t)FOLDED_AT * FRAME - size_of(&scene, "-wal") + 64 * KIBIBYTE);
    refuses_all(&scene);
    CU_ASSERT(size_of(&scene, "-wal") >= (int64_t)FOLDED_AT * FRAME);
    CU_ASSERT(size_of(&scene, "") - size < 64 * KIBIBYTE * 2);
    sells_again(&scene, "the database");
    scene_end(&scene);
}

/* Who reads for long keeps the journal from being folded in and begun anew. */
static sqlite3 *read_for_long(const struct scene *scene)
{
    sqlite3 *reader;
    CU_ASSERT_EQUAL_FATAL(
        sqlite3_open_v2(scene->cluster.database, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM tiers", NULL, NULL, NULL),
                    SQLITE_OK);
    return reader;
}

/* Leaves room in the journal for one more commit as the last one was, but none for the index of its pages: what is
 * committed then is on the disk, and yet nobody can be told so. False where the index has grown before. */
static bool leave_no_room_for_the_index(struct scene *scene)
{
    grow_journal(scene, INDEX_ONE_MAX - SLOW_PAGES);
    end_load(scene);
    CU_ASSERT(cluster_quiet(&scene->cluster));
    int64_t length = size_of(scene, "-wal"), commit = 0;
    while (length + commit <= (int64_t)INDEX_ONE_MAX * FRAME) {
        CU_ASSERT_FATAL(probe(scene));
        commit = size_of(scene, "-wal") - length;
        length += commit;
    }
    disk_fill(&scene->disk,
              commit + INDEX_PART / 2); /* the next may be longer or shorter by some */
    return size_of(scene, "-shm") == INDEX_PART;
}

/* Whether it was the index that had no room: commits may differ by more. */
static bool the_index_is_full(void)
{
    struct scene scene;
    if (!scene_begin(&scene, STORE_MEBIBYTES, true, false))
        return true;
    sqlite3 *reader = read_for_long(&scene);
    bool left = leave_no_room_for_the_index(&scene);
    sells_nothing(
        &scene); /* what a commit came to is not known then: servers leave, and nobody may be there to read */
    struct said said = {&scene, "(SQLite code 4874)"}; /* SQLITE_IOERR_SHMSIZE */
    bool met = left && size_of(&scene, "-wal") > (int64_t)INDEX_ONE_MAX * FRAME && is_said(&said);
    sqlite3_close(reader);
    sells_again(&scene, "the index");
    begin_load(&scene, "full-disk-later");
    scene_end(&scene);
    return met;
}

static void the_index_has_no_room(void)
{
    int attempts = 0;
    while (!the_index_is_full() && ++attempts < INDEX_ATTEMPTS)
        printf("  the journal was full instead\n");
    CU_ASSERT(attempts < INDEX_ATTEMPTS);
}

/* --- the logs ---------------------------------------------------------------------------------- */

/* The report of all that was written. */
static void expect_in_report(struct scene *scene, const char *text)
{
    struct process report;
    struct buffer out = {0};
    const char *argv[] = {"report",  "--log-dir",          scene->cluster.logs,
                          "--store", scene->cluster.store, NULL};
    process_run(&report, scene->cluster.dir, argv, 0);
    files_read(report.out, &out);
    bool there = strstr(buffer_text(&out), text) != NULL;
    CU_ASSERT(there);
    if (!there)
        printf("%s\n", out.data);
    buffer_free(&out);
}

/* The logs have no room: selling goes on, also when processes die meanwhile; and what is missing is stated. */
static void the_logs_have_no_room(void)
{
    struct scene scene;
    if (!scene_begin(&scene, LOGS_MEBIBYTES, false, true))
        return;
    struct cluster *cluster = &scene.cluster;
    disk_fill(&scene.disk, 0);
    CU_ASSERT(master_says(&scene, "the routing log cannot be written; selling goes on"));
    CU_ASSERT(master_says(&scene, "the decision log cannot be written; selling goes on"));
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    CU_ASSERT(probe(&scene));
    pid_t server = cluster->server[0].pid;
    process_signal(server, SIGKILL);
    CU_ASSERT(cluster_restarted(cluster, 0, server));
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    disk_clear(&scene.disk);
    CU_ASSERT(master_says(&scene, "the routing log can be written again"));
    expect_in_report(&scene, "could not be written");
    scene_end(&scene);
}

static void a_router_dies_while_the_logs_have_no_room(void)
{
    struct scene scene;
    if (!scene_begin(&scene, LOGS_MEBIBYTES, false, true))
        return;
    struct cluster *cluster = &scene.cluster;
    disk_fill(&scene.disk, 0);
    CU_ASSERT(master_says(&scene, "the routing log cannot be written; selling goes on"));
    pid_t router = cluster->router;
    scene.lines_lost = true;
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(cluster, router));
    CU_ASSERT(load_progress(&scene.load, (size_t)load_scaled(SALES)));
    disk_clear(&scene.disk);
    CU_ASSERT(master_says(&scene, "the routing log can be written again"));
    scene_end(&scene);
}

/* --- all of it --------------------------------------------------------------------------------- */

/* Nobody can say what is in the journal before it is folded in, and that needs room. */
static void who_dies_comes_back_with_the_room(void)
{
    struct scene scene;
    if (!scene_begin(&scene, STORE_MEBIBYTES, true, true))
        return;
    disk_fill(&scene.disk, 0);
    refuses_all(&scene);
    for (size_t i = 0; i < SERVERS; i++)
        process_signal(scene.cluster.server[i].pid, SIGKILL);
    CU_ASSERT(master_says(&scene, "make room on the disk\nbalancer: "));
    CU_ASSERT_FALSE(probe(&scene));
    sells_again(&scene, "all, servers killed while it was full");
    CU_ASSERT(cluster_all_up(&scene.cluster));
    scene_end(&scene);
}

/* A cluster that cannot begin says why, and leaves. */
static void a_start_without_room_says_so(void)
{
    struct scene scene;
    if (!scene_begin(&scene, STORE_MEBIBYTES, true, true))
        return;
    disk_fill(&scene.disk, 0);
    refuses_all(&scene);
    scene.lines_lost = true;
    cluster_drop(&scene.cluster);
    cluster_begin_again(&scene.cluster);
    CU_ASSERT_EQUAL(process_wait(&scene.cluster.master, NOTICED_SECONDS), EXIT_TROUBLE);
    CU_ASSERT(master_says(&scene, "make room on the disk"));
    disk_clear(&scene.disk);
    cluster_start_again(&scene.cluster);
    scene_end(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("full disk", "the_journal_has_no_room", the_journal_has_no_room);
    suite_add("full disk", "the_database_has_no_room", the_database_has_no_room);
    suite_add("full disk", "the_index_has_no_room", the_index_has_no_room);
    suite_add("full disk", "the_logs_have_no_room", the_logs_have_no_room);
    suite_add("full disk", "a_router_dies_while_the_logs_have_no_room",
              a_router_dies_while_the_logs_have_no_room);
    suite_add("full disk", "who_dies_comes_back_with_the_room", who_dies_comes_back_with_the_room);
    suite_add("full disk", "a_start_without_room_says_so", a_start_without_room_says_so);
}
