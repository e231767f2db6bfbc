/* A copy is put in the place of a store, wherever that is, and whatever goes wrong. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/fixture.h"
#include "tests/store/steps.h"

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);

static int no_links; /* errno of a file system that has no hard links; 0: it has */

int __wrap_link(const char *from, const char *to)
{
    errno = no_links;
    int result = no_links != 0 ? -1 : __real_link(from, to);
    if (result == 0)
        steps_note("link", from);
    return result;
}

/* Where a store is, which sold 5 tickets, and a copy from when it was 2. */
struct scene {
    struct fixture fixture;
    char database[FIXTURE_URL_SIZE];
    char copy[FIXTURE_URL_SIZE];
    struct store_restored restored;
    char error[STORE_ERROR_SIZE];
};

static bool there(const char *path)
{
    struct stat file;
    return lstat(path, &file) == 0;
}

static void scene_fill(struct scene *scene)
{
    struct store *store = fixture_seller(&scene->fixture, "server-1");
    buy(store, NULL, 2);
    CU_ASSERT(store_backup(scene->fixture.url, scene->copy, NULL, NULL, scene->error));
    buy(store, NULL, 3);
    store_close(store);
}

static void scene_open(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    fixture_open(&scene->fixture, 50);
    strcpy(scene->database, strchr(scene->fixture.url, ':') + 1);
    snprintf(scene->copy, sizeof scene->copy, "%s/copy.db", scene->fixture.directory);
}

static int64_t sold_in(const char *path)
{
    struct fixture copy = {.engine = NULL};
    snprintf(copy.url, sizeof copy.url, "sqlite:%.300s", path);
    return fixture_sold(&copy, "demo", "standard");
}

static bool restore(struct scene *scene, store_progress *progress)
{
    return store_restore(scene->fixture.url, scene->copy, progress, scene, &scene->restored,
                         scene->error);
}

static void is_put_back_with_links_or_without(void)
{
    static const int ways[] = {0, EPERM, EOPNOTSUPP};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct scene scene;
        struct stat file;
        scene_open(&scene);
        scene_fill(&scene);
        no_links = ways[i];
        CU_ASSERT(restore(&scene, NULL));
        no_links = 0;
        CU_ASSERT_EQUAL(sold_in(scene.database), 2);
        CU_ASSERT_EQUAL(sold_in(scene.restored.aside), 5);
        CU_ASSERT(stat(scene.restored.aside, &file) == 0 && file.st_nlink == 1);
        fixture_close(&scene.fixture);
    }
}

/* A link on one file system, to a store on another. */
static void a_link_stays_a_link(void)
{
    struct scene scene;
    char disk[FIXTURE_URL_SIZE], target[FIXTURE_URL_SIZE + 16], url[FIXTURE_URL_SIZE + 32];
    struct store_made made;
    scene_open(&scene);
    snprintf(disk, sizeof disk, "%s/disk", scene.fixture.directory);
    snprintf(target, sizeof target, "%s/real.db", disk);
    CU_ASSERT_EQUAL(mkdir(disk, 0755), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=16m") != 0) {
        suite_skip("a file system of our own needs root");
        fixture_close(&scene.fixture);
        return;
    }
    CU_ASSERT_EQUAL(unlink(scene.database), 0);
    CU_ASSERT_EQUAL(symlink(target, scene.database), 0);
    snprintf(url, sizeof url, "sqlite:%s", target);
    CU_ASSERT(store_init(url, 50, &made, scene.error));
    scene_fill(&scene);
    CU_ASSERT(restore(&scene, NULL));
    if (scene.restored.aside[0] == '\0')
        printf("  %s\n", scene.error);
    CU_ASSERT_EQUAL(sold_in(scene.database), 2);
    CU_ASSERT_EQUAL(sold_in(target), 2);
    CU_ASSERT_EQUAL(strncmp(scene.restored.aside, target, strlen(target)), 0);
    CU_ASSERT_EQUAL(sold_in(scene.restored.aside), 5);
    CU_ASSERT_EQUAL(umount(disk), 0);
    CU_ASSERT_EQUAL(unlink(scene.database), 0);
    fixture_discard(&scene.fixture);
}

/* Its target was lost: that is said, and whoever made a store at the link's name would lose the link. */
static void a_link_to_nothing_is_told(void)
{
    struct scene scene;
    char target[FIXTURE_URL_SIZE + 16], aside[STORE_PLACE_SIZE], words[2 * STORE_ERROR_SIZE];
    struct store_made made;
    scene_open(&scene);
    scene_fill(&scene);
    snprintf(target, sizeof target, "%s/lost.db", scene.fixture.directory);
    CU_ASSERT_EQUAL(unlink(scene.database), 0);
    CU_ASSERT_EQUAL(symlink("lost.db", scene.database), 0);
    snprintf(words, sizeof words, "%s is a link to nothing (lost.db)", scene.database);
    CU_ASSERT_FALSE(restore(&scene, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, words));
    CU_ASSERT_FALSE(store_reset(scene.fixture.url, aside, scene.error));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, words));
    CU_ASSERT_FALSE(store_init(scene.fixture.url, 10, &made, scene.error));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.error, words));
    CU_ASSERT(there(scene.database) && !there(target));
    CU_ASSERT_EQUAL(unlink(scene.database), 0);
    CU_ASSERT(restore(&scene, NULL));
    fixture_close(&scene.fixture);
}

static bool pinned;

/* What is a mount cannot be renamed, whoever asks. */
static void pin_the_part(void *context, int64_t done, int64_t total)
{
    struct scene *scene = context;
    char part[FIXTURE_URL_SIZE + 8];
    (void)done;
    (void)total;
    snprintf(part, sizeof part, "%s.part", scene->database);
    pinned = pinned || mount(part, part, NULL, MS_BIND, NULL) == 0;
}

static void expect_as_before(struct scene *scene)
{
    char part[FIXTURE_URL_SIZE + 8];
    struct stat file;
    snprintf(part, sizeof part, "%s.part", scene->database);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->error, "cannot replace"));
    CU_ASSERT_STRING_EQUAL(scene->restored.aside, "");
    CU_ASSERT_EQUAL(sold_in(scene->database), 5);
    CU_ASSERT(stat(scene->database, &file) == 0 && file.st_nlink == 1);
    CU_ASSERT_EQUAL(umount(part), 0);
    CU_ASSERT(!there(part) || unlink(part) == 0);
}

static void what_cannot_be_placed_leaves_the_store(void)
{
    static const int ways[] = {0, EPERM};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct scene scene;
        scene_open(&scene);
        scene_fill(&scene);
        no_links = ways[i];
        pinned = false;
        bool done = restore(&scene, pin_the_part);
        no_links = 0;
        CU_ASSERT_EQUAL(done, !pinned);
        if (pinned)
            expect_as_before(&scene);
        else
            suite_skip("a mount needs root");
        fixture_close(&scene.fixture);
    }
}

static __attribute__((constructor)) void add(void)
{
    suite_add("store restore", "is put back, with links or without",
              is_put_back_with_links_or_without);
    suite_add("store restore", "a link stays a link", a_link_stays_a_link);
    suite_add("store restore", "a link to nothing is told", a_link_to_nothing_is_told);
    suite_add("store restore", "what cannot be placed leaves the store",
              what_cannot_be_placed_leaves_the_store);
}
