/* The probe: one thread that asks every ticket server for its health, a few times a second. Who answers is
 * up; who does not is down, with the reason. Servers of other pools are asked for their pool's `check`, if
 * it has one: 2xx and 3xx is up. If it has none they are up until they cannot be reached, and then asked for
 * "/" until anything is answered. */
#ifndef BOX_OFFICE_PROBE_H
#define BOX_OFFICE_PROBE_H

#include "balancer/pool/servers.h"

enum {
    PROBE_CONNECTIONS = 2, /* per server: a probe that is given up, and the next */
};

struct probe;

/* `changed(context)` is called on the probe's thread after every answer and failure. */
struct probe *probe_start(struct servers *servers, void (*changed)(void *context), void *context);

/* Reads the part of a health answer that counts here; false where it is no ticket server's. */
bool probe_read(const char *text, size_t length, struct figures *figures,
                struct server_report *report);

/* Probes at once what joins. Any thread. */
void probe_now(struct probe *probe);

/* Ends the thread and frees it. */
void probe_stop(struct probe *probe);

#endif
