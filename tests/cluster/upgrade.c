/* SIGHUP and SIGUSR2 under load: another router takes over, with another configuration or another program,
 * and no buyer notices; or nothing changes, and a line says why. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/socket.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/raw.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    CAPACITY = 10000000,
    SALES = 200, /* of the load, between two steps */
    CONNECTIONS = 64,
    SECONDS = 60,
    UPGRADES = 10,
    KEPT = 8, /* connections that are idle while the router is replaced */
    CHILDREN_MAX = 64,
};

#define PURCHASES                                                                                  \
    "{\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, \"pool\": \"tickets\"}"

static const char purchases_only[] = "{\"routes\": [" PURCHASES "]}\n";
static const char with_reads[] =
    "{\"routes\": [" PURCHASES
    ",\n  {\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\"}]}\n";
static const char wrong[] = "{\"routes\": [\n  {\"name\": \"all\", \"pool\": \"files\"}\n]}\n";

struct scene {
    struct cluster cluster;
    struct load load;
    struct client *client;
    char dir[FILES_PATH_SIZE]; /* of programs of its own; "": it has none */
    int silent;                /* a server that never answers; -1: there is none */
};

/* --- the scene ------------------------------------------------------------------------------------ */

/* Buyers without patience: whatever is not sold at once has failed. */
static void load_scene(struct scene *scene, const char *prefix)
{
    scene->client = client_open();
    scene->load = (struct load){.url = {scene->cluster.url},
                                .urls = 1,
                                .threads = load_scaled(CONNECTIONS),
                                .prefix = prefix};
    load_begin(&scene->load);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

static void open_scene(struct scene *scene, const char *prefix, const char *config)
{
    const char *const none[] = {NULL};
    process_sweep();
    *scene = (struct scene){.silent = -1};
    cluster_open_config(&scene->cluster, CAPACITY, 3, config, none);
    load_scene(scene, prefix);
}

/* One server's check takes a second, so that a new router takes as long to open its doors. */
static void open_slow_scene(struct scene *scene, const char *prefix)
{
    const char *const none[] = {NULL};
    char address[ADDRESS_SIZE], config[512];
    process_sweep();
    *scene = (struct scene){.silent = socket_listen("127.0.0.1:0")};
    socket_address(scene->silent, address);
    snprintf(config, sizeof config,
             "{\"pools\": {\"files\": {\"check\": \"/\", \"servers\": [{\"id\": \"files-1\", "
             "\"address\": \"%s\"}]}}, \"routes\": [" PURCHASES "]}\n",
             address);
    cluster_open_config(&scene->cluster, CAPACITY, 3, config, none);
    load_scene(scene, prefix);
}

static void copy_program(struct scene *scene, const char *name)
{
    char self[FILES_PATH_SIZE], from[FILES_PATH_SIZE], to[FILES_PATH_SIZE];
    struct buffer bytes = {0};
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CU_ASSERT_FATAL(length > 0);
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    files_path(from, self, name);
    files_path(to, scene->dir, name);
    files_read(from, &bytes);
    unlink(to); /* one that runs cannot be written to */
    files_write(to, bytes.data, bytes.length);
    CU_ASSERT_EQUAL(chmod(to, 0755), 0);
    buffer_free(&bytes);
}

static void put_script(struct scene *scene, const char *name, const char *text)
{
    char path[FILES_PATH_SIZE];
    files_path(path, scene->dir, name);
    unlink(path);
    files_write(path, text, strlen(text));
    CU_ASSERT_EQUAL(chmod(path, 0755), 0);
}

/* With programs that can be replaced. */
static void open_own_scene(struct scene *scene, const char *prefix)
{
    char balancer[FILES_PATH_SIZE];
    *scene = (struct scene){.silent = -1};
    files_directory(scene->dir);
    copy_program(scene, "balancer");
    copy_program(scene, "ticket_server");
    files_path(balancer, scene->dir, "balancer");
    cluster_open_build(&scene->cluster, balancer, CAPACITY, 3);
    load_scene(scene, prefix);
}

static void end_load(struct scene *scene)
{
    load_end(&scene->load);
    CU_ASSERT_EQUAL(scene->load.failed, 0);
    if (scene->load.failed > 0) {
        printf("  %d failed: %s\n", scene->load.failed, scene->load.failure);
        process_show(&scene->cluster.master);
    }
}

static void free_scene(struct scene *scene)
{
    cluster_close(&scene->cluster);
    load_free(&scene->load);
    if (scene->silent >= 0)
        close(scene->silent);
    if (scene->dir[0] != '\0')
        files_remove(scene->dir);
}

static void close_scene(struct scene *scene)
{
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
    end_load(scene);
    audit_repeats(&scene->cluster, &scene->load);
    client_close(scene->client);
    cluster_stop(&scene->cluster, SIGTERM);
    audit_exact(&scene->cluster, &scene->load);
    free_scene(scene);
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

/* The router that is to take over from the one that was last seen. */
static pid_t wait_for_newcomer(struct cluster *cluster)
{
    struct newcomer newcomer = {.cluster = cluster};
    CU_ASSERT_FATAL(wait_until(has_come, &newcomer, SECONDS));
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

static void expect_line(struct cluster *cluster, const char *text)
{
    struct line line = {cluster, text};
    bool said = wait_until(is_said, &line, SECONDS);
    CU_ASSERT(said);
    if (!said) {
        printf("  expected \"%s\"\n", text);
        process_show(&cluster->master);
    }
}

static long status_of(struct scene *scene, const char *path)
{
    struct query query = {.url = scene->cluster.url, .path = path, .alone = true};
    struct response response = {0};
    client_ask(scene->client, &query, &response);
    response_free(&response);
    return response.status;
}

/* Another router than `before` serves and leads. */
static void expect_another_router(struct scene *scene, pid_t before)
{
    CU_ASSERT(cluster_router_restarted(&scene->cluster, before));
    CU_ASSERT(cluster_all_up(&scene->cluster));
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

static void expect_the_same_router(struct scene *scene, pid_t before)
{
    CU_ASSERT(wait_until(is_one_router, &scene->cluster, SECONDS));
    CU_ASSERT(cluster_look(&scene->cluster));
    CU_ASSERT_EQUAL(scene->cluster.router, before);
    CU_ASSERT(load_progress(&scene->load, (size_t)load_scaled(SALES)));
}

static void send_signal(struct scene *scene, int signal)
{
    CU_ASSERT(cluster_look(&scene->cluster));
    process_signal(scene->cluster.master.pid, signal);
}

static size_t descriptors_of(pid_t pid)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

struct descriptors {
    pid_t pid;
    size_t count;
};

static bool has_as_many(void *context)
{
    const struct descriptors *descriptors = context;
    return descriptors_of(descriptors->pid) == descriptors->count;
}

/* --- the configuration ---------------------------------------------------------------------------- */

static void a_reload_changes_the_configuration(void)
{
    struct scene scene;
    open_scene(&scene, "reload", purchases_only);
    CU_ASSERT_EQUAL(status_of(&scene, "/events/demo"), 404);
    files_write(scene.cluster.config, with_reads, strlen(with_reads));
    send_signal(&scene, SIGHUP);
    expect_another_router(&scene, scene.cluster.router);
    CU_ASSERT(wait_until(is_one_router, &scene.cluster, SECONDS));
    CU_ASSERT_EQUAL(status_of(&scene, "/events/demo"), 200);
    /* a router that is started again goes by it, too */
    pid_t router = scene.cluster.router;
    files_write(scene.cluster.config, wrong, strlen(wrong));
    end_load(&scene);
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(&scene.cluster, router));
    CU_ASSERT_EQUAL(status_of(&scene, "/events/demo"), 200);
    client_close(scene.client);
    cluster_stop(&scene.cluster, SIGTERM);
    audit_exact(&scene.cluster, &scene.load);
    free_scene(&scene);
}

static void a_wrong_file_changes_nothing(void)
{
    struct scene scene;
    char text[2 * FILES_PATH_SIZE];
    open_scene(&scene, "wrong-reload", with_reads);
    files_write(scene.cluster.config, wrong, strlen(wrong));
    send_signal(&scene, SIGHUP);
    snprintf(text, sizeof text, "the reload is refused: %s:2: no pool is named \"files\"",
             scene.cluster.config);
    expect_line(&scene.cluster, text);
    expect_the_same_router(&scene, scene.cluster.router);
    unlink(scene.cluster.config);
    send_signal(&scene, SIGHUP);
    expect_line(&scene.cluster, "the reload is refused: cannot read");
    send_signal(&scene, SIGUSR2);
    expect_line(&scene.cluster, "the upgrade is refused: cannot read");
    files_write(scene.cluster.config, wrong, strlen(wrong));
    send_signal(&scene, SIGUSR2); /* it is the new program that reads it */
    expect_line(&scene.cluster, "balancer exited with status 1");
    expect_the_same_router(&scene, scene.cluster.router);
    CU_ASSERT_EQUAL(status_of(&scene, "/events/demo"), 200);
    close_scene(&scene);
}

/* --- a handover that fails ------------------------------------------------------------------------- */

static void a_new_router_may_die(void)
{
    struct scene scene;
    open_slow_scene(&scene, "new-dies");
    send_signal(&scene, SIGHUP);
    pid_t before = scene.cluster.router;
    pid_t newcomer = wait_for_newcomer(&scene.cluster);
    process_signal(scene.cluster.master.pid, SIGHUP);
    expect_line(&scene.cluster, "the reload is refused: a handover is under way");
    process_signal(newcomer, SIGKILL);
    expect_line(&scene.cluster, "the reload is refused: the new router killed by signal 9");
    expect_the_same_router(&scene, before);
    send_signal(&scene, SIGHUP); /* the next one lives */
    expect_another_router(&scene, before);
    close_scene(&scene);
}

static void a_new_router_may_hang(void)
{
    struct scene scene;
    open_slow_scene(&scene, "new-hangs");
    send_signal(&scene, SIGUSR2);
    pid_t before = scene.cluster.router;
    expect_line(&scene.cluster, "upgraded in place");
    process_signal(wait_for_newcomer(&scene.cluster), SIGSTOP);
    expect_line(&scene.cluster,
                "the upgrade is refused: the new router did not come to serve within 10 s");
    expect_the_same_router(&scene, before);
    close_scene(&scene);
}

/* The one that serves dies while another is about to: both are started, and one is left. */
static void the_old_router_may_die(void)
{
    struct scene scene;
    open_slow_scene(&scene, "old-dies");
    end_load(&scene);
    send_signal(&scene, SIGHUP);
    pid_t before = scene.cluster.router;
    wait_for_newcomer(&scene.cluster);
    process_signal(before, SIGKILL);
    expect_line(&scene.cluster, "has taken over");
    CU_ASSERT(wait_until(is_one_router, &scene.cluster, SECONDS));
    CU_ASSERT(cluster_router_restarted(&scene.cluster, before));
    client_close(scene.client);
    cluster_stop(&scene.cluster, SIGTERM);
    audit_exact(&scene.cluster, &scene.load);
    free_scene(&scene);
}

static void a_handover_may_be_stopped(void)
{
    struct scene scene;
    open_slow_scene(&scene, "stopped");
    send_signal(&scene, SIGHUP);
    wait_for_newcomer(&scene.cluster);
    cluster_stop(&scene.cluster, SIGTERM);
    load_end(&scene.load); /* some were refused, none was lost */
    audit_exact(&scene.cluster, &scene.load);
    client_close(scene.client);
    free_scene(&scene);
}

/* --- the program ---------------------------------------------------------------------------------- */

static void ten_upgrades_in_a_row(void)
{
    struct scene scene;
    open_scene(&scene, "upgrades", with_reads);
    pid_t master = scene.cluster.master.pid;
    struct descriptors before = {master, descriptors_of(master)};
    for (int i = 0; i < UPGRADES; i++) {
        send_signal(&scene, SIGUSR2);
        expect_another_router(&scene, scene.cluster.router);
    }
    CU_ASSERT(process_alive(master));
    CU_ASSERT(wait_until(is_one_router, &scene.cluster, SECONDS));
    CU_ASSERT(wait_until(has_as_many, &before, SECONDS));
    close_scene(&scene);
}

/* What it has taken over, it looks after. */
static void an_upgraded_master_restarts_what_dies(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    open_scene(&scene, "restarts", with_reads);
    send_signal(&scene, SIGUSR2);
    expect_another_router(&scene, cluster->router);
    for (size_t i = 0; i < 3; i++) {
        pid_t pid = cluster->server[i].pid;
        process_signal(pid, SIGKILL);
        CU_ASSERT(cluster_restarted(cluster, i, pid));
    }
    end_load(&scene);
    pid_t router = cluster->router;
    process_signal(router, SIGKILL);
    CU_ASSERT(cluster_router_restarted(cluster, router));
    client_close(scene.client);
    cluster_stop(cluster, SIGTERM);
    audit_exact(cluster, &scene.load);
    free_scene(&scene);
}

static void a_broken_program_is_refused(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    open_own_scene(&scene, "broken");
    put_script(&scene, "balancer", "#!/bin/sh\nexit 3\n");
    send_signal(&scene, SIGUSR2);
    expect_line(cluster, "balancer exited with status 3");
    put_script(&scene, "balancer", "#!/bin/sh\nexit 0\n");
    send_signal(&scene, SIGUSR2);
    expect_line(cluster, "balancer does not say that it could take over");
    put_script(&scene, "balancer", "#!/bin/sh\nkill -SEGV $$\n");
    send_signal(&scene, SIGUSR2);
    expect_line(cluster, "balancer killed by signal 11");
    put_script(&scene, "balancer", "#!/nonexistent\n");
    send_signal(&scene, SIGUSR2);
    expect_line(cluster, "balancer exited with status 1");
    char path[FILES_PATH_SIZE];
    files_path(path, scene.dir, "balancer");
    unlink(path);
    send_signal(&scene, SIGUSR2);
    expect_line(cluster, "balancer cannot be run: No such file");
    expect_the_same_router(&scene, cluster->router);
    copy_program(&scene, "balancer");
    send_signal(&scene, SIGUSR2);
    expect_another_router(&scene, cluster->router);
    end_load(&scene);
    client_close(scene.client);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, 0), PROCESS_RUNNING);
    kill(cluster->master.pid, SIGTERM);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, SECONDS), 0);
    CU_ASSERT(process_none_left(SECONDS));
    audit_exact(cluster, &scene.load);
    free_scene(&scene);
}

