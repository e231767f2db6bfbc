#include "balancer/client/admission.h"

#include "common/clock.h"
#include "common/item.h"

enum {
    LITTLE = 4 * FLIGHT_ITEMS_MAX, /* twice the flights that may be in the air at once */
    LITTLE_AT_LEAST = 64,          /* of one worker */
    QUEUE_PERCENT = 40,            /* of a purchase's time, for what is before it ... */
    FLIGHTS_PERCENT = 80,          /* ... where nobody waits for room */
    LATENCY_PARTS = 16,            /* so much of the way up it goes with each turn */
    NOT_KNOWN = -1,
};

static const int64_t window = CLOCK_SECOND / 4; /* at least so long is counted, and ... */
static const int64_t memory = CLOCK_SECOND;     /* ... what is older than this counts little */

void admission_open(struct admission *admission, size_t workers)
{
    size_t little = LITTLE / workers;
    *admission = (struct admission){.rate = NOT_KNOWN, .shortest = NOT_KNOWN};
    admission->little = little > LITTLE_AT_LEAST ? little : LITTLE_AT_LEAST;
}

void admission_decided(struct admission *admission, int64_t latency)
{
    admission->decided++;
    if (admission->shortest < 0 || latency < admission->shortest)
        admission->shortest = latency;
}

/* Slowly up, at once down: what a store that stood still for a moment had in hand says nothing of what comes
 * after it. */
static void note_latency(struct admission *admission)
{
    int64_t latency = admission->shortest, change = latency - admission->latency;
    admission->shortest = NOT_KNOWN;
    if (latency >= 0)
        admission->latency += change > 0 ? change / LATENCY_PARTS : change;
}

/* What is decided now is what comes, not what could be. */
static void rest(struct admission *admission, int64_t now)
{
    if (admission->since != 0)
        admission->calm = now;
    admission->since = 0;
    if (now - admission->calm >= memory) {
        admission->rate = NOT_KNOWN;
        admission->latency = 0;
    }
}

static void begin_window(struct admission *admission, int64_t now)
{
    admission->since = now;
    admission->decided = 0;
}

/* Slow commits come in bursts: none within a window says nothing, unless it is as long as the memory. */
void admission_turn(struct admission *admission, int64_t now, size_t under_way)
{
    note_latency(admission);
    bool measures = admission->since != 0; /* a flight that lands is no end of the crowd */
    if (under_way < (measures ? admission->little / 2 : admission->little)) {
        rest(admission, now);
        return;
    }
    if (!measures) {
        begin_window(admission, now);
        return;
    }
    int64_t passed = now - admission->since;
    if (passed < (admission->decided > 0 ? window : memory))
        return;
    double rate = (double)admission->decided * (double)CLOCK_SECOND / (double)passed;
    double weight = passed < memory ? (double)passed / (double)memory : 1.0;
    admission->rate =
        admission->rate < 0 ? rate : admission->rate + (rate - admission->rate) * weight;
    begin_window(admission, now);
}

bool admission_refuses(struct admission *admission, size_t under_way, size_t waiting)
{
    int percent = waiting > 0 ? QUEUE_PERCENT : FLIGHTS_PERCENT;
    double most = admission->rate * PURCHASE_SECONDS * percent / 100;
    bool refuses =
        admission->rate >= 0 && under_way >= admission->little && (double)under_way >= most;
    admission->refused += refuses;
    return refuses;
}

bool admission_too_late(const struct admission *admission, int64_t left)
{
    return left < admission->latency;
}
