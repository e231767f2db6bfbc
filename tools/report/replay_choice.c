/* Choices: each is made again from what the replay holds, by the rule as the design states it. */
#include <inttypes.h>
#include <string.h>

#include "tools/report/replay_parts.h"

/* --- the candidates ---------------------------------------------------------------------------- */

/* A ticket server's limit is one of tickets pending; it holds back purchases alone, and no idle server. */
static bool is_full(const struct proof *proof, const struct replay_server *server)
{
    if (strcmp(server->pool, ROUTING_TICKETS) != 0)
        return server->busy >= server->limit;
    return proof->purchase && server->pending > 0 &&
           server->pending + proof->choice->quantity > server->limit;
}

/* The mark of each state in which a server is out of the running. */
static const enum candidate_mark marks[SERVER_LEFT + 1] = {
    [SERVER_JOINING] = MARK_JOINING,   [SERVER_OVERLOADED] = MARK_OVERLOADED,
    [SERVER_DRAINING] = MARK_DRAINING, [SERVER_DOWN] = MARK_DOWN,
    [SERVER_EJECTED] = MARK_EJECTED,
};

/* The mark that a server must carry for what the replay holds of it, whoever asks. */
static enum candidate_mark own_mark_due(const struct proof *proof,
                                        const struct replay_server *server)
{
    if (marks[server->state] != MARK_NONE)
        return marks[server->state];
    return is_full(proof, server) ? MARK_FULL : MARK_NONE;
}

/* The mark that it must carry for this request. */
static enum candidate_mark mark_due(const struct proof *proof, const struct replay_server *server)
{
    enum candidate_mark due = own_mark_due(proof, server);
    bool spared = due == MARK_NONE && proof->spares && replay_was_asked(proof, server);
    return spared ? MARK_ASKED : due;
}

/* Who was asked in vain makes room for others, if there are any. */
static void find_asked(struct proof *proof)
{
    const struct replay *replay = proof->replay;
    replay_asked_look(proof);
    for (size_t i = 0; i < replay->count && proof->asked != 0; i++) {
        const struct replay_server *server = &replay->servers[i];
        if (strcmp(server->pool, proof->pool) == 0 && !replay_was_asked(proof, server) &&
            own_mark_due(proof, server) == MARK_NONE)
            proof->spares = true;
    }
}

static enum server_state state_of(enum candidate_mark mark)
{
    for (enum server_state state = SERVER_JOINING; state < SERVER_LEFT; state++)
        if (mark != MARK_NONE && marks[state] == mark)
            return state;
    return SERVER_UP;
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
    bool believed = proof->guessed && due == MARK_NONE && candidate->mark == MARK_ASKED;
    if (candidate->mark != due && !believed)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "%s is marked %s, but %s was expected (it is %s since %s, %" PRId64
                        " pending, %" PRId64 " under way, limit %" PRId64 ")",
                        server->id, word_of(candidate->mark), word_of(due),
                        server_state_name(server->state),
                        replay_where(replay, server->state_at).text, server->pending, server->busy,
                        server->limit);
    server->state = state_of(candidate->mark);
}

/* One figure of a candidate: the line's, and the replay's, which is that of the lines before. */
static void prove_figure(const struct proof *proof, const char *server, const char *what,
                         const int64_t figures[2], uint32_t since)
{
    const struct replay *replay = proof->replay;
    if (figures[0] == figures[1])
        return;
    findings_broken(replay_findings(replay), proof->check, proof->place,
                    "%s is listed with %s %" PRId64 ", but %" PRId64
                    " was expected (last changed at %s)",
                    server, what, figures[0], figures[1], replay_where(replay, since).text);
}

