/* What the routing log of a cluster says. Main thread only. */
#ifndef BOX_OFFICE_TEST_ROUTING_H
#define BOX_OFFICE_TEST_ROUTING_H

#include <stdbool.h>

#include "common/routing_line.h"
#include "tests/lib/cluster.h"

typedef void routing_visit(void *context, const struct routing_line *line);

/* Calls `visit` for each whole line of logs/routing.log, in order; one that is not spelled as it must be is a
 * failed assertion. The line is valid during the call. */
void routing_each(const struct cluster *cluster, routing_visit *visit, void *context);

/* What to count; NULL: any. */
struct routing_wanted {
    const char *route, *policy, *client, *session; /* of a choice */
    const char *to, *why;
    const char *server, *how; /* of what is done; where `how` is set, no choice is counted */
    int status;               /* of the same; 0: any */
};

int routing_count(const struct cluster *cluster, const struct routing_wanted *wanted);

/* Waits until there are so many, as lines are written a little later than what they tell of: the count. */
int routing_await(const struct cluster *cluster, const struct routing_wanted *wanted, int count);

/* Changes the middle one of the lines that hold `in`: a digit of the figure after `field`. Runs the report
 * over a copy of the logs with it, which must find fault (exit 1). The cluster has stopped. */
void routing_expect_edit_found(struct cluster *cluster, const char *in, const char *field);

#endif
