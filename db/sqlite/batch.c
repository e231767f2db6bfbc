#include "db/sqlite/batch.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "db/sqlite/batch_read.h"
#include "db/sqlite/batch_write.h"

static void make_room(struct batch *batch, size_t n)
{
    if (n <= batch->item_room)
        return;
    free(batch->rule.items);
    batch->rule.items = memory_new(n * sizeof *batch->rule.items);
    batch->item_room = n;
}

/* A key that was not looked up, and of which nothing will be written that proves it new. */
static bool in_doubt(const struct batch *batch, size_t i)
{
    const struct decision *decision = &batch->rule.decisions[i];
    return batch_key_is_new(decision->item) && batch->rule.items[i].write != DECIDE_SALE &&
           !decision->outcome.replayed;
}

/* Those in doubt took nothing, so the others' decisions stay what they are. */
static int settle_doubts(struct batch *batch, struct connection *connection)
{
    size_t doubts = 0;
    for (size_t i = 0; i < batch->rule.count; i++) {
        if (!in_doubt(batch, i))
            continue;
        doubts++;
        int rc = batch_read_key(batch, connection, i);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (doubts > 0)
        decide(&batch->rule);
    return SQLITE_OK;
}

int batch_process(struct batch *batch, struct connection *connection, enum batch_keys keys,
                  const char *server, int64_t now, struct decision *decisions, size_t n)
{
    make_room(batch, n);
    batch->rule.server = server;
    batch->rule.now = now;
    batch->rule.decisions = decisions;
    batch->rule.count = n;
    batch->rule.keys = &batch->keys;
    batch->rule.event_count = batch->rule.tier_count = 0;
    batch->sold = 0;
    batch->dirty = false;
    int rc = batch_read(batch, connection, keys);
    if (rc != SQLITE_OK)
        return rc;
    decide(&batch->rule);
    if (keys == BATCH_KEYS_NOT_NEW)
        rc = settle_doubts(batch, connection);
    if (rc != SQLITE_OK)
        return rc;
    return batch_write(batch, connection);
}

void batch_free(struct batch *batch)
{
    lookup_free(&batch->names);
    lookup_free(&batch->keys);
    free(batch->rule.items);
    free(batch->rule.events);
    free(batch->rule.tiers);
    free(batch->removed);
    memset(batch, 0, sizeof *batch);
}
