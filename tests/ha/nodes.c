#include "tests/ha/nodes.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "tests/failover/own_network.h"
#include "tests/lib/client.h"
#include "tests/lib/plain_user.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    COMPLETE_SECONDS = 120,
    CHANGE_SECONDS = 60,
    ANSWER_MILLISECONDS = 1000,
    WORD_SIZE = 64,
};

const char nodes_url[] = "postgresql://box_office@10.0.0.11,10.0.0.12,10.0.0.13/tickets"
                         "?target_session_attrs=read-write";

/* As in deploy/patroni/node.env. */
static const char superuser_password[] = "change-this-one", restapi_password[] = "change-this-four";

/* --- who is what ------------------------------------------------------------------------------- */

static enum role role_of(const cJSON *member)
{
    const char *role = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "role"));
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "state"));
    if (role == NULL || state == NULL ||
        (strcmp(state, "running") != 0 && strcmp(state, "streaming") != 0))
        return ROLE_NONE;
    if (strcmp(role, "leader") == 0)
        return ROLE_LEADER;
    return strcmp(role, "sync_standby") == 0 ? ROLE_SYNC : ROLE_REPLICA;
}

static bool read_roles(struct nodes *nodes, struct response *response)
{
    char error[JSON_ERROR_SIZE];
    cJSON *json = json_parse(response->body.data, response->body.length, error), *member;
    memset(nodes->role, 0, sizeof nodes->role);
    cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(json, "members"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(member, "name"));
        int number = 0;
        if (name != NULL && sscanf(name, "db-%d", &number) == 1 && number >= 1 && number <= NODES)
            nodes->role[number - 1] = role_of(member);
    }
    cJSON_Delete(json);
    return true;
}

static bool ask(struct nodes *nodes, int node)
{
    char url[WORD_SIZE];
    snprintf(url, sizeof url, "http://10.0.0.1%d:8008", node + 1);
    const struct query query = {
        .url = url, .path = "/cluster", .alone = true, .patience = ANSWER_MILLISECONDS};
    struct client *client = client_open();
    struct response response = {0};
    bool answered = client_ask(client, &query, &response) && response.status == 200 &&
                    read_roles(nodes, &response);
    response_free(&response);
    client_close(client);
    return answered;
}

bool nodes_look(struct nodes *nodes, int but)
{
    for (int node = 0; node < NODES; node++)
        if (node != but && nodes->machine[node].pid != 0 && ask(nodes, node))
            return true;
    return false;
}

int nodes_find(const struct nodes *nodes, enum role role)
{
    for (int node = 0; node < NODES; node++)
        if (nodes->role[node] == role)
            return node;
    return NODE_NONE;
}

struct change {
    struct nodes *nodes;
    int from;
};

static bool led_by_another(void *context)
{
    const struct change *change = context;
    if (!nodes_look(change->nodes, change->from))
        return false;
    int leader = nodes_find(change->nodes, ROLE_LEADER);
    return leader != NODE_NONE && leader != change->from &&
           nodes_find(change->nodes, ROLE_SYNC) != NODE_NONE;
}

bool nodes_led_by_another(struct nodes *nodes, int than)
{
    struct change change = {nodes, than};
    return wait_until(led_by_another, &change, CHANGE_SECONDS);
}

static bool complete(void *context)
{
    struct nodes *nodes = context;
    return nodes_look(nodes, NODE_NONE) && nodes_find(nodes, ROLE_LEADER) != NODE_NONE &&
           nodes_find(nodes, ROLE_SYNC) != NODE_NONE &&
           nodes_find(nodes, ROLE_REPLICA) != NODE_NONE;
}

static void show_logs(const struct nodes *nodes)
{
    for (int node = 0; node < NODES; node++) {
        struct process shown = nodes->machine[node];
        snprintf(shown.out, sizeof shown.out, "%.200s/%d/etcd.log", nodes->dir, node + 1);
        snprintf(shown.err, sizeof shown.err, "%.200s/%d/patroni.log", nodes->dir, node + 1);
        process_show(&nodes->machine[node]);
        process_show(&shown);
    }
}

bool nodes_complete(struct nodes *nodes)
{
    bool there = wait_until(complete, nodes, COMPLETE_SECONDS);
    if (!there)
        show_logs(nodes);
    return there;
}

/* --- machines ---------------------------------------------------------------------------------- */

/* The first process of the machine: that of unshare(1) outside has it as its only child. */
static bool has_begun(void *context)
{
    pid_t child;
    return process_children(*(const pid_t *)context, &child, 1) == 1;
}

void node_start(struct nodes *nodes, int node)
{
    struct process *machine = &nodes->machine[node];
    char unshare[FILES_PATH_SIZE], number[16], disk[FILES_PATH_SIZE], command[2 * WORD_SIZE];
    pid_t first;
    process_find(unshare, "unshare");
    snprintf(number, sizeof number, "%d", node + 1);
    files_path(disk, nodes->dir, number);
    const char *argv[] = {unshare,        "--pid",         "--net", "--fork", "--kill-child",
                          "--mount-proc", "tests/ha/node", number,  disk,     NULL};
    process_start(machine, nodes->dir, argv);
    process_spare(machine->pid);
    CU_ASSERT_FATAL(wait_until(has_begun, &machine->pid, CHANGE_SECONDS));
    process_children(machine->pid, &first, 1);
    snprintf(command, sizeof command, "ip link add port%d type veth peer name eth0 netns %d",
             node + 1, (int)first);
    CU_ASSERT_FATAL(own_network_run(command));
    node_plug(node);
    snprintf(command, sizeof command, "ip link set port%d up", node + 1);
    CU_ASSERT_FATAL(own_network_run(command));
}

