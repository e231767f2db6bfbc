#include "ticket_server/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/admit.h"
#include "common/answer.h"
#include "common/clock.h"
#include "ticket_server/replies.h"

enum {
    ID_SLOTS = 2 * FLIGHT_ITEMS_MAX,
};

/* --- one decision, asked for directly ---------------------------------------------------------- */

struct single {
    struct job job;
    struct http_request *request;
    struct item item;
    struct check_in check_in;
    struct decision decision;
    accept_decided *answer;
};

static void answer_single(struct job *job)
{
    struct single *single = (struct single *)job; /* its first member */
    single->answer(single->request, &single->decision);
    free(single);
}

void accept_decide(struct acceptor *acceptor, struct http_request *request, const struct item *item,
                   const struct check_in *check_in, accept_decided *answer)
{
    struct single *single = memory_new(sizeof *single);
    single->request = request;
    single->answer = answer;
    single->item = *item;
    single->decision.item = &single->item;
    single->decision.router = "";
    if (check_in != NULL) {
        single->check_in = *check_in;
        single->decision.check_in = &single->check_in;
    }
    item_fingerprint(item, single->decision.fingerprint);
    single->job = (struct job){.decisions = &single->decision, .count = 1, .done = answer_single};
    if (seller_submit(acceptor->seller, &single->job))
        return;
    single->decision.outcome.problem = PROBLEM_OVERLOADED;
    answer_single(&single->job);
}

static void answer_order(struct http_request *request, const struct decision *decision)
{
    admit_answer(request, decision->item, &decision->outcome, NULL);
}

static void accept_order(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    struct item item;
    (void)parts;
    if (admit(request, &item))
        accept_decide(acceptor, request, &item, NULL, answer_order);
}

/* --- one change -------------------------------------------------------------------------------- */

struct changing {
    struct change_job change;
    struct http_request *request;
    accept_changed *answer;
    void *context;
    struct tier_terms tiers[]; /* those of the change */
};

static void answer_change(struct job *job)
{
    struct changing *changing = (struct changing *)job; /* its first member's first one */
    changing->answer(changing->request, &changing->change.change, changing->context);
    free(changing);
}

void accept_change(struct acceptor *acceptor, struct http_request *request,
                   const struct change *change, accept_changed *answer, void *context)
{
    size_t tiers = change->tier_count * sizeof *change->tiers;
    struct changing *changing = memory_new(sizeof *changing + tiers);
    changing->request = request;
    changing->answer = answer;
    changing->context = context;
    changing->change.change = *change;
    if (tiers > 0)
        memcpy(changing->tiers, change->tiers, tiers);
    changing->change.change.tiers = changing->tiers;
    changing->change.job.done = answer_change;
    if (seller_submit_change(acceptor->seller, &changing->change))
        return;
    changing->change.change.problem = PROBLEM_OVERLOADED;
    answer_change(&changing->change.job);
}

/* --- a flight ---------------------------------------------------------------------------------- */

struct flight {
    struct job job;
    struct http_request *request;
    char router[ID_TEXT_SIZE];
    struct item *items; /* owned */
};

/* No item may outlive the refusal of its key, which is kept for an hour: whatever it says of itself. */
static const int64_t deadline_max = 60 * CLOCK_SECOND;

static struct flight *flight_new(struct http_request *request, const char *router,
                                 const struct item *items, size_t count)
{
    struct flight *flight = memory_new(sizeof *flight);
    flight->request = request;
    memcpy(flight->router, router, sizeof flight->router);
    flight->items = memory_new(count * sizeof *items);
    memcpy(flight->items, items, count * sizeof *items);
    int64_t latest = clock_now() + deadline_max;
    struct decision *decisions = memory_new(count * sizeof *decisions);
    for (size_t i = 0; i < count; i++) {
        if (items[i].deadline > latest)
            flight->items[i].deadline = latest;
        decisions[i].item = &flight->items[i];
        decisions[i].router = flight->router;
        item_fingerprint(&items[i], decisions[i].fingerprint);
    }
    flight->job.decisions = decisions;
    flight->job.count = count;
    return flight;
}

static void flight_free(struct flight *flight)
{
    free(flight->job.decisions);
    free(flight->items);
    free(flight);
}

