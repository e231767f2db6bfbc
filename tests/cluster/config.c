/* A cluster with a configuration file: what its master has read counts until it stops. */
#include <signal.h>

#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

static const char two_routes[] =
    "{\"routes\": [\n"
    "  {\"name\": \"purchase\", \"match\": {\"path\": \"/purchases\"}, \"pool\": \"tickets\",\n"
    "   \"policy\": \"fewest-sold\"},\n"
    "  {\"name\": \"read\", \"match\": {\"prefix\": \"/events\"}, \"pool\": \"tickets\"}\n"
    "]}\n";

/* A router that is started again does not see the file: it was edited in the meantime. */
static void the_file_may_change_while_it_runs(void)
{
    struct cluster cluster;
    char dir[FILES_PATH_SIZE], file[FILES_PATH_SIZE];
    process_sweep();
    files_directory(dir);
    files_path(file, dir, "x.json");
    files_write(file, two_routes, sizeof two_routes - 1);
    const char *const options[] = {"--config", file, NULL};
    cluster_open_with(&cluster, 100, 2, options);
    files_write(file, "{", 1);
    for (int i = 0; i < 2; i++) {
        pid_t router = cluster.router;
        process_signal(router, SIGKILL);
        CU_ASSERT(cluster_router_restarted(&cluster, router));
    }
    cluster_stop(&cluster, SIGTERM);
    cluster_close(&cluster);
    files_remove(dir);
}

/* Each rule spelled out, as --print-config does: a cluster takes that for its file. */
static void what_is_printed_is_served(void)
{
    struct cluster cluster;
    struct process process;
    struct buffer text = {0};
    char dir[FILES_PATH_SIZE];
    const char *const print[] = {"balancer", "--print-config", NULL};
    process_sweep();
    files_directory(dir);
    process_run(&process, dir, print, 0);
    files_read(process.out, &text);
    cluster_open_config(&cluster, 100, 1, buffer_text(&text), (const char *const[]){NULL});
    CU_ASSERT(cluster_all_up(&cluster));
    cluster_stop(&cluster, SIGTERM);
    cluster_close(&cluster);
    buffer_free(&text);
    files_remove(dir);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("config", "the_file_may_change_while_it_runs", the_file_may_change_while_it_runs);
    suite_add("config", "what_is_printed_is_served", what_is_printed_is_served);
}
