/* THE rule: counts, known keys and a batch in; outcomes and what to write out. Every engine calls it.
 *
 * Pure: no SQL, no clock, no I/O. The engine reads the counts and the known keys of a batch inside
 * its transaction, calls decide(), and writes what it is told to. One owner, one thread. */
#ifndef BOX_OFFICE_DECIDE_H
#define BOX_OFFICE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/lookup.h"
#include "db/store.h"

enum {
    DECIDE_TIDY_MAX = 16 * STORE_TIDY_MAX, /* in one batch: orders that expire; orders in lines */
};

/* One event that the batch names, by name or by an order of it. */
struct decide_event {
    int64_t id; /* the engine's; 0: there is no such event, and all else here is zero */
    char name[NAME_SIZE];
    size_t first_tier;
    size_t tiers;
    int64_t refusals; /* stored under keys now */
    int64_t sale_from, sale_until, buyer_limit, hold_seconds;
    bool waiting_list, closed;
    bool overdue;    /* more orders have expired than are among the batch's orders as `due` */
    int64_t refused; /* out: further refusals that this batch stores */
};

/* What decisions change of a tier. */
struct decide_counts {
    int64_t sold, held; /* tickets */
    int64_t waiting;    /* orders */
    int64_t next_number;
};

/* One tier of such an event. */
struct decide_tier {
    int64_t id;
    char name[NAME_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t price; /* of one ticket, minor units */
    int64_t capacity;
    int64_t limit;            /* tickets in one order */
    struct decide_counts was; /* as the store holds it when the batch begins */
    size_t line;              /* the first order in line, as an index; LOOKUP_NONE: nobody */
    size_t line_end;          /* the last one that was read */
    bool line_whole; /* all that wait were read; else as many as may be offered tickets: see b. */
    int64_t named; /* tickets of those of its orders that were read, as they were: for the engine */
    struct decide_counts now; /* out */
    int64_t taken; /* out: tickets that this batch sells; what is refunded is not taken off */
    size_t turn;   /* working memory: whose turn it is */
    size_t last;   /* the end of the line with those who came */
    int64_t offered, given_up; /* orders that left the line: at its head, and anywhere */
};

/* Tickets of one buyer, where the event has a limit. */
struct decide_buyer {
    size_t event;
    char name[BUYER_SIZE]; /* in ASCII lower case */
    int64_t was;
    int64_t now; /* out */
};

/* What decisions change of an order. */
struct decide_state {
    enum order_state state;
    int quantity;
    int64_t first_number, amount, expires_at;
    int64_t changed_at;  /* 0: never */
    struct id request;   /* that sold it, else that made it */
    const char *server;  /* not owned; NULL: as the order has it */
    const char *router;  /* not owned; NULL: as the store has it */
    const char *payment; /* not owned; NULL: as the order has it */
    bool late;
    bool
        used; /* a ticket was checked in; known only of an order of which a refund or check-in is decided */
    int owed; /* payments that are not settled; known only of an order of which a confirm is decided */
};

/* One order that the batch names, or that may move in it. */
struct decide_order {
    int64_t row;  /* the engine's; of one that this batch adds, its own to fill in */
    size_t event; /* indexes into the batch's lists */
    size_t tier;
    size_t buyer;  /* LOOKUP_NONE: not counted */
    size_t item;   /* of one that this batch adds, the one that asks for it; else LOOKUP_NONE */
    size_t behind; /* next in line; LOOKUP_NONE: the last one known */
    struct id id;
    bool gave_up;  /* out: it was released while it waited */
    bool was_held; /* it is or was a hold */
    bool due;      /* its time has come, and it is its turn */
    int64_t place; /* of one that waits and is asked for again: in the line when the batch begins */
    int64_t created_at;
    char name[BUYER_SIZE];    /* of the buyer, as given */
    char server[SERVER_SIZE]; /* texts that the states point to */
    char payment[KEY_SIZE];
    struct decide_state was;
    struct decide_state now; /* out: to be written where its state is another one */
};

/* One ticket that is checked in. */
struct decide_ticket {
    size_t order;
    int64_t number;
    int64_t at; /* when it was let in; 0: not yet */
    char gate[GATE_SIZE];
    char key[KEY_SIZE]; /* under which it was */
    size_t item;        /* out: the one that lets it in; LOOKUP_NONE: none */
};

enum decide_write {
    DECIDE_NOTHING,
    DECIDE_SALE,     /* the key, the sale and its tickets */
    DECIDE_HOLD,     /* the key and the order, held or waiting as its outcome says */
    DECIDE_REFUSAL,  /* the key with its refusal */
    DECIDE_OWED,     /* that the payment, the item's key, is owed for its order, and why */
    DECIDE_REFUND,   /* likewise of the order's own payment, where it has one */
    DECIDE_CHECK_IN, /* that the ticket was let in */
};

/* What goes with one decision. */
struct decide_item {
    size_t
        event; /* index into the batch's events; of a confirm or release whose order there is not, LOOKUP_NONE */
    bool known; /* of a purchase or hold: the key was looked up, and the store knows it */
    uint8_t fingerprint[FINGERPRINT_SIZE]; /* the first one's */
    size_t order; /* the order of a known key, or the one that is named; LOOKUP_NONE: none */
    enum problem
        refused; /* of a known key without an order; of a confirm, why its payment is owed already;
                             PROBLEM_NONE: it is not */
    int64_t remaining;       /* with it */
    size_t buyer;            /* index; LOOKUP_NONE: not counted */
    size_t ticket;           /* of a check-in: index; LOOKUP_NONE: there is none */
    enum decide_write write; /* out */
    size_t tier;             /* out, of a sale or hold: index into the batch's tiers */
    size_t
        subject; /* out: the order that came of it, or that it was about, where it is in the list */
};

struct decide_batch {
    const char *server; /* who sells */
    int64_t now;        /* wall clock, taken once the engine holds its lock */
    struct decision *decisions;
    struct decide_item *items; /* one per decision */
    size_t count;
    struct decide_event *events;
    size_t event_count;
    struct decide_tier *tiers;
    size_t tier_count;
    struct decide_buyer *buyers;
    size_t buyer_count;
    struct decide_order *orders; /* with room for `count` more: those that the batch adds */
    size_t order_count;
    size_t added; /* out: orders behind the order_count that were read */
    struct decide_ticket *tickets;
    size_t ticket_count;
    struct lookup *keys; /* working memory */
    bool by_id;          /* working memory: orders of this very batch may be named */
};

/* The order as it is now, for those who are told. */
void decide_sale(const struct decide_batch *batch, const struct decide_order *order,
                 struct sale *sale);

/* The payment by which the order was sold; "": none. */
const char *decide_payment(const struct decide_order *order);

/* The event's tier of that name, as an index into the batch's tiers; LOOKUP_NONE: there is none. */
size_t decide_tier_named(const struct decide_batch *batch, const struct decide_event *event,
                         const char *name);

/* Whether those in the event's lines are offered what comes free: no more once it is closed or its sale is over. */
bool decide_offers(const struct decide_batch *batch, const struct decide_event *event);

/* Decides in order; each decision sees what the earlier ones took and which keys they used. It may decide
 * a batch again, of which more is known.
 *
 * An outcome without a problem tells the order as it is after the decision, is `stored`, and is `late`
 * wherever the order is; `replayed`, where nothing was left to decide. Of others, refusals under a key
 * and payments that are owed are stored.
 *
 * First, in each event that the batch names (by name, or by an order's id):
 *
 *   a. Each order that is held and whose time has come (expires_at <= now) expires, the earliest first,
 *      at one time those of the tier that was made first. Of more than STORE_TIDY_MAX in an event, or
 *      DECIDE_TIDY_MAX in the batch, the others stay for the next batch: they are held until then.
 *   b. Where orders wait in a tier's line, the event is not closed, its sale not over, and tickets are
 *      free, the first in line is offered them: it becomes held, of as many tickets as it wants or as
 *      there are, at the present price, for the event's hold_seconds. It is not passed over because it
 *      wants more than there are, which could be for ever; nor do others get what it could not have.
 *      While anybody waits, nothing is free for others. Of more than STORE_TIDY_MAX in a tier's line, or
 *      DECIDE_TIDY_MAX in all the lines of the batch, the others wait for the next batch.
 *
 * b. also comes last, for what the batch itself has freed, and for whom it put in line.
 *
 * A purchase or hold:
 *
 *   1. A known key: same fingerprint, the first order again, as it is now, or the first refusal; another
 *      one, KEY_REUSED. Before the deadline, because EXPIRED says "nothing was decided", which would be
 *      untrue of a known key; and it is safe at any time, because it changes nothing.
 *   2. Past its deadline: EXPIRED. A new outcome after the deadline would be unsafe: another server may
 *      have refused the key long ago, and that refusal may have been removed since.
 *   3. NO_SUCH_EVENT; NOT_ON_SALE_YET (with retry_at), SALE_OVER, by when it was admitted, SALE_OVER also
 *      where the event is closed; TIER_REQUIRED, NO_SUCH_TIER, OVER_LIMIT; BUYER_REQUIRED;
 *      NO_WAITING_LIST where a hold would wait. None is stored: asked again later, it may be sold.
 *   4. The buyer would have more than buyer_limit: BUYER_LIMIT, with what is left, never below 0. What is
 *      held, waits and is sold counts; buyers are the same but for ASCII case. Stored as the next one.
 *      Where a. has left some expired orders as they are, OVERLOADED: they may be this buyer's.
 *   5. Too few tickets are free: a hold that may wait takes its place in line, unless STORE_WAITING_MAX
 *      do already. Otherwise SOLD_OUT, stored under the key where a client or another server may ask with
 *      it again; where there is no room to store it, STORE_UNAVAILABLE, because an unstored refusal could
 *      be followed by a sale under the same key. Where a. has left some expired orders as they are,
 *      OVERLOADED: "sold out" could be untrue.
 *   6. Sold; or held, for the seconds asked, but no longer than the event's hold_seconds.
 *
 * A confirm (its key is the payment's reference). Whoever has paid gets tickets, or the payment is
 * recorded as owed back: by (order, reference), once, and asked again the answer is the same, whatever
 * has become of the order.
 *
 *   1. No such order, or one that never was held or waited: NO_SUCH_HOLD.
 *   2. Sold by the same reference, refunded by now or not: the sale again.
 *   3. Owed already: the same answer again (replayed).
 *   4. Past its deadline: EXPIRED.
 *   5. Held: sold, with numbers, for the amount at which it was held; the request, server and router of
 *      the sale are those of the confirm.
 *   6. Expired: if as many tickets are free for others, and the buyer may have them, sold, and `late`. A
 *      line that is offered nothing any more (b.) keeps none from who has paid. Else HOLD_EXPIRED, owed;
 *      but where a. has left some as they are, OVERLOADED.
 *   7. Sold or refunded: ALREADY_PAID, owed. Released: HOLD_RELEASED, owed. Waiting: NOT_OFFERED, owed.
 *      More than STORE_OWED_MAX owed of one order and not settled: OVERLOADED, and nothing is recorded.
 *
 * A release: NO_SUCH_HOLD as above; released before, that again; EXPIRED past its deadline; held or
 * waiting, released; expired, HOLD_EXPIRED; sold or refunded, ALREADY_SOLD.
 *
 * A refund: of an order of this event that was sold (else NO_SUCH_PURCHASE); refunded before, that again;
 * EXPIRED past its deadline; TICKETS_USED where one was checked in; else refunded, its tickets are free,
 * and its payment, where it has one, is recorded as owed back (beyond STORE_OWED_MAX, too).
 *
 * A check-in: no such event or ticket, INVALID_CODE; TICKET_REFUNDED; let in before, by this very key,
 * that again (replayed), else ALREADY_CHECKED_IN, with when and where; EXPIRED past its deadline; else
 * let in. What the batch itself has sold is no ticket yet: nobody can have its code.
 *
 * A tidy, whatever its deadline: done, and neither stored nor with an order; NO_SUCH_EVENT. */
void decide(struct decide_batch *batch);

#endif
