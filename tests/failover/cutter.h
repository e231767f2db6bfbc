/* What stands between ticket servers and PostgreSQL, and cuts connections exactly at COMMIT.
 *
 * It passes on what both sides say, and reads the messages of PostgreSQL's protocol (version 3, unencrypted) for
 * the one that commits. One thread of its own, from open to close; the calls belong to the main thread. What cannot
 * be had ends the test with a failed assertion. */
#ifndef BOX_OFFICE_TEST_CUTTER_H
#define BOX_OFFICE_TEST_CUTTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Where a connection is cut. */
enum cut {
    CUT_BEFORE,    /* the server never sees the COMMIT */
    CUT_MEANWHILE, /* it is sent, and nobody waits for what comes of it */
    CUT_BEHIND,    /* the server has committed and says so, and the answer is lost */
    CUTS,
};

struct cutter;

/* Passes on between 127.0.0.1:cutter_port and 127.0.0.1:`to`, until it is closed. */
struct cutter *cutter_open(int to);
int cutter_port(const struct cutter *cutter);

/* From now on the connection of every n-th COMMIT is cut, each way in its turn; 0: none. */
void cutter_cut_every(struct cutter *cutter, int n);

/* How often it was cut this way. */
int cutter_count(const struct cutter *cutter, enum cut cut);

void cutter_close(struct cutter *cutter);

#endif
