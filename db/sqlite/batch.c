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

int batch_process(struct batch *batch, struct connection *connection, const char *server,
                  int64_t now, struct decision *decisions, size_t n)
{
    make_room(batch, n);
    batch->rule.server = server;
    batch->rule.now = now;
    batch->rule.decisions = decisions;
    batch->rule.count = n;
    batch->rule.keys = &batch->keys;
    batch->events = batch->tiers = 0;
    batch->sold = 0;
    batch->dirty = false;
    int rc = batch_read(batch, connection);
    if (rc != SQLITE_OK)
        return rc;
    decide(&batch->rule);
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
