#include "balancer/fleet.h"

#include "balancer/channel.h"

enum {
    QUIETS_MAX = 8, /* the longest quiet that is asked for, in those of the settings */
};

static void start(void *context, const char *id)
{
    const struct fleet *fleet = context;
    channel_send(fleet->master_fd, "start %s", id);
}

static void retire(void *context, const char *id)
{
    const struct fleet *fleet = context;
    channel_send(fleet->master_fd, "retire %s", id);
}

static void renew(void *context, const char *id)
{
    const struct fleet *fleet = context;
    channel_send(fleet->master_fd, "renew %s", id);
}

static int64_t waiting(void *context)
{
    const struct fleet *fleet = context;
    return fleet->waiting(fleet->context);
}

static bool drained(void *context, const char *id)
{
    const struct fleet *fleet = context;
    return fleet->drained(fleet->context, id);
}

void fleet_open(struct fleet *fleet, const struct fleet_settings *settings)
{
    int64_t limit = settings->servers->pools[POOL_TICKETS].rules.limit;
    struct scaler_settings scaler = {
        .loop = settings->loop,
        .servers = settings->servers,
        .departures = settings->departures,
        .renewal = &fleet->renewal,
        .rules = scale_rules_default(settings->min, settings->max, limit),
        .calls = {.start = start, .retire = retire, .waiting = waiting, .context = fleet},
    };
    const struct renewal_calls renewal = {.renew = renew, .drained = drained, .context = fleet};
    scaler.rules.quiet = settings->quiet;
    scaler.rules.quiet_max = settings->quiet * QUIETS_MAX;
    if (scaler.rules.window > settings->quiet)
        scaler.rules.window = settings->quiet;
    *fleet = (struct fleet){
        .master_fd = settings->master_fd,
        .waiting = settings->waiting,
        .drained = settings->drained,
        .context = settings->context,
    };
    renewal_open(&fleet->renewal, settings->servers, settings->departures, settings->loop,
                 &renewal);
    scaler_open(&fleet->scaler, &scaler);
}

void fleet_close(struct fleet *fleet)
{
    scaler_close(&fleet->scaler);
    renewal_close(&fleet->renewal);
}

void fleet_lead(struct fleet *fleet)
{
    scaler_lead(&fleet->scaler);
}

void fleet_lead_no_more(struct fleet *fleet)
{
    scaler_lead_no_more(&fleet->scaler);
    renewal_stop(&fleet->renewal, "another router has taken over.");
}

void fleet_retired(struct fleet *fleet, const char *id)
{
    scaler_retired(&fleet->scaler, id);
}

bool fleet_renew(struct fleet *fleet, char why[RENEWAL_DETAIL_SIZE])
{
    return renewal_begin(&fleet->renewal, why);
}

void fleet_progress(const struct fleet *fleet, struct buffer *out)
{
    renewal_print(&fleet->renewal, out);
}
