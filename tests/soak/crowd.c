#include "tests/soak/crowd.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    THREADS = 16, /* per process */
    END_SECONDS = 90,
    PROGRESS_SECONDS = 60,
    SHOWN_MAX = 5, /* failures of one kind that are shown */
};

/* Makes room for one more element; returns the list. */
static void *room_for(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    *room = *room * 2 + 1024;
    list = realloc(list, *room * size);
    if (list == NULL)
        abort();
    return list;
}

static void start_buyer(struct crowd *crowd, size_t number)
{
    char name[32], seed[32], threads[16];
    snprintf(name, sizeof name, "soak-buyers-%zu", number);
    snprintf(seed, sizeof seed, "%" PRIu64, crowd->seed + number * THREADS);
    snprintf(threads, sizeof threads, "%d", load_scaled(THREADS));
    const char *argv[] = {
        "soak_buyer", "--url", crowd->url, "--journal", crowd->buyers[number].journal.path,
        "--name",     name,    "--seed",   seed,        "--threads",
        threads,      NULL};
    process_start(&crowd->buyers[number].process, crowd->directory, argv);
}

void crowd_open(struct crowd *crowd, const struct cluster *cluster, uint64_t seed)
{
    *crowd = (struct crowd){.url = cluster->url, .directory = cluster->dir, .seed = seed};
    for (size_t i = 0; i < CROWD_PROCESSES; i++) {
        char name[32];
        snprintf(name, sizeof name, "buyers-%zu.journal", i);
        files_path(crowd->buyers[i].journal.path, cluster->dir, name);
        files_write(crowd->buyers[i].journal.path, "", 0);
        start_buyer(crowd, i);
    }
}

void crowd_kill(struct crowd *crowd, size_t buyer)
{
    struct process *process = &crowd->buyers[buyer].process;
    process_signal(process->pid, SIGKILL);
    CU_ASSERT_EQUAL(process_wait(process, END_SECONDS), PROCESS_KILLED + SIGKILL);
    start_buyer(crowd, buyer);
}

void crowd_kill_all(struct crowd *crowd)
{
    for (size_t i = 0; i < CROWD_PROCESSES; i++) {
        struct process *process = &crowd->buyers[i].process;
        process_signal(process->pid, SIGKILL);
        CU_ASSERT_EQUAL(process_wait(process, END_SECONDS), PROCESS_KILLED + SIGKILL);
    }
}

void crowd_halt(struct crowd *crowd, bool halt)
{
    for (size_t i = 0; i < CROWD_PROCESSES; i++)
        process_signal(crowd->buyers[i].process.pid, halt ? SIGSTOP : SIGCONT);
}

/* --- what they know ---------------------------------------------------------------------------- */

void crowd_add_sale(struct crowd *crowd, const char *key, const struct bought *bought)
{
    struct load *known = &crowd->known;
    known->sales = room_for(known->sales, known->sold, &known->room, sizeof *known->sales);
    struct sold *sale = &known->sales[known->sold++];
    snprintf(sale->key, sizeof sale->key, "%s", key);
    sale->bought = *bought;
    known->tickets += bought->quantity;
}

static void add_deal(struct crowd *crowd, const struct entry *entry)
{
    struct deal deal = {.sent = entry->sent, .ended = entry->ended};
    crowd->deals =
        room_for(crowd->deals, crowd->deal_count, &crowd->deal_room, sizeof *crowd->deals);
    crowd->deals[crowd->deal_count++] = deal;
    if (entry->ended - entry->sent > crowd->slowest)
        crowd->slowest = entry->ended - entry->sent;
}

static void add_pending(struct crowd *crowd, const struct entry *entry)
{
    crowd->pending = room_for(crowd->pending, crowd->pending_count, &crowd->pending_room,
                              sizeof *crowd->pending);
    crowd->pending[crowd->pending_count++] = *entry;
}

static void show(const char *what, const struct entry *entry)
{
    printf("  %s: %s, %ld %s after %" PRId64 " ms\n", what, entry->key, entry->bought.status,
           entry->bought.code, (entry->ended - entry->sent) / CLOCK_MILLISECOND);
}

