#include "balancer/client/purchases.h"

#include <assert.h>
#include <stdlib.h>

#include "balancer/client/admission.h"
#include "balancer/client/request.h"
#include "balancer/routing/choose.h"
#include "balancer/upstream/budget.h"
#include "common/admit.h"
#include "common/clock.h"

struct purchases {
    struct loop *loop;
    const struct gate *gate;
    struct servers *servers; /* the gate's */
    struct routing_log *log;
    struct flights *flights; /* owned */
    struct requests requests;
    struct budget budget; /* of repeats */
    struct admission admission;
    size_t waiting_max;
    int64_t now; /* clock_monotonic(): of the last turn */
};

static struct request *request_of(struct passenger *passenger)
{
    return (struct request *)(void *)((char *)passenger - offsetof(struct request, passenger));
}

/* The Set-Cookie that the client's session needs now; NULL: none. */
static const char *cookie_due(struct purchases *purchases, struct request *request,
                              char cookie[SESSION_SET_COOKIE_SIZE])
{
    struct server server;
    bool due = request->visit.affinity == AFFINITY_COOKIE && request->chosen &&
               servers_get(purchases->servers, request->server, &server) &&
               server.state != SERVER_LEFT &&
               visit_cookie(purchases->gate, &request->visit, server.id, cookie);
    return due ? cookie : NULL;
}

/* The last step: the client is answered, and the request is gone. */
static void answer(struct purchases *purchases, struct request *request,
                   const struct outcome *outcome)
{
    char cookie[SESSION_SET_COOKIE_SIZE];
    admit_answer(request->http, &request->passenger.item, outcome,
                 cookie_due(purchases, request, cookie));
    requests_remove(&purchases->requests, request);
    requests_free(&purchases->requests, request);
}

static void refuse(struct purchases *purchases, struct request *request, enum problem problem)
{
    struct outcome outcome = {.problem = problem};
    answer(purchases, request, &outcome);
}

static void decided(void *context, struct passenger *passenger, const struct outcome *outcome)
{
    struct purchases *purchases = context;
    struct request *request = request_of(passenger);
    admission_decided(&purchases->admission, purchases->now - request->boarded);
    answer(purchases, request, outcome);
}

/* A flight gave it back; the choice is made anew in the coming turn. */
static void returned(void *context, struct passenger *passenger)
{
    struct purchases *purchases = context;
    struct request *request = request_of(passenger);
    request->retry = true;
    visit_again(&request->visit);
    requests_wait(&purchases->requests, request);
    loop_again(purchases->loop);
}

struct purchases *purchases_open(struct loop *loop, const struct gate *gate,
                                 struct routing_log *log, struct upstream *upstream,
                                 size_t waiting_max, size_t workers)
{
    struct purchases *purchases = memory_new(sizeof *purchases);
    struct flight_calls calls = {.decided = decided, .returned = returned, .context = purchases};
    purchases->loop = loop;
    purchases->gate = gate;
    purchases->servers = gate->servers;
    purchases->log = log;
    purchases->waiting_max = waiting_max;
    purchases->now = clock_monotonic();
    admission_open(&purchases->admission, workers);
    budget_open(&purchases->budget, &gate->servers->pools[POOL_TICKETS].rules, workers);
    purchases->flights = flights_open(gate->servers, upstream, &purchases->budget, &calls);
    return purchases;
}

void purchases_close(struct purchases *purchases)
{
    assert(purchases->requests.count == 0);
    flights_close(purchases->flights);
    requests_close(&purchases->requests);
    free(purchases);
}

/* Chooses a server and takes a seat in the flight that loads for it. */
static enum chosen choose(struct purchases *purchases, struct request *request)
{
    const struct item *item = &request->passenger.item;
    char order[ID_TEXT_SIZE];
    bool by_order = verb_names_order(item->verb);
    if (by_order)
        id_format(&item->order, order);
    struct choice choice = visit_choice(&request->visit, request->http, request->id);
    struct purchase_choice details = {
        .verb = item->verb,
        .event = by_order ? NULL : item->purchase.event,
        .order = by_order ? order : NULL,
        .quantity = purchase_quantity(&item->purchase),
        .room = request->passenger.room,
        .retry = request->retry,
    };
    struct loading *loading = flights_loading(purchases->flights);
    size_t server;
    enum chosen chosen =
        choose_for_purchase(purchases->servers, &choice, &details, loading, &server);
    if (chosen != CHOSEN)
        return chosen;
    if (!request->chosen)
        budget_earn(&purchases->budget);
    request->server = server;
    request->chosen = true;
    request->boarded = purchases->now;
    flights_board(purchases->flights, server, loading[server].flight, &request->passenger);
    return CHOSEN;
}

