#include "tests/lib/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/wait.h"

enum {
    PROGRESS_SECONDS = 60,
    PAUSE_MILLISECONDS = 20, /* before a key is tried again */
};

int load_scaled(int number)
{
    const char *percent = getenv("TEST_LOAD");
    long scaled = number * (percent != NULL ? strtol(percent, NULL, 10) : 100) / 100;
    return scaled < 1 ? 1 : (int)scaled;
}

/* The number of the next buyer, from 0; -1 where no more come. */
static int buyer_next(struct load *load)
{
    int buyer = -1;
    lock_take(&load->lock);
    if (!load->ending && (load->buyers == 0 || load->begun < load->buyers))
        buyer = load->begun++;
    lock_drop(&load->lock);
    return buyer;
}

void load_keep(struct load *load, const char *key, const struct bought *bought)
{
    if (load->sold == load->room) {
        load->room = load->room * 2 + 1024;
        load->sales = realloc(load->sales, load->room * sizeof *load->sales);
        if (load->sales == NULL)
            abort();
    }
    struct sold *sale = &load->sales[load->sold++];
    snprintf(sale->key, sizeof sale->key, "%s", key);
    sale->bought = *bought;
    load->tickets += bought->quantity;
}

static void keep_result(struct load *load, const char *key, const struct bought *bought,
                        int repeats)
{
    lock_take(&load->lock);
    load->repeats += repeats;
    if (bought->status == 201)
        load_keep(load, key, bought);
    else if (strcmp(bought->code, "sold_out") == 0)
        load->sold_out++;
    else if (load->failed++ == 0)
        snprintf(load->failure, sizeof load->failure, "%ld %s of %s", bought->status, bought->code,
                 key);
    lock_drop(&load->lock);
}

/* Time is what a buyer waits for here: whatever failed needs a moment to be back. */
static void buyer_pause(struct load *load)
{
    lock_take(&load->lock);
    lock_wait_until(&load->lock, clock_monotonic() + PAUSE_MILLISECONDS * CLOCK_MILLISECOND);
    lock_drop(&load->lock);
}

static void buyer_run(struct load *load, struct client *client, int buyer)
{
    char key[LOAD_KEY_SIZE], form[64];
    int64_t until = clock_monotonic() + load->patience * CLOCK_SECOND;
    int repeats = 0, quantity = load->quantity > 0 ? load->quantity : buyer % 3 + 1;
    struct bought bought;
    snprintf(key, sizeof key, "%s-buyer-%010d", load->prefix, buyer);
    snprintf(form, sizeof form, "event=demo&quantity=%d", quantity);
    for (;;) {
        const char *url = load->url[(size_t)(buyer + repeats) % load->urls];
        if (!client_buy(client, url, form, key, &bought))
            bought = (struct bought){.code = "unreadable"};
        bool again = bought.status == 0 || bought.status == 503;
        if (!again || clock_monotonic() >= until)
            break;
        buyer_pause(load);
        repeats++;
    }
    keep_result(load, key, &bought, repeats);
}

static void *thread_body(void *argument)
{
    struct load *load = argument;
    struct client *client = client_open();
    for (int buyer; (buyer = buyer_next(load)) >= 0;)
        buyer_run(load, client, buyer);
    client_close(client);
    return NULL;
}

void load_begin(struct load *load)
{
    lock_init(&load->lock);
    for (int i = 0; i < load->threads; i++)
        thread_start(&load->thread[i], "buyer", thread_body, load);
}

struct progress {
    struct load *load;
    size_t goal;
};

static bool progressed(void *context)
{
    struct progress *progress = context;
    lock_take(&progress->load->lock);
    bool reached = progress->load->sold >= progress->goal;
    lock_drop(&progress->load->lock);
    return reached;
}

bool load_progress(struct load *load, size_t sales)
{
    lock_take(&load->lock);
    struct progress progress = {load, load->sold + sales};
    lock_drop(&load->lock);
    return wait_until(progressed, &progress, PROGRESS_SECONDS);
}

void load_end(struct load *load)
{
    if (load->buyers == 0) {
        lock_take(&load->lock);
        load->ending = true;
        lock_announce(&load->lock);
        lock_drop(&load->lock);
    }
    for (int i = 0; i < load->threads; i++)
        thread_join(load->thread[i]);
}

void load_free(struct load *load)
{
    lock_free(&load->lock);
    free(load->sales);
}
