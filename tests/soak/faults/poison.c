/* A poisonous purchase: whoever decides it dies, before the commit or after it. Looking up what became
 * of it (an item past its deadline) is harmless. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/store.h"
#include "tests/soak/faults/fault.h"

typedef enum store_result decide_call(struct store *store, struct decision *decisions, size_t n,
                                      struct figures *figures);
decide_call __real_store_decide, __wrap_store_decide;

static bool has(const struct decision *decisions, size_t n, const char *buyer)
{
    int64_t now = clock_now();
    for (size_t i = 0; i < n; i++)
        if (decisions[i].item->deadline > now &&
            strcmp(decisions[i].item->purchase.buyer, buyer) == 0)
            return true;
    return false;
}

enum store_result __wrap_store_decide(struct store *store, struct decision *decisions, size_t n,
                                      struct figures *figures)
{
    bool dies_after = has(decisions, n, FAULT_DIES_AFTER);
    if (has(decisions, n, FAULT_DIES_BEFORE))
        kill(getpid(), SIGKILL);
    enum store_result result = __real_store_decide(store, decisions, n, figures);
    if (dies_after)
        kill(getpid(), SIGKILL);
    return result;
}
