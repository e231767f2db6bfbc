/* What a store decides, without a cluster in front of it: sellers that each sell one batch after the other, of one
 * event. Prints "result SALES_PER_SECOND BATCHES_PER_SECOND P50_MS P99_MS", the times being those of a batch. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "db/store.h"

enum {
    SELLERS_MAX = 16,
    SECONDS_MAX = 600,
    PATIENCE_SECONDS = 5,
    TIMES_MAX = 1 << 18, /* batches of one seller whose times are kept */
};

/* Shared with the seller's process. */
struct seller {
    int64_t sold, batches, began, ended; /* clock_monotonic() */
    int64_t times[TIMES_MAX];
};

static struct item items[STORE_BATCH_MAX];
static struct decision decisions[STORE_BATCH_MAX];

static void prepare(struct item *item, struct decision *decision, bool own_keys)
{
    struct id id = id_make();
    *item = (struct item){.request = id, .key_made = !own_keys, .attempt = 1};
    if (own_keys) /* random from its beginning on, where one of ours begins with the time */
        snprintf(item->key, sizeof item->key, "%02x%02x%02x%02x%02x%02x%02x%02x", id.bytes[15],
                 id.bytes[14], id.bytes[13], id.bytes[12], id.bytes[11], id.bytes[10], id.bytes[9],
                 id.bytes[7]);
    else
        id_format(&id, item->key);
    snprintf(item->purchase.event, sizeof item->purchase.event, "demo");
    item->purchase.quantity = 1;
    item->admitted = clock_now();
    item->deadline = item->admitted + PATIENCE_SECONDS * CLOCK_SECOND;
    *decision = (struct decision){.item = item, .router = ""};
    purchase_fingerprint(&item->purchase, decision->fingerprint);
}

static void sell_batch(struct store *store, size_t count, bool own_keys)
{
    struct figures figures;
    for (size_t i = 0; i < count; i++)
        prepare(&items[i], &decisions[i], own_keys);
    if (store_decide(store, decisions, count, &figures) != STORE_DURABLE)
        die(EXIT_TROUBLE, "not sold: %s", store_error(store));
    for (size_t i = 0; i < count; i++)
        if (decisions[i].outcome.problem != PROBLEM_NONE)
            die(EXIT_TROUBLE, "not sold: %s", problem_code(decisions[i].outcome.problem));
}

/* In a process of its own: for so long, once all are there. */
static void sell(const char *url, int number, struct seller *seller, size_t batch, int64_t length,
                 bool own_keys, int64_t start)
{
    char server[SERVER_SIZE], error[STORE_ERROR_SIZE];
    snprintf(server, sizeof server, "bench-%d", number);
    struct store *store = store_open_seller(url, server, error);
    if (store == NULL)
        die(EXIT_TROUBLE, "%s", error);
    while (clock_monotonic() < start)
        usleep(1000);
    seller->began = clock_monotonic();
    for (int64_t now = seller->began; now < seller->began + length;) {
        sell_batch(store, batch, own_keys);
        seller->ended = clock_monotonic();
        seller->times[seller->batches++ % TIMES_MAX] = seller->ended - now;
        seller->sold += (int64_t)batch;
        now = seller->ended;
    }
    store_close(store);
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

static void print(const struct seller *sellers, int count)
{
    static int64_t times[SELLERS_MAX * TIMES_MAX];
    size_t kept = 0;
    double sales = 0, batches = 0;
    for (int i = 0; i < count; i++) {
        double seconds = (double)(sellers[i].ended - sellers[i].began) / 1e6;
        sales += (double)sellers[i].sold / seconds;
        batches += (double)sellers[i].batches / seconds;
        for (int64_t k = 0; k < sellers[i].batches && k < TIMES_MAX; k++)
            times[kept++] = sellers[i].times[k];
    }
    qsort(times, kept, sizeof *times, compare);
    int64_t middle = times[kept / 2], slow = times[kept * 99 / 100];
    printf("result %.1f %.1f %.3f %.3f\n", sales, batches, (double)middle / 1e3,
           (double)slow / 1e3);
}

int main(int argc, char **argv)
{
    const char *url;
    int64_t batch, count, seconds;
    bool own_keys;
    const struct option_entry table[] = {
        {"store", "URL", OPTION_TEXT, NULL, 0, 0, "where the event demo is sold", &url},
        {"batch", "N", OPTION_NUMBER, "100", 1, STORE_BATCH_MAX, "purchases in a batch", &batch},
        {"sellers", "N", OPTION_NUMBER, "1", 1, SELLERS_MAX, "who sell at once", &count},
        {"seconds", "N", OPTION_NUMBER, "2", 1, SECONDS_MAX, "for so long", &seconds},
        {"random-keys", NULL, OPTION_FLAG, NULL, 0, 0, "under random keys of buyers' own",
         &own_keys},
    };
    log_name("batches");
    options_read(table, sizeof table / sizeof *table, "batches --store URL [OPTION]...",
                 "Sells batches of tickets without a cluster.", argc, argv);
    if (url == NULL)
        die(EXIT_USAGE, "--store is missing");
    struct seller *sellers = mmap(NULL, SELLERS_MAX * sizeof *sellers, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sellers == MAP_FAILED)
        die(EXIT_TROUBLE, "no memory");
    int64_t start = clock_monotonic() + CLOCK_SECOND / 2;
    for (int i = 0; i < (int)count; i++) {
        pid_t pid = fork();
        if (pid != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sell(url, i + 1, &sellers[i], (size_t)batch, seconds * CLOCK_SECOND, own_keys, start);
        _exit(0);
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            return EXIT_TROUBLE;
    print(sellers, (int)count);
    return EXIT_FINE;
}