static void prove_sold(const struct proof *proof, const struct candidate *candidate,
                       struct replay_server *server)
{
    struct replay *replay = proof->replay;
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

static void prove_busy(const struct proof *proof, const struct candidate *candidate,
                       struct replay_server *server)
{
    const int64_t figures[] = {candidate->busy, server->busy};
    prove_figure(proof, server->id, "requests under way", figures, server->busy_at);
    server->busy = candidate->busy;
}

static void prove_weight(const struct proof *proof, const struct candidate *candidate,
                         struct replay_server *server)
{
    const int64_t figures[] = {candidate->weight, server->weight};
    prove_figure(proof, server->id, "weight", figures, server->state_at);
}

static void prove_credit(const struct proof *proof, const struct candidate *candidate,
                         struct replay_server *server)
{
    struct routing_turn *turn = replay_turn_of(proof, server);
    const int64_t figures[] = {candidate->credit, turn->credit};
    prove_figure(proof, server->id, "credit", figures, server->credit_at);
    turn->credit = candidate->credit;
}

/* Figures that differ from the replay's show that a line before was changed; which, the places tell. */
static void prove_figures(const struct proof *proof, const struct candidate *candidate,
                          struct replay_server *server)
{
    switch (proof->policy) {
    case POLICY_FEWEST_SOLD:
        prove_sold(proof, candidate, server);
        break;
    case POLICY_ROUND_ROBIN:
        prove_credit(proof, candidate, server);
        prove_weight(proof, candidate, server);
        break;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_POWER_OF_TWO:
        prove_busy(proof, candidate, server);
        prove_weight(proof, candidate, server);
        break;
    case POLICY_IP_HASH:
        prove_figure(
            proof, server->id, "score",
            (const int64_t[]){(int64_t)candidate->score, (int64_t)replay_score(proof, server)},
            LEDGER_NONE);
        break;
    case POLICY_LEAST_WORKLOAD:
        prove_figure(proof, server->id, "workload",
                     (const int64_t[]){candidate->workload, replay_workload(proof, server)},
                     server->workload_at_place);
        prove_busy(proof, candidate, server);
        break;
    case POLICY_RANDOM:
    case POLICY_COUNT:
        break;
    }
}

static size_t pool_size(const struct proof *proof)
{
    size_t count = 0;
    for (size_t i = 0; i < proof->replay->count; i++)
        count += strcmp(proof->replay->servers[i].pool, proof->pool) == 0;
    return count;
}

/* The place-th server (from 0) of the pool. */
static const struct replay_server *expected_at(const struct proof *proof, size_t place)
{
    const struct replay *replay = proof->replay;
    for (size_t i = 0; i < replay->count; i++)
        if (strcmp(replay->servers[i].pool, proof->pool) == 0 && place-- == 0)
            return &replay->servers[i];
    return NULL;
}

static void prove_candidate(const struct proof *proof, size_t i, bool all)
{
    struct replay *replay = proof->replay;
    const struct candidate *candidate = &proof->choice->candidates[i];
    struct replay_server *server = replay_server(replay, candidate->server);
    const struct replay_server *expected = all ? expected_at(proof, i) : server;
    const char *list = routing_list_name(proof->policy);
    if (server == NULL)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "%s has %s, which is not in the list of servers", list + 1,
                        candidate->server);
    else if (server != expected)
        findings_broken(
            replay_findings(replay), proof->check, proof->place,
            "%s has %s in place %zu, where %s was expected, which joined at %s", list + 1,
            server->id, i + 1, expected != NULL ? expected->id : "none",
            replay_where(replay, expected != NULL ? expected->joined_at : LEDGER_NONE).text);
    if (server == NULL)
        return;
    prove_mark(proof, candidate, server);
    prove_figures(proof, candidate, server);
}

/* The first server of the pool that the line should list, and does not. */
static const struct replay_server *unlisted(const struct proof *proof, bool all)
{
    const struct replay *replay = proof->replay;
    const struct routing_choice *choice = proof->choice;
    for (size_t i = 0; i < replay->count; i++) {
        const struct replay_server *server = &replay->servers[i];
        size_t at = 0;
        while (at < choice->count && strcmp(choice->candidates[at].server, server->id) != 0)
            at++;
        if (at == choice->count && strcmp(server->pool, proof->pool) == 0 &&
            (all || mark_due(proof, server) == MARK_ASKED))
            return server;
    }
    return NULL;
}

