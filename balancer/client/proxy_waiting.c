#include "balancer/client/proxy_parts.h"
#include "common/clock.h"

enum {
    READS_WAITING_MAX = 1024, /* purchases, which wait elsewhere, may be more */
};

static const int64_t patience = PURCHASE_SECONDS * CLOCK_SECOND; /* as long as a purchase */

static struct proxy_queue *queue_of(const struct proxied *proxied)
{
    return &proxied->proxy->queues[proxied->visit.route->pool];
}

void proxy_queues_open(struct proxy *proxy, size_t workers)
{
    const struct servers *servers = proxy->gate->servers;
    for (size_t i = 0; i < servers->pool_count; i++) {
        size_t most = ((size_t)servers->pools[i].rules.waiting + workers - 1) / workers;
        bool cut = i == POOL_TICKETS && most > READS_WAITING_MAX;
        proxy->queues[i].most = cut ? READS_WAITING_MAX : most;
    }
}

/* Behind all who came before: one that comes back from a server has few of them. */
static void enqueue(struct proxied *proxied)
{
    struct proxy_queue *queue = queue_of(proxied);
    struct proxied *before = queue->last;
    while (before != NULL && before->came > proxied->came)
        before = before->previous_waiting;
    proxied->waiting = true;
    proxied->previous_waiting = before;
    proxied->next_waiting = before != NULL ? before->next_waiting : queue->first;
    *(before != NULL ? &before->next_waiting : &queue->first) = proxied;
    *(proxied->next_waiting != NULL ? &proxied->next_waiting->previous_waiting : &queue->last) =
        proxied;
    queue->count++;
}

void proxy_unqueue(struct proxied *proxied)
{
    struct proxy_queue *queue = queue_of(proxied);
    struct proxied *before = proxied->previous_waiting, *after = proxied->next_waiting;
    *(before != NULL ? &before->next_waiting : &queue->first) = after;
    *(after != NULL ? &after->previous_waiting : &queue->last) = before;
    proxied->waiting = false;
    queue->count--;
}

static void refuse_choice(struct proxied *proxied, enum chosen chosen)
{
    if (chosen == CHOSEN_NO_ROOM)
        proxy_refuse(proxied, PROBLEM_OVERLOADED, problem_detail(PROBLEM_OVERLOADED));
    else
        proxy_refuse(proxied, PROBLEM_NO_SERVER,
                     proxy_reads(proxied) ? "No ticket server is up. Try again in a moment."
                                          : "No server for this is up. Try again in a moment.");
}

void proxy_seek(struct proxied *proxied)
{
    struct proxy_queue *queue = queue_of(proxied);
    enum chosen chosen = queue->count > 0 ? CHOSEN_NO_ROOM : proxy_try(proxied);
    if (chosen == CHOSEN_NO_ROOM && queue->count < queue->most)
        enqueue(proxied);
    else if (chosen != CHOSEN)
        refuse_choice(proxied, chosen);
}

static void serve(struct proxy_queue *queue)
{
    struct proxied *proxied;
    while ((proxied = queue->first) != NULL) {
        enum chosen chosen = proxy_try(proxied);
        if (chosen == CHOSEN_NO_ROOM)
            return;
        proxy_unqueue(proxied);
        if (chosen != CHOSEN)
            refuse_choice(proxied, chosen);
    }
}

void proxy_turn(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->gate->servers->pool_count; i++)
        serve(&proxy->queues[i]);
}

void proxy_check(struct proxy *proxy)
{
    int64_t since = clock_monotonic() - patience;
    for (size_t i = 0; i < proxy->gate->servers->pool_count; i++) {
        struct proxied *proxied;
        while ((proxied = proxy->queues[i].first) != NULL && proxied->came <= since) {
            proxy_unqueue(proxied);
            proxy_refuse(proxied, PROBLEM_OVERLOADED,
                         "No server had room for this in time. Try again in a moment.");
        }
    }
}

size_t proxy_waiting(const struct proxy *proxy)
{
    size_t waiting = 0;
    for (size_t i = 0; i < proxy->gate->servers->pool_count; i++)
        waiting += proxy->queues[i].count;
    return waiting;
}
