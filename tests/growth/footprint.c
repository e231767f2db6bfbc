#include "tests/growth/footprint.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The number after a label at the start of one of the file's lines; -1 where there is none. */
static int64_t number_after(pid_t pid, const char *file, const char *label)
{
    char path[64], line[256];
    long long number = -1;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *lines = fopen(path, "re");
    while (lines != NULL && number < 0 && fgets(line, sizeof line, lines) != NULL)
        if (strncmp(line, label, strlen(label)) == 0)
            sscanf(line + strlen(label), "%lld", &number);
    if (lines != NULL)
        fclose(lines);
    return number;
}

static int64_t count_descriptors(pid_t pid)
{
    char path[64];
    int64_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -1;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

bool footprint_take(pid_t pid, struct footprint *footprint)
{
    footprint->resident = number_after(pid, "smaps_rollup", "Rss:");
    footprint->proportional = number_after(pid, "smaps_rollup", "Pss:");
    footprint->anonymous = number_after(pid, "smaps_rollup", "Anonymous:");
    footprint->peak = number_after(pid, "status", "VmHWM:");
    footprint->threads = number_after(pid, "status", "Threads:");
    footprint->descriptors = count_descriptors(pid);
    return footprint->anonymous >= 0 && footprint->descriptors >= 0;
}

static void raise(int64_t *most, int64_t now)
{
    if (now > *most)
        *most = now;
}

void footprint_raise(struct footprint *most, const struct footprint *now)
{
    raise(&most->resident, now->resident);
    raise(&most->peak, now->peak);
    raise(&most->proportional, now->proportional);
    raise(&most->anonymous, now->anonymous);
    raise(&most->descriptors, now->descriptors);
    raise(&most->threads, now->threads);
}
