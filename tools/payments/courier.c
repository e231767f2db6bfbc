#include "tools/payments/courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tools/payments/queue.h"

enum {
    CALLERS = 32,
    ANSWER_SECONDS = 10, /* longer than the shop takes to give up a purchase */
    BACK_OFF_FIRST = 50, /* milliseconds; doubles ... */
    BACK_OFF_LAST = 2000,
    ATTEMPTS_MAX = 100, /* over three minutes */
    REQUEST_SIZE = TOKEN_SIZE + 1024,
};

/* A connection to the shop, and what it is about. */
struct messenger {
    struct courier *courier;
    struct caller *caller; /* owned */
    struct errand errand;
    struct loop_timer patience;
    struct messenger *next; /* of those that are free */
};

struct courier {
    struct loop *loop;
    const struct courier_settings *settings;
    struct book *book;
    struct queue queue;
    struct loop_timer due;
    struct messenger messengers[CALLERS];
    struct messenger *idle;
    size_t busy;
    uint64_t dice;
};

/* splitmix64: so that a seed repeats a run. */
static uint64_t roll(struct courier *courier)
{
    uint64_t x = courier->dice += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static bool happens(struct courier *courier, int64_t percent)
{
    return (int64_t)(roll(courier) % 100) < percent;
}

size_t courier_under_way(const struct courier *courier)
{
    return courier->queue.count + courier->busy;
}

/* --- telling ----------------------------------------------------------------------------------- */

static void tell(struct messenger *messenger)
{
    struct courier *courier = messenger->courier;
    struct charge *charge = messenger->errand.charge;
    const struct courier_settings *settings = courier->settings;
    char request[REQUEST_SIZE], body[REFERENCE_SIZE + 16];
    snprintf(body, sizeof body, "{\"payment\":\"%s\"}", charge->reference);
    int length =
        snprintf(request, sizeof request,
                 "POST /holds/%s/confirm HTTP/1.1\r\nHost: %s\r\n%s%s%s"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                 charge->hold, settings->shop.host,
                 settings->token[0] != '\0' ? "Authorization: Bearer " : "", settings->token,
                 settings->token[0] != '\0' ? "\r\n" : "", strlen(body), body);
    if (charge->state == CHARGE_PENDING)
        charge->state = CHARGE_TAKEN;
    charge->told++;
    messenger->errand.attempts++;
    loop_timer_set(courier->loop, &messenger->patience,
                   clock_monotonic() + ANSWER_SECONDS * CLOCK_SECOND);
    caller_send(messenger->caller, request, (size_t)length);
}

/* Sends out what is due, as long as somebody is there to go. */
static void dispatch(void *context)
{
    struct courier *courier = context;
    int64_t now = clock_monotonic();
    while (courier->idle != NULL && courier->queue.count > 0 &&
           courier->queue.errands[0].due <= now) {
        struct messenger *messenger = courier->idle;
        courier->idle = messenger->next;
        courier->busy++;
        messenger->errand = queue_take(&courier->queue);
        tell(messenger);
    }
    bool waits = courier->idle != NULL && courier->queue.count > 0;
    loop_timer_set(courier->loop, &courier->due, waits ? courier->queue.errands[0].due : 0);
}

static int64_t back_off(int attempts)
{
    int64_t wait = BACK_OFF_FIRST;
    for (int i = 1; i < attempts && wait < BACK_OFF_LAST; i++)
        wait *= 2;
    return (wait < BACK_OFF_LAST ? wait : BACK_OFF_LAST) * CLOCK_MILLISECOND;
}

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct messenger *messenger = context;
    struct courier *courier = messenger->courier;
    struct errand *errand = &messenger->errand;
    if (happens(courier, courier->settings->lost))
        status = 0;
    bool settled = book_settle(courier->book, errand->charge, status, body, length);
    if (!settled && errand->attempts < ATTEMPTS_MAX) {
        errand->due = clock_monotonic() + back_off(errand->attempts);
        queue_put(&courier->queue, errand);
    } else if (!settled) {
        book_give_up(errand->charge);
    }
    loop_timer_set(courier->loop, &messenger->patience, 0);
    messenger->next = courier->idle;
    courier->idle = messenger;
    courier->busy--;
    /* Not from in here: this may be called from inside of what sends. */
    loop_timer_set(courier->loop, &courier->due, clock_monotonic());
}

static void give_up_waiting(void *context)
{
    struct messenger *messenger = context;
    caller_cut(messenger->caller, "no answer in time");
}

/* --- all --------------------------------------------------------------------------------------- */

struct courier *courier_open(struct loop *loop, const struct courier_settings *settings,
                             struct book *book)
{
    struct courier *courier = memory_new(sizeof *courier);
    courier->loop = loop;
    courier->settings = settings;
    courier->book = book;
    courier->dice = (uint64_t)settings->seed;
    courier->due = (struct loop_timer){.ring = dispatch, .context = courier};
    queue_open(&courier->queue);
    for (size_t i = 0; i < CALLERS; i++) {
        struct messenger *messenger = &courier->messengers[i];
        messenger->courier = courier;
        messenger->caller = caller_open(loop, &settings->shop, answered, messenger);
        messenger->patience = (struct loop_timer){.ring = give_up_waiting, .context = messenger};
        messenger->next = courier->idle;
        courier->idle = messenger;
    }
    return courier;
}

void courier_close(struct courier *courier)
{
    loop_timer_forget(courier->loop, &courier->due);
    for (size_t i = 0; i < CALLERS; i++) {
        loop_timer_forget(courier->loop, &courier->messengers[i].patience);
        caller_close(courier->messengers[i].caller);
    }
    queue_close(&courier->queue);
    free(courier);
}

void courier_take(struct courier *courier, struct charge *charge)
{
    const struct courier_settings *settings = courier->settings;
    int64_t wait = (int64_t)(roll(courier) % (uint64_t)(settings->late + 1)) * CLOCK_MILLISECOND;
    struct errand errand = {.due = clock_monotonic() + wait, .charge = charge};
    bool never = happens(courier, settings->never), twice = happens(courier, settings->twice);
    if (never) {
        charge->state = CHARGE_ABANDONED;
        return;
    }
    queue_put(&courier->queue, &errand);
    if (twice)
        queue_put(&courier->queue, &errand);
    loop_timer_set(courier->loop, &courier->due, clock_monotonic());
}