/* A server that cannot be started does not hold up the others, is told of, and is tried again. */
static void a_crash_loop_is_told(void)
{
    struct scene scene;
    struct cluster *cluster = &scene.cluster;
    open_own_scene(&scene, "loop");
    CU_ASSERT_FATAL(cluster_look(cluster));
    pid_t pid = cluster->server[1].pid;
    put_script(&scene, "ticket_server", "#!/bin/sh\nexit 3\n");
    process_signal(pid, SIGKILL);
    expect_line(cluster, "server-2 has ended 5 times in a row: exited with status 3");
    copy_program(&scene, "ticket_server");
    CU_ASSERT(cluster_restarted(cluster, 1, pid));
    close_scene(&scene);
}

/* --- kept connections ------------------------------------------------------------------------------ */

static void buy(int fd, const char *key, const char *connection)
{
    char request[512];
    struct raw_answer answer = {0};
    int length = snprintf(request, sizeof request,
                          "POST /purchases HTTP/1.1\r\nHost: x\r\nIdempotency-Key: %s\r\n"
                          "Content-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: 10\r\n\r\nevent=demo",
                          key);
    CU_ASSERT(raw_send(fd, request, (size_t)length));
    raw_receive(fd, &answer, false, SECONDS);
    CU_ASSERT_EQUAL(answer.status, 201);
    bool closes = memmem(answer.bytes.data, answer.head, "Connection: close", 17) != NULL;
    CU_ASSERT_EQUAL(closes, strcmp(connection, "close") == 0);
    buffer_free(&answer.bytes);
}

