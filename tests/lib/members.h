/* Servers that come and go at run time, by the admin API. Main thread only. */
#ifndef BOX_OFFICE_TEST_MEMBERS_H
#define BOX_OFFICE_TEST_MEMBERS_H

#include "tests/lib/cluster.h"

/* Adds a ticket server: POST /servers; the status. */
long member_add(const struct cluster *cluster, const char *id, const char *url);

/* Removes a server: DELETE /servers/ID, with a drain of this time, e.g. "5s"; the status. */
long member_remove(const struct cluster *cluster, const char *id, const char *drain);

/* An integer of a server as GET /servers has it; -1 where it has none. */
int64_t member_number(const struct cluster *cluster, const char *id, const char *name);

/* Shows what GET /servers says, for the reader of a failed test. */
void member_show_all(const struct cluster *cluster);

/* Adds it, and waits until it is up. What does not come is a failed assertion. */
void member_join(struct cluster *cluster, const char *id, const char *url);

#endif
