/* A copy of the store, made while buyers buy; another cluster sells on from it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/store.h"
#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

enum {
    CAPACITY = 1000000,
};

static int64_t tickets_so_far(struct load *load, size_t *sales)
{
    lock_take(&load->lock);
    int64_t tickets = load->tickets;
    *sales = load->sold;
    lock_drop(&load->lock);
    return tickets;
}

static void add_tickets(void *context, const struct tier_counts *tier)
{
    int64_t *sold = context;
    *sold += tier->sold;
}

/* Tickets that a store holds; and whether it knows the first sales that buyers were told of. */
static int64_t tickets_in(const char *url, const struct load *load, size_t known)
{
    char error[STORE_ERROR_SIZE] = "";
    int64_t sold = 0;
    struct store *store = store_open_reader(url, error);
    if (store == NULL)
        printf("  %s\n", error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(store_read_tiers(store, "demo", add_tickets, &sold), STORE_FOUND);
    for (size_t i = 0; i < known; i++) {
        struct id id;
        struct sale sale;
        CU_ASSERT(id_parse(load->sales[i].bought.id, &id));
        CU_ASSERT_EQUAL(store_read_sale(store, "demo", &id, &sale), STORE_FOUND);
        CU_ASSERT_EQUAL(sale.first_number, load->sales[i].bought.first);
    }
    store_close(store);
    return sold;
}

static void back_up(struct cluster *cluster, const char *to)
{
    struct process process;
    const char *argv[] = {"backup", "--store", cluster->store, "--to", to, NULL};
    process_run(&process, cluster->dir, argv, 0);
}

static bool says(const struct process *process, const char *words)
{
    struct buffer out = {0};
    files_read(process->out, &out);
    bool said = strstr(buffer_text(&out), words) != NULL;
    buffer_free(&out);
    return said;
}

/* In the place of a stopped cluster's store, which is another one; the logs, which speak of that one, go. */
static void restore(struct cluster *cluster, const char *from)
{
    struct process process;
    const char *argv[] = {"backup", "--store", cluster->store, "--restore", from, NULL};
    process_run(&process, cluster->dir, argv, 0);
    CU_ASSERT(says(&process, "the store that was there is /"));
    CU_ASSERT(says(&process, "are good again"));
    files_discard(cluster->logs);
    CU_ASSERT_EQUAL(mkdir(cluster->logs, 0755), 0);
}

static void sell_on(struct cluster *cluster, const char *copy, int64_t sold)
{
    const struct load wanted = {.url = {cluster->url},
                                .urls = 1,
                                .threads = 4,
                                .buyers = 100,
                                .patience = 20,
                                .prefix = "behind"};
    struct load load = wanted;
    cluster_stop(cluster, SIGTERM);
    restore(cluster, copy);
    cluster_start_again(cluster);
    CU_ASSERT(cluster_all_up(cluster));
    load_begin(&load);
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    audit_clean(cluster, &load);
    CU_ASSERT_EQUAL(tickets_in(cluster->store, &load, load.sold), sold + load.tickets);
    load_free(&load);
}

static void another_cluster_sells_on(void)
{
    struct cluster cluster;
    char copy[FILES_PATH_SIZE + 16];
    char dir[FILES_PATH_SIZE];
    char url[FILES_PATH_SIZE + 32];
    size_t known;
    files_directory(dir);
    snprintf(copy, sizeof copy, "%s/copy.db", dir);
    snprintf(url, sizeof url, "sqlite:%s", copy);
    cluster_open(&cluster, CAPACITY, 2);
    struct load load = {
        .url = {cluster.url}, .urls = 1, .threads = 8, .patience = 20, .prefix = "before"};
    load_begin(&load);
    CU_ASSERT(load_progress(&load, (size_t)load_scaled(2000)));
    int64_t least = tickets_so_far(&load, &known);
    back_up(&cluster, copy);
    CU_ASSERT(load_progress(&load, 100));
    load_end(&load);
    CU_ASSERT_EQUAL(load.failed, 0);
    audit_exact(&cluster, &load);
    int64_t sold = tickets_in(url, &load, known);
    CU_ASSERT(sold >= least && sold < load.tickets);
    cluster_close(&cluster);
    cluster_open(&cluster, CAPACITY, 3);
    sell_on(&cluster, copy, sold);
    cluster_close(&cluster);
    load_free(&load);
    files_remove(dir);
}

/* While servers use the store, it is not replaced under them. */
static void nothing_is_restored_under_a_cluster(void)
{
    struct cluster cluster;
    struct process process;
    char copy[FILES_PATH_SIZE + 16];
    cluster_open(&cluster, 10, 2);
    snprintf(copy, sizeof copy, "%s/copy.db", cluster.dir);
    back_up(&cluster, copy);
    const char *argv[] = {"backup", "--store", cluster.store, "--restore", copy, NULL};
    process_run(&process, cluster.dir, argv, 1);
    CU_ASSERT(cluster_nobody_crashed(&cluster));
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

/* It is told what became of all that was there. */
static void a_restore_says_what_it_leaves(void)
{
    struct cluster cluster;
    struct process process;
    char copy[FILES_PATH_SIZE + 16], journal[FILES_PATH_SIZE + 16];
    const char *argv[] = {"backup", "--store", cluster.store, "--restore", copy, NULL};
    cluster_open(&cluster, 10, 1);
    snprintf(copy, sizeof copy, "%s/copy.db", cluster.dir);
    back_up(&cluster, copy);
    cluster_stop(&cluster, SIGTERM);
    process_run(&process, cluster.dir, argv, 0);
    CU_ASSERT(says(&process, "the store that was there is /"));
    CU_ASSERT_FALSE(says(&process, "are good again") || says(&process, "made since are lost"));
    CU_ASSERT_EQUAL(unlink(strchr(cluster.store, ':') + 1), 0);
    snprintf(journal, sizeof journal, "%.200s-journal", strchr(cluster.store, ':') + 1);
    files_write(journal, "left behind", 11);
    process_run(&process, cluster.dir, argv, 0);
    CU_ASSERT_FALSE(says(&process, "the store that was there is"));
    CU_ASSERT(says(&process, "a journal was left there without its store"));
    CU_ASSERT(says(&process, "are good again") && says(&process, "made since are lost"));
    cluster_start_again(&cluster);
    CU_ASSERT(cluster_all_up(&cluster));
    cluster_close(&cluster);
}

static void a_reset_says_what_it_moves(void)
{
    struct cluster cluster;
    struct process process;
    char copy[FILES_PATH_SIZE + 16], journal[FILES_PATH_SIZE + 16];
    const char *argv[] = {"ticket_server", "--reset", "--store", cluster.store, NULL};
    const char *back[] = {"backup", "--store", cluster.store, "--restore", copy, NULL};
    cluster_open(&cluster, 10, 1);
    snprintf(copy, sizeof copy, "%s/copy.db", cluster.dir);
    back_up(&cluster, copy);
    cluster_stop(&cluster, SIGTERM);
    process_run(&process, cluster.dir, argv, 0);
    CU_ASSERT(says(&process, "The store is in /"));
    process_run(&process, cluster.dir, argv, 0);
    CU_ASSERT(says(&process, "There was no store."));
    snprintf(journal, sizeof journal, "%.200s-wal", strchr(cluster.store, ':') + 1);
    files_write(journal, "left behind", 11);
    process_run(&process, cluster.dir, argv, 0);
    CU_ASSERT(says(&process, "There was no store, but its journal: it is /"));
    process_run(&process, cluster.dir, back, 0);
    cluster_start_again(&cluster);
    CU_ASSERT(cluster_all_up(&cluster));
    cluster_close(&cluster);
}

static __attribute__((constructor)) void add(void)
{
    suite_add("backup", "a restore says what it leaves", a_restore_says_what_it_leaves);
    suite_add("backup", "a reset says what it moves", a_reset_says_what_it_moves);
    suite_add("backup", "another cluster sells on from a copy", another_cluster_sells_on);
    suite_add("backup", "nothing is restored under a cluster", nothing_is_restored_under_a_cluster);
}
