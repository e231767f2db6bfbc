/* Choices: each is made again from what the replay holds, by the rule as the design states it. */
#include <inttypes.h>
#include <string.h>

#include "tools/report/replay_parts.h"

/* A choice being proved. */
struct proof {
    struct replay *replay;
    const struct routing_choice *choice;
    uint32_t place;
    enum check check;
    bool purchase;
    struct id request;
    uint32_t older; /* the request's attempt before; LEDGER_NONE: none is known */
};

static uint64_t last_of(const struct proof *proof, const struct replay_server *server)
{
    return proof->purchase ? server->last : server->last_read;
}

/* --- the candidates ---------------------------------------------------------------------------- */

/* The mark that a server must carry for what the replay holds of it. */
static enum candidate_mark mark_due(const struct proof *proof, const struct replay_server *server)
{
    if (server->state == SERVER_JOINING)
        return MARK_JOINING;
    if (server->state != SERVER_UP)
        return MARK_DOWN;
    bool full = proof->purchase && server->pending > 0 &&
                server->pending + proof->choice->quantity > server->limit;
    return full ? MARK_FULL : MARK_NONE;
}

static enum server_state state_of(enum candidate_mark mark)
{
    return mark == MARK_JOINING ? SERVER_JOINING : mark == MARK_DOWN ? SERVER_DOWN : SERVER_UP;
}

static const char *word_of(enum candidate_mark mark)
{
    return mark == MARK_NONE ? "none" : candidate_mark_text(mark);
}

static void prove_mark(const struct proof *proof, const struct candidate *candidate,
                       struct replay_server *server)
{
    const struct replay *replay = proof->replay;
    enum candidate_mark due = mark_due(proof, server);
    if (candidate->mark != due)
        findings_broken(
            replay_findings(replay), proof->check, proof->place,
            "%s is marked %s, but %s was expected (it is %s since %s, %" PRId64
            " pending of at most %" PRId64 ")",
            server->id, word_of(candidate->mark), word_of(due), server_state_name(server->state),
            replay_where(replay, server->state_at).text, server->pending, server->limit);
    server->state = state_of(candidate->mark);
}

/* Figures that differ from the replay's show that a line before was changed; which, the places tell. */
static void prove_candidate(const struct proof *proof, const struct candidate *candidate,
                            struct replay_server *server)
{
    struct replay *replay = proof->replay;
    prove_mark(proof, candidate, server);
    if (candidate->told != server->told)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "sold= has %s:%" PRId64 ", but it told %" PRId64 " at %s", server->id,
                        candidate->told, server->told, replay_where(replay, server->told_at).text);
    if (candidate->pending != server->pending)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "sold= has %s with %" PRId64 " pending, but %" PRId64
                        " were expected (last asked at %s, last released at %s)",
                        server->id, candidate->pending, server->pending,
                        replay_where(replay, server->raised_at).text,
                        replay_where(replay, server->released_at).text);
    server->told = candidate->told;
    server->pending = candidate->pending;
}

static void prove_listed(const struct proof *proof)
{
    const struct routing_choice *choice = proof->choice;
    struct replay *replay = proof->replay;
    bool all = replay->count <= ROUTING_CANDIDATES_MAX;
    if (choice->count + choice->left_out != replay->count || (all && choice->left_out))
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "%zu candidates (%zu listed), but the router knew %zu servers",
                        choice->count + choice->left_out, choice->count, replay->count);
    for (size_t i = 0; i < choice->count; i++) {
        struct replay_server *server = replay_server(replay, choice->candidates[i].server);
        if (!server)
            findings_broken(replay_findings(replay), proof->check, proof->place,
                            "sold= has %s, which no line has added", choice->candidates[i].server);
        else if (all && server != &replay->servers[i])
            findings_broken(replay_findings(replay), proof->check, proof->place,
                            "sold= has %s in place %zu, where %s was expected", server->id, i + 1,
                            i < replay->count ? replay->servers[i].id : "none");
        if (server)
            prove_candidate(proof, &choice->candidates[i], server);
    }
}

/* --- the winner -------------------------------------------------------------------------------- */

/* What the line lists with a mark is out; of what it leaves out, the replay knows the mark. */
static bool is_out(const struct proof *proof, const struct replay_server *server)
{
    const struct routing_choice *choice = proof->choice;
    for (size_t i = 0; i < choice->count; i++) {
        if (strcmp(choice->candidates[i].server, server->id) == 0)
            return choice->candidates[i].mark != MARK_NONE;
    }
    return mark_due(proof, server) != MARK_NONE;
}

static int64_t load_of(const struct proof *proof, const struct replay_server *server)
{
    return proof->purchase ? server->told + server->pending : 0;
}

static bool goes_before(const struct proof *proof, const struct replay_server *a,
                        const struct replay_server *b)
{
    int64_t load_a = load_of(proof, a), load_b = load_of(proof, b);
    return load_a < load_b || (load_a == load_b && last_of(proof, a) < last_of(proof, b));
}

