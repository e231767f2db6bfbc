#include "tests/lib/cluster.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "tests/lib/answers.h"
#include "tests/lib/client.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    START_SECONDS = 60,
    STOP_SECONDS = 60,
    CHANGE_SECONDS = 60, /* for a server to come up, or its tickets to settle */
    PID_MAX = 1 << 30,
};

static const struct cluster_places usual_places = {0};

/* Takes the address from its line; where it was known before, it must be the same still. */
static bool take_address(const char *text, const char *label, char url[CLUSTER_URL_SIZE])
{
    const char *line = strstr(text, label);
    if (line == NULL || strchr(line, '\n') == NULL)
        return false;
    line += strlen(label);
    int length = (int)strcspn(line, "\n");
    if (url[0] == '\0')
        snprintf(url, CLUSTER_URL_SIZE, "%.*s", length, line);
    else
        CU_ASSERT_FATAL(strncmp(url, line, (size_t)length) == 0);
    return true;
}

/* The balancer says where it listens, on stdout, once it does. */
static bool addresses_told(void *context)
{
    struct cluster *cluster = context;
    struct buffer text = {0};
    files_read(cluster->master.out, &text);
    bool told = take_address(buffer_text(&text), "public ", cluster->url) &&
                take_address(text.data, "admin ", cluster->admin);
    buffer_free(&text);
    return told || process_wait(&cluster->master, 0) != PROCESS_RUNNING;
}

static void read_token(struct cluster *cluster)
{
    struct buffer text = {0};
    files_read(cluster->token_file, &text);
    snprintf(cluster->token, sizeof cluster->token, "%.*s",
             (int)strcspn(buffer_text(&text), "\r\n"), buffer_text(&text));
    buffer_free(&text);
}

/* `listen` and `admin` are ADDR:PORT. */
static void start_balancer(struct cluster *cluster, const char *listen, const char *admin)
{
    char servers[24];
    snprintf(servers, sizeof servers, "%d", cluster->servers);
    const char *argv[19 + CLUSTER_OPTIONS_MAX + 1] = {cluster->balancer,
                                                      "--listen",
                                                      listen,
                                                      "--admin",
                                                      admin,
                                                      "--servers",
                                                      servers,
                                                      "--store",
                                                      cluster->store,
                                                      "--log-dir",
                                                      cluster->logs,
                                                      "--token-file",
                                                      cluster->token_file,
                                                      "--session-key-file",
                                                      cluster->session,
                                                      "--members",
                                                      cluster->members};
    size_t count = 17;
    if (cluster->config[0] != '\0') {
        argv[count++] = "--config";
        argv[count++] = cluster->config;
    }
    size_t length = strlen(servers);
    if (cluster->servers_most > 0)
        snprintf(servers + length, sizeof servers - length, "..%d", cluster->servers_most);
    for (const char *const *option = cluster->options; *option != NULL; option++)
        argv[count++] = *option;
    process_start(&cluster->master, cluster->dir, argv);
}

static void start(struct cluster *cluster, const char *listen, const char *admin)
{
    start_balancer(cluster, listen, admin);
    bool told = wait_until(addresses_told, cluster, START_SECONDS) && cluster->master.pid != 0;
    if (!told)
        process_show(&cluster->master);
    CU_ASSERT_FATAL(told);
    answers_from(cluster->url, cluster->config[0] != '\0');
    read_token(cluster);
    bool up = cluster_all_up(cluster);
    if (!up)
        process_show(&cluster->master);
    CU_ASSERT_FATAL(up);
}

static void make_store(struct cluster *cluster, int64_t capacity)
{
    char number[24];
    struct process init;
    snprintf(number, sizeof number, "%lld", (long long)capacity);
    const char *argv[] = {"ticket_server", "--init",       "--demo", number,
                          "--store",       cluster->store, NULL};
    CU_ASSERT_EQUAL_FATAL(process_run(&init, cluster->dir, argv, 0), 0);
}

static void prepare(struct cluster *cluster, const char *balancer, int64_t capacity, int servers,
                    const char *const *options, const struct cluster_places *places)
{
    answers_forget();
    *cluster = (struct cluster){.servers = servers, .balancer = balancer};
    for (size_t i = 0; i < CLUSTER_OPTIONS_MAX && options[i] != NULL; i++)
        cluster->options[i] = options[i];
    files_directory(cluster->dir);
    const char *store = places->store != NULL ? places->store : cluster->dir;
    files_path(cluster->logs, places->logs != NULL ? places->logs : cluster->dir, "logs");
    files_path(cluster->database, store, "tickets.db");
    files_path(cluster->token_file, store, "admin.token");
    files_path(cluster->session, store, "session.key");
    files_path(cluster->members, store, "members.json");
    if (places->url != NULL)
        snprintf(cluster->store, sizeof cluster->store, "%s", places->url);
    else
        snprintf(cluster->store, sizeof cluster->store, "sqlite:%s", cluster->database);
    CU_ASSERT_EQUAL_FATAL(mkdir(cluster->logs, 0755), 0);
    make_store(cluster, capacity);
}

