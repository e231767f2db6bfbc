/* What a failed exchange is in the log, and to the client. Pure; any thread. */
#ifndef BOX_OFFICE_FAILURE_H
#define BOX_OFFICE_FAILURE_H

#include "balancer/upstream/exchange.h"
#include "common/problem.h"
#include "common/routing_line.h"

enum routing_end failure_end(enum exchange_failure failure);
enum problem failure_problem(enum exchange_failure failure);
const char *failure_detail(enum exchange_failure failure); /* a sentence */

#endif
