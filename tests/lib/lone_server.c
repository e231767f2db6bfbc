#include "tests/lib/lone_server.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "db/sqlite/lock_file.h"
#include "tests/lib/answers.h"
#include "tests/lib/client.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    START_SECONDS = 30,
    STOP_SECONDS = 20,
    LOOK_MILLISECONDS = 1000, /* at /healthz */
    FREEZE_SECONDS = 5,
};

/* --- the ticket server ------------------------------------------------------------------------- */

/* The program beside this one, for who is not started from here. */
static void program_path(char path[FILES_PATH_SIZE], const char *name)
{
    char self[FILES_PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CU_ASSERT_FATAL(length > 0);
    self[length] = '\0';
    files_path(path, dirname(self), name);
}

void lone_start(struct lone_server *lone)
{
    const struct cluster *cluster = lone->cluster;
    char ip[FILES_PATH_SIZE], program[FILES_PATH_SIZE];
    program_path(program, lone->program);
    const char *argv[13 + LONE_OPTIONS_MAX + 1] = {ip,           "netns",        "exec",
                                                   lone->netns,  program,        "--id",
                                                   lone->id,     "--listen",     lone->peer.address,
                                                   "--store",    cluster->store, "--log-dir",
                                                   cluster->logs};
    memcpy(argv + 13, lone->options, sizeof lone->options);
    bool within = lone->netns[0] != '\0';
    if (within)
        process_find(ip, "ip");
    process_start(&lone->peer.process, cluster->dir, within ? argv : argv + 4);
}

bool is_well_at(const char *url)
{
    const struct query query = {
        .url = url, .path = "/healthz", .alone = true, .patience = LOOK_MILLISECONDS};
    struct client *client = client_open();
    struct response response = {0};
    client_ask(client, &query, &response);
    long status = response.status;
    response_free(&response);
    client_close(client);
    return status == 200;
}

bool lone_is_well(const struct lone_server *lone)
{
    return is_well_at(lone->front.url);
}

static bool is_well(void *context)
{
    struct lone_server *lone = context;
    return lone_is_well(lone) || process_wait(&lone->peer.process, 0) != PROCESS_RUNNING;
}

bool lone_await(struct lone_server *lone)
{
    bool well = wait_until(is_well, lone, START_SECONDS) && lone->peer.process.pid != 0;
    if (!well)
        process_show(&lone->peer.process);
    return well;
}

static void prepare(struct lone_server *lone, const struct cluster *cluster, const char *id)
{
    *lone = (struct lone_server){.cluster = cluster, .program = "ticket_server"};
    snprintf(lone->id, sizeof lone->id, "%s", id);
}

static void open_server(struct lone_server *lone)
{
    lone->front = lone->peer;
    lone_start(lone);
    CU_ASSERT_FATAL(lone_await(lone));
    answers_from(lone->peer.url, false);
}

void lone_open(struct lone_server *lone, const struct cluster *cluster, const char *id,
               const char *const *options)
{
    prepare(lone, cluster, id);
    for (size_t i = 0; i < LONE_OPTIONS_MAX && options != NULL && options[i] != NULL; i++)
        lone->options[i] = options[i];
    peer_address(&lone->peer);
    open_server(lone);
}

void lone_open_within(struct lone_server *lone, const struct cluster *cluster, const char *id,
                      const char *netns, const char *address)
{
    prepare(lone, cluster, id);
    snprintf(lone->netns, sizeof lone->netns, "%s", netns);
    lone->peer.listener = -1;
    snprintf(lone->peer.address, sizeof lone->peer.address, "%s", address);
    snprintf(lone->peer.url, sizeof lone->peer.url, "http://%s", address);
    open_server(lone);
}

void lone_kill(struct lone_server *lone)
{
    peer_stop(&lone->peer);
}

void lone_close(struct lone_server *lone)
{
    if (lone->control[0] != '\0')
        peer_stop(&lone->front);
    peer_stop(&lone->peer);
}

/* --- frozen ------------------------------------------------------------------------------------ */

struct freezing {
    const struct cluster *cluster;
    pid_t pid;
};

/* The thread that the kernel or the C library has made the owner of the store's writer lock, be it frozen;
 * 0: nobody. (Who took it says so a little later: that is no use here.) */
static pid_t lock_owner(const struct cluster *cluster)
{
    char path[FILES_PATH_SIZE + 8];
    pthread_mutex_t mutex;
    snprintf(path, sizeof path, "%s-lock", cluster->database);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    ssize_t length = pread(fd, &mutex, sizeof mutex, offsetof(struct lock_page, mutex));
    close(fd);
    CU_ASSERT_EQUAL(length, sizeof mutex);
    return mutex.__data.__lock & FUTEX_TID_MASK;
}

static bool owns_lock(const struct freezing *freezing)
{
    char path[64];
    pid_t owner = lock_owner(freezing->cluster);
    snprintf(path, sizeof path, "/proc/%d/task/%d", (int)freezing->pid, (int)owner);
    return owner != 0 && access(path, F_OK) == 0;
}

static bool stopped_or_owner(void *context)
{
    const struct freezing *freezing = context;
    return owns_lock(freezing) || process_stopped(freezing->pid);
}

/* Who waits for the lock may still be handed it until its thread has met the signal, and then keeps it; who has
 * stopped waits no more. */
static bool frozen_without_lock(void *context)
{
    const struct freezing *freezing = context;
    if (owns_lock(freezing))
        return false;
    process_signal(freezing->pid, SIGSTOP);
    CU_ASSERT(wait_until(stopped_or_owner, context, FREEZE_SECONDS));
    if (process_stopped(freezing->pid) && !owns_lock(freezing))
        return true;
    process_signal(freezing->pid, SIGCONT);
    return false;
}

bool freeze_without_lock(const struct cluster *cluster, pid_t pid)
{
    struct freezing freezing = {cluster, pid};
    return wait_until(frozen_without_lock, &freezing, FREEZE_SECONDS);
}

bool lone_freeze(struct lone_server *lone)
{
    return freeze_without_lock(lone->cluster, lone->peer.process.pid);
}

void lone_thaw(struct lone_server *lone)
{
    process_signal(lone->peer.process.pid, SIGCONT);
}

/* --- the breakable server before it ------------------------------------------------------------ */

void lone_add_front(struct lone_server *lone)
{
    char name[SERVER_SIZE + 16];
    snprintf(name, sizeof name, "%s.control", lone->id);
    files_path(lone->control, lone->cluster->dir, name);
    peer_address(&lone->front);
    const char *argv[] = {"breakable",        "--listen",  lone->front.address, "--to",
                          lone->peer.address, "--control", lone->control,       NULL};
    process_start(&lone->front.process, lone->cluster->dir, argv);
    CU_ASSERT_FATAL(lone_await(lone));
}

/* Sends an order, and receives what is said to it: its first letter; 0 where nobody answers. */
static char order(const char *path, const char *manner)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char said = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0 && strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(fd, manner, strlen(manner), MSG_NOSIGNAL) > 0 && recv(fd, &said, 1, 0) < 1)
        said = 0;
    close(fd);
    return said;
}

void lone_behave(struct lone_server *lone, const char *manner)
{
    char said = order(lone->control, manner);
    CU_ASSERT_EQUAL(said, 'o');
    if (said != 'o') {
        printf("  %s does not behave: %s\n", lone->id, manner);
        process_show(&lone->front.process);
    }
}