void cluster_open_at(struct cluster *cluster, const char *balancer, int64_t capacity, int servers,
                     const char *const *options, const struct cluster_places *places)
{
    process_sweep();
    prepare(cluster, balancer, capacity, servers, options, places);
    start(cluster, "127.0.0.1:0", "127.0.0.1:0");
}

void cluster_open_config(struct cluster *cluster, int64_t capacity, int servers, const char *json,
                         const char *const *options)
{
    prepare(cluster, "balancer", capacity, servers, options, &usual_places);
    files_path(cluster->config, cluster->dir, "config.json");
    files_write(cluster->config, json, strlen(json));
    start(cluster, "127.0.0.1:0", "127.0.0.1:0");
}

void cluster_open_range(struct cluster *cluster, int64_t capacity, int least, int most,
                        const char *const *options)
{
    process_sweep();
    prepare(cluster, "balancer", capacity, least, options, &usual_places);
    cluster->servers_most = most;
    start(cluster, "127.0.0.1:0", "127.0.0.1:0");
}

void cluster_open_with(struct cluster *cluster, int64_t capacity, int servers,
                       const char *const *options)
{
    cluster_open_at(cluster, "balancer", capacity, servers, options, &usual_places);
}

void cluster_open_build(struct cluster *cluster, const char *balancer, int64_t capacity,
                        int servers)
{
    const char *const none[CLUSTER_OPTIONS_MAX] = {NULL};
    cluster_open_at(cluster, balancer, capacity, servers, none, &usual_places);
}

void cluster_open_build_store(struct cluster *cluster, const char *balancer, const char *url,
                              int64_t capacity, int servers)
{
    const char *const none[CLUSTER_OPTIONS_MAX] = {NULL};
    prepare(cluster, balancer, capacity, servers, none, &(struct cluster_places){.url = url});
    start(cluster, "127.0.0.1:0", "127.0.0.1:0");
}

void cluster_open_store(struct cluster *cluster, const char *url, int64_t capacity, int servers)
{
    cluster_open_build_store(cluster, "balancer", url, capacity, servers);
}

void cluster_open(struct cluster *cluster, int64_t capacity, int servers)
{
    cluster_open_build(cluster, "balancer", capacity, servers);
}

void cluster_start_again(struct cluster *cluster)
{
    start(cluster, cluster->url + strlen("http://"), cluster->admin + strlen("http://"));
}

void cluster_begin_again(struct cluster *cluster)
{
    start_balancer(cluster, cluster->url + strlen("http://"), cluster->admin + strlen("http://"));
}

static void copy_text(char *out, size_t size, const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int64_t number_of(const cJSON *object, const char *name)
{
    int64_t number = -1;
    json_integer(cJSON_GetObjectItemCaseSensitive(object, name), 0, INT64_C(1) << 52, &number);
    return number;
}

static void read_server(const cJSON *json, struct cluster_server *server)
{
    char address[CLUSTER_URL_SIZE - sizeof "http://"];
    copy_text(server->id, sizeof server->id, json, "id");
    copy_text(server->state, sizeof server->state, json, "state");
    copy_text(address, sizeof address, json, "address");
    snprintf(server->url, sizeof server->url, "http://%s", address);
    server->pid = (pid_t)number_of(json, "pid");
    server->told = number_of(json, "told");
    server->pending = number_of(json, "pending");
    server->boot = number_of(json, "boot");
    if (server->pid > 0)
        answers_from(server->url, false);
}

/* Those of other pools are not the cluster's. */
static bool read_servers(struct cluster *cluster, const struct buffer *body)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(body->data, body->length, error), *entry;
    const cJSON *servers = cJSON_GetObjectItemCaseSensitive(json, "servers");
    cluster->router = (pid_t)number_of(json, "pid");
    cluster->count = 0;
    cJSON_ArrayForEach(entry, servers)
    {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "id"));
        bool ours = id != NULL && strncmp(id, "server-", strlen("server-")) == 0;
        if (ours && cluster->count < CLUSTER_SERVERS_MAX)
            read_server(entry, &cluster->server[cluster->count++]);
    }
    cJSON_Delete(json);
    return cluster->router > 0;
}

static void ask_admin(struct cluster *cluster, struct response *response)
{
    struct query query = {.url = cluster->admin, .path = "/servers", .token = cluster->token};
    struct client *client = client_open();
    client_ask(client, &query, response);
    client_close(client);
}

void cluster_state(struct cluster *cluster, const char *id, char state[16])
{
    char error[JSON_ERROR_SIZE];
    struct response response = {0};
    ask_admin(cluster, &response);
    cJSON *json = json_parse(response.body.data, response.body.length, error), *entry;
    state[0] = '\0';
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(json, "servers"))
    {
        char found[SERVER_SIZE];
        copy_text(found, sizeof found, entry, "id");
        if (strcmp(found, id) == 0)
            copy_text(state, 16, entry, "state");
    }
    cJSON_Delete(json);
    response_free(&response);
}

/* Who is to get where. */
struct arrival {
    struct cluster *cluster;
    const char *id, *state;
};