/* The network goes first: nobody is told that it died. */
void node_kill(struct nodes *nodes, int node)
{
    struct process *machine = &nodes->machine[node];
    char command[WORD_SIZE];
    pid_t first = 0;
    CU_ASSERT_EQUAL_FATAL(process_children(machine->pid, &first, 1), 1);
    snprintf(command, sizeof command, "ip link del port%d", node + 1);
    CU_ASSERT_FATAL(own_network_run(command));
    process_signal(first, SIGKILL); /* and with it, all of its namespace */
    CU_ASSERT_NOT_EQUAL(process_wait(machine, CHANGE_SECONDS), PROCESS_RUNNING);
}

void node_unplug(int node)
{
    char command[WORD_SIZE];
    snprintf(command, sizeof command, "ip link set port%d nomaster", node + 1);
    CU_ASSERT_FATAL(own_network_run(command));
}

void node_plug(int node)
{
    char command[WORD_SIZE];
    snprintf(command, sizeof command, "ip link set port%d master box", node + 1);
    CU_ASSERT_FATAL(own_network_run(command));
}

static bool is_of(pid_t pid, const char *name)
{
    char path[WORD_SIZE], found[WORD_SIZE] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    bool read = fgets(found, sizeof found, file) != NULL;
    fclose(file);
    found[strcspn(found, "\n")] = '\0';
    return read && (name == NULL || strcmp(found, name) == 0);
}

static void signal_below(pid_t pid, int signal, const char *name)
{
    pid_t children[NODE_PROCESSES_MAX];
    if (is_of(pid, name))
        kill(pid, signal); /* it may have ended meanwhile */
    size_t count = process_children(pid, children, NODE_PROCESSES_MAX);
    for (size_t i = 0; i < count && i < NODE_PROCESSES_MAX; i++)
        signal_below(children[i], signal, name);
}

void node_signal(struct nodes *nodes, int node, int signal, const char *name)
{
    pid_t first = 0;
    CU_ASSERT_EQUAL_FATAL(process_children(nodes->machine[node].pid, &first, 1), 1);
    signal_below(first, signal, name);
}

/* --- the cluster ------------------------------------------------------------------------------- */

static void let_log_in(const struct nodes *nodes)
{
    static const char line[] = "*:5432:tickets:box_office:ticket\n";
    char path[FILES_PATH_SIZE];
    files_path(path, nodes->dir, "pgpass");
    files_write(path, line, sizeof line - 1);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0600), 0);
    setenv("PGPASSFILE", path, 1);
}

static void make_database(struct nodes *nodes)
{
    char psql[FILES_PATH_SIZE], host[WORD_SIZE];
    struct process process;
    process_find(psql, "psql");
    snprintf(host, sizeof host, "10.0.0.1%d", nodes_find(nodes, ROLE_LEADER) + 1);
    const char *argv[] = {psql,
                          "--host",
                          host,
                          "--username",
                          "postgres",
                          "--set",
                          "password=ticket",
                          "--file",
                          "deploy/patroni/database.sql",
                          NULL};
    setenv("PGPASSWORD", superuser_password, 1);
    CU_ASSERT_EQUAL_FATAL(process_run(&process, nodes->dir, argv, 0), 0);
    unsetenv("PGPASSWORD");
}

void nodes_open(struct nodes *nodes)
{
    *nodes = (struct nodes){0};
    plain_user_directory(nodes->dir);
    CU_ASSERT_FATAL(own_network_run("ip link add box type bridge"));
    CU_ASSERT_FATAL(own_network_run("ip addr add 10.0.0.1/24 dev box"));
    CU_ASSERT_FATAL(own_network_run("ip link set box up"));
    for (int node = 0; node < NODES; node++)
        node_start(nodes, node);
    CU_ASSERT_FATAL(nodes_complete(nodes));
    make_database(nodes);
    let_log_in(nodes);
}

void nodes_switch_over(struct nodes *nodes, int from, int to)
{
    char patronictl[FILES_PATH_SIZE], leader[WORD_SIZE], candidate[WORD_SIZE];
    struct process process;
    process_find(patronictl, "patronictl");
    snprintf(leader, sizeof leader, "db-%d", from + 1);
    snprintf(candidate, sizeof candidate, "db-%d", to + 1);
    const char *argv[] = {patronictl,    "-c",       "deploy/patroni/patroni.yml",
                          "switchover",  "--master", leader,
                          "--candidate", candidate,  "--force",
                          NULL};
    setenv("PATRONI_ETCD_HOSTS", "10.0.0.11:2379,10.0.0.12:2379,10.0.0.13:2379", 1);
    setenv("PATRONI_RESTAPI_USERNAME", "patroni", 1);
    setenv("PATRONI_RESTAPI_PASSWORD", restapi_password, 1);
    process_run(&process, nodes->dir, argv, 0);
}

void nodes_close(struct nodes *nodes)
{
    for (int node = 0; node < NODES; node++)
        if (nodes->machine[node].pid != 0)
            node_kill(nodes, node);
    files_remove(nodes->dir);
}
