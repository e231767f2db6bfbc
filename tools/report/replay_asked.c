/* Whom a forwarded request asked in vain: servers that must make room for others when it is chosen for again.
 *
 * A request that ends in vain for good looks like one that comes again. So they are kept in two generations, and
 * the older one is forgotten when the younger is full: as are requests that lines missing may have told of, what
 * came of theirs before is the log's word then. */
#include "common/clock.h"
#include "tools/report/replay_parts.h"

enum {
    GENERATION_MAX = 1 << 16, /* requests */
};

static const uint64_t no_more = UINT64_MAX; /* it was given to as many as it may be */

void replay_asked_forget(struct replay *replay, int64_t unseen)
{
    map_clear(&replay->asked[0]);
    map_clear(&replay->asked[1]);
    replay->asked_unseen = unseen + CLOCK_SECOND; /* the wall clock may have been set back */
    replay->asked_from = unseen;
}

static uint64_t find(const struct replay *replay, uint64_t key)
{
    for (size_t i = 0; i < 2; i++) {
        const uint64_t *found = map_find(&replay->asked[i], key);
        if (found != NULL)
            return *found;
    }
    return 0;
}

static void make_room(struct replay *replay)
{
    if (replay->asked[0].count < GENERATION_MAX)
        return;
    map_clear(&replay->asked[1]);
    replay->asked[1] = replay->asked[0];
    replay->asked[0] = (struct map){0};
    replay->asked_unseen = replay->asked_from + CLOCK_SECOND;
    replay->asked_from = replay->line.time;
}

/* How many of them there are, each in 32 bits as its number + 1. */
static unsigned count_of(uint64_t asked)
{
    return asked == no_more ? ROUTING_TRIES_MAX : asked >> 32 ? 2 : asked > 0;
}

static bool was_in_vain(const struct routing_done *done)
{
    bool trouble = done->status == 500 || (done->status >= 502 && done->status <= 504);
    return done->how == END_ANSWERED ? trouble : done->how != END_LEFT;
}

void replay_asked_done(struct replay *replay, uint64_t key, uint32_t server)
{
    uint64_t asked = find(replay, key), number = (uint64_t)server + 1;
    map_remove(&replay->asked[0], key);
    map_remove(&replay->asked[1], key);
    if (!was_in_vain(&replay->line.done))
        return;
    make_room(replay);
    asked = count_of(asked) == 0 ? number : count_of(asked) == 1 ? asked | number << 32 : no_more;
    map_put(&replay->asked[0], key, asked);
}

void replay_asked_look(struct proof *proof)
{
    const struct replay *replay = proof->replay;
    proof->guessed = ledger_admitted_at(&proof->request) <= replay->asked_unseen;
    proof->asked = proof->guessed ? 0 : find(replay, policy_hash(proof->choice->request));
    if (proof->asked == no_more)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "request=%s was given to %d servers before, in vain",
                        proof->choice->request, ROUTING_TRIES_MAX);
}

bool replay_was_asked(const struct proof *proof, const struct replay_server *server)
{
    uint64_t number = (uint64_t)server->number + 1;
    return proof->asked != no_more &&
           ((proof->asked & UINT32_MAX) == number || proof->asked >> 32 == number);
}
