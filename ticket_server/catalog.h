/* What a client may read: events, their counts, and one purchase; straight from the store, so that
 * what an answered purchase changed every later read shows. The loop's thread only. */
#ifndef BOX_OFFICE_CATALOG_H
#define BOX_OFFICE_CATALOG_H

#include <stdbool.h>

#include "common/buffer.h"
#include "common/problem.h"
#include "db/store.h"

struct catalog;

/* NULL with the reason where the store cannot be opened. */
struct catalog *catalog_open(const char *url, char error[STORE_ERROR_SIZE]);
void catalog_close(struct catalog *catalog);

/* False where the store was moved or replaced: see store_present. */
bool catalog_present(const struct catalog *catalog);

/* The reading handle, for what else is read; and what a read led to, as a problem: `absent` where nothing was found. A
 * store that cannot be read is told to stderr, once a second at most. */
struct store *catalog_store(const struct catalog *catalog);
enum problem catalog_problem(struct catalog *catalog, enum store_found found, enum problem absent);

/* The terms of the event of this name; or the problem. */
enum problem catalog_terms(struct catalog *catalog, const char *event, struct event_terms *terms);

/* Each appends the JSON to `out` and gives PROBLEM_NONE; or the problem, and `out` is of no use. Names
 * and ids, here and above, are as they came in the path: whatever names nothing is not found.
 *
 * catalog_events: a page of at most `limit` events behind the name `after`; `last` is the name that begins the next
 * page, "" where nothing follows. A page ends early at PAGE_BYTES_MAX. */
enum problem catalog_events(struct catalog *catalog, const char *after, size_t limit,
                            char last[NAME_SIZE], struct buffer *out);
enum problem catalog_event(struct catalog *catalog, const char *event, struct buffer *out);
enum problem catalog_purchase(struct catalog *catalog, const char *event, const char *id,
                              struct buffer *out);

#endif