static void take(void *context, const struct entry *entry)
{
    struct crowd *crowd = context;
    switch (entry->kind) {
    case ENTRY_BEGUN:
        crowd->begun++;
        break;
    case ENTRY_SOLD:
        crowd_add_sale(crowd, entry->key, &entry->bought);
        add_deal(crowd, entry);
        break;
    case ENTRY_REFUSED:
        crowd->known.sold_out++;
        add_deal(crowd, entry);
        break;
    case ENTRY_FAILED:
        add_pending(crowd, entry);
        break;
    default:
        if (crowd->wrong++ < SHOWN_MAX)
            show("wrong answer", entry);
    }
}

void crowd_read(struct crowd *crowd)
{
    for (size_t i = 0; i < CROWD_PROCESSES; i++)
        CU_ASSERT(journal_read(&crowd->buyers[i].journal, take, crowd));
}

struct progress {
    struct crowd *crowd;
    size_t goal;
};

static bool progressed(void *context)
{
    const struct progress *progress = context;
    crowd_read(progress->crowd);
    return progress->crowd->deal_count >= progress->goal;
}

bool crowd_progress(struct crowd *crowd, size_t deals)
{
    crowd_read(crowd);
    struct progress progress = {crowd, crowd->deal_count + deals};
    return wait_until(progressed, &progress, PROGRESS_SECONDS);
}

int64_t crowd_first_deal(const struct crowd *crowd, size_t first, int64_t since)
{
    int64_t earliest = 0;
    for (size_t i = first; i < crowd->deal_count; i++) {
        const struct deal *deal = &crowd->deals[i];
        if (deal->sent >= since && (earliest == 0 || deal->ended < earliest))
            earliest = deal->ended;
    }
    return earliest;
}

static int by_end(const void *a, const void *b)
{
    const struct deal *x = a, *y = b;
    return (x->ended > y->ended) - (x->ended < y->ended);
}

int64_t crowd_longest_gap(const struct crowd *crowd, size_t first, int64_t from)
{
    size_t count = crowd->deal_count - first;
    struct deal *deals = memory_new((count + 1) * sizeof *deals);
    int64_t longest = 0, last = from;
    for (size_t i = 0; i < count; i++)
        deals[i] = crowd->deals[first + i];
    qsort(deals, count, sizeof *deals, by_end);
    for (size_t i = 0; i < count; i++) {
        if (deals[i].ended - last > longest)
            longest = deals[i].ended - last;
        if (deals[i].ended > last)
            last = deals[i].ended;
    }
    free(deals);
    return longest;
}

/* --- judging ----------------------------------------------------------------------------------- */

void crowd_excuse(struct crowd *crowd, int64_t from)
{
    crowd->outages =
        room_for(crowd->outages, crowd->outage_count, &crowd->outage_room, sizeof *crowd->outages);
    crowd->outages[crowd->outage_count++] = (struct outage){from, clock_monotonic()};
}

static bool excused(const struct crowd *crowd, const struct entry *entry)
{
    for (size_t i = crowd->outage_count; i > 0; i--) {
        const struct outage *outage = &crowd->outages[i - 1];
        if (entry->sent <= outage->to && entry->ended >= outage->from)
            return true;
    }
    return false;
}

bool crowd_judge(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->pending_count; i++) {
        const struct entry *entry = &crowd->pending[i];
        if (excused(crowd, entry))
            crowd->excused++;
        else if (crowd->failures++ < SHOWN_MAX)
            show("failed with router and server up", entry);
    }
    crowd->pending_count = 0;
    return crowd->failures == 0 && crowd->wrong == 0;
}

/* --- the end ----------------------------------------------------------------------------------- */

bool crowd_end(struct crowd *crowd)
{
    bool fine = true;
    for (size_t i = 0; i < CROWD_PROCESSES; i++)
        process_signal(crowd->buyers[i].process.pid, SIGTERM);
    for (size_t i = 0; i < CROWD_PROCESSES; i++) {
        struct process *process = &crowd->buyers[i].process;
        bool ended = process_wait(process, END_SECONDS) == 0;
        if (!ended)
            process_show(process);
        fine = fine && ended;
    }
    crowd_read(crowd);
    return fine && crowd->begun == crowd->deal_count;
}

void crowd_free(struct crowd *crowd)
{
    free(crowd->known.sales);
    free(crowd->deals);
    free(crowd->outages);
    free(crowd->pending);
}
