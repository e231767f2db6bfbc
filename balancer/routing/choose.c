#include "balancer/routing/choose.h"

#include "balancer/routing/policies/fewest_sold.h"
#include "balancer/routing/policies/round_robin.h"
#include "common/clock.h"

/* An idle server always has room, also for a purchase larger than its limit. */
static bool has_room(const struct server *server, int quantity)
{
    return quantity == 0 || server->pending == 0 || server->pending + quantity <= server->limit;
}

static enum candidate_mark mark_of(const struct server *server, int quantity)
{
    if (server->state == SERVER_JOINING)
        return MARK_JOINING;
    if (server->state != SERVER_UP)
        return MARK_DOWN;
    return has_room(server, quantity) ? MARK_NONE : MARK_FULL;
}

/* The snapshot that the policy and the line see. A read (quantity 0) has room everywhere. */
static void look(const struct servers *servers, enum routing_route route, int quantity,
                 struct candidate *candidates)
{
    for (size_t i = 0; i < servers->count; i++) {
        const struct server *server = &servers->list[i];
        candidates[i] = (struct candidate){
            .server = server->id,
            .told = server->told,
            .pending = server->pending,
            .last = route == ROUTE_READ ? server->last_read : server->last,
            .mark = mark_of(server, quantity),
        };
    }
}

static enum chosen none_chosen(const struct candidate *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (candidates[i].mark == MARK_FULL || candidates[i].mark == MARK_JOINING)
            return CHOSEN_NO_ROOM;
    return CHOSEN_NO_SERVER;
}

/* The second best, for a line that cannot list all. */
static size_t runner_up(struct candidate *candidates, size_t count, size_t to)
{
    if (count <= ROUTING_CANDIDATES_MAX)
        return to;
    candidates[to].mark = MARK_FULL;
    size_t second = fewest_sold(candidates, count);
    candidates[to].mark = MARK_NONE;
    return second == count ? to : second;
}

static void join(struct servers *servers, struct loading *loading, size_t room)
{
    bool fits = loading->flight != 0 && loading->count < loading->room && loading->count < room;
    if (!fits)
        *loading = (struct loading){.flight = ++servers->flight, .room = room};
    loading->room = room < loading->room ? room : loading->room;
    loading->count++;
}

static const char *why(const struct purchase_choice *choice, const struct candidate *candidates,
                       size_t count, size_t to)
{
    if (choice->retry)
        return "retry";
    return fewest_sold_tied(candidates, count, to) ? "least-recent" : "fewest";
}

static void choose_purchase(struct servers *servers, const struct purchase_choice *choice,
                            struct candidate *candidates, struct loading *loading, size_t to)
{
    struct server *server = &servers->list[to];
    join(servers, &loading[to], choice->room);
    uint64_t n = servers_next_line(servers);
    struct routing_choice line = {
        .request = choice->request,
        .client = choice->client,
        .route = ROUTE_PURCHASE,
        .event = choice->event,
        .quantity = choice->quantity,
        .flight = loading[to].flight,
        .why = why(choice, candidates, servers->count, to),
        .to = to,
        .runner_up = runner_up(candidates, servers->count, to),
        .candidates = candidates,
        .count = servers->count,
    };
    routing_line_choice(&servers->history, n, clock_now(), &line);
    server->pending += choice->quantity;
    server->last = n;
}

enum chosen choose_for_purchase(struct servers *servers, const struct purchase_choice *choice,
                                struct loading *loading, size_t *index)
{
    struct candidate candidates[ROUTING_SERVERS_MAX];
    lock_take(&servers->lock);
    size_t count = servers->count;
    look(servers, ROUTE_PURCHASE, choice->quantity, candidates);
    *index = fewest_sold(candidates, count);
    if (*index < count)
        choose_purchase(servers, choice, candidates, loading, *index);
    lock_drop(&servers->lock);
    return *index < count ? CHOSEN : none_chosen(candidates, count);
}

static void choose_read(struct servers *servers, const char *request, const char *client,
                        const struct candidate *candidates, size_t to)
{
    uint64_t n = servers_next_line(servers);
    struct routing_choice line = {
        .request = request,
        .client = client,
        .route = ROUTE_READ,
        .why = "turn",
        .to = to,
        .runner_up = to,
        .candidates = candidates,
        .count = servers->count,
    };
    routing_line_choice(&servers->history, n, clock_now(), &line);
    servers->list[to].last_read = n;
}

enum chosen choose_for_read(struct servers *servers, const char *request, const char *client,
                            size_t *index)
{
    struct candidate candidates[ROUTING_SERVERS_MAX];
    lock_take(&servers->lock);
    size_t count = servers->count;
    look(servers, ROUTE_READ, 0, candidates);
    *index = round_robin(candidates, count);
    if (*index < count)
        choose_read(servers, request, client, candidates, *index);
    lock_drop(&servers->lock);
    return *index < count ? CHOSEN : none_chosen(candidates, count);
}
