/* What a client may read: events, their counts, and one purchase; straight from the store, so that
 * what an answered purchase changed every later read shows. The loop's thread only. */
#ifndef BOX_OFFICE_READS_H
#define BOX_OFFICE_READS_H

#include "common/http.h"
#include "common/problem.h"
#include "db/store.h"

struct reads;

/* NULL with the reason where the store cannot be opened. */
struct reads *reads_open(const char *url, char error[STORE_ERROR_SIZE]);
void reads_close(struct reads *reads);

/* Each appends the JSON to `out` and gives PROBLEM_NONE; or the problem, and `out` is of no use. Names
 * and ids are as they came in the path: whatever names nothing is not found. */
enum problem reads_events(struct reads *reads, struct buffer *out);
enum problem reads_event(struct reads *reads, const char *event, struct buffer *out);
enum problem reads_purchase(struct reads *reads, const char *event, const char *id,
                            struct buffer *out);

#endif
