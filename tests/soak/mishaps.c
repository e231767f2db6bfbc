#include "tests/soak/mishaps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/sqlite/lock_file.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/soak/faults/fault.h"

enum {
    NOTICED_SECONDS = 60,
    SALES = 100, /* meanwhile */
};

const char *const mishap_names[MISHAPS] = {
    "server frozen",      "lock owner frozen", "server naps", "poisonous purchase",
    "poison after sale",  "server silent",     "server deaf", "server answers garbage",
    "server answers 500", "log disk full",
};

/* --- frozen ------------------------------------------------------------------------------------ */

struct suspect {
    struct cluster *cluster;
    size_t server;
    pid_t pid;
};

static bool killed(void *context)
{
    const struct suspect *suspect = context;
    return !process_alive(suspect->pid);
}

static void freeze(struct scene *scene, size_t index)
{
    pid_t pid = scene->cluster.server[index].pid;
    process_signal(pid, SIGSTOP);
    CU_ASSERT(cluster_gave_up(&scene->cluster, index, pid));
    scene_progress(scene, SALES);
    kill(pid, SIGCONT); /* unless the master had to kill it */
}

static void nap(struct scene *scene, size_t index)
{
    pid_t pid = scene->cluster.server[index].pid;
    process_signal(pid, SIGSTOP);
    scene_progress(scene, SALES / 10);
    kill(pid, SIGCONT);
}

/* Who says that it has taken the writer lock; 0: nobody. */
static pid_t lock_owner(const struct cluster *cluster)
{
    char path[FILES_PATH_SIZE + 8];
    pid_t owner = 0;
    snprintf(path, sizeof path, "%s-lock", cluster->database);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    ssize_t length = pread(fd, &owner, sizeof owner, offsetof(struct lock_page, owner));
    close(fd);
    CU_ASSERT_EQUAL(length, sizeof owner);
    return owner;
}

static bool killed_or_free(void *context)
{
    const struct suspect *suspect = context;
    return killed(context) || lock_owner(suspect->cluster) != suspect->pid;
}

/* Stops it while it has the lock: then nobody can sell, and the master has to kill it. Where it has
 * dropped the lock in the last moment, it goes on. (The lock passes on before its dead owner is gone.) */
static bool owner_stopped_and_killed(void *context)
{
    const struct suspect *suspect = context;
    if (killed(context))
        return true;
    if (lock_owner(suspect->cluster) != suspect->pid)
        return false;
    process_signal(suspect->pid, SIGSTOP);
    CU_ASSERT(wait_until(killed_or_free, context, NOTICED_SECONDS));
    kill(suspect->pid, SIGCONT);
    return killed(context);
}

/* On PostgreSQL the locks are those of rows, of any server that sells: there, whoever is frozen may have some. */
static void freeze_owner(struct scene *scene, size_t index)
{
    if (strncmp(scene->cluster.store, "sqlite:", strlen("sqlite:")) != 0) {
        freeze(scene, index);
        return;
    }
    struct suspect suspect = {&scene->cluster, index, scene->cluster.server[index].pid};
    CU_ASSERT(wait_until(owner_stopped_and_killed, &suspect, NOTICED_SECONDS));
    CU_ASSERT(cluster_restarted(&scene->cluster, index, suspect.pid));
}

/* --- poison ------------------------------------------------------------------------------------ */

/* Each of three servers dies of it; the fourth tells what became of it. */
static void poison(struct scene *scene, const char *buyer, long status)
{
    char form[96], key[LOAD_KEY_SIZE];
    struct bought bought;
    struct client *client = client_open();
    snprintf(form, sizeof form, "event=demo&quantity=1&buyer=%s", buyer);
    snprintf(key, sizeof key, "poison-%s-%" PRId64, buyer, clock_now());
    CU_ASSERT(client_buy(client, scene->cluster.url, form, key, &bought));
    client_close(client);
    bool sold_out = strcmp(bought.code, "sold_out") == 0; /* and this was looked up */
    bool fine = bought.status == status || (status == 201 && sold_out);
    CU_ASSERT(fine);
    if (!fine)
        printf("  a buyer named %s was told %ld %s\n", buyer, bought.status, bought.code);
    if (bought.status == 201)
        scene_keep_deadly(scene, key, &bought);
}

/* --- bad manners ------------------------------------------------------------------------------- */

