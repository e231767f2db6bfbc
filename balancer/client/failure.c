#include "balancer/client/failure.h"

static const struct {
    enum routing_end end;
    enum problem problem;
} failures[] = {
    [EXCHANGE_OURS] = {END_CONNECT, PROBLEM_OVERLOADED},
    [EXCHANGE_CONNECT] = {END_CONNECT, PROBLEM_BAD_GATEWAY},
    [EXCHANGE_LOST] = {END_LOST, PROBLEM_BAD_GATEWAY},
    [EXCHANGE_BAD] = {END_BAD, PROBLEM_BAD_GATEWAY},
    [EXCHANGE_LATE] = {END_LATE, PROBLEM_GATEWAY_TIMEOUT},
};

enum routing_end failure_end(enum exchange_failure failure)
{
    return failures[failure].end;
}

enum problem failure_problem(enum exchange_failure failure)
{
    return failures[failure].problem;
}

const char *failure_detail(enum exchange_failure failure)
{
    if (failure == EXCHANGE_CONNECT || failure == EXCHANGE_LOST)
        return "The server asked did not answer. Try again.";
    return problem_detail(failure_problem(failure));
}
