#include "tests/unit/balancer/upstream/flying.h"
#include "tests/unit/balancer/pool/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/routing/choose.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/unit/balancer/pool/history.h"

enum {
    SECONDS_MAX = 20,
};

struct flying *flying;

static void decided(void *context, struct passenger *passenger, const struct outcome *outcome)
{
    struct flying *all = context;
    struct traveller *traveller = (struct traveller *)(void *)passenger;
    CU_ASSERT_PTR_NULL(passenger->flight);
    traveller->outcome = *outcome;
    traveller->decided++;
    all->decided++;
}

static void returned(void *context, struct passenger *passenger)
{
    struct flying *all = context;
    struct traveller *traveller = (struct traveller *)(void *)passenger;
    CU_ASSERT_PTR_NULL(passenger->flight);
    traveller->returned++;
    all->returned++;
}

void flying_open(size_t servers)
{
    flying = memory_new(sizeof *flying);
    struct flight_calls calls = {.decided = decided, .returned = returned, .context = flying};
    held_loop_open(&flying->held);
    servers_init(&flying->servers);
    for (size_t i = 0; i < servers; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        fake_server_open(&flying->fakes[i], flying->held.loop, id);
        servers_joined(&flying->servers, id, flying->fakes[i].address, (pid_t)(100 + i));
        flying_probe(i);
    }
    flying->upstream = upstream_open(flying->held.loop, 2);
    struct pool_rules rules = pool_rules_default(true);
    budget_open(&flying->budget, &rules, 1);
    flying->flights = flights_open(&flying->servers, flying->upstream, &flying->budget, &calls);
    history_text(&flying->servers);
}

void flying_close(void)
{
    flights_close(flying->flights);
    upstream_close(flying->upstream);
    for (size_t i = 0; i < FLYING_SERVERS; i++)
        if (flying->fakes[i].loop != NULL)
            fake_server_close(&flying->fakes[i]);
    held_loop_close(&flying->held);
    for (size_t i = 0; i < flying->servers.count; i++)
        CU_ASSERT_EQUAL(flying->servers.list[i].pending, 0);
    servers_free(&flying->servers);
    free(flying);
}

static void board(struct traveller *traveller, bool retry)
{
    struct passenger *passenger = &traveller->passenger;
    struct loading *loading = flights_loading(flying->flights);
    char request[ID_TEXT_SIZE];
    size_t to;
    id_format(&passenger->item.request, request);
    struct choice choice = {.request = request,
                            .client = "127.0.0.1",
                            .route = "purchase",
                            .pool = POOL_TICKETS,
                            .policy = POLICY_FEWEST_SOLD,
                            .pinned = SERVER_NONE};
    struct purchase_choice purchase = {.event = "demo",
                                       .quantity = purchase_quantity(&passenger->item.purchase),
                                       .room = passenger->room,
                                       .retry = retry};
    CU_ASSERT_EQUAL_FATAL(choose_for_purchase(&flying->servers, &choice, &purchase, loading, &to),
                          CHOSEN);
    flights_board(flying->flights, to, loading[to].flight, passenger);
}

struct traveller *flying_board(int quantity)
{
    CU_ASSERT_FATAL(flying->count < TRAVELLERS_MAX);
    struct traveller *traveller = &flying->travellers[flying->count++];
    struct item *item = &traveller->passenger.item;
    traveller->passenger.room = FLIGHT_ITEMS_MAX;
    item->request = id_make();
    item->attempt = 1;
    item->admitted = clock_now();
    item->deadline = item->admitted + 5 * CLOCK_SECOND;
    id_format(&item->request, item->key);
    strcpy(item->purchase.event, "demo");
    item->purchase.quantity = quantity;
    board(traveller, false);
    return traveller;
}

void flying_board_again(struct traveller *traveller)
{
    board(traveller, true);
}

void flying_board_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        flying_board(1);
}

/* What is waited for. */
struct goal {
    bool (*condition)(void *context);
    void *context;
};

static bool depart_and_look(void *context)
{
    const struct goal *goal = context;
    flights_depart(flying->flights);
    return goal->condition(goal->context);
}

void flying_until(bool (*condition)(void *context), void *context)
{
    struct goal goal = {condition, context};
    CU_ASSERT_FATAL(held_loop_until(&flying->held, depart_and_look, &goal, SECONDS_MAX));
}

static bool are_back(void *context)
{
    const size_t *back = context;
    return flying->decided >= back[0] && flying->returned >= back[1];
}

void flying_until_back(size_t decided_count, size_t returned_count)
{
    size_t back[] = {decided_count, returned_count};
    flying_until(are_back, back);
    CU_ASSERT_EQUAL(flying->decided, decided_count);
    CU_ASSERT_EQUAL(flying->returned, returned_count);
}

struct asked {
    size_t server;
    unsigned requests;
};

static bool is_asked(void *context)
{
    const struct asked *asked = context;
    return flying->fakes[asked->server].requests >= asked->requests;
}

void flying_until_asked(size_t server, unsigned requests)
{
    struct asked asked = {server, requests};
    flying_until(is_asked, &asked);
    CU_ASSERT_EQUAL(flying->fakes[server].requests, requests);
}

void flying_probe(size_t server)
{
    const struct fake_server *fake = &flying->fakes[server];
    struct figures figures = {
        .store = HISTORY_STORE, .boot = fake->boot, .commit = fake->commit, .sold = fake->sold};
    check_told(&flying->servers, server, flying->servers.list[server].start, &figures);
}

enum server_state flying_state(size_t server)
{
    struct server copy = {0};
    servers_get(&flying->servers, server, &copy);
    return copy.state;
}

void flying_expect(const char *line)
{
    const char *lines = history_text(&flying->servers);
    if (strstr(lines, line) != NULL)
        return;
    printf("  expected: %s\n  in: %s\n", line, lines);
    CU_FAIL("the history does not say so");
}
