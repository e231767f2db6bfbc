/* Keeps as many ticket servers of our own as scale.h decides: looks at them, and tells the master which to start
 * and, when nothing is under way there any more, which to end. Only the leading router scales, and only where
 * the number may change.
 *
 * The routing log has a line for each step, which goes on from the one before: where there are more or fewer than
 * were wanted for another reason, a line says that too.
 *
 * A server that was asked for counts as one that is missing until it is in the list. Who is retired is one that
 * serves nobody, if there is one; else who came up last. Servers that somebody drained are left alone.
 *
 * The router's main thread only. */
#ifndef BOX_OFFICE_SCALER_H
#define BOX_OFFICE_SCALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balancer/pool/departures.h"
#include "balancer/pool/own_servers.h"
#include "balancer/pool/renewal.h"
#include "balancer/pool/scale.h"
#include "balancer/pool/servers.h"
#include "common/loop.h"

struct scaler_calls {
    /* To the master: starts this server; ends this one for good. Each may come again for a message that was
     * lost. */
    void (*start)(void *context, const char *id);
    void (*retire)(void *context, const char *id);
    int64_t (*waiting)(
        void *context); /* purchases that wait for a server with room; NULL: not known */
    void *context;
};

/* Not owned, all of it. */
struct scaler_settings {
    struct loop *loop;
    struct servers *servers;
    struct departures *departures;
    const struct renewal *renewal; /* nothing is decided while one runs; NULL: there is none */
    struct scale_rules rules;
    struct scaler_calls calls;
};

/* What was asked of the master for server-N, and has not been seen to be done. */
enum scaler_asked {
    ASKED_NOTHING,
    ASKED_START,  /* not in the list yet */
    ASKED_DEPART, /* nobody was asked yet: it finishes what it has */
    ASKED_RETIRE, /* not said to be retired yet */
};

struct scaler {
    struct scaler_settings settings;
    struct loop_timer timer;
    struct scale scale;
    bool leads;
    int64_t wanted; /* servers of our own, as the routing log says; below 0: it says nothing yet */
    int64_t led_at; /* clock_monotonic(): since then */
    struct {
        enum scaler_asked what;
        int64_t at;               /* clock_monotonic() */
    } asked[OWN_SERVERS_MAX + 1]; /* by number; [0] is nobody's */
    enum scale_verdict said;      /* the last line on stderr: what kept it from a step ... */
    int64_t said_at;              /* ... clock_monotonic(); 0: none */
};

/* The structure stays where it is until scaler_close. */
void scaler_open(struct scaler *scaler, const struct scaler_settings *settings);

/* After departures_close. */
void scaler_close(struct scaler *scaler);

/* This router leads from now on; it does no longer. What it has begun then is another's to begin again. */
void scaler_lead(struct scaler *scaler);
void scaler_lead_no_more(struct scaler *scaler);

/* The master says that this server was ended for good, by whichever router's wish: it leaves the list. Somebody
 * else's of that id stays. */
void scaler_retired(struct scaler *scaler, const char *id);

/* Takes a sample, and acts on what comes of it. The timer does that while this router leads. */
void scaler_check(struct scaler *scaler, int64_t now);

#endif