static void prove_listed(const struct proof *proof)
{
    const struct replay *replay = proof->replay;
    const struct routing_choice *choice = proof->choice;
    size_t known = pool_size(proof);
    bool all = known <= ROUTING_CANDIDATES_MAX;
    const struct replay_server *missing = all || proof->spares ? unlisted(proof, all) : NULL;
    if (choice->count + choice->left_out != known || (all && choice->left_out))
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "%zu candidates (%zu listed), but the router knew %zu servers since %s",
                        choice->count + choice->left_out, choice->count, known,
                        replay_where(replay, replay->listed_at).text);
    if (missing != NULL)
        findings_broken(replay_findings(replay), proof->check, proof->place,
                        "%s is not listed, though it is %s since %s", missing->id,
                        server_state_name(missing->state),
                        replay_where(replay, missing->state_at).text);
    for (size_t i = 0; i < choice->count; i++)
        prove_candidate(proof, i, all);
}

/* --- the winner -------------------------------------------------------------------------------- */

bool replay_is_out(const struct proof *proof, const struct replay_server *server)
{
    const struct routing_choice *choice = proof->choice;
    if (strcmp(server->pool, proof->pool) != 0)
        return true;
    for (size_t i = 0; i < choice->count; i++) {
        if (strcmp(choice->candidates[i].server, server->id) == 0)
            return choice->candidates[i].mark != MARK_NONE;
    }
    return mark_due(proof, server) != MARK_NONE;
}

static bool is_keyed(const struct routing_choice *choice)
{
    return choice->affinity == AFFINITY_JWT || choice->affinity == AFFINITY_ADDRESS;
}

/* Whether a server of the pool that is out of the running had a higher score. */
static bool was_moved(const struct proof *proof, const struct replay_server *to)
{
    const struct replay *replay = proof->replay;
    for (size_t i = 0; i < replay->count; i++) {
        const struct replay_server *server = &replay->servers[i];
        if (strcmp(server->pool, proof->pool) == 0 &&
            replay_score(proof, server) > replay_score(proof, to))
            return true;
    }
    return false;
}

/* Whether another one in the running is as good by the policy's figures. */
static bool is_tied(const struct proof *proof, const struct replay_server *to)
{
    if (proof->policy == POLICY_RANDOM || proof->policy == POLICY_POWER_OF_TWO)
        return false;
    struct replay_server *second = replay_winner(proof, to);
    return second != NULL && replay_order(proof, second, to) == 0;
}

static const char *why_due(const struct proof *proof, const struct replay_server *to,
                           const struct replay_server *pinned)
{
    if (is_keyed(proof->choice))
        return was_moved(proof, to) ? "moved" : "session";
    if (pinned != NULL)
        return pinned == to ? "session" : "moved";
    if (proof->older != LEDGER_NONE)
        return "retry";
    if (proof->policy == POLICY_LEAST_WORKLOAD && replay_workload(proof, to) < 0)
        return "stale";
    return is_tied(proof, to) ? "least-recent" : replay_rule_word(proof->policy);
}

static void prove_why(const struct proof *proof, const char *due)
{
    const char *why = proof->choice->why;
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

/* `held`: by a session. Where lots decide, the runner-up is the other one that was drawn. */
static void prove_runner_up(const struct proof *proof, const struct replay_server *to, bool held)
{
    const struct routing_choice *choice = proof->choice;
    if (!choice->left_out)
        return;
    bool undrawn = held && proof->policy == POLICY_POWER_OF_TWO;
    const struct replay_server *second = undrawn ? NULL : replay_winner(proof, to);
    const char *listed =
        choice->runner_up == choice->to ? "none" : choice->candidates[choice->runner_up].server;
    const char *due = second != NULL ? second->id : "none";
    if (strcmp(listed, due) != 0)
        findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                        "the runner-up is %s, but %s was expected", listed, due);
}

/* The server that the session is pinned to; NULL: none. */
static const struct replay_server *pinned_server(const struct proof *proof)
{
    const char *pinned = proof->choice->pinned;
    if (pinned == NULL)
        return NULL;
    const struct replay_server *server = replay_server(proof->replay, pinned);
    if (server != NULL && strcmp(server->pool, proof->pool) == 0)
        return server;
    findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                    "pinned=%s, which is no server of pool %s", pinned, proof->pool);
    return NULL;
}