static bool arrived(void *context)
{
    const struct arrival *arrival = context;
    char state[16];
    cluster_state(arrival->cluster, arrival->id, state);
    return strcmp(state, arrival->state) == 0;
}

bool cluster_reaches(struct cluster *cluster, const char *id, const char *state)
{
    struct arrival arrival = {cluster, id, state};
    return wait_until(arrived, &arrival, CHANGE_SECONDS);
}

bool cluster_look(struct cluster *cluster)
{
    struct response response = {0};
    ask_admin(cluster, &response);
    bool had = response.status == 200 && read_servers(cluster, &response.body);
    response_free(&response);
    return had;
}

static size_t count_up(const struct cluster *cluster)
{
    size_t up = 0;
    for (size_t i = 0; i < cluster->count; i++)
        up += strcmp(cluster->server[i].state, "up") == 0;
    return up;
}

static bool all_up(void *context)
{
    struct cluster *cluster = context;
    return cluster_look(cluster) && count_up(cluster) == (size_t)cluster->servers;
}

bool cluster_all_up(struct cluster *cluster)
{
    return wait_until(all_up, cluster, CHANGE_SECONDS);
}

/* Who was there before. */
struct restart {
    struct cluster *cluster;
    size_t server; /* unless it is the router */
    pid_t pid;
};

static bool restarted(void *context)
{
    struct restart *restart = context;
    const struct cluster_server *server = &restart->cluster->server[restart->server];
    return cluster_look(restart->cluster) && server->pid > 0 && server->pid != restart->pid &&
           strcmp(server->state, "up") == 0;
}

bool cluster_restarted(struct cluster *cluster, size_t server, pid_t pid)
{
    struct restart restart = {cluster, server, pid};
    return wait_until(restarted, &restart, CHANGE_SECONDS);
}

static bool gave_up(void *context)
{
    const struct restart *frozen = context;
    const struct cluster_server *server = &frozen->cluster->server[frozen->server];
    return cluster_look(frozen->cluster) &&
           (server->pid != frozen->pid ||
            (strcmp(server->state, "down") == 0 && server->pending == 0));
}

bool cluster_gave_up(struct cluster *cluster, size_t server, pid_t pid)
{
    struct restart frozen = {cluster, server, pid};
    return wait_until(gave_up, &frozen, CHANGE_SECONDS);
}

static bool router_restarted(void *context)
{
    const struct restart *restart = context;
    return cluster_look(restart->cluster) && restart->cluster->router != restart->pid &&
           count_up(restart->cluster) > 0;
}

bool cluster_router_restarted(struct cluster *cluster, pid_t pid)
{
    struct restart restart = {.cluster = cluster, .pid = pid};
    return wait_until(router_restarted, &restart, CHANGE_SECONDS);
}

static bool quiet(void *context)
{
    struct cluster *cluster = context;
    int64_t pending = 0;
    if (!all_up(cluster))
        return false;
    for (size_t i = 0; i < cluster->count; i++)
        pending += cluster->server[i].pending;
    return pending == 0;
}

bool cluster_quiet(struct cluster *cluster)
{
    return wait_until(quiet, cluster, CHANGE_SECONDS);
}

bool cluster_nobody_crashed(const struct cluster *cluster)
{
    struct buffer text = {0};
    files_read(cluster->master.err, &text);
    bool fine =
        strstr(buffer_text(&text), "Assertion") == NULL && strstr(text.data, "Sanitizer") == NULL;
    for (const char *at = text.data; (at = strstr(at, "killed by signal ")) != NULL; at++)
        fine = fine && strncmp(at, "killed by signal 9 ", strlen("killed by signal 9 ")) == 0;
    buffer_free(&text);
    return fine;
}

void cluster_stop(struct cluster *cluster, int signal)
{
    CU_ASSERT_FATAL(cluster->master.pid > 1);
    kill(signal == SIGINT ? -cluster->master.pid : cluster->master.pid, signal);
    bool fine = process_wait(&cluster->master, STOP_SECONDS) == 0;
    CU_ASSERT(fine);
    fine = process_none_left(STOP_SECONDS) && cluster_nobody_crashed(cluster) && fine;
    CU_ASSERT(fine);
    if (!fine)
        process_show(&cluster->master);
}

void cluster_kill_all(struct cluster *cluster)
{
    CU_ASSERT(cluster_look(cluster));
    process_signal(cluster->master.pid, SIGKILL);
    process_signal(cluster->router, SIGKILL);
    for (size_t i = 0; i < cluster->count; i++)
        process_signal(cluster->server[i].pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(&cluster->master, STOP_SECONDS), PROCESS_KILLED + SIGKILL);
    CU_ASSERT(process_none_left(STOP_SECONDS));
}

void cluster_drop(struct cluster *cluster)
{
    process_kill_group(&cluster->master);
    process_group_gone(&cluster->master, STOP_SECONDS);
}

void cluster_close(struct cluster *cluster)
{
    if (cluster->master.pid != 0)
        cluster_stop(cluster, SIGTERM);
    answers_forget();
    files_remove(cluster->dir);
}
