#include "common/problem.h"

#include <assert.h>
#include <string.h>

#include "common/json.h"

struct row {
    const char *code;
    const char *type; /* a URI that names the problem and resolves to nothing (RFC 9457, 3.1.1) */
    const char *title;
    unsigned status;
    int retry_after;
    const char *detail;
};

static const struct row rows[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED] = {"malformed", "malformed", "Malformed request", 400, 0,
                           "The request cannot be read."},
    [PROBLEM_FLIGHT_VERSION] = {"flight_version", "flight-version", "Another version of flights",
                                400, 0, "Flights of this version are not understood here."},
    [PROBLEM_UNAUTHORIZED] = {"unauthorized", "unauthorized", "Unauthorized", 401, 0,
                              "A valid bearer token is needed."},
    [PROBLEM_NOT_FOUND] = {"not_found", "not-found", "Not found", 404, 0, "There is nothing here."},
    [PROBLEM_NO_SUCH_EVENT] = {"no_such_event", "no-such-event", "No such event", 404, 0,
                               "There is no event of this name; GET /events lists them."},
    [PROBLEM_NO_SUCH_TIER] =
        {"no_such_tier", "no-such-tier", "No such tier", 404, 0,
         "The event has no tier of this name; GET /events/{event} lists its tiers."},
    [PROBLEM_NO_SUCH_PURCHASE] = {"no_such_purchase", "no-such-purchase", "No such purchase", 404,
                                  0, "This event has no purchase of this id."},
    [PROBLEM_METHOD_NOT_ALLOWED] = {"method_not_allowed", "method-not-allowed",
                                    "Method not allowed", 405, 0,
                                    "The Allow header names the methods that can be used here."},
    [PROBLEM_SOLD_OUT] = {"sold_out", "sold-out", "Sold out", 409, 0,
                          "All tickets are sold or held."},
    [PROBLEM_TOO_LARGE] = {"too_large", "too-large", "Request too large", 413, 0,
                           "The request is larger than it may be."},
    [PROBLEM_HEADERS_TOO_LARGE] = {"headers_too_large", "headers-too-large", "Headers too large",
                                   431, 0, "The request's headers are longer than they may be."},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type", "unsupported-media-type",
                                        "Unsupported media type", 415, 0,
                                        "The Content-Type is not one that is understood here."},
    [PROBLEM_INVALID] = {"invalid", "invalid", "Invalid value", 422, 0, "A value breaks a rule."},
    [PROBLEM_TIER_REQUIRED] =
        {"tier_required", "tier-required", "Tier required", 422, 0,
         "The event has several tiers: name one of those that GET /events/{event} lists."},
    [PROBLEM_OVER_LIMIT] = {"over_limit", "over-limit", "Too many tickets in one order", 422, 0,
                            "These are more tickets than can be bought in one order."},
    [PROBLEM_KEY_REUSED] = {"key_reused", "key-reused", "Idempotency-Key already used", 422, 0,
                            "This Idempotency-Key stands for another request: repeat that one "
                            "unchanged, or send this one with a new key."},
    [PROBLEM_NOT_ON_SALE_YET] = {"not_on_sale_yet", "not-on-sale-yet", "Not on sale yet", 409, 1,
                                 "The sale has not begun; Retry-After tells when it does."},
    [PROBLEM_SALE_OVER] = {"sale_over", "sale-over", "Sale over", 409, 0,
                           "Tickets of this event are not sold any more."},
    [PROBLEM_BUYER_REQUIRED] = {"buyer_required", "buyer-required", "Buyer required", 422, 0,
                                "This event limits what one buyer may have: name the buyer."},
    [PROBLEM_BUYER_LIMIT] = {"buyer_limit", "buyer-limit", "Too many tickets for one buyer", 409, 0,
                             "These are more tickets than one buyer may have of this event."},
    [PROBLEM_NO_WAITING_LIST] = {"no_waiting_list", "no-waiting-list", "No waiting list", 422, 0,
                                 "This event has no waiting list: ask without \"wait\"."},
    [PROBLEM_NO_SUCH_HOLD] = {"no_such_hold", "no-such-hold", "No such hold", 404, 0,
                              "There is no hold of this id."},
    [PROBLEM_HOLD_EXPIRED] = {"hold_expired", "hold-expired", "Hold expired", 410, 0,
                              "The hold has expired: its tickets are not kept for it any more."},
    [PROBLEM_HOLD_RELEASED] = {"hold_released", "hold-released", "Hold released", 410, 0,
                               "The hold was given up."},
    [PROBLEM_NOT_OFFERED] = {"not_offered", "not-offered", "Not offered yet", 409, 0,
                             "This still waits in line: no tickets are held for it."},
    [PROBLEM_ALREADY_PAID] = {"already_paid", "already-paid", "Already paid", 409, 0,
                              "The hold was confirmed before, with another payment."},
    [PROBLEM_ALREADY_SOLD] = {"already_sold", "already-sold", "Already sold", 409, 0,
                              "The hold was confirmed: its tickets are sold."},
    [PROBLEM_INVALID_CODE] = {"invalid_code", "invalid-code", "Invalid code", 422, 0,
                              "This is no valid ticket."},
    [PROBLEM_WRONG_EVENT] = {"wrong_event", "wrong-event", "Another event's ticket", 422, 0,
                             "This is a ticket of another event."},
    [PROBLEM_ALREADY_CHECKED_IN] = {"already_checked_in", "already-checked-in",
                                    "Already checked in", 409, 0, "This ticket was used before."},
    [PROBLEM_TICKET_REFUNDED] = {"ticket_refunded", "ticket-refunded", "Ticket refunded", 409, 0,
                                 "This ticket was refunded."},
    [PROBLEM_TICKETS_USED] = {"tickets_used", "tickets-used", "Tickets used", 409, 0,
                              "Somebody was let in with a ticket of this purchase: it cannot be "
                              "refunded."},
    [PROBLEM_FORBIDDEN] = {"forbidden", "forbidden", "Forbidden", 403, 0,
                           "The token may not be used for this."},
    [PROBLEM_EVENT_EXISTS] = {"event_exists", "event-exists", "Event exists", 409, 0,
                              "There is an event of this name already."},
    [PROBLEM_TIER_EXISTS] = {"tier_exists", "tier-exists", "Tier exists", 409, 0,
                             "The event has a tier of this name already."},
    [PROBLEM_CAPACITY_TAKEN] = {"capacity_taken", "capacity-taken", "Capacity taken", 409, 0,
                                "More tickets than that are sold and held already."},
    [PROBLEM_NO_SUCH_TOKEN] = {"no_such_token", "no-such-token", "No such token", 404, 0,
                               "There is no token of this id."},
    [PROBLEM_NO_SUCH_KEY] = {"no_such_key", "no-such-key", "No such key", 404, 0,
                             "There is no signing key of this id."},
    [PROBLEM_LAST_KEY] = {"last_key", "last-key", "The key that signs", 409, 0,
                          "This key signs the tickets: make another one first."},
    [PROBLEM_TOO_MANY] = {"too_many", "too-many", "Too many", 409, 0,
                          "There are as many of these as there may be."},
    [PROBLEM_TOO_MANY_REQUESTS] = {"too_many_requests", "too-many-requests", "Too many requests",
                                   429, 1,
                                   "Too many tickets are being shown just now; purchases go "
                                   "first."},
    [PROBLEM_BAD_GATEWAY] = {"bad_gateway", "bad-gateway", "Bad gateway", 502, 0,
                             "The server asked gave an answer that cannot be used."},
    [PROBLEM_GATEWAY_TIMEOUT] = {"gateway_timeout", "gateway-timeout", "Gateway timeout", 504, 0,
                                 "The server asked took too long to answer."},
    [PROBLEM_OVERLOADED] =
        {"overloaded", "overloaded", "Overloaded", 503, 1,
         "More is waiting than can be served. This request decided nothing: repeat it."},
    [PROBLEM_NO_SERVER] = {"no_server", "no-server", "No server", 503, 1,
                           "No ticket server is up. This request decided nothing: repeat it."},
    [PROBLEM_EXPIRED] =
        {"expired", "expired", "Not decided in time", 503, 1,
         "This could not be decided in time. This request decided nothing: repeat it."},
    [PROBLEM_STORE_UNAVAILABLE] =
        {"store_unavailable", "store-unavailable", "Store unavailable", 503, 1,
         "The store cannot be used now. This request decided nothing: repeat it."},
    [PROBLEM_OUTCOME_UNKNOWN] = {"outcome_unknown", "outcome-unknown", "Outcome unknown", 503, 1,
                                 "It is not known whether this was decided: repeat it unchanged, "
                                 "with its Idempotency-Key."},
    [PROBLEM_TOO_MANY_ATTEMPTS] = {"too_many_attempts", "too-many-attempts",
                                   "Too many wrong tokens", 429, 0,
                                   "Too many wrong tokens came from this address. The right one is "
                                   "taken at any time."},
    [PROBLEM_NO_SUCH_SERVER] = {"no_such_server", "no-such-server", "No such server", 404, 0,
                                "There is no server of this id; GET /servers lists them."},
    [PROBLEM_INVALID_SERVER] = {"invalid_server", "invalid-server", "Invalid server", 422, 0,
                                "What is said of the server breaks a rule."},
    [PROBLEM_REMOTE_ADDRESS] =
        {"remote_address", "remote-address", "Another machine's address", 403, 0,
         "The address is another machine's. Start the balancer with --allow-remote to use such."},
    [PROBLEM_SERVER_EXISTS] = {"server_exists", "server-exists", "Server exists", 409, 0,
                               "There is a server of this id already."},
    [PROBLEM_SERVER_CONFIGURED] = {"server_configured", "server-configured",
                                   "Server of the configuration", 409, 0,
                                   "The configuration names this server."},
    [PROBLEM_SERVER_STARTED] = {"server_started", "server-started", "Server of the balancer", 409,
                                0,
                                "This balancer starts this server: lower --servers, or drain it."},
    [PROBLEM_SERVER_LEAVING] = {"server_leaving", "server-leaving", "Server is being removed", 409,
                                0,
                                "This server is being removed. GET /servers shows when it has "
                                "left."},
    [PROBLEM_SERVER_REMOVED] = {"server_removed", "server-removed", "Server removed", 410, 0,
                                "This server was removed. Started again, it may join again."},
    [PROBLEM_SERVER_MOVED] = {"server_moved", "server-moved", "Server moved", 409, 0,
                              "A process of this id has joined from another address since."},
    [PROBLEM_NOT_KEPT] = {"not_kept", "not-kept", "Cannot be kept", 503, 1,
                          "The members file cannot be written, so nothing was changed."},
    [PROBLEM_COMMAND_REFUSED] = {"command_refused", "command-refused", "Refused", 409, 0,
                                 "This cannot be done now."},
};

