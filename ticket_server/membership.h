/* A ticket server that nobody started for a balancer: it joins balancers by itself (PUT /servers/ID at their
 * admin listeners), says each second that it is there, and leaves before it ends (DELETE /servers/ID, which
 * is answered once nothing is under way here).
 *
 * A thread for each balancer, so that neither the loop nor the seller waits for one. A balancer that is not
 * there yet, or does not answer, is asked again each second, which is said once. One that refuses this server
 * for good when it first joins (another has its id, the token is wrong) ends the process, with one line, unless
 * another balancer takes it: then that is said, and asked again every 30 s. One that has been joined since by
 * another process of the same id, elsewhere, ends the process too: two of them would only fence each other. */
#ifndef BOX_OFFICE_MEMBERSHIP_H
#define BOX_OFFICE_MEMBERSHIP_H

#include <stdbool.h>

#include "common/loop.h"

enum {
    MEMBERSHIP_BALANCERS_MAX = 8,
    MEMBERSHIP_LEAVE_SECONDS = 10, /* that a balancer is given to let go of this server */
};

struct membership;

/* Texts are copied. */
struct membership_settings {
    const char *balancers; /* "http://ADDR:PORT,…", as membership_check accepts it */
    const char *token;     /* of all of them */
    const char *id;
    const char *address; /* "ADDR:PORT", where balancers reach this server */
    struct loop *loop;   /* woken when it has left all of them */
};

/* Whether the text is a list of URLs that can be joined. */
bool membership_check(const char *balancers);

/* Main thread, as is all that follows. */
struct membership *membership_open(const struct membership_settings *settings);

/* Waits until each balancer has been asked once, a few seconds at most. */
void membership_await(struct membership *membership);

/* Says nothing more, and asks each balancer to let go of this server, which serves on meanwhile. */
void membership_leave(struct membership *membership);

/* Whether each has, or has been asked in vain. */
bool membership_left(struct membership *membership);

/* Ends the threads, also those that wait for an answer. */
void membership_close(struct membership *membership);

#endif
