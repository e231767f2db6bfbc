/* What walks have to meet, so that nothing is compared that never happens. */
#include <stdio.h>

#include "tests/store/walk.h"

struct wanted {
    enum verb verb;
    enum problem problem;
    bool replayed;
};

static const struct wanted wanted[] = {
    {VERB_PURCHASE, PROBLEM_NONE, false},
    {VERB_PURCHASE, PROBLEM_NONE, true},
    {VERB_PURCHASE, PROBLEM_KEY_REUSED, false},
    {VERB_PURCHASE, PROBLEM_EXPIRED, false},
    {VERB_PURCHASE, PROBLEM_NO_SUCH_EVENT, false},
    {VERB_PURCHASE, PROBLEM_NOT_ON_SALE_YET, false},
    {VERB_PURCHASE, PROBLEM_SALE_OVER, false},
    {VERB_PURCHASE, PROBLEM_TIER_REQUIRED, false},
    {VERB_PURCHASE, PROBLEM_NO_SUCH_TIER, false},
    {VERB_PURCHASE, PROBLEM_OVER_LIMIT, false},
    {VERB_PURCHASE, PROBLEM_BUYER_REQUIRED, false},
    {VERB_PURCHASE, PROBLEM_BUYER_LIMIT, false},
    {VERB_PURCHASE, PROBLEM_BUYER_LIMIT, true},
    {VERB_PURCHASE, PROBLEM_SOLD_OUT, false},
    {VERB_PURCHASE, PROBLEM_SOLD_OUT, true},
    {VERB_HOLD, PROBLEM_NONE, false},
    {VERB_HOLD, PROBLEM_NONE, true},
    {VERB_HOLD, PROBLEM_KEY_REUSED, false},
    {VERB_HOLD, PROBLEM_EXPIRED, false},
    {VERB_HOLD, PROBLEM_NO_SUCH_EVENT, false},
    {VERB_HOLD, PROBLEM_NOT_ON_SALE_YET, false},
    {VERB_HOLD, PROBLEM_SALE_OVER, false},
    {VERB_HOLD, PROBLEM_TIER_REQUIRED, false},
    {VERB_HOLD, PROBLEM_NO_SUCH_TIER, false},
    {VERB_HOLD, PROBLEM_OVER_LIMIT, false},
    {VERB_HOLD, PROBLEM_BUYER_REQUIRED, false},
    {VERB_HOLD, PROBLEM_BUYER_LIMIT, false},
    {VERB_HOLD, PROBLEM_BUYER_LIMIT, true},
    {VERB_HOLD, PROBLEM_NO_WAITING_LIST, false},
    {VERB_HOLD, PROBLEM_SOLD_OUT, false},
    {VERB_HOLD, PROBLEM_SOLD_OUT, true},
    {VERB_CONFIRM, PROBLEM_NONE, false},
    {VERB_CONFIRM, PROBLEM_NONE, true},
    {VERB_CONFIRM, PROBLEM_NO_SUCH_HOLD, false},
    {VERB_CONFIRM, PROBLEM_ALREADY_PAID, false},
    {VERB_CONFIRM, PROBLEM_ALREADY_PAID, true},
    {VERB_CONFIRM, PROBLEM_EXPIRED, false},
    {VERB_CONFIRM, PROBLEM_HOLD_EXPIRED, false},
    {VERB_CONFIRM, PROBLEM_HOLD_EXPIRED, true},
    {VERB_CONFIRM, PROBLEM_HOLD_RELEASED, false},
    {VERB_CONFIRM, PROBLEM_HOLD_RELEASED, true},
    {VERB_CONFIRM, PROBLEM_NOT_OFFERED, false},
    {VERB_CONFIRM, PROBLEM_NOT_OFFERED, true},
    {VERB_CONFIRM, PROBLEM_OVERLOADED, false},
    {VERB_RELEASE, PROBLEM_NONE, false},
    {VERB_RELEASE, PROBLEM_NONE, true},
    {VERB_RELEASE, PROBLEM_NO_SUCH_HOLD, false},
    {VERB_RELEASE, PROBLEM_EXPIRED, false},
    {VERB_RELEASE, PROBLEM_HOLD_EXPIRED, false},
    {VERB_RELEASE, PROBLEM_ALREADY_SOLD, false},
    {VERB_REFUND, PROBLEM_NONE, false},
    {VERB_REFUND, PROBLEM_NONE, true},
    {VERB_REFUND, PROBLEM_NO_SUCH_PURCHASE, false},
    {VERB_REFUND, PROBLEM_EXPIRED, false},
    {VERB_REFUND, PROBLEM_TICKETS_USED, false},
    {VERB_CHECK_IN, PROBLEM_NONE, false},
    {VERB_CHECK_IN, PROBLEM_NONE, true},
    {VERB_CHECK_IN, PROBLEM_INVALID_CODE, false},
    {VERB_CHECK_IN, PROBLEM_TICKET_REFUNDED, false},
    {VERB_CHECK_IN, PROBLEM_ALREADY_CHECKED_IN, false},
    {VERB_CHECK_IN, PROBLEM_EXPIRED, false},
    {VERB_TIDY, PROBLEM_NONE, false},
    {VERB_TIDY, PROBLEM_NO_SUCH_EVENT, false},
};

static const char *const event_names[MET_EVENTS] = {
    [MET_EXPIRED] = "a hold that expires",
    [MET_OFFERED] = "an offer from the line",
    [MET_OFFERED_IN_PART] = "an offer of less than was wanted",
    [MET_OFFERED_WHAT_THE_BATCH_FREED] = "an offer at a batch's end",
    [MET_LATE] = "a late confirm that sells",
    [MET_SECOND_IN_LINE] = "a second one in line",
    [MET_CAPACITY_TAKEN] = "a capacity below what is taken",
    [MET_CLOCK_BACK] = "a clock that steps back",
    [MET_HOUR] = "an hour that passes",
    [MET_FENCED] = "a fenced seller",
    [MET_DEAD_UNDECIDED] = "a death before the commit",
    [MET_DEAD_DECIDED] = "a death behind the commit",
    [MET_REFUSED] = "a batch refused for a fault",
    [MET_UNKNOWN] = "a commit that may have failed",
    [MET_CUT] = "a power cut",
    [MET_DUE] = "something due",
    [MET_PUT_BACK] = "a copy that is put back",
    [MET_OTHER_ENGINE] = "a copy that comes from the other engine",
};

unsigned walk_never_met(const struct walk_met *met)
{
    unsigned never = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct wanted *one = &wanted[i];
        if (met->answers[one->verb][one->problem][one->replayed] > 0)
            continue;
        printf("  never met: a %s answered %s%s\n", walk_verb(one->verb),
               one->problem == PROBLEM_NONE ? "as asked" : problem_code(one->problem),
               one->replayed ? ", again" : "");
        never++;
    }
    for (int i = 0; i < MET_EVENTS; i++) {
        if (met->events[i] > 0)
            continue;
        printf("  never met: %s\n", event_names[i]);
        never++;
    }
    return never;
}
