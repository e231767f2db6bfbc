/* One LOG_DIR: its routing log, read and replayed as a whole.
 *
 * When a router is replaced, the old one drains while the new one has begun a file of its own: their lives
 * overlap. So each router is replayed by itself, from its `started` on, through all files that follow until
 * another has started. One thread. */
#ifndef BOX_OFFICE_SOURCE_H
#define BOX_OFFICE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/report/ledger.h"

struct source;

/* What its routers came to; whole after source_end. */
struct source_totals {
    uint64_t routers, crashes, gaps;
};

/* Never NULL; source_files is 0 where there is no log, source_trouble says what cannot be read. The ledger
 * must outlive it. */
struct source *source_open(const char *dir, struct ledger *ledger);
void source_close(struct source *source);

size_t source_files(const struct source *source);
const char *source_trouble(const struct source *source);

/* Replays the next line; false at the present end. May be called again later. `bytes` (or NULL) grows by its
 * length. */
bool source_next(struct source *source, uint64_t *bytes);

/* Whether a living router has yet to settle a flight that it opened before this place. */
bool source_settling(const struct source *source, uint32_t before);

/* The end of the report: what living routers write from now on is not read. Flights of theirs must be
 * settled that were opened before `before`, and all flights of others that did not crash. */
void source_end(struct source *source, uint32_t before);

struct source_totals source_totals(const struct source *source);

#endif
