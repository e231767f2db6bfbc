/* Nothing grows: after crowds, short visits and a long time of buying, the descriptors are those of
 * before, and so is the memory but for what is stated here.
 *
 * In `make test` a short form; MINUTES=10 CONNECTIONS=100000 (`make growth`) makes it long. SEED=N
 * repeats what people ask. */
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/growth/buyers.h"
#include "tests/growth/visitors.h"
#include "tests/growth/watch.h"
#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/load.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEMORY_COUNTS = 0 }; /* a sanitizer keeps freed memory and shadows the rest */
static const char name[] = "descriptors_come_back_memory_not_asked_under_a_sanitizer";
#else
enum { MEMORY_COUNTS = 1 };
static const char name[] = "descriptors_and_memory_come_back";
#endif

enum {
    SERVERS = 3,
    BUYERS = 256,
    CROWD = 1000,
    VISITORS = 64,             /* at once */
    DESCRIPTORS = CROWD + 200, /* that this process needs */
    BALANCER_KIB = 64 * 1024,  /* router and master, with the crowd in the house */
    SERVER_KIB = 48 * 1024,
    JOURNAL_BYTES = 64 << 20, /* the journal's size limit; it is folded in every 8 MiB */
    /* Heap that may remain: the C library keeps some free memory, and buffers as large as were needed. */
    REMAINS_KIB = 2 * 1024,
};

static const int64_t look_interval = CLOCK_SECOND / 4;

struct run {
    struct cluster cluster;
    struct watch watch;
    struct client *client; /* stays connected, before and after */
    struct dice dice;
    bool whole; /* minutes and 100,000 connections; else the short form */
    int minutes, connections;
    struct buyers_tally mixed, crowd;
    struct visitors_tally visits;
};

static int number_of(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL ? atoi(value) : 0;
}

/* A crowd needs more descriptors than a shell usually gives. */
static void have_descriptors(void)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CU_ASSERT_FATAL(limit.rlim_max >= DESCRIPTORS);
    if (limit.rlim_cur < DESCRIPTORS)
        limit.rlim_cur = DESCRIPTORS;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* build/growth/growth.tsv, beside the program. */
