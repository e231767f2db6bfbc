#include "tests/streams/buying.h"

#include <stdlib.h>

#include "common/clock.h"
#include "tests/lib/client.h"

static const int64_t interval = 50 * CLOCK_MILLISECOND;

static void buy_one(struct buying *buying, struct client *client)
{
    struct bought bought;
    int64_t begun = clock_monotonic();
    bool fine = client_buy(client, buying->url, "event=demo&quantity=1", NULL, &bought);
    if (!fine || bought.status != 201)
        buying->failed++;
    else if (buying->bought < BUYING_MAX)
        buying->took[buying->bought++] = clock_monotonic() - begun;
}

static void *buy(void *context)
{
    struct buying *buying = context;
    struct client *client = client_open();
    int64_t next = clock_monotonic();
    lock_take(&buying->lock);
    while (!buying->ending) {
        lock_drop(&buying->lock);
        buy_one(buying, client);
        next += interval;
        lock_take(&buying->lock);
        while (!buying->ending && clock_monotonic() < next)
            lock_wait_until(&buying->lock, next);
    }
    lock_drop(&buying->lock);
    client_close(client);
    return NULL;
}

void buying_begin(struct buying *buying, const char *url)
{
    *buying = (struct buying){.url = url};
    lock_init(&buying->lock);
    thread_start(&buying->thread, "buyer", buy, buying);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void buying_end(struct buying *buying)
{
    lock_take(&buying->lock);
    buying->ending = 1;
    lock_announce(&buying->lock);
    lock_drop(&buying->lock);
    thread_join(buying->thread);
    lock_free(&buying->lock);
    qsort(buying->took, buying->bought, sizeof *buying->took, by_size);
}

int64_t buying_percentile(const struct buying *buying, int percent)
{
    return buying->bought > 0 ? buying->took[(buying->bought - 1) * (size_t)percent / 100] : 0;
}
