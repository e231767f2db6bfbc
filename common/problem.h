/* Every error a client can be given: RFC 9457 problem details with a stable code. */
#ifndef BOX_OFFICE_PROBLEM_H
#define BOX_OFFICE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

enum problem {
    PROBLEM_NONE, /* no problem: sold */
    PROBLEM_MALFORMED,
    PROBLEM_FLIGHT_VERSION, /* a flight's, from one process of ours to another: nothing was decided */
    PROBLEM_UNAUTHORIZED,
    PROBLEM_NOT_FOUND,
    PROBLEM_NO_SUCH_EVENT,
    PROBLEM_NO_SUCH_TIER,
    PROBLEM_NO_SUCH_PURCHASE,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_SOLD_OUT,
    PROBLEM_TOO_LARGE,
    PROBLEM_HEADERS_TOO_LARGE,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_INVALID,         /* a field breaks a rule */
    PROBLEM_TIER_REQUIRED,   /* the event has several tiers, the purchase names none */
    PROBLEM_OVER_LIMIT,      /* more tickets than the tier allows in one order */
    PROBLEM_KEY_REUSED,      /* the key stands for another request */
    PROBLEM_NOT_ON_SALE_YET, /* admitted before the event's sale begins */
    PROBLEM_SALE_OVER,       /* admitted after its end, or the event is closed */
    PROBLEM_BUYER_REQUIRED,  /* the event limits what one buyer may have, and none is named */
    PROBLEM_BUYER_LIMIT,     /* more than one buyer may have of this event */
    PROBLEM_NO_WAITING_LIST, /* the event has none */
    /* of holds */
    PROBLEM_NO_SUCH_HOLD,
    PROBLEM_HOLD_EXPIRED, /* and tickets are gone, or its buyer may have no more: a payment for it is recorded as owed
                             back */
    PROBLEM_HOLD_RELEASED, /* likewise */
    PROBLEM_NOT_OFFERED,   /* it waits in line still; likewise */
    PROBLEM_ALREADY_PAID,  /* with another payment; likewise */
    PROBLEM_ALREADY_SOLD,  /* what is sold cannot be released */
    /* of tickets */
    PROBLEM_INVALID_CODE, /* of a ticket: forged, altered, retired, unknown; which is not said */
    PROBLEM_WRONG_EVENT,  /* the ticket is another event's */
    PROBLEM_ALREADY_CHECKED_IN, /* the ticket was used: it says when and where */
    PROBLEM_TICKET_REFUNDED,
    PROBLEM_TICKETS_USED, /* a sale of which somebody was let in cannot be refunded */
    /* of what an organiser asks for */
    PROBLEM_FORBIDDEN, /* the token has not this scope */
    PROBLEM_EVENT_EXISTS,
    PROBLEM_TIER_EXISTS,
    PROBLEM_CAPACITY_TAKEN, /* the capacity would be less than what is sold and held */
    PROBLEM_NO_SUCH_TOKEN,
    PROBLEM_NO_SUCH_KEY,
    PROBLEM_LAST_KEY,          /* the key that signs cannot be retired: rotate first */
    PROBLEM_TOO_MANY,          /* a bound on how many there may be is reached */
    PROBLEM_TOO_MANY_REQUESTS, /* of a kind that has a share of the server's time (RFC 6585, section 4) */
    PROBLEM_BAD_GATEWAY,       /* an upstream's answer to a forwarded request was unusable */
    PROBLEM_GATEWAY_TIMEOUT,   /* the upstream took too long */
    PROBLEM_OVERLOADED,        /* a bound was reached: nothing was decided */
    PROBLEM_NO_SERVER,         /* no ticket server is up: nothing was decided */
    PROBLEM_EXPIRED,           /* the deadline passed: nothing was decided */
    PROBLEM_STORE_UNAVAILABLE, /* the store cannot take a sale now: nothing was decided */
    PROBLEM_OUTCOME_UNKNOWN,   /* may or may not be sold: the key tells, when repeated */
    /* of the admin API */
    PROBLEM_TOO_MANY_ATTEMPTS, /* wrong tokens from this address */
    PROBLEM_NO_SUCH_SERVER,
    PROBLEM_INVALID_SERVER,    /* a field breaks a rule */
    PROBLEM_REMOTE_ADDRESS,    /* another machine's, which was not allowed */
    PROBLEM_SERVER_EXISTS,     /* one of that id is in the list */
    PROBLEM_SERVER_CONFIGURED, /* the configuration names it */
    PROBLEM_SERVER_STARTED,    /* the balancer starts it */
    PROBLEM_SERVER_LEAVING,    /* it is being removed */
    PROBLEM_SERVER_REMOVED,    /* it was removed, and its heartbeat does not bring it back */
    PROBLEM_SERVER_MOVED,      /* another process of its id has joined since, elsewhere */
    PROBLEM_NOT_KEPT,          /* the members file cannot be written: nothing was changed */
    PROBLEM_COMMAND_REFUSED,   /* reload, upgrade, rolling-restart: it says why */
    PROBLEM_COUNT
};

enum {
    PROBLEM_DETAIL_SIZE = 256, /* details are cut to fit */
};

/* What the table says of a problem. Valid for every value but PROBLEM_NONE and PROBLEM_COUNT. */
unsigned problem_status(enum problem problem);    /* HTTP status, 4xx or 5xx */
const char *problem_code(enum problem problem);   /* "sold_out" */
int problem_retry_after(enum problem problem);    /* seconds for Retry-After; 0: no such header */
const char *problem_detail(enum problem problem); /* a sentence, where nothing more is to be said */

/* The problem with this code; PROBLEM_NONE where there is none. */
enum problem problem_from_code(const char *code);

/* Appends {"type":…,"title":…,"status":…,"detail":…,"code":…} without the closing brace's members:
 * what `members` holds (e.g. "\"remaining\":3", or NULL) is put before the closing brace. */
void problem_append(struct buffer *out, enum problem problem, const char *detail,
                    const char *members);

#endif