static void set_fault(const struct scene *scene, const char *name, const char *word)
{
    char file[64], path[FILES_PATH_SIZE];
    snprintf(file, sizeof file, FAULT_PREFIX "%s", name);
    files_path(path, scene->cluster.logs, file);
    if (word != NULL)
        files_write(path, word, strlen(word));
    else
        CU_ASSERT_EQUAL(unlink(path), 0);
}

static bool is_down(void *context)
{
    const struct suspect *bad = context;
    return cluster_look(bad->cluster) &&
           strcmp(bad->cluster->server[bad->server].state, "down") == 0;
}

/* It is taken out; it comes back wherever it answers probes, and is taken out again. */
static void misbehave(struct scene *scene, size_t index, const char *manner)
{
    struct suspect bad = {&scene->cluster, index, scene->cluster.server[index].pid};
    char id[SERVER_SIZE];
    snprintf(id, sizeof id, "%s", scene->cluster.server[index].id);
    set_fault(scene, id, manner);
    CU_ASSERT(wait_until(is_down, &bad, NOTICED_SECONDS));
    scene_progress(scene, SALES);
    CU_ASSERT(wait_until(is_down, &bad, NOTICED_SECONDS));
    set_fault(scene, id, NULL);
    process_signal(bad.pid, SIGKILL);
    CU_ASSERT(cluster_restarted(&scene->cluster, index, bad.pid));
}

/* --- no room ----------------------------------------------------------------------------------- */

struct said {
    const char *path;
    size_t from; /* offset */
    const char *text;
};

static bool has_said(void *context)
{
    const struct said *said = context;
    struct buffer text = {0};
    files_read(said->path, &text);
    bool has = text.length > said->from && strstr(text.data + said->from, said->text) != NULL;
    buffer_free(&text);
    return has;
}

static size_t length_of(const char *path)
{
    struct buffer text = {0};
    files_read(path, &text);
    size_t length = text.length;
    buffer_free(&text);
    return length;
}

static void fill_disk(struct scene *scene)
{
    const char *err = scene->cluster.master.err;
    struct said full = {err, length_of(err), "the routing log cannot be written; selling goes on"};
    set_fault(scene, FAULT_DISK_FULL, "full");
    CU_ASSERT(wait_until(has_said, &full, NOTICED_SECONDS));
    full.text = "the decision log cannot be written; selling goes on";
    CU_ASSERT(wait_until(has_said, &full, NOTICED_SECONDS));
    scene_progress(scene, SALES);
    struct said room = {err, length_of(err), "the routing log can be written again"};
    set_fault(scene, FAULT_DISK_FULL, NULL);
    CU_ASSERT(wait_until(has_said, &room, NOTICED_SECONDS));
}

/* Whom purchases go to, also when nothing is sold any more: then it is always the same. */
static size_t fewest_told(const struct cluster *cluster)
{
    size_t fewest = 0;
    for (size_t i = 1; i < cluster->count; i++)
        if (cluster->server[i].told < cluster->server[fewest].told)
            fewest = i;
    return fewest;
}

/* --- all --------------------------------------------------------------------------------------- */

void mishap_befall(struct scene *scene, enum mishap mishap)
{
    CU_ASSERT_FATAL(cluster_all_up(&scene->cluster));
    size_t index = fewest_told(&scene->cluster);
    scene->counts->mishaps++;
    switch (mishap) {
    case MISHAP_FROZEN:
        freeze(scene, index);
        break;
    case MISHAP_FROZEN_OWNER:
        freeze_owner(scene, index);
        break;
    case MISHAP_NAP:
        nap(scene, index);
        break;
    case MISHAP_POISON:
        poison(scene, FAULT_DIES_BEFORE, 503);
        break;
    case MISHAP_LATE_POISON:
        poison(scene, FAULT_DIES_AFTER, 201);
        break;
    case MISHAP_SILENT:
        misbehave(scene, index, FAULT_SILENT);
        break;
    case MISHAP_DEAF:
        misbehave(scene, index, FAULT_DEAF);
        break;
    case MISHAP_GARBAGE:
        misbehave(scene, index, FAULT_GARBAGE);
        break;
    case MISHAP_500:
        misbehave(scene, index, FAULT_500);
        break;
    default:
        fill_disk(scene);
    }
    scene_progress(scene, SALES / 10);
    CU_ASSERT(cluster_all_up(&scene->cluster));
}
