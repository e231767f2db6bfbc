/* An item: one purchase, or what a hold needs, on its way to a decision; and the wire format of a flight, which
 * carries many items to one ticket server. Their outcomes come back as common/answer.h says. Both processes
 * share it.
 *
 *   {"router":"…","version":2,"items":[
 *    {"request":"…","admitted":µs,"event":"…","tier":"…","quantity":1,
 *     "buyer":"…","key":"…","attempt":2,"deadline":µs},
 *    {"request":"…","verb":"hold","admitted":µs,"event":"…",…,"seconds":300,"wait":true},
 *    {"request":"…","verb":"confirm","admitted":µs,"order":"…","key":"…"},
 *    {"request":"…","verb":"release","admitted":µs,"order":"…"},…]}
 *
 * The version stands before what it changes the spelling of; a flight of another one is refused as such
 * (400, `flight_version`), and nothing of it is decided. One without items asks for nothing but an answer.
 *
 * What goes without saying is left out: that it is a purchase; tier, quantity and buyer where the purchase has
 * none; a key that we made, which is the request's id; that an attempt is the first; and a deadline that is
 * PURCHASE_SECONDS after the admission. The key of a confirm is the payment's reference. */
#ifndef BOX_OFFICE_ITEM_H
#define BOX_OFFICE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/id.h"
#include "common/json.h"
#include "common/outcome.h"
#include "common/purchase.h"

enum {
    FLIGHT_VERSION = 2, /* of what both sides of a flight say */
    FLIGHT_ITEMS_MAX = 256,
    FLIGHT_BYTES_MAX = 1 << 20, /* each way */
    ATTEMPTS_MAX = 1000,
    PURCHASE_SECONDS = 5, /* from admission to the deadline; both sides of a flight count on it */
};

/* What is asked for. The first four travel on flights. */
enum verb {
    VERB_PURCHASE,
    VERB_HOLD,     /* keep tickets for a while, or a place in the line for them */
    VERB_CONFIRM,  /* sell what is held: it was paid */
    VERB_RELEASE,  /* give up what is held, or the place */
    VERB_REFUND,   /* take a sale back */
    VERB_CHECK_IN, /* let a ticket in */
    VERB_TIDY,     /* nothing: only what is due in its event, as in each batch */
};
enum {
    VERB_COUNT = VERB_TIDY + 1,
};
const char *verb_name(enum verb verb); /* "purchase", "hold", "check-in", … */
bool verb_flies(enum verb verb);       /* whether it travels on flights */
bool verb_has_key(enum verb verb);     /* whether its outcome is kept under its key */
bool verb_names_order(
    enum verb verb); /* of those: whether it is about an order, instead of an event */

struct item {
    enum verb verb;
    bool wait;   /* of a hold: take a place in the line where there are too few tickets */
    int seconds; /* of a hold: how long, 1 to HOLD_SECONDS_MAX; 0: as long as the event allows */
    struct id request; /* of the buyer's request; becomes the sale's id if it sells */
    struct id order;   /* of a confirm, release or refund: which */
    char key
        [KEY_SIZE]; /* never empty; of a confirm: the payment's reference, 1 to 255 visible ASCII characters,
                           which makes two confirms the same */
    bool key_made;    /* we made the key, of the request's id; no client knew it before */
    int attempt;      /* 1, 2, …: how often a server was asked, this time included */
    int64_t admitted; /* wall clock: when the balancer admitted it */
    int64_t deadline; /* wall clock: undecided after this, it is dropped */
    struct purchase
        purchase; /* of a purchase or hold; of a refund, check-in or tidy only its event (and a
                                 check-in's tier); of a confirm or release nothing */
};

/* Admits what was asked just now: gives it the id of its request, a key where it has none, and its time. */
void item_admit(struct item *item);

/* What makes two purchases, or two holds, the same: of a purchase purchase_fingerprint; of a hold one of a
 * domain of its own, which covers seconds and wait as well. */
void item_fingerprint(const struct item *item, uint8_t fingerprint[FINGERPRINT_SIZE]);

/* What a ticket server tells of itself with each answer. (boot, commit) orders what it says: boot
 * counts its starts in the store, commit its durable batches since that start. */
struct figures {
    char server[SERVER_SIZE];
    char store[ID_TEXT_SIZE]; /* id of the store it sells from; "" where not told */
    int64_t boot;
    int64_t commit;
    int64_t sold; /* tickets this server has ever sold */
};

/* True where a is later than b. */
bool figures_newer(const struct figures *a, const struct figures *b);

/* Writing and reading a flight's request. A request is head, items joined by item_append (which
 * sets the comma itself), tail. */
void flight_begin(struct buffer *out, const char *router);
void item_append(struct buffer *out, const struct item *item);
void flight_end(struct buffer *out);

/* What is no flight that can be read. */
enum {
    FLIGHT_MALFORMED = -1,
    FLIGHT_FOREIGN = -2, /* of another version; not read further */
};

/* Reads a whole request into items[0..max): how many there are, or one of the above with the reason.
 * `router` receives an id of at most 36 characters. */
int flight_parse(const char *text, size_t length, struct item *items, size_t max,
                 char router[ID_TEXT_SIZE], char error[JSON_ERROR_SIZE]);

#endif
