#include "tests/growth/buyers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/growth/wishes.h"
#include "tests/lib/suite.h"
#include "tools/rush/caller.h"

enum {
    PATIENCE_SECONDS = 30, /* for the last answers; the cluster promises them within 5 */
    LEAVE_MILLISECONDS = 5,
};

struct buyer {
    struct buyers *buyers;
    struct caller *caller;     /* owned */
    const struct wish *wish;   /* NULL: has none any more */
    char key[WISHES_KEY_SIZE]; /* of the wish */
};

struct buyers {
    const struct buyers_settings *settings;
    struct buyers_tally *tally;
    struct destination destination;
    struct loop *loop;
    struct buyer *list; /* owned */
    struct wishes wishes;
    struct buffer request;
    int waiting;   /* for an answer */
    int64_t until; /* clock_monotonic() */
    struct loop_timer looking, leaving;
};

static void ask(struct buyer *buyer)
{
    struct buyers *buyers = buyer->buyers;
    const int percent = buyers->settings->mixed_percent;
    bool any = dice_roll(buyers->settings->dice, 100) < (uint32_t)percent;
    buyer->wish = wishes_make(&buyers->wishes, &buyers->request, any);
    if (buyer->wish->answer == WISH_READ && buyer - buyers->list >= buyers->settings->readers)
        buyer->wish = wishes_make(&buyers->wishes, &buyers->request, false);
    memcpy(buyer->key, buyers->wishes.key, sizeof buyer->key);
    buyers->tally->asked++;
    caller_send(buyer->caller, buyers->request.data, buyers->request.length);
}

static void note_oddity(struct buyers_tally *tally, const struct wish *wish, unsigned status,
                        const char *body, size_t length)
{
    if (tally->odd++ == 0)
        snprintf(tally->oddity, sizeof tally->oddity, "%s: %u %.*s", wish->name, status,
                 (int)(length < 120 ? length : 120), body);
}

static void count(struct buyer *buyer, unsigned status, const char *body, size_t length)
{
    struct buyers_tally *tally = buyer->buyers->tally;
    const struct wish *wish = buyer->wish;
    if (wish->answer == WISH_LEFT)
        tally->left++;
    else if (status == 503)
        tally->turned++;
    else if (status != wish->status && !(wish->answer == WISH_CUT_OFF && status == 0))
        note_oddity(tally, wish, status, body, length);
    else if (wish->answer == WISH_READ)
        tally->read++;
    else if (wish->answer == WISH_SOLD)
        tally->sold++;
    else
        tally->refused++;
}

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct buyer *buyer = context;
    struct buyers *buyers = buyer->buyers;
    count(buyer, status, body, length);
    if (status == 201 && buyer->key[0] != '\0')
        wishes_sold(&buyers->wishes, buyer->key, body, length);
    buyer->wish = NULL;
    if (clock_monotonic() < buyers->until)
        ask(buyer);
    else if (--buyers->waiting == 0)
        loop_stop(buyers->loop);
}

/* Those who do not wait for an answer go. */
static void let_leave(void *context)
{
    struct buyers *buyers = context;
    int64_t now = clock_monotonic();
    bool late = now > buyers->until + PATIENCE_SECONDS * CLOCK_SECOND;
    loop_timer_set(buyers->loop, &buyers->leaving, now + LEAVE_MILLISECONDS * CLOCK_MILLISECOND);
    for (int i = 0; i < buyers->settings->connections; i++) {
        const struct buyer *buyer = &buyers->list[i];
        if (buyer->wish != NULL && (late || buyer->wish->answer == WISH_LEFT))
            caller_cut(buyer->caller, late ? "no answer" : "left");
    }
}

static void look(void *context)
{
    struct buyers *buyers = context;
    const struct buyers_settings *settings = buyers->settings;
    loop_timer_set(buyers->loop, &buyers->looking, clock_monotonic() + settings->look_interval);
    settings->look(settings->context);
}

static void come(struct buyers *buyers)
{
    const struct buyers_settings *settings = buyers->settings;
    buyers->list = memory_new((size_t)settings->connections * sizeof *buyers->list);
    buyers->waiting = settings->connections;
    for (int i = 0; i < settings->connections; i++) {
        struct buyer *buyer = &buyers->list[i];
        buyer->buyers = buyers;
        buyer->caller = caller_open(buyers->loop, &buyers->destination, answered, buyer);
    }
    for (int i = 0; i < settings->connections; i++)
        ask(&buyers->list[i]);
}

static void go(struct buyers *buyers)
{
    for (int i = 0; i < buyers->settings->connections; i++)
        caller_close(buyers->list[i].caller);
    loop_close(buyers->loop);
    buffer_free(&buyers->request);
    free(buyers->list);
}

void buyers_run(const struct buyers_settings *settings, struct buyers_tally *tally)
{
    struct buyers buyers = {.settings = settings, .tally = tally};
    CU_ASSERT_FATAL(destination_find(&buyers.destination, settings->url));
    wishes_init(&buyers.wishes, settings->dice, buyers.destination.host);
    buyers.loop = loop_open();
    buyers.until = clock_monotonic() + settings->length;
    buyers.leaving = (struct loop_timer){.ring = let_leave, .context = &buyers};
    buyers.looking = (struct loop_timer){.ring = look, .context = &buyers};
    come(&buyers);
    let_leave(&buyers);
    if (settings->look != NULL)
        look(&buyers);
    loop_run(buyers.loop);
    go(&buyers);
}
