/* More buyers than tickets, all at once: exactly the capacity is sold. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"

static bool says(const struct process *process, const char *text)
{
    struct buffer out = {0};
    files_read(process->out, &out);
    bool found = strstr(buffer_text(&out), text) != NULL;
    buffer_free(&out);
    return found;
}

/* Threads that buy 1, 2 and 3 tickets in turn: what is left at the end is fewer than was asked. */
static void sells_the_capacity(void)
{
    struct cluster cluster;
    int capacity = load_scaled(1000);
    cluster_open(&cluster, capacity, 3);
    struct load load = {
        .url = {cluster.url}, .urls = 1, .threads = 32, .buyers = capacity, .prefix = "capacity"};
    load_begin(&load);
    load_end(&load);
    CU_ASSERT_EQUAL(load.tickets, capacity);
    CU_ASSERT_EQUAL(load.failed, 0);
    CU_ASSERT_EQUAL((int)load.sold + load.sold_out, capacity);
    if (load.failed > 0)
        printf("  %s\n", load.failure);
    audit_exact(&cluster, &load);
    audit_repeats(&cluster, &load);
    load_free(&load);
    cluster_close(&cluster);
}

static int rush(struct cluster *cluster, struct process *process, int buyers, const char *quantity)
{
    char number[16];
    snprintf(number, sizeof number, "%d", buyers);
    const char *argv[] = {"rush",          "--url", cluster->url, "--buyers", number,
                          "--concurrency", "100",   "--quantity", quantity,   NULL};
    return process_run(process, cluster->dir, argv, 0);
}

/* The program a student runs first. */
static void rush_itself(void)
{
    struct cluster cluster;
    struct process process;
    char sentence[64];
    int capacity = load_scaled(1000);
    cluster_open(&cluster, capacity, 3);
    rush(&cluster, &process, capacity * 2, "1");
    snprintf(sentence, sizeof sentence, "sold exactly the capacity: %d of %d", capacity, capacity);
    CU_ASSERT(says(&process, sentence));
    rush(&cluster, &process, 10, "2");
    CU_ASSERT(says(&process, sentence));
    audit_clean(&cluster, NULL);
    cluster_close(&cluster);
}

static void rush_alone(void)
{
    char dir[FILES_PATH_SIZE];
    struct process process;
    struct buffer text = {0};
    const char *argv[] = {"rush", "--url", "http://127.0.0.1:1", NULL};
    files_directory(dir);
    process_run(&process, dir, argv, 1);
    files_read(process.err, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "start one with `make run`"));
    buffer_free(&text);
    files_remove(dir);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("rush", "sells_the_capacity", sells_the_capacity);
    suite_add("rush", "rush_itself", rush_itself);
    suite_add("rush", "rush_alone", rush_alone);
}
