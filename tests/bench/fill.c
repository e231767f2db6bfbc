/* Sells many tickets of the event demo quickly, as if long ago: one each, under time-ordered keys, in the
 * largest batches the store takes. For benches of a store that is not empty. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "db/store.h"

enum {
    SALES_MAX = 100000000,
    PATIENCE_SECONDS = 5,
};

static struct item items[STORE_BATCH_MAX];
static struct decision decisions[STORE_BATCH_MAX];

static void prepare(struct item *item, struct decision *decision)
{
    item->request = id_make();
    id_format(&item->request, item->key);
    snprintf(item->purchase.event, sizeof item->purchase.event, "demo");
    item->purchase.quantity = 1;
    item->key_made = true;
    item->attempt = 1;
    item->deadline = clock_now() + PATIENCE_SECONDS * CLOCK_SECOND;
    *decision = (struct decision){.item = item, .router = ""};
    purchase_fingerprint(&item->purchase, decision->fingerprint);
}

static void sell(struct store *store, size_t count)
{
    struct figures figures;
    for (size_t i = 0; i < count; i++)
        prepare(&items[i], &decisions[i]);
    if (store_decide(store, decisions, count, &figures) != STORE_DURABLE)
        die(EXIT_TROUBLE, "not sold: %s", store_error(store));
    for (size_t i = 0; i < count; i++)
        if (decisions[i].outcome.problem != PROBLEM_NONE)
            die(EXIT_TROUBLE, "not sold: %s", problem_code(decisions[i].outcome.problem));
}

int main(int argc, char **argv)
{
    const char *url;
    int64_t sales;
    char error[STORE_ERROR_SIZE];
    const struct option_entry table[] = {
        {"store", "URL", OPTION_TEXT, NULL, 0, 0, "the store to fill, with the event demo", &url},
        {"sales", "N", OPTION_NUMBER, "1000000", 1, SALES_MAX, "how many to sell", &sales},
    };
    log_name("fill");
    options_read(table, 2, "fill --store URL [--sales N]", "Sells tickets quickly.", argc, argv);
    struct store *store = url != NULL ? store_open_seller(url, "long-ago", error) : NULL;
    if (store == NULL)
        die(EXIT_TROUBLE, "%s", url != NULL ? error : "--store is missing");
    for (int64_t left = sales; left > 0; left -= STORE_BATCH_MAX)
        sell(store, left < STORE_BATCH_MAX ? (size_t)left : STORE_BATCH_MAX);
    store_close(store);
    return EXIT_FINE;
}
