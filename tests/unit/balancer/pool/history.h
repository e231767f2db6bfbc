/* The servers' history, as a test reads it: each line held to be readable and numbered one after the
 * other, then told without its n= and time=. Main thread. */
#ifndef BOX_OFFICE_TEST_HISTORY_H
#define BOX_OFFICE_TEST_HISTORY_H

#include "balancer/pool/servers.h"

/* Two ids of stores. */
#define HISTORY_STORE       "0193b0aa-0000-7abc-8def-0123456789ab"
#define HISTORY_OTHER_STORE "0193b0aa-0000-7abc-8def-00000000ffff"

/* Takes the history: its lines' texts, valid until the next call. */
const char *history_text(struct servers *servers);

/* Takes the history and expects these lines; the first of them has the number after the last before.
 * "" for none. */
void history_expect(struct servers *servers, const char *lines);

/* The same for lines that were taken already. */
void history_expect_lines(const struct buffer *lines, uint64_t first, const char *expected);

/* Makes servers with `count` of them up, server-1 and so on, each having told `told[i]` (NULL: 0), and
 * takes the history. */
void history_servers_up(struct servers *servers, size_t count, const int64_t *told);

/* Proves the whole log DIR/routing.log… with the report's replay: no violation, this many gaps. */
void history_prove(const char *directory, uint64_t gaps);

#endif
