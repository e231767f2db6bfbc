/* Tidying up with nobody asking: what is due in an event (a hold that has expired, tickets that are free for who
 * waits in line) is done by each batch that names the event; here it is looked for a few times a second, and
 * named by a job of its own. Every server does so, each at moments of its own. The loop's thread only. */
#ifndef BOX_OFFICE_TIDY_H
#define BOX_OFFICE_TIDY_H

#include <stdint.h>

#include "common/loop.h"
#include "ticket_server/catalog.h"
#include "ticket_server/seller.h"

struct tidy;

/* None of these is owned. */
struct tidy_settings {
    struct loop *loop;
    struct catalog *catalog; /* reads what is due */
    struct seller *seller;
};

/* Begins. What it submits must be decided, and handed back, before tidy_close. */
struct tidy *tidy_open(const struct tidy_settings *settings);

/* Looks no more; what it has submitted is still decided. */
void tidy_rest(struct tidy *tidy);
void tidy_close(struct tidy *tidy);

#endif
