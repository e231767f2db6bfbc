/* Messages between the master and its children: one line of text per packet, over a socketpair
 * (SOCK_SEQPACKET), so that none is ever seen in part.
 *
 *   master → router           server ID ADDRESS PID RESTARTS · gone ID RESTARTS REASON… · retired ID
 *                             lead (this is the router that serves the admin API, from now on)
 *                             drain (another one has taken over) · stop · refused REASON…
 *   router → master           up N (how many servers are up, at each change)
 *                             serving (its doors are open) · quiet (it serves the admin API no more)
 *                             start ID · retire ID · renew ID (end the process and start it again)
 *                             reload · upgrade (each is answered by `drain`, or by `refused`)
 *   program that is tried → master   fit (it can take over, see balancer/master/upgrade.h)
 *   master → ticket server    stop
 *   ticket server → master    ready ADDRESS BOOT · stalled PID (see db/store.h)
 *
 * The end of the channel is the end of the other process. */
#ifndef BOX_OFFICE_CHANNEL_H
#define BOX_OFFICE_CHANNEL_H

#include <stdbool.h>

enum {
    MESSAGE_SIZE = 512,
};

/* False where it could not be made. Both ends are close-on-exec and non-blocking. */
bool channel_open(int ends[2]);

/* Sends one message. False where it was dropped because the channel is full: the other side has not read for
 * long, e.g. it is stopped (SIGSTOP). The master tells a router all anew once it reads again; what a child
 * says is asked or said again where it matters. (An ended channel drops it too: that is told otherwise.) */
bool channel_send(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum channel_result {
    CHANNEL_MESSAGE,
    CHANNEL_EMPTY, /* nothing more for now */
    CHANNEL_ENDED, /* the other process is gone */
};

/* Takes one message, without its newline. */
enum channel_result channel_receive(int fd, char message[MESSAGE_SIZE]);

#endif
