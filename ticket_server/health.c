#include "ticket_server/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"

static int64_t processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_SECOND + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

/* 0 where the kernel does not tell. */
static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

void health_begin(struct health *health)
{
    health->asked = clock_monotonic();
    health->used = processor_time();
}

static double cpu_percent(struct health *health)
{
    struct health before = *health;
    health_begin(health);
    int64_t passed = health->asked - before.asked;
    return passed > 0 ? 100.0 * (double)(health->used - before.used) / (double)passed : 0.0;
}

void health_append(struct health *health, const struct seller_status *status, struct buffer *out)
{
    const struct figures *figures = &status->figures;
    buffer_printf(out,
                  "{\"server\":\"%s\",\"store\":\"%s\",\"boot\":%" PRId64 ",\"commit\":%" PRId64
                  ",\"sold\":%" PRId64 ",\"pending\":%zu,\"cpu_percent\":%.1f"
                  ",\"resident_bytes\":%" PRId64 ",\"commit_us\":%" PRId64 ",\"flights\":%d}",
                  figures->server, figures->store, figures->boot, figures->commit, figures->sold,
                  status->pending, cpu_percent(health), resident_bytes(), status->commit_us,
                  FLIGHT_VERSION);
}
