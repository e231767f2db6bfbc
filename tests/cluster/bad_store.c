/* The store goes bad while a cluster sells: it cannot be written any more, it is gone, it is damaged. Buyers are told
 * 503 and when to come again, nothing is sold meanwhile, and once the store is well the cluster sells by itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/store.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 1000,
    REFUSED = 20,       /* buyers in a row who are told 503 */
    AGAIN_SECONDS = 20, /* until it sells by itself: a server that fails to start waits up to 5 s */
    PAGE = 4096,
};

struct scene {
    struct cluster cluster;
    struct client *client;
    int sold; /* buyers */
};

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){.client = client_open()};
    cluster_open(&scene->cluster, CAPACITY, 2);
}

/* The status of one purchase; a 503 must say when to come again. */
static long buy(struct scene *scene)
{
    struct query query = {.url = scene->cluster.url, .path = "/purchases", .body = "event=demo"};
    struct response response = {0};
    char again[32];
    CU_ASSERT(client_ask(scene->client, &query, &response));
    long status = response.status;
    CU_ASSERT(status == 201 || status == 503);
    if (status == 503)
        CU_ASSERT(response_header(&response, "Retry-After", again, sizeof again));
    scene->sold += status == 201;
    response_free(&response);
    return status;
}

static bool sells(void *context)
{
    return buy(context) == 201;
}

static bool refuses(void *context)
{
    return buy(context) == 503;
}

/* Both servers, though they take turns. */
static void expect_refused(struct scene *scene)
{
    CU_ASSERT(wait_until(refuses, scene, AGAIN_SECONDS));
    for (int i = 0; i < REFUSED; i++)
        CU_ASSERT_EQUAL(buy(scene), 503);
}

static void expect_sells_again(struct scene *scene)
{
    int64_t begin = clock_monotonic();
    CU_ASSERT(wait_until(sells, scene, AGAIN_SECONDS));
    printf("  sells again after %lld ms\n",
           (long long)((clock_monotonic() - begin) / CLOCK_MILLISECOND));
    CU_ASSERT(cluster_all_up(&scene->cluster));
}

/* Who was told of a sale has it, and nobody else. Somebody may have been sold to without being told. */
static void scene_close(struct scene *scene)
{
    int64_t sold = client_sold(scene->client, scene->cluster.url);
    CU_ASSERT(sold >= scene->sold && sold <= scene->sold + 2);
    client_close(scene->client);
    CU_ASSERT(cluster_quiet(&scene->cluster));
    audit_clean(&scene->cluster, NULL);
    cluster_close(&scene->cluster);
}

static void path_of(const struct scene *scene, const char *ending, char path[FILES_PATH_SIZE + 8])
{
    snprintf(path, FILES_PATH_SIZE + 8, "%s%s", scene->cluster.database, ending);
}

/* Nobody may write to the file, who has it open neither. False where the file system or the user cannot. */
static bool freeze_file(const struct scene *scene, const char *ending, bool frozen)
{
    char path[FILES_PATH_SIZE + 8];
    int flags = 0;
    path_of(scene, ending, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    bool done = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;
    flags = frozen ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    done = done && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    close(fd);
    return done;
}

static void read_only_while_running(void)
{
    struct scene scene;
    scene_open(&scene);
    CU_ASSERT_EQUAL(buy(&scene), 201);
    if (freeze_file(&scene, "-wal", true)) {
        CU_ASSERT(freeze_file(&scene, "", true));
        expect_refused(&scene);
        CU_ASSERT(freeze_file(&scene, "-wal", false));
        CU_ASSERT(freeze_file(&scene, "", false));
        expect_sells_again(&scene);
    } else {
        suite_skip("files that nobody may write to need root, and a file system that has them");
    }
    scene_close(&scene);
}

static const char *const files[] = {"", "-wal", "-shm", "-lock"};

static void gone_and_back(void)
{
    struct scene scene;
    char here[FILES_PATH_SIZE + 8], there[FILES_PATH_SIZE + 16];
    scene_open(&scene);
    CU_ASSERT_EQUAL(buy(&scene), 201);
    for (int back = 0; back < 2; back++) {
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            path_of(&scene, files[i], here);
            snprintf(there, sizeof there, "%s.away%s", scene.cluster.database, files[i]);
            CU_ASSERT(rename(back ? there : here, back ? here : there) == 0 || errno == ENOENT);
        }
        if (back)
            expect_sells_again(&scene);
        else
            expect_refused(&scene);
    }
    scene_close(&scene);
}

/* All behind the first page, which says what it is: tables, counts, sales. */
static void overwrite(const struct scene *scene, size_t length)
{
    FILE *file = fopen(scene->cluster.database, "r+b");
    CU_ASSERT_FATAL(file != NULL && length > PAGE);
    CU_ASSERT_EQUAL(fseek(file, PAGE, SEEK_SET), 0);
    for (size_t at = PAGE; at < length; at++)
        fputc((int)(at * 7 % 251), file);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* One line on stderr says so; nobody sells from it. */
static void expect_not_started(const struct scene *scene)
{
    struct process process;
    struct buffer said = {0};
    const char *argv[] = {"ticket_server",     "--id",    "server-1",           "--listen",
                          "127.0.0.1:0",       "--store", scene->cluster.store, "--log-dir",
                          scene->cluster.logs, NULL};
    process_run(&process, scene->cluster.dir, argv, 1);
    files_read(process.err, &said);
    const char *end = strchr(buffer_text(&said), '\n');
    CU_ASSERT(end != NULL && end[1] == '\0');
    CU_ASSERT(strstr(buffer_text(&said), "damaged") != NULL);
    buffer_free(&said);
}

/* Where the journal was not folded, it hides what is in the file. */
static void damage(const struct scene *scene)
{
    char error[STORE_ERROR_SIZE];
    struct buffer whole = {0};
    struct store *store = store_open_seller(scene->cluster.store, "server-9", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    store_close(store);
    files_read(scene->cluster.database, &whole);
    overwrite(scene, whole.length);
    buffer_free(&whole);
}

static void damaged_and_restored(void)
{
    struct scene scene;
    struct store_restored restored;
    char copy[FILES_PATH_SIZE], error[STORE_ERROR_SIZE] = "";
    scene_open(&scene);
    CU_ASSERT_EQUAL(buy(&scene), 201);
    CU_ASSERT(cluster_quiet(&scene.cluster));
    files_path(copy, scene.cluster.dir, "copy.db");
    CU_ASSERT(store_backup(scene.cluster.store, copy, NULL, NULL, error));
    damage(&scene);
    expect_refused(&scene);
    cluster_stop(&scene.cluster, SIGTERM);
    expect_not_started(&scene);
    bool done = store_restore(scene.cluster.store, copy, NULL, NULL, &restored, error);
    if (!done)
        printf("  %s\n", error);
    CU_ASSERT_FATAL(done);
    cluster_start_again(&scene.cluster);
    CU_ASSERT_EQUAL(buy(&scene), 201);
    cluster_close(&scene.cluster);
    client_close(scene.client);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("bad_store", "read_only_while_running", read_only_while_running);
    suite_add("bad_store", "gone_and_back", gone_and_back);
    suite_add("bad_store", "damaged_and_restored", damaged_and_restored);
}
