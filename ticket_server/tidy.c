#include "ticket_server/tidy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

enum {
    EVENTS_MAX = 64, /* under way at once; others have their turn at the next look */
};

static const int64_t interval = 250 * CLOCK_MILLISECOND;

/* An event's job. */
struct errand {
    struct job job;
    struct item item;
    struct decision decision;
    bool under_way;
};

struct tidy {
    struct tidy_settings settings;
    struct loop_timer timer;
    uint32_t random;
    bool resting;
    struct errand errands[EVENTS_MAX];
};

/* A server that looks right after another finds nothing left to do; at the same time both would do it. */
static int64_t next_look(struct tidy *tidy)
{
    tidy->random = tidy->random * 1664525u + 1013904223u;
    return clock_monotonic() + interval * 3 / 4 + tidy->random % (interval / 2);
}

static void errand_done(struct job *job)
{
    struct errand *errand = (struct errand *)job; /* its first member */
    errand->under_way = false;
}

/* NULL where the event's own is under way, or too many are. */
static struct errand *find_errand(struct tidy *tidy, const char *event)
{
    struct errand *free_one = NULL;
    for (size_t i = 0; i < EVENTS_MAX; i++) {
        struct errand *errand = &tidy->errands[i];
        if (!errand->under_way)
            free_one = errand;
        else if (strcmp(errand->item.purchase.event, event) == 0)
            return NULL;
    }
    return free_one;
}

static void fill_in(struct errand *errand, const char *event)
{
    struct item *item = &errand->item;
    memset(item, 0, sizeof *item);
    item->verb = VERB_TIDY;
    item_admit(item);
    strcpy(item->purchase.event, event);
    errand->decision = (struct decision){.item = item, .router = ""};
    errand->job = (struct job){.decisions = &errand->decision, .count = 1, .done = errand_done};
}

static void due(void *context, const char *event)
{
    struct tidy *tidy = context;
    struct errand *errand = find_errand(tidy, event);
    if (errand == NULL)
        return;
    fill_in(errand, event);
    errand->under_way = seller_submit(tidy->settings.seller, &errand->job);
}

static void look(void *context)
{
    struct tidy *tidy = context;
    if (tidy->resting)
        return;
    struct catalog *catalog = tidy->settings.catalog;
    enum store_found found = store_each_due(catalog_store(catalog), clock_now(), due, tidy);
    catalog_problem(catalog, found, PROBLEM_NONE); /* says so where it cannot be read */
    loop_timer_set(tidy->settings.loop, &tidy->timer, next_look(tidy));
}

struct tidy *tidy_open(const struct tidy_settings *settings)
{
    struct tidy *tidy = memory_new(sizeof *tidy);
    tidy->settings = *settings;
    tidy->timer = (struct loop_timer){.ring = look, .context = tidy};
    tidy->random = (uint32_t)getpid();
    loop_timer_set(settings->loop, &tidy->timer, next_look(tidy));
    return tidy;
}

void tidy_rest(struct tidy *tidy)
{
    tidy->resting = true;
}

void tidy_close(struct tidy *tidy)
{
    for (size_t i = 0; i < EVENTS_MAX; i++)
        assert(!tidy->errands[i].under_way);
    loop_timer_forget(tidy->settings.loop, &tidy->timer);
    free(tidy);
}