/* Its next request comes to the router that has the connection, which answers it, and says that it was the
 * last; then that router has nobody left. One that has sent half a request is answered, too. */
static void a_kept_connection_is_answered(void)
{
    static const char head[] = "GET /events/demo HTTP/1.1\r\nHost: x\r\n";
    struct scene scene;
    struct raw_answer answer = {0};
    char key[LOAD_KEY_SIZE];
    int fd[KEPT];
    open_scene(&scene, "kept", with_reads);
    for (int i = 0; i < KEPT; i++) {
        fd[i] = raw_connect(scene.cluster.url);
        snprintf(key, sizeof key, "kept-connection-%d-one", i);
        buy(fd[i], key, "keep-alive");
    }
    int half = raw_connect(scene.cluster.url), silent = raw_connect(scene.cluster.url);
    CU_ASSERT(raw_send(half, head, strlen(head)));
    send_signal(&scene, SIGUSR2);
    expect_another_router(&scene, scene.cluster.router);
    CU_ASSERT(raw_send(half, "\r\n", 2));
    raw_receive(half, &answer, false, SECONDS);
    CU_ASSERT_EQUAL(answer.status, 200);
    for (int i = 0; i < KEPT; i++) {
        snprintf(key, sizeof key, "kept-connection-%d-two", i);
        buy(fd[i], key, "close");
        close(fd[i]);
    }
    buy(silent, "kept-connection-that-was-silent", "close");
    close(silent);
    close(half);
    buffer_free(&answer.bytes);
    CU_ASSERT(wait_until(is_one_router, &scene.cluster, SECONDS));
    end_load(&scene);
    client_close(scene.client);
    cluster_stop(&scene.cluster, SIGTERM);
    audit_clean(&scene.cluster, &scene.load);
    free_scene(&scene);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("upgrade", "a_reload_changes_the_configuration", a_reload_changes_the_configuration);
    suite_add("upgrade", "a_wrong_file_changes_nothing", a_wrong_file_changes_nothing);
    suite_add("upgrade", "a_new_router_may_die", a_new_router_may_die);
    suite_add("upgrade", "a_new_router_may_hang", a_new_router_may_hang);
    suite_add("upgrade", "the_old_router_may_die", the_old_router_may_die);
    suite_add("upgrade", "a_handover_may_be_stopped", a_handover_may_be_stopped);
    suite_add("upgrade", "ten_upgrades_in_a_row", ten_upgrades_in_a_row);
    suite_add("upgrade", "an_upgraded_master_restarts_what_dies",
              an_upgraded_master_restarts_what_dies);
    suite_add("upgrade", "a_broken_program_is_refused", a_broken_program_is_refused);
    suite_add("upgrade", "a_crash_loop_is_told", a_crash_loop_is_told);
    suite_add("upgrade", "a_kept_connection_is_answered", a_kept_connection_is_answered);
}
