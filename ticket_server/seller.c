#include "ticket_server/seller.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/thread.h"

static const int64_t commit_forgotten = CLOCK_SECOND;

struct jobs {
    struct job *first, **last;
};

struct seller {
    /* the seller's thread only, from its start to its end */
    struct store *store;
    struct decision_log *log;
    struct decision *batch; /* STORE_BATCH_MAX of them */
    int64_t warned_at;      /* when stderr was last told that the store refuses */

    /* fixed from the start */
    struct loop *loop;
    pthread_t thread;

    struct lock lock; /* guards what is below; announced when there is work, or an end to it */
    struct jobs waiting;
    struct jobs done;
    struct seller_status status;
    int64_t committed_at; /* clock_monotonic(): the last batch was done */
    bool closing;
};

static void jobs_clear(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static void jobs_add(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct job *jobs_take_first(struct jobs *jobs)
{
    struct job *job = jobs->first;
    jobs->first = job->next;
    if (!jobs->first)
        jobs_clear(jobs);
    return job;
}

/* How much of what may wait it takes. */
static size_t weight(const struct job *job)
{
    return job->change ? 1 : job->count;
}

/* Moves as many jobs as one batch can hold; or one change. */
static void take_batch(struct jobs *waiting, struct jobs *taken)
{
    size_t count = 0;
    if (waiting->first && waiting->first->change) {
        jobs_add(taken, jobs_take_first(waiting));
        return;
    }
    while (waiting->first && !waiting->first->change &&
           count + waiting->first->count <= STORE_BATCH_MAX) {
        struct job *job = jobs_take_first(waiting);
        count += job->count;
        jobs_add(taken, job);
    }
}

/* Waits for work. False: the end. */
static bool take_jobs(struct seller *seller, struct jobs *taken)
{
    jobs_clear(taken);
    lock_take(&seller->lock);
    while (!seller->waiting.first && !seller->closing)
        lock_wait(&seller->lock);
    take_batch(&seller->waiting, taken);
    lock_drop(&seller->lock);
    return taken->first != NULL;
}

static size_t gather(struct decision *batch, const struct jobs *jobs)
{
    size_t count = 0;
    for (const struct job *job = jobs->first; job; job = job->next)
        for (size_t i = 0; i < job->count; i++)
            batch[count++] = job->decisions[i];
    return count;
}

static void scatter(const struct decision *batch, const struct jobs *jobs, enum problem failed,
                    const struct figures *figures)
{
    for (struct job *job = jobs->first; job; job = job->next) {
        job->figures = *figures;
        job->failed = failed;
        for (size_t i = 0; i < job->count; i++)
            job->decisions[i].outcome = batch++->outcome;
    }
}

/* At once, without answering anybody and without running what others registered for an exit: other
 * threads are at work. */
static _Noreturn void leave_unanswered(const struct seller *seller, const char *why, size_t count)
{
    log_line("%s: %s; leaving %zu purchases unanswered, their keys decide", why,
             store_error(seller->store), count);
    _exit(EXIT_TROUBLE);
}

/* At most once a second. */
static void warn(struct seller *seller, const char *what, size_t count, const char *became)
{
    int64_t now = clock_monotonic();
    if (seller->warned_at != 0 && now - seller->warned_at < CLOCK_SECOND)
        return;
    log_line("%s: %s; %zu purchases %s", what, store_error(seller->store), count, became);
    seller->warned_at = now;
}

/* What became of all of it. What a store in this process does not know ends the process. */
static enum problem settled(struct seller *seller, enum store_result result, size_t count)
{
    switch (result) {
    case STORE_DURABLE:
        return PROBLEM_NONE;
    case STORE_IN_DOUBT:
        warn(seller, "whether the last sales are durable is not known", count,
             "left to their keys");
        return PROBLEM_OUTCOME_UNKNOWN;
    case STORE_REFUSED:
        warn(seller, "the store takes no sale now", count, "refused");
        break;
    case STORE_UNKNOWN:
        leave_unanswered(seller, "whether the last sales are durable is not known", count);
    case STORE_FENCED:
        leave_unanswered(seller, "another process sells under this id", count);
    }
    return PROBLEM_STORE_UNAVAILABLE;
}

/* PROBLEM_NONE, or what is to be said of the whole batch. */
static enum problem decide(struct seller *seller, size_t count, struct figures *figures)
{
    enum problem failed =
        settled(seller, store_decide(seller->store, seller->batch, count, figures), count);
    if (failed == PROBLEM_NONE)
        return PROBLEM_NONE;
    for (size_t i = 0; i < count; i++)
        seller->batch[i].outcome = (struct outcome){.problem = failed};
    store_figures(seller->store, figures);
    return failed;
}

static void hand_back(struct seller *seller, struct jobs *jobs, size_t count,
                      const struct figures *figures, int64_t took)
{
    int64_t now = clock_monotonic();
    lock_take(&seller->lock);
    *seller->done.last = jobs->first;
    seller->done.last = jobs->last;
    struct seller_status *status = &seller->status;
    status->figures = *figures;
    status->pending -= count;
    bool fresh = status->commit_us > 0 && now - took - seller->committed_at < commit_forgotten;
    status->commit_us = fresh ? status->commit_us + (took - status->commit_us) / 8 : took;
    seller->committed_at = now;
    lock_drop(&seller->lock);
    loop_wake(seller->loop);
}

static void sell_batch(struct seller *seller, struct jobs *jobs)
{
    struct figures figures;
    size_t count = gather(seller->batch, jobs);
    int64_t start = clock_monotonic();
    enum problem failed = decide(seller, count, &figures);
    int64_t took = clock_monotonic() - start;
    const struct sale *moved = NULL;
    size_t moves = failed != PROBLEM_NONE ? 0 : store_moved(seller->store, &moved);
    scatter(seller->batch, jobs, failed, &figures);
    decision_log_write(seller->log, &(struct decided){seller->batch, count, moved, moves},
                       clock_now(), took);
    hand_back(seller, jobs, count, &figures, took);
}

static void make_change(struct seller *seller, struct jobs *jobs)
{
    struct job *job = jobs->first;
    int64_t start = clock_monotonic();
    job->failed = settled(seller, store_change(seller->store, job->change), 1);
    if (job->failed != PROBLEM_NONE)
        job->change->problem = job->failed;
    store_figures(seller->store, &job->figures);
    struct figures figures = job->figures;
    int64_t took = clock_monotonic() - start;
    decision_log_change(seller->log, job->change, clock_now(), took);
    hand_back(seller, jobs, 1, &figures, took);
}

static void *sell(void *context)
{
    struct seller *seller = context;
    struct jobs jobs;
    while (take_jobs(seller, &jobs))
        if (jobs.first->change)
            make_change(seller, &jobs);
        else
            sell_batch(seller, &jobs);
    return NULL;
}

struct seller *seller_open(const struct seller_settings *settings)
{
    struct seller *seller = memory_new(sizeof *seller);
    seller->store = settings->store;
    seller->log = settings->log;
    seller->loop = settings->loop;
    seller->batch = memory_new(STORE_BATCH_MAX * sizeof *seller->batch);
    lock_init(&seller->lock);
    jobs_clear(&seller->waiting);
    jobs_clear(&seller->done);
    store_figures(seller->store, &seller->status.figures);
    store_on_stall(seller->store, settings->stalled, settings->context);
    thread_start(&seller->thread, "seller", sell, seller);
    return seller;
}

void seller_close(struct seller *seller)
{
    lock_take(&seller->lock);
    seller->closing = true;
    lock_announce(&seller->lock);
    lock_drop(&seller->lock);
    thread_join(seller->thread);
    seller_collect(seller);
    store_close(seller->store);
    decision_log_close(seller->log);
    lock_free(&seller->lock);
    free(seller->batch);
    free(seller);
}

bool seller_submit(struct seller *seller, struct job *job)
{
    assert(job->change || (job->count > 0 && job->count <= FLIGHT_ITEMS_MAX));
    lock_take(&seller->lock);
    bool room = seller->status.pending + weight(job) <= SELLER_WAITING_MAX;
    if (room) {
        jobs_add(&seller->waiting, job);
        seller->status.pending += weight(job);
        lock_announce(&seller->lock);
    }
    lock_drop(&seller->lock);
    return room;
}

bool seller_submit_change(struct seller *seller, struct change_job *change)
{
    change->job.change = &change->change;
    return seller_submit(seller, &change->job);
}

void seller_collect(struct seller *seller)
{
    lock_take(&seller->lock);
    struct job *job = seller->done.first;
    jobs_clear(&seller->done);
    lock_drop(&seller->lock);
    while (job) {
        struct job *next = job->next; /* `done` frees the job */
        job->done(job);
        job = next;
    }
}

void seller_status(struct seller *seller, struct seller_status *status)
{
    lock_take(&seller->lock);
    *status = seller->status;
    if (status->pending == 0 && clock_monotonic() - seller->committed_at >= commit_forgotten)
        status->commit_us = 0;
    lock_drop(&seller->lock);
}
