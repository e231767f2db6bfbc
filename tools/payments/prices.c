#include "tools/payments/prices.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/buffer.h"
#include "common/clock.h"

enum {
    CALLERS = 64,
    ANSWER_SECONDS = 6, /* longer than a shop that must ask another of its servers takes */
    REQUEST_SIZE = 512,
};

/* A connection to the shop, and who waits for its answer. */
struct inquirer {
    struct prices *prices;
    struct caller *caller; /* owned */
    struct loop_timer patience;
    prices_told *told;
    void *context;
    struct inquirer *next; /* of those that are free */
};

struct prices {
    struct loop *loop;
    const struct destination *shop;
    struct inquirer inquirers[CALLERS];
    struct inquirer *idle;
};

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct inquirer *inquirer = context;
    struct price price = {0};
    enum problem problem = prices_read(status, body, length, &price);
    loop_timer_set(inquirer->prices->loop, &inquirer->patience, 0);
    inquirer->next = inquirer->prices->idle;
    inquirer->prices->idle = inquirer;
    inquirer->told(inquirer->context, problem, &price);
}

static void give_up_waiting(void *context)
{
    struct inquirer *inquirer = context;
    caller_cut(inquirer->caller, "no answer in time");
}

struct prices *prices_open(struct loop *loop, const struct destination *shop)
{
    struct prices *prices = memory_new(sizeof *prices);
    prices->loop = loop;
    prices->shop = shop;
    prices->idle = NULL;
    for (size_t i = 0; i < CALLERS; i++) {
        struct inquirer *inquirer = &prices->inquirers[i];
        inquirer->prices = prices;
        inquirer->caller = caller_open(loop, shop, answered, inquirer);
        inquirer->patience = (struct loop_timer){.ring = give_up_waiting, .context = inquirer};
        inquirer->next = prices->idle;
        prices->idle = inquirer;
    }
    return prices;
}

void prices_close(struct prices *prices)
{
    for (size_t i = 0; i < CALLERS; i++) {
        caller_cut(prices->inquirers[i].caller, "closing");
        loop_timer_forget(prices->loop, &prices->inquirers[i].patience);
        caller_close(prices->inquirers[i].caller);
    }
    free(prices);
}

bool prices_ask(struct prices *prices, const char *hold, prices_told *told, void *context)
{
    char request[REQUEST_SIZE];
    struct inquirer *inquirer = prices->idle;
    if (inquirer == NULL)
        return false;
    prices->idle = inquirer->next;
    inquirer->told = told;
    inquirer->context = context;
    int length = snprintf(request, sizeof request, "GET /holds/%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                          hold, prices->shop->host);
    loop_timer_set(prices->loop, &inquirer->patience,
                   clock_monotonic() + ANSWER_SECONDS * CLOCK_SECOND);
    caller_send(inquirer->caller, request, (size_t)length);
    return true;
}