static const struct row *row_of(enum problem problem)
{
    assert(problem > PROBLEM_NONE && problem < PROBLEM_COUNT);
    return &rows[problem];
}

unsigned problem_status(enum problem problem)
{
    return row_of(problem)->status;
}

const char *problem_code(enum problem problem)
{
    return row_of(problem)->code;
}

int problem_retry_after(enum problem problem)
{
    return row_of(problem)->retry_after;
}

const char *problem_detail(enum problem problem)
{
    return row_of(problem)->detail;
}

enum problem problem_from_code(const char *code)
{
    for (int i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++)
        if (strcmp(rows[i].code, code) == 0)
            return (enum problem)i;
    return PROBLEM_NONE;
}

void problem_append(struct buffer *out, enum problem problem, const char *detail,
                    const char *members)
{
    const struct row *row = row_of(problem);
    buffer_add(out, "{\"type\":\"urn:problem:box-office:");
    buffer_add(out, row->type);
    buffer_add(out, "\",\"title\":\"");
    buffer_add(out, row->title);
    buffer_add(out, "\",\"status\":");
    buffer_add_number(out, row->status);
    buffer_add(out, ",\"detail\":");
    json_append(out, detail);
    buffer_add(out, ",\"code\":\"");
    buffer_add(out, row->code);
    buffer_add_char(out, '"');
    if (members) {
        buffer_add_char(out, ',');
        buffer_add(out, members);
    }
    buffer_add_char(out, '}');
}
