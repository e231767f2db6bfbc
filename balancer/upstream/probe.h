/* The probe: one thread that checks every server, as often as its pool's rules say, and tells the servers how
 * it went (servers_checked). Ticket servers are asked for their health; one that is out because of what it
 * failed in is given an empty flight instead. Servers of other pools are asked for their pool's `check`, if it
 * has one. If it has none they are up until they cannot be reached or are ejected, and then asked for "/" until
 * anything is answered; also while their limit grows. */
#ifndef BOX_OFFICE_PROBE_H
#define BOX_OFFICE_PROBE_H

#include "balancer/pool/servers.h"

enum {
    PROBE_CONNECTIONS = 2, /* per server: a probe that is given up, and the next */
};

struct probe;

/* `changed(context)` is called on the probe's thread after every answer and failure. */
struct probe *probe_start(struct servers *servers, void (*changed)(void *context), void *context);

/* Reads the part of a health answer that counts here; false where it is no ticket server's. `version`: of
 * the flights that it speaks; 0 where it does not tell. */
bool probe_read(const char *text, size_t length, struct figures *figures,
                struct server_report *report, int64_t *version);

/* Probes at once what joins. Any thread. */
void probe_now(struct probe *probe);

/* Ends the thread and frees it. */
void probe_stop(struct probe *probe);

#endif