/* Nobody overtakes those that wait already. */
static enum chosen choose_in_order(struct purchases *purchases, struct request *request)
{
    if (purchases->requests.waiting == 0)
        return choose(purchases, request);
    return servers_any(purchases->servers) ? CHOSEN_NO_ROOM : CHOSEN_NO_SERVER;
}

static struct request *take_in(struct purchases *purchases, struct http_request *http,
                               const struct visit *visit)
{
    struct request *request = requests_new(&purchases->requests);
    if (!admit(http, &request->passenger.item)) {
        requests_free(&purchases->requests, request);
        return NULL;
    }
    request->http = http;
    request->visit = *visit;
    request->passenger.room = FLIGHT_ITEMS_MAX;
    request->deadline = clock_monotonic() + PURCHASE_SECONDS * CLOCK_SECOND;
    id_format(&request->passenger.item.request, request->id);
    requests_add(&purchases->requests, request);
    return request;
}

/* Before anything is read of it: what is refused shall cost little, so that the rest is served. */
static bool is_too_much(struct purchases *purchases)
{
    const struct requests *requests = &purchases->requests;
    return (requests->waiting > 0 && requests->waiting >= purchases->waiting_max) ||
           admission_refuses(&purchases->admission, requests->count, requests->waiting);
}

void purchases_accept(struct purchases *purchases, struct http_request *http,
                      const struct visit *visit)
{
    if (is_too_much(purchases)) {
        http_refuse(http, PROBLEM_OVERLOADED, problem_detail(PROBLEM_OVERLOADED), NULL);
        return;
    }
    struct request *request = take_in(purchases, http, visit);
    if (request == NULL)
        return;
    switch (choose_in_order(purchases, request)) {
    case CHOSEN:
        break;
    case CHOSEN_NO_SERVER:
        refuse(purchases, request, PROBLEM_NO_SERVER);
        break;
    case CHOSEN_NO_ROOM:
        if (purchases->requests.waiting < purchases->waiting_max)
            requests_wait(&purchases->requests, request);
        else
            refuse(purchases, request, PROBLEM_OVERLOADED);
        break;
    }
}

static void expire(struct purchases *purchases, struct request *request)
{
    bool unknown = request->waiting ? request->passenger.sent : flights_drop(&request->passenger);
    refuse(purchases, request, unknown ? PROBLEM_OUTCOME_UNKNOWN : PROBLEM_EXPIRED);
}

/* Who would be decided too late is not sent: that would be work for nothing, and at its end nobody would know. */
static void choose_for_waiting(struct purchases *purchases)
{
    struct request *request;
    while ((request = purchases->requests.first_waiting) != NULL) {
        if (admission_too_late(&purchases->admission, request->deadline - purchases->now)) {
            expire(purchases, request);
            continue;
        }
        if (choose(purchases, request) != CHOSEN)
            break;
        requests_wait_no_more(&purchases->requests, request);
    }
}

void purchases_turn(struct purchases *purchases)
{
    purchases->now = clock_monotonic();
    admission_turn(&purchases->admission, purchases->now, purchases->requests.count);
    choose_for_waiting(purchases);
    routing_log_flush(purchases->log);
    flights_depart(purchases->flights);
}

size_t purchases_waiting(const struct purchases *purchases)
{
    return purchases->requests.waiting;
}

void purchases_check(struct purchases *purchases)
{
    int64_t now = clock_monotonic();
    struct request *request;
    while ((request = purchases->requests.oldest) != NULL && request->deadline <= now)
        expire(purchases, request);
    flights_check(purchases->flights);
}
