#include "tests/growth/watch.h"

#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

static const int64_t row_interval = 30 * CLOCK_SECOND;

static void add_process(struct watch *watch, const char *name, pid_t pid)
{
    struct watched *process = &watch->process[watch->count++];
    snprintf(process->name, sizeof process->name, "%s", name);
    process->pid = pid;
}

void watch_open(struct watch *watch, struct cluster *cluster, const char *table)
{
    *watch = (struct watch){
        .cluster = cluster, .begun = clock_monotonic(), .part = "start", .rows = table != NULL};
    CU_ASSERT_FATAL(cluster_look(cluster));
    add_process(watch, "master", cluster->master.pid);
    add_process(watch, "router", cluster->router);
    for (size_t i = 0; i < cluster->count; i++)
        add_process(watch, cluster->server[i].id, cluster->server[i].pid);
    if (table == NULL)
        return;
    watch->table = fopen(table, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(watch->table);
    fputs("seconds\tpart\tjournal_kib\tlogs_kib\tdatabase_kib", watch->table);
    for (size_t i = 0; i < watch->count; i++)
        fprintf(watch->table, "\t%s_rss\t%s_anon\t%s_fds", watch->process[i].name,
                watch->process[i].name, watch->process[i].name);
    fputs("\n", watch->table);
}

void watch_close(struct watch *watch)
{
    if (watch->table != NULL)
        fclose(watch->table);
}

static int64_t size_of(const char *path, const char *end)
{
    char whole[FILES_PATH_SIZE + 16];
    struct stat status;
    snprintf(whole, sizeof whole, "%s%s", path, end);
    return stat(whole, &status) == 0 ? status.st_size : 0;
}

static int64_t size_of_all(const char *directory)
{
    int64_t sum = 0;
    char path[FILES_PATH_SIZE];
    DIR *entries = opendir(directory);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        files_path(path, directory, entry->d_name);
        sum += size_of(path, "");
    }
    closedir(entries);
    return sum;
}

static void look_at_files(struct watch *watch)
{
    struct watched_files *now = &watch->files, *most = &watch->files_most;
    now->database = size_of(watch->cluster->database, "");
    now->journal = size_of(watch->cluster->database, "-wal");
    now->logs = size_of_all(watch->cluster->logs);
    most->database = now->database > most->database ? now->database : most->database;
    most->journal = now->journal > most->journal ? now->journal : most->journal;
    most->logs = now->logs > most->logs ? now->logs : most->logs;
}

static void write_row(const struct watch *watch, double seconds)
{
    fprintf(watch->table, "%.1f\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64, seconds, watch->part,
            watch->files.journal / 1024, watch->files.logs / 1024, watch->files.database / 1024);
    for (size_t i = 0; i < watch->count; i++) {
        const struct footprint *now = &watch->process[i].now;
        fprintf(watch->table, "\t%" PRId64 "\t%" PRId64 "\t%" PRId64, now->resident, now->anonymous,
                now->descriptors);
    }
    fputs("\n", watch->table);
    fflush(watch->table);
}

static void show_row(const struct watch *watch, double seconds)
{
    fprintf(stderr, "%6.0f s %-9s", seconds, watch->part);
    for (size_t i = 0; i < watch->count; i++)
        fprintf(stderr, "  %s %.1f MiB %" PRId64 " fds", watch->process[i].name,
                (double)watch->process[i].now.resident / 1024, watch->process[i].now.descriptors);
    fprintf(stderr, "  journal %.1f MiB\n", (double)watch->files.journal / 1048576);
}

void watch_look(struct watch *watch)
{
    int64_t now = clock_monotonic();
    double seconds = (double)(now - watch->begun) / CLOCK_SECOND;
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *process = &watch->process[i];
        bool there = footprint_take(process->pid, &process->now);
        CU_ASSERT_FATAL(there);
        footprint_raise(&process->most, &process->now);
    }
    look_at_files(watch);
    if (watch->table != NULL)
        write_row(watch, seconds);
    if (!watch->rows || now < watch->row_at)
        return;
    show_row(watch, seconds);
    watch->row_at = now + row_interval;
}

void watch_base_descriptors(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        watch->process[i].base.descriptors = watch->process[i].now.descriptors;
        watch->process[i].base.threads = watch->process[i].now.threads;
    }
}

void watch_base_memory(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *process = &watch->process[i];
        const struct footprint before = process->base;
        process->base = process->now;
        process->base.descriptors = before.descriptors;
        process->base.threads = before.threads;
    }
}

void watch_most_again(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        watch->process[i].most = watch->process[i].now;
}

static void print_three(int64_t base, int64_t most, int64_t now)
{
    printf("  %7" PRId64 " %7" PRId64 " %7" PRId64, base, most, now);
}

void watch_print(const struct watch *watch)
{
    printf("  %-10s  %-23s  %-23s  %-23s  %-23s\n", "", "resident, KiB", "proportional, KiB",
           "heap and stacks, KiB", "descriptors");
    printf("  %-10s", "");
    for (int i = 0; i < 4; i++)
        printf("  %7s %7s %7s", "before", "most", "after");
    printf("  threads\n");
    for (size_t i = 0; i < watch->count; i++) {
        const struct watched *process = &watch->process[i];
        const struct footprint *base = &process->base, *most = &process->most, *now = &process->now;
        printf("  %-10s", process->name);
        print_three(base->resident, most->resident, now->resident);
        print_three(base->proportional, most->proportional, now->proportional);
        print_three(base->anonymous, most->anonymous, now->anonymous);
        print_three(base->descriptors, most->descriptors, now->descriptors);
        printf("  %" PRId64 " of %" PRId64 "\n", now->threads, base->threads);
    }
}
