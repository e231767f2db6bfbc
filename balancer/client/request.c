#include "balancer/client/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPARES_MAX = 128, /* what a crowd needed beyond goes back to the system */
};

struct request *requests_new(struct requests *requests)
{
    struct request *request = requests->spare;
    if (request == NULL)
        return memory_new(sizeof *request);
    requests->spare = request->older;
    requests->spares--;
    memset(request, 0, sizeof *request);
    return request;
}

void requests_free(struct requests *requests, struct request *request)
{
    if (requests->spares == SPARES_MAX) {
        free(request);
        return;
    }
    request->older = requests->spare;
    requests->spare = request;
    requests->spares++;
}

void requests_close(struct requests *requests)
{
    while (requests->spare != NULL)
        free(requests_new(requests));
}

void requests_add(struct requests *requests, struct request *request)
{
    request->older = requests->newest;
    request->newer = NULL;
    if (requests->newest != NULL)
        requests->newest->newer = request;
    else
        requests->oldest = request;
    requests->newest = request;
    requests->count++;
}

void requests_remove(struct requests *requests, struct request *request)
{
    if (request->waiting)
        requests_wait_no_more(requests, request);
    if (request->older != NULL)
        request->older->newer = request->newer;
    else
        requests->oldest = request->newer;
    if (request->newer != NULL)
        request->newer->older = request->older;
    else
        requests->newest = request->older;
    requests->count--;
}

/* The last of those that wait and were admitted before this one; NULL: none. The newest finds it at
 * the end of the queue. One that comes back from a flight is older than most that wait, and finds it
 * among its elders instead, who are few, and of whom those of its own flight have just come back. */
static struct request *waits_before(const struct requests *requests, const struct request *request)
{
    if (request->newer == NULL)
        return requests->last_waiting;
    struct request *elder = request->older;
    while (elder != NULL && !elder->waiting)
        elder = elder->older;
    return elder;
}

/* Who was admitted first is served first: a request that comes back from a flight goes in front of
 * all that were admitted after it. */
void requests_wait(struct requests *requests, struct request *request)
{
    assert(!request->waiting);
    struct request *before = waits_before(requests, request);
    request->waiting = true;
    request->previous_waiting = before;
    request->next_waiting = before != NULL ? before->next_waiting : requests->first_waiting;
    if (before != NULL)
        before->next_waiting = request;
    else
        requests->first_waiting = request;
    if (request->next_waiting != NULL)
        request->next_waiting->previous_waiting = request;
    else
        requests->last_waiting = request;
    requests->waiting++;
}

void requests_wait_no_more(struct requests *requests, struct request *request)
{
    assert(request->waiting);
    if (request->previous_waiting != NULL)
        request->previous_waiting->next_waiting = request->next_waiting;
    else
        requests->first_waiting = request->next_waiting;
    if (request->next_waiting != NULL)
        request->next_waiting->previous_waiting = request->previous_waiting;
    else
        requests->last_waiting = request->previous_waiting;
    request->waiting = false;
    requests->waiting--;
}
