/* Buyers one after the other are spread over the ticket servers: fewest tickets sold first. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/audit.h"
#include "tests/lib/client.h"
#include "tests/lib/cluster.h"
#include "tests/lib/suite.h"

struct spread {
    struct cluster cluster;
    struct client *client;
    int64_t tickets[CLUSTER_SERVERS_MAX]; /* by the answers, in the order of cluster.server */
};

static void spread_open(struct spread *spread)
{
    *spread = (struct spread){.client = client_open()};
    cluster_open(&spread->cluster, 1000, 3);
}

static void spread_buy(struct spread *spread, int quantity)
{
    char form[64];
    struct bought bought;
    snprintf(form, sizeof form, "event=demo&quantity=%d", quantity);
    CU_ASSERT(client_buy(spread->client, spread->cluster.url, form, NULL, &bought));
    CU_ASSERT_EQUAL(bought.status, 201);
    for (size_t i = 0; i < spread->cluster.count; i++)
        if (strcmp(spread->cluster.server[i].id, bought.server) == 0)
            spread->tickets[i] += bought.quantity;
}

/* The most tickets any server sold, less the fewest. */
static int64_t spread_width(const struct spread *spread)
{
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i < spread->cluster.count; i++) {
        least = spread->tickets[i] < least ? spread->tickets[i] : least;
        most = spread->tickets[i] > most ? spread->tickets[i] : most;
    }
    return most - least;
}

/* The admin listener tells the same, the report proves it. */
static void spread_close(struct spread *spread, int64_t tickets)
{
    int64_t told = 0;
    CU_ASSERT(cluster_quiet(&spread->cluster));
    for (size_t i = 0; i < spread->cluster.count; i++) {
        CU_ASSERT_EQUAL(spread->cluster.server[i].told, spread->tickets[i]);
        told += spread->cluster.server[i].told;
    }
    CU_ASSERT_EQUAL(told, tickets);
    client_close(spread->client);
    audit_clean(&spread->cluster, NULL);
    cluster_close(&spread->cluster);
}

static void nine_buys(void)
{
    struct spread spread;
    spread_open(&spread);
    for (int i = 0; i < 9; i++) {
        spread_buy(&spread, 1);
        CU_ASSERT(spread_width(&spread) <= 1);
    }
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(spread.tickets[i], 3);
    spread_close(&spread, 9);
}

static void fifty_buys(void)
{
    struct spread spread;
    spread_open(&spread);
    for (int i = 0; i < 50; i++) {
        spread_buy(&spread, 1);
        CU_ASSERT(spread_width(&spread) <= 1);
    }
    spread_close(&spread, 50);
}

/* Fewest means tickets, not purchases. */
static void mixed_quantities(void)
{
    struct spread spread;
    int64_t tickets = 0;
    spread_open(&spread);
    for (int i = 0; i < 60; i++) {
        int quantity = i % 5 == 0 ? 7 : i % 2 + 1;
        spread_buy(&spread, quantity);
        tickets += quantity;
        CU_ASSERT(spread_width(&spread) <= 7);
    }
    spread_close(&spread, tickets);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("spread", "nine_buys", nine_buys);
    suite_add("spread", "fifty_buys", fifty_buys);
    suite_add("spread", "mixed_quantities", mixed_quantities);
}
