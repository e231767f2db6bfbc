/* The ticket servers of our own, as the router sees to them: how many there are, and their rolling restart. What
 * comes of it is told to the master, who has their processes.
 *
 * The router's main thread only. */
#ifndef BOX_OFFICE_FLEET_H
#define BOX_OFFICE_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "balancer/pool/renewal.h"
#include "balancer/pool/scaler.h"

/* Not owned, all of it. */
struct fleet_settings {
    struct loop *loop;
    struct servers *servers; /* with the rules that the pool of the ticket servers has */
    struct departures *departures;
    int master_fd;                                  /* the channel */
    int64_t min, max;                               /* --servers */
    int64_t quiet;                                  /* --scale-quiet, microseconds */
    int64_t (*waiting)(void *context);              /* purchases that wait for a server with room */
    bool (*drained)(void *context, const char *id); /* somebody wants it drained, for good */
    void *context;
};

struct fleet {
    int master_fd;
    int64_t (*waiting)(void *context);
    bool (*drained)(void *context, const char *id);
    void *context;
    struct scaler scaler;
    struct renewal renewal;
};

/* The structure stays where it is until fleet_close. */
void fleet_open(struct fleet *fleet, const struct fleet_settings *settings);

/* After departures_close. */
void fleet_close(struct fleet *fleet);

/* This router leads from now on; another does. */
void fleet_lead(struct fleet *fleet);
void fleet_lead_no_more(struct fleet *fleet);

/* The master has ended this server for good: it leaves the list. */
void fleet_retired(struct fleet *fleet, const char *id);

/* Begins a rolling restart; false with the reason where it cannot. */
bool fleet_renew(struct fleet *fleet, char why[RENEWAL_DETAIL_SIZE]);

/* Appends how far it is: a JSON object, see renewal_print. */
void fleet_progress(const struct fleet *fleet, struct buffer *out);

#endif
