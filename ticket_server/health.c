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
    *health = (struct health){.asked = clock_monotonic(), .used = processor_time()};
}

static void measure(struct health *health, uint64_t traffic)
{
    int64_t now = clock_monotonic(), used = processor_time();
    int64_t passed = now - health->asked;
    if (passed < HEALTH_MILLISECONDS * CLOCK_MILLISECOND)
        return;
    health->cpu = 100.0 * (double)(used - health->used) / (double)passed;
    health->network =
        (int64_t)((double)(traffic - health->traffic) * (double)CLOCK_SECOND / (double)passed);
    health->asked = now;
    health->used = used;
    health->traffic = traffic;
}

void health_append(struct health *health, const struct seller_status *status, uint64_t traffic,
                   struct buffer *out)
{
    const struct figures *figures = &status->figures;
    measure(health, traffic);
    buffer_printf(out,
                  "{\"server\":\"%s\",\"store\":\"%s\",\"flights\":%d,\"boot\":%" PRId64
                  ",\"commit\":%" PRId64 ",\"sold\":%" PRId64
                  ",\"pending\":%zu,\"cpu_percent\":%.1f,\"resident_bytes\":%" PRId64
                  ",\"network_bytes_per_second\":%" PRId64 ",\"commit_us\":%" PRId64 "}",
                  figures->server, figures->store, FLIGHT_VERSION, figures->boot, figures->commit,
                  figures->sold, status->pending, health->cpu, resident_bytes(), health->network,
                  status->commit_us);
}