/* The server that must be chosen if `not` is out of the running; NULL where none can be. */
static const struct replay_server *winner(const struct proof *proof,
                                          const struct replay_server * not )
{
    const struct replay_server *best = NULL;
    for (size_t i = 0; i < proof->replay->count; i++) {
        const struct replay_server *server = &proof->replay->servers[i];
        if (server != not &&!is_out(proof, server) && (!best || goes_before(proof, server, best)))
            best = server;
    }
    return best;
}

static const char *why_due(const struct proof *proof, const struct replay_server *to,
                           const struct replay_server *second)
{
    if (!proof->purchase)
        return "turn";
    if (proof->older != LEDGER_NONE)
        return "retry";
    return second && load_of(proof, second) == load_of(proof, to) ? "least-recent" : "fewest";
}

static void prove_why(const struct proof *proof, const struct replay_server *to,
                      const struct replay_server *second)
{
    const char *due = why_due(proof, to, second), *why = proof->choice->why;
    const struct replay *replay = proof->replay;
    if (strcmp(why, due) == 0)
        return;
    /* The first try may be among the lines that are legally missing. */
    if (proof->purchase && strcmp(why, "retry") == 0 &&
        ledger_in_window(replay->ledger, replay->router, &proof->request))
        return;
    findings_broken(replay_findings(replay), proof->check, proof->place,
                    "why=%s, but why=%s was expected", why, due);
}

static void prove_runner_up(const struct proof *proof, const struct replay_server *second)
{
    const struct routing_choice *choice = proof->choice;
    if (!choice->left_out || !proof->purchase)
        return;
    const char *listed =
        choice->runner_up == choice->to ? "none" : choice->candidates[choice->runner_up].server;
    const char *due = second ? second->id : "none";
    if (strcmp(listed, due) != 0)
        findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                        "the runner-up is %s, but %s was expected", listed, due);
}

static void prove_winner(const struct proof *proof, const struct replay_server *to)
{
    const struct replay_server *best = winner(proof, NULL);
    if (best != to) {
        findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                        "to=%s, but to=%s was expected", to->id, best ? best->id : "(none)");
        return;
    }
    const struct replay_server *second = winner(proof, to);
    prove_why(proof, to, second);
    prove_runner_up(proof, second);
}

/* --- the line ---------------------------------------------------------------------------------- */

static void find_older(struct proof *proof)
{
    const struct replay *replay = proof->replay;
    struct findings *findings = replay_findings(replay);
    proof->older = LEDGER_NONE;
    if (!id_parse(proof->choice->request, &proof->request)) {
        findings_broken(findings, proof->check, proof->place, "request=%s is no UUID",
                        proof->choice->request);
        return;
    }
    uint32_t older = ledger_find(replay->ledger, &proof->request);
    if (older == LEDGER_NONE)
        return;
    const struct attempt *attempt = ledger_attempt(replay->ledger, older);
    const struct ledger_flight *flight = ledger_flight(replay->ledger, attempt->flight);
    proof->older = older;
    if (flight->router != replay->router)
        findings_broken(findings, proof->check, proof->place,
                        "request=%s was chosen for by another router, at %s",
                        proof->choice->request, replay_where(replay, attempt->place).text);
    else if (flight->settled == LEDGER_NONE && !flight->partial)
        findings_broken(findings, proof->check, proof->place,
                        "request=%s is still on flight=%" PRIu64 ", since %s",
                        proof->choice->request, flight->number,
                        replay_where(replay, attempt->place).text);
    if (attempt->quantity != proof->choice->quantity)
        findings_broken(findings, proof->check, proof->place,
                        "quantity=%d, but %" PRId32 " were asked for by the same request at %s",
                        proof->choice->quantity, attempt->quantity,
                        replay_where(replay, attempt->place).text);
}

static void apply_purchase(const struct proof *proof, struct replay_server *to)
{
    replay_board(proof->replay, to, proof->place);
    to->pending += proof->choice->quantity;
    to->raised_at = proof->place;
    to->last = proof->replay->line.n;
    ledger_server(proof->replay->ledger, to->number)->choices++;
}

void replay_choice(struct replay *replay, uint32_t place)
{
    const struct routing_choice *choice = &replay->line.choice;
    struct proof proof = {.replay = replay, .choice = choice, .place = place};
    proof.purchase = choice->route == ROUTE_PURCHASE;
    proof.check = proof.purchase ? CHECK_CHOICES : CHECK_READS;
    proof.older = LEDGER_NONE;
    replay_findings(replay)->checked[proof.check]++;
    if (proof.purchase)
        find_older(&proof);
    prove_listed(&proof);
    struct replay_server *to = replay_server(replay, choice->candidates[choice->to].server);
    if (!to)
        return;
    prove_winner(&proof, to);
    if (proof.purchase) {
        apply_purchase(&proof, to);
    } else {
        to->last_read = replay->line.n;
        ledger_server(replay->ledger, to->number)->reads++;
    }
}
