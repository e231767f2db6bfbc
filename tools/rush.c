/* Rush: many buyers at once against a running cluster, and the proof that it sold what it had. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/purchase.h"
#include "tools/rush/caller.h"
#include "tools/rush/crowd.h"
#include "tools/rush/stock.h"
#include "tools/rush/verdict.h"

enum {
    BUYERS_MAX = 10000000,
    RATE_MAX = 1000000,
    CONNECTIONS_MAX = 8192,
    OTHER_DESCRIPTORS = 64, /* that are no buyers' connections */
};

static void read_options(int argc, char **argv, struct crowd_settings *settings)
{
    int64_t quantity;
    const char *url;
    const struct option_entry table[] = {
        {"url", "URL", OPTION_TEXT, "http://127.0.0.1:8080", 0, 0,
         "where the cluster sells: its public address", &url},
        {"buyers", "N", OPTION_NUMBER, "5000", 1, BUYERS_MAX, "how many people buy",
         &settings->buyers},
        {"event", "NAME", OPTION_TEXT, "demo", 0, 0, "what they want to attend", &settings->event},
        {"tier", "NAME", OPTION_TEXT, NULL, 0, 0, "which kind of ticket, where it has several",
         &settings->tier},
        {"quantity", "N", OPTION_NUMBER, "1", 1, QUANTITY_MAX, "tickets that each of them buys",
         &quantity},
        {"concurrency", "N", OPTION_NUMBER, "256", 1, CONNECTIONS_MAX,
         "connections that they share", &settings->connections},
        {"rate", "N", OPTION_NUMBER, "0", 0, RATE_MAX,
         "buyers that come in a second, answered or not (0: as fast as they are answered)",
         &settings->rate},
    };
    options_read(table, sizeof table / sizeof *table, "rush [options]",
                 "Lets many buyers buy at once, and checks that exactly what there was is sold.",
                 argc, argv);
    if (!destination_find(&settings->destination, url))
        die(EXIT_USAGE, "--url takes an address like http://127.0.0.1:8080, not '%s'", url);
    settings->quantity = (int)quantity;
    if (!purchase_name_valid(settings->event))
        die(EXIT_USAGE, "--event %s is not a name", settings->event);
    if (settings->tier != NULL && !purchase_name_valid(settings->tier))
        die(EXIT_USAGE, "--tier %s is not a name", settings->tier);
    if (settings->connections > settings->buyers)
        settings->connections = settings->buyers;
}

/* A connection needs a descriptor. */
static void allow_connections(int64_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (limit.rlim_cur < wanted || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die(EXIT_TROUBLE, "%" PRId64 " connections are more than `ulimit -n` allows", connections);
}

static void read_stock(const struct crowd_settings *settings, struct stock *stock)
{
    char error[STOCK_ERROR_SIZE];
    if (!stock_read(&settings->destination, settings->event, settings->tier, stock, error))
        die(EXIT_TROUBLE, "%s", error);
}

int main(int argc, char **argv)
{
    struct crowd_settings settings;
    struct tally tally = {0};
    log_name("rush");
    read_options(argc, argv, &settings);
    allow_connections(settings.connections);
    signal(SIGPIPE, SIG_IGN);

    struct verdict_case rush = {.buyers = settings.buyers,
                                .quantity = settings.quantity,
                                .rate = settings.rate,
                                .tally = &tally};
    read_stock(&settings, &rush.before);
    printf("event %s: %" PRId64 " of %" PRId64 " tickets left; %" PRId64 " buyers want %d each, "
           "over %" PRId64 " connections\n",
           settings.event, rush.before.remaining, rush.before.capacity, settings.buyers,
           settings.quantity, settings.connections);
    rush.began = clock_monotonic();
    rush.took = crowd_run(&settings, &tally);
    tally_sort(&tally);
    verdict_print(&rush);
    fflush(stdout);
    read_stock(&settings, &rush.after);
    bool fine = verdict_judge(&rush);
    tally_free(&tally);
    return fine ? EXIT_FINE : EXIT_TROUBLE;
}