static void table_path(char path[FILES_PATH_SIZE])
{
    char self[FILES_PATH_SIZE] = "", directory[FILES_PATH_SIZE];
    CU_ASSERT_FATAL(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    files_path(directory, dirname(self), "growth");
    mkdir(directory, 0755);
    files_path(path, directory, "growth.tsv");
}

static void look(void *watch)
{
    watch_look(watch);
}

static void buy(struct run *run, const char *part, int connections, int mixed_percent,
                int64_t length, struct buyers_tally *tally)
{
    const struct buyers_settings settings = {
        .url = run->cluster.url,
        .connections = connections,
        /* A lone reader keeps one connection to each server, so that their number can be told. */
        .readers = run->whole ? connections : 1,
        .length = length,
        .mixed_percent = mixed_percent,
        .dice = &run->dice,
        .look = look,
        .context = &run->watch,
        .look_interval = look_interval,
    };
    run->watch.part = part;
    buyers_run(&settings, tally);
}

static void visit(struct run *run, const char *part, int visits, struct visitors_tally *tally)
{
    const struct visitors_settings settings = {
        .url = run->cluster.url,
        .visits = visits,
        .at_once = VISITORS,
        .dice = &run->dice,
        .look = look,
        .context = &run->watch,
        .look_interval = look_interval,
    };
    run->watch.part = part;
    visitors_run(&settings, tally);
}

/* One purchase and one read of each server, one after the other: what was idle for too long is found
 * and closed, and each kind of connection is there once. */
static void touch(struct run *run)
{
    const struct query read = {.url = run->cluster.url, .path = "/events/demo"};
    struct response response = {0};
    struct bought bought;
    for (int i = 0; i < SERVERS; i++) {
        CU_ASSERT(client_buy(run->client, run->cluster.url, "event=demo", NULL, &bought));
        CU_ASSERT(client_ask(run->client, &read, &response));
    }
    response_free(&response);
}

static bool descriptors_back(const struct watched *process)
{
    return process->now.descriptors == process->base.descriptors &&
           process->now.threads == process->base.threads;
}

static bool memory_back(const struct watched *process)
{
    return process->now.anonymous <= process->base.anonymous + REMAINS_KIB;
}

static bool all_descriptors_back(void *context)
{
    struct run *run = context;
    bool back = true;
    touch(run);
    watch_look(&run->watch);
    for (size_t i = 0; i < run->watch.count; i++)
        back = back && descriptors_back(&run->watch.process[i]);
    return back;
}

static bool all_back(void *context)
{
    struct run *run = context;
    bool back = all_descriptors_back(run);
    for (size_t i = 0; i < run->watch.count && MEMORY_COUNTS; i++)
        back = back && memory_back(&run->watch.process[i]);
    return back;
}

/* An idle connection to a server is closed after a minute. */
static int patience(const struct run *run)
{
    (void)run;
    return 100;
}

/* Everything once, in small, so that each part has what it keeps: but no crowd, after which nothing is to
 * be kept. */
static void warm_up(struct run *run)
{
    struct buyers_tally tally = {0};
    struct visitors_tally visits = {0};
    int64_t length = run->whole ? 20 * CLOCK_SECOND : CLOCK_SECOND;
    touch(run);
    watch_look(&run->watch);
    watch_base_descriptors(&run->watch);
    buy(run, "warm-up", BUYERS, 100, length, &tally);
    visit(run, "warm-up", run->connections / 20, &visits);
    run->watch.part = "warm";
    CU_ASSERT(wait_until(all_descriptors_back, run, patience(run)));
    watch_base_memory(&run->watch);
    watch_most_again(&run->watch);
}

static void crowd_fits(const struct watch *watch)
{
    int64_t balancer = watch->process[0].most.resident + watch->process[1].most.resident;
    printf("  with %d connections: balancer %.1f MiB of %d", CROWD, (double)balancer / 1024,
           BALANCER_KIB / 1024);
    CU_ASSERT(balancer <= BALANCER_KIB || !MEMORY_COUNTS);
    CU_ASSERT(watch->process[1].most.descriptors > CROWD);
    for (size_t i = 2; i < watch->count; i++) {
        const struct watched *server = &watch->process[i];
        printf(", %s %.1f of %d", server->name, (double)server->most.resident / 1024,
               SERVER_KIB / 1024);
        CU_ASSERT(server->most.resident <= SERVER_KIB || !MEMORY_COUNTS);
    }
    printf("%s\n", MEMORY_COUNTS ? "" : " (not asked: a sanitizer's build)");
}

static void print_buyers(const char *who, const struct buyers_tally *tally)
{
    printf("  %s: %" PRId64 " requests: %" PRId64 " sold, %" PRId64 " refused, %" PRId64
           " reads, %" PRId64 " left, %" PRId64 " answered 503, %" PRId64 " odd %s\n",
           who, tally->asked, tally->sold, tally->refused, tally->read, tally->left, tally->turned,
           tally->odd, tally->oddity);
    CU_ASSERT_EQUAL(tally->odd, 0);
    CU_ASSERT(tally->sold > 0);
    CU_ASSERT(tally->turned <= tally->asked / 100);
}

static void print_result(const struct run *run)
{
    const struct watched_files *files = &run->watch.files, *most = &run->watch.files_most;
    print_buyers("buyers", &run->mixed);
    print_buyers("crowd", &run->crowd);
    printf("  visits: %" PRId64 " answered, %" PRId64 " gone before, %" PRId64 " failed\n",
           run->visits.answered, run->visits.gone, run->visits.failed);
    watch_print(&run->watch);
    printf("  journal %.1f MiB at most; store %.1f MiB, logs %.1f MiB in the end\n",
           (double)most->journal / 1048576, (double)files->database / 1048576,
           (double)files->logs / 1048576);
}

/* The parts of the run: minutes of everything, short visits, a crowd that buys. */
static void load(struct run *run)
{
    int64_t minutes = run->whole ? run->minutes * 60 * CLOCK_SECOND : 5 * CLOCK_SECOND;
    int64_t crowding = run->whole ? 30 * CLOCK_SECOND : 2 * CLOCK_SECOND;
    buy(run, "buyers", BUYERS, 100, minutes, &run->mixed);
    visit(run, "visits", run->connections, &run->visits);
    watch_most_again(&run->watch);
    buy(run, "crowd", CROWD, 0, crowding, &run->crowd);
    crowd_fits(&run->watch);
}

static void judge(struct run *run)
{
    run->watch.part = "after";
    bool back = wait_until(all_back, run, patience(run));
    print_result(run);
    CU_ASSERT(back);
    for (size_t i = 0; i < run->watch.count; i++) {
        CU_ASSERT(descriptors_back(&run->watch.process[i]));
        CU_ASSERT(memory_back(&run->watch.process[i]) || !MEMORY_COUNTS);
    }
    CU_ASSERT(run->watch.files_most.journal <= JOURNAL_BYTES);
    CU_ASSERT_EQUAL(run->visits.failed, 0);
}

static void nothing_grows(void)
{
    static struct run run;
    char table[FILES_PATH_SIZE];
    run = (struct run){.dice = dice_new(dice_seed()), .minutes = number_of("MINUTES")};
    run.whole = run.minutes > 0;
    run.connections = number_of("CONNECTIONS") > 0 ? number_of("CONNECTIONS") : load_scaled(5000);
    have_descriptors();
    table_path(table);
    cluster_open(&run.cluster, 1000000000, SERVERS);
    run.client = client_open();
    watch_open(&run.watch, &run.cluster, run.whole ? table : NULL);
    warm_up(&run);
    load(&run);
    judge(&run);
    watch_close(&run.watch);
    client_close(run.client);
    audit_clean(&run.cluster, NULL);
    cluster_close(&run.cluster);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("growth", name, nothing_grows);
}