/* drawn= is there where two were drawn and decided. */
static void prove_drawn(const struct proof *proof, bool decided)
{
    const char *const *listed = proof->choice->drawn;
    struct replay_server *due[2] = {NULL, NULL};
    if (proof->policy == POLICY_POWER_OF_TWO && decided)
        replay_draw(proof, due);
    bool two = due[1] != NULL;
    if (two == (listed[0] != NULL) &&
        (!two || (strcmp(listed[0], due[0]->id) == 0 && strcmp(listed[1], due[1]->id) == 0)))
        return;
    findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                    "drawn=%s,%s, but drawn=%s,%s was expected", listed[0] ? listed[0] : "none",
                    listed[0] ? listed[1] : "none", two ? due[0]->id : "none",
                    two ? due[1]->id : "none");
}

static void prove_winner(const struct proof *proof, struct replay_server *to)
{
    const struct replay_server *pinned = pinned_server(proof);
    bool held = pinned != NULL && !replay_is_out(proof, pinned);
    const struct replay_server *due = held ? pinned : replay_winner(proof, NULL);
    if (due != to) {
        findings_broken(replay_findings(proof->replay), proof->check, proof->place,
                        "to=%s, but to=%s was expected", to->id, due ? due->id : "(none)");
    } else {
        prove_why(proof, why_due(proof, to, pinned));
        prove_runner_up(proof, to, held);
    }
    prove_drawn(proof, !held);
    if (proof->policy == POLICY_ROUND_ROBIN && !held)
        replay_turn(proof, to);
}

/* --- the line ---------------------------------------------------------------------------------- */

/* Asked again, a request asks for the same. */
static void prove_repeat(const struct proof *proof, const struct attempt *attempt)
{
    const struct replay *replay = proof->replay;
    const struct routing_choice *choice = proof->choice;
    struct findings *findings = replay_findings(replay);
    struct id order = {0};
    bool same = choice->order == NULL ||
                (id_parse(choice->order, &order) && id_equal(&order, &attempt->order));
    if (attempt->quantity != choice->quantity)
        findings_broken(findings, proof->check, proof->place,
                        "quantity=%d, but %" PRId32 " were asked for by the same request at %s",
                        choice->quantity, attempt->quantity,
                        replay_where(replay, attempt->place).text);
    if (attempt->verb != choice->verb || !same)
        findings_broken(findings, proof->check, proof->place,
                        "a %s, but the same request was another %s at %s", verb_name(choice->verb),
                        verb_name(attempt->verb), replay_where(replay, attempt->place).text);
}

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
    uint32_t older = proof->purchase ? ledger_find(replay->ledger, &proof->request) : LEDGER_NONE;
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
    prove_repeat(proof, attempt);
}

static void apply_purchase(const struct proof *proof, struct replay_server *to)
{
    replay_board(proof->replay, to, proof->place);
    to->pending += proof->choice->quantity;
    to->raised_at = proof->place;
    ledger_server(proof->replay->ledger, to->number)->choices++;
}

void replay_choice(struct replay *replay, uint32_t place)
{
    const struct routing_choice *choice = &replay->line.choice;
    struct replay_server *to = replay_server(replay, choice->candidates[choice->to].server);
    struct proof proof = {.replay = replay,
                          .choice = choice,
                          .policy = routing_choice_lists(choice),
                          .place = place,
                          .purchase = routing_choice_boards(choice),
                          .pool = to != NULL ? to->pool : "",
                          .older = LEDGER_NONE};
    if (proof.policy == POLICY_IP_HASH)
        proof.key =
            policy_hash(choice->affinity == AFFINITY_JWT ? choice->session : choice->client);
    proof.check = proof.purchase ? CHECK_CHOICES : CHECK_REQUESTS;
    replay_findings(replay)->checked[proof.check]++;
    find_older(&proof);
    if (!proof.purchase)
        find_asked(&proof);
    prove_listed(&proof);
    if (to == NULL)
        return;
    replay_route(&proof);
    prove_winner(&proof, to);
    if (choice->affinity == AFFINITY_COOKIE)
        replay_session(&proof, to);
    if (proof.purchase)
        apply_purchase(&proof, to);
    else
        replay_forward(&proof, to);
    to->busy++;
    to->busy_at = place;
    replay_turn_of(&proof, to)->last = replay->line.n;
    ledger_rule(replay->ledger, choice, to->id);
}