/* A flight that the store refused as a whole, or leaves in doubt, is refused as a whole, so that the balancer asks
 * another server: this one would look idle, and get everything. */
static void answer_flight(struct job *job)
{
    struct flight *flight = (struct flight *)job; /* its first member */
    struct buffer body = {0};
    if (job->failed != PROBLEM_NONE) {
        http_refuse(flight->request, job->failed, problem_detail(job->failed), NULL);
        flight_free(flight);
        return;
    }
    answer_begin(&body, &job->figures);
    for (size_t i = 0; i < job->count; i++)
        answer_add(&body, &job->decisions[i].outcome, job->decisions[i].item);
    answer_end(&body);
    reply_json(flight->request, 200, &body, NULL, NULL);
    flight_free(flight);
}

/* A request's id is a sale's id: twice in one flight, and under keys of clients, the store would refuse the
 * batch with all that others have in it, and decide it one by one. */
static bool ids_differ(const struct item *items, size_t count)
{
    uint16_t slots[ID_SLOTS] = {0}; /* 1 + index of an item */
    for (size_t i = 0; i < count; i++) {
        uint16_t random;
        memcpy(&random, items[i].request.bytes + sizeof items[i].request.bytes - sizeof random,
               sizeof random);
        size_t slot = random % ID_SLOTS;
        for (; slots[slot] != 0; slot = (slot + 1) % ID_SLOTS)
            if (id_equal(&items[slots[slot] - 1].request, &items[i].request))
                return false;
        slots[slot] = (uint16_t)(i + 1);
    }
    return true;
}

/* Nobody is on board: whoever sent it wants to see an answer. */
static void answer_trial(const struct acceptor *acceptor, struct http_request *request)
{
    struct buffer body = {0};
    struct seller_status status;
    seller_status(acceptor->seller, &status);
    answer_begin(&body, &status.figures);
    answer_end(&body);
    reply_json(request, 200, &body, NULL, NULL);
}

/* The items of a flight, which are read into the acceptor's; -1 where it was refused. */
static int read_flight(struct acceptor *acceptor, struct http_request *request,
                       char router[ID_TEXT_SIZE])
{
    size_t length;
    char error[JSON_ERROR_SIZE];
    const char *type = http_header(request, "Content-Type");
    const char *body = http_body(request, &length);
    if (!type || strcasecmp(type, "application/json") != 0) {
        http_refuse(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, "A flight is application/json.", NULL);
        return -1;
    }
    int count = flight_parse(body, length, acceptor->items, FLIGHT_ITEMS_MAX, router, error);
    if (count >= 0 && ids_differ(acceptor->items, (size_t)count))
        return count;
    if (count >= 0)
        strcpy(error, "two items have the same request id");
    http_refuse(request, count == FLIGHT_FOREIGN ? PROBLEM_FLIGHT_VERSION : PROBLEM_MALFORMED,
                error, NULL);
    return -1;
}

static void accept_flight(struct acceptor *acceptor, struct http_request *request,
                          const char *const *parts)
{
    (void)parts;
    char router[ID_TEXT_SIZE];
    int count = read_flight(acceptor, request, router);
    if (count == 0)
        answer_trial(acceptor, request);
    if (count <= 0)
        return;
    struct flight *flight = flight_new(request, router, acceptor->items, (size_t)count);
    flight->job.done = answer_flight;
    if (seller_submit(acceptor->seller, &flight->job))
        return;
    flight_free(flight);
    http_refuse(request, PROBLEM_OVERLOADED,
                "More purchases are waiting than can be decided. Nothing of this flight was.",
                NULL);
}

/* --- which path is what ------------------------------------------------------------------------ */

const struct route selling_routes[] = {
    {"POST", "/purchases", 0, accept_order},        {"POST", "/holds", 0, accept_order},
    {"POST", "/holds/{}/confirm", 0, accept_order}, {"DELETE", "/holds/{}", 0, accept_order},
    {"POST", "/flights", 0, accept_flight},         {0},
};

size_t accept_body_limit(const char *path)
{
    return strcmp(path, "/flights") == 0 ? FLIGHT_BYTES_MAX : PURCHASE_BYTES_MAX;
}

void accept_request(void *context, struct http_request *request)
{
    routes_handle(context, request);
}
