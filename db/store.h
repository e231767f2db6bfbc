/* The store: events, sales, keys and counts, strongly consistent and durable. The only header of
 * db/ that others include.
 *
 * Domain verbs, not queries: no SQL type leaks out and no transaction outlives a call. A store
 * handle belongs to one thread. The URL picks the engine: "sqlite:PATH", "postgresql://…". */
#ifndef BOX_OFFICE_STORE_H
#define BOX_OFFICE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/id.h"
#include "common/item.h"
#include "common/outcome.h"

struct store;

enum {
    STORE_ERROR_SIZE = 512,
    STORE_PLACE_SIZE = 4096,      /* room for a path */
    STORE_BATCH_MAX = 4096,       /* decisions in one store_decide */
    STORE_REFUSALS_MAX = 1000000, /* stored refusals per event; past that 503 */
    STORE_REFUSAL_SECONDS = 3600, /* how long a stored refusal is kept at least */
    STORE_ORDER_LIMIT = 10,       /* default tickets per order */
    STORE_TIERS_MAX = 64,         /* of one event */
    STORE_WAITING_MAX = 100000,   /* orders in the line of one tier; past that, sold out */
    STORE_EVENTS_MAX = 100000,
    STORE_NUMBERS_SKIPPED = 1000000,  /* of tickets, where a copy is put back */
    STORE_BUYERS_COUNTED_MAX = 50000, /* decisions of an event that may be read to count what
                                         its buyers have: a third of a second */
    STORE_TOKENS_MAX = 10000,         /* that are good */
    STORE_KEYS_MAX = 100,             /* signing keys that are not retired */
    STORE_OWED_MAX = 16, /* payments owed back for one order, not settled; past that 503 */
    STORE_TIDY_MAX =
        1024, /* orders of one event that expire, and of one tier that are offered what came
                                     free, in one batch; the rest in the next ones */
    STORE_PAGE_MAX = 1000,       /* entries of one list call */
    STORE_PAGE_TIERS_MAX = 4096, /* of all events of one list call, or a few less */
    TITLE_SIZE = 401,            /* 1 to 400 bytes of plain_text; the NUL */
    ZONE_SIZE = 65,
    GATE_SIZE = 65,         /* 1 to 64 bytes of plain_text; the NUL */
    KEY_ID_SIZE = 12,       /* of a signing key: 11 of A-Z a-z 0-9 - _ */
    SIGNING_SEED_SIZE = 32, /* an Ed25519 secret key, as RFC 8032 has it */
    SIGNING_PUBLIC_SIZE = 32,
    TOKEN_HASH_SIZE = 32,   /* a SHA-256 */
    PRICE_MAX = 1000000000, /* of one ticket, minor units */
    CAPACITY_MAX = 1000000000,
};

/* --- making and opening ------------------------------------------------------------------------
 */

struct store_made {
    char id[ID_TEXT_SIZE];
    bool created;      /* there was no store before */
    bool demo_created; /* it held no event, so `demo` was made */
    int64_t tickets;   /* sold so far, over all events */
};

/* Makes the store where there is none, brings an older schema up to date, and, where demo_capacity
 * > 0 and no event exists, makes the event `demo` with one tier `standard` of that capacity (price
 * 2500 EUR minor units). May be run at any time, by several processes at once. False with one clear
 * line (what is wrong, what to do) in `error`: unreadable, foreign, newer or damaged database,
 * missing or unwritable directory, unusable lock file. */
bool store_init(const char *url, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE]);

/* Moves the store aside, for a fresh start: `aside` receives where it can be found from now on (it can
 * still be opened there), or "" where there was no store. Where only its journal was left, that is moved,
 * and `aside` with an ending of its own is its name. Refused, with the reason and nothing
 * changed, while any process uses the store. */
bool store_reset(const char *url, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

/* Opens for selling as `server`, and raises that server's boot number in the store. From now on a
 * handle opened earlier under the same id is fenced: its decisions are refused. NULL with the
 * reason where the store does not exist, is not ours, or cannot be used. */
struct store *store_open_seller(const char *url, const char *server, char error[STORE_ERROR_SIZE]);

/* The same, and `stalled` is told already while this waits for the writer lock, where there is one, as store_on_stall
 * says: if everybody else just starts, nobody else can tell of a frozen owner. */
typedef void store_stalled(void *context, pid_t owner);
struct store *store_open_seller_telling(const char *url, const char *server, store_stalled *stalled,
                                        void *context, char error[STORE_ERROR_SIZE]);

/* Opens read-only. */
struct store *store_open_reader(const char *url, char error[STORE_ERROR_SIZE]);

/* The same, and where it cannot be opened, `absent` tells whether that is because nothing lies where the URL says, nor
 * may lie there: else something does, which need not be a store, or whole. */
struct store *store_open_reader_telling(const char *url, bool *absent,
                                        char error[STORE_ERROR_SIZE]);

/* Closes; a seller's handle also folds the journal into the database where it can. */
void store_close(struct store *store);

/* False where the store is no longer at its place (it was moved, replaced or reset): then nothing more
 * can be sold or read with this handle, and the process should leave. Any handle; cheap. */
bool store_present(const struct store *store);

/* Id of this store, for as long as the handle is open. */
const char *store_id(const struct store *store);

/* --- deciding (seller's handle) ----------------------------------------------------------------
 */

/* What a check-in is about, and what came of it. */
struct check_in {
    int64_t number; /* of the ticket; its event and tier are the item's */
    char gate[GATE_SIZE];
    int64_t at;            /* out, wall clock: when it was let in, or had been before */
    char where[GATE_SIZE]; /* out: at which gate */
};

/* One thing to decide. */
struct decision {
    const struct item *item;               /* not owned */
    const char *router;                    /* id of the router it came through; "" sold directly */
    struct check_in *check_in;             /* of a check-in; not owned; else NULL */
    uint8_t fingerprint[FINGERPRINT_SIZE]; /* of the purchase or hold: item_fingerprint */
    struct outcome outcome;                /* filled in by store_decide */
};

enum store_result {
    STORE_DURABLE,  /* every outcome is filled in, and what was sold or stored survives a power cut
                    */
    STORE_REFUSED,  /* nothing was changed and nothing decided: busy, full, read-only, down */
    STORE_UNKNOWN,  /* the commit may or may not have happened: the process must exit, and the keys
                      decide when they are asked again */
    STORE_IN_DOUBT, /* likewise, of a store that is another process: the handle can be used again */
    STORE_FENCED,   /* another process sells under this server's id since: nothing was changed */
};

/* Decides all of them, in order, in one transaction with one durable commit. A failure that
 * concerns one item only (e.g. a constraint) does not fail the others: the batch is rolled back and
 * decided again, half by half down to that one, which gets PROBLEM_STORE_UNAVAILABLE.
 * n <= STORE_BATCH_MAX.
 *
 * An item past its deadline is looked up, not decided: the outcome of its key, else EXPIRED.
 *
 * Waits for its turn no longer than until the last of the items' deadlines (at least 0.2 s, at most 10 s), then
 * STORE_REFUSED; a commit under way may take 15 s more on a store that is another process. On STORE_DURABLE `figures` holds this server's (boot, commit, sold). */
enum store_result store_decide(struct store *store, struct decision *decisions, size_t n,
                               struct figures *figures);

/* The orders that the last durable batch moved without being asked to: expired, or offered what came free
 * (they are held now); but not those that it then moved on, because it was asked to. Valid until the next batch. */
size_t store_moved(const struct store *store, const struct sale **moved);

/* The present figures of a seller's handle, as of its last durable batch (or its opening). */
void store_figures(const struct store *store, struct figures *figures);

/* --- changing what is for sale, and who may do what (seller's handle) ---------------------------
 *
 * Asked for by an organiser, decided one at a time, each in a transaction of its own. */

/* An event as its organiser describes it. Times are wall clock; 0: not told. */
struct event_terms {
    char name[NAME_SIZE];   /* by which it is known; never changed */
    char title[TITLE_SIZE]; /* in any script */
    char zone[ZONE_SIZE];   /* IANA time zone, e.g. Europe/Berlin */
    int64_t starts_at;
    int64_t sale_from, sale_until; /* admitted from ... until before ...; 0: no bound */
    int64_t buyer_limit;  /* tickets that one buyer may hold and have bought; 0: no limit */
    int64_t hold_seconds; /* 1 to HOLD_SECONDS_MAX: a hold, and an offer from the line */
    bool waiting_list;
    bool closed; /* nothing is sold or held any more; holds may still be confirmed */
};

/* Whether a sale with these bounds ends after it begins; 0: no bound. */
bool store_window_valid(int64_t sale_from, int64_t sale_until);

struct tier_terms {
    char name[NAME_SIZE];
    char currency[CURRENCY_SIZE]; /* ISO 4217; that of the event's other tiers; never changed */
    int64_t price;                /* of one ticket, minor units, 0 to PRICE_MAX */
    int64_t capacity;             /* 0 to CAPACITY_MAX */
    int64_t limit;                /* tickets in one order, 1 to QUANTITY_MAX */
};

/* What a token may be used for. */
enum scope {
    SCOPE_EVENTS = 1 << 0,   /* make and change events and tiers */
    SCOPE_SALES = 1 << 1,    /* see and export what was sold */
    SCOPE_REFUNDS = 1 << 2,  /* refund, and settle what is owed back */
    SCOPE_CHECK_IN = 1 << 3, /* let tickets in */
    SCOPE_ADMIN = 1 << 4,    /* tokens and signing keys; and all of the others */
};

struct token_terms {
    struct id id;
    char name[TITLE_SIZE]; /* whose it is; for people */
    uint8_t hash[TOKEN_HASH_SIZE];
    uint32_t scopes;
    int64_t created_at; /* wall clock; the store's, whatever a change says */
    int64_t revoked_at; /* 0: it is good */
};

struct signing_key {
    char id[KEY_ID_SIZE];
    uint8_t seed[SIGNING_SEED_SIZE];
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    int64_t created_at; /* the latest one that is not retired signs */
    int64_t retired_at; /* 0: tickets signed with it are let in */
};

enum change_kind {
    CHANGE_EVENT_CREATE, /* with its tiers, 1 to STORE_TIERS_MAX; EVENT_EXISTS, TIER_EXISTS (a name twice), TOO_MANY,
                            INVALID (tiers of several currencies) */
    CHANGE_EVENT, /* what `set` says; NO_SUCH_EVENT, INVALID (its sale would end before it begins), TOO_MANY (a buyer's
                     limit, where there is none, once it has more than STORE_BUYERS_COUNTED_MAX orders and refusals
                     that are kept: counting would stop all selling) */
    CHANGE_TIER_CREATE, /* tiers[0] of event.name; NO_SUCH_EVENT, TIER_EXISTS, TOO_MANY, INVALID (another
                            currency) */
    CHANGE_TIER, /* what `set` says of tiers[0]; NO_SUCH_EVENT, NO_SUCH_TIER, CAPACITY_TAKEN (below sold +
                            held) */
    CHANGE_TOKEN_ADD, /* TOO_MANY (STORE_TOKENS_MAX are good) */
    CHANGE_TOKEN_REVOKE, /* token.id; again: the same; NO_SUCH_TOKEN, also where it was forgotten: of the revoked ones
                            the last STORE_TOKENS_MAX are remembered */
    CHANGE_KEY_ADD, /* from now on it signs; TOO_MANY (STORE_KEYS_MAX are not retired) */
    CHANGE_KEY_RETIRE, /* key.id; again: the same; NO_SUCH_KEY, as with tokens; LAST_KEY: it is the one that signs */
    CHANGE_OWED_SETTLE, /* order and reference: it has been paid back; again: the same; NO_SUCH_PURCHASE, also where
                            event.name is not "" and it is another event's */
};

/* Which fields a CHANGE_EVENT or CHANGE_TIER sets; the others stay. */
enum change_set {
    SET_TITLE = 1 << 0,
    SET_ZONE = 1 << 1,
    SET_STARTS_AT = 1 << 2,
    SET_SALE_FROM = 1 << 3,
    SET_SALE_UNTIL = 1 << 4,
    SET_BUYER_LIMIT =
        1 << 5, /* counts what buyers have already, where there was none: set it before the sale */
    SET_HOLD_SECONDS = 1 << 6,
    SET_WAITING_LIST = 1 << 7, /* off: who waits already keeps the place */
    SET_CLOSED = 1 << 8,
    SET_PRICE = 1 << 9, /* of what is sold and held from now on */
    SET_CAPACITY = 1 << 10,
    SET_LIMIT = 1 << 11,
};

struct change {
    enum change_kind kind;
    uint32_t set;
    struct event_terms event;
    const struct tier_terms *tiers; /* not owned */
    size_t tier_count;
    struct token_terms token; /* out: created_at, revoked_at */
    struct signing_key key;   /* out: created_at, retired_at */
    struct id order;
    char reference[KEY_SIZE];
    enum problem problem; /* out; PROBLEM_NONE: done */
    int64_t taken;        /* out, of a CAPACITY_TAKEN: sold + held */
};

/* Makes one change, durably. Values have been validated (ranges as above); what concerns the present state is
 * judged here. On STORE_DURABLE `problem` is filled in. */
enum store_result store_change(struct store *store, struct change *change);

/* The reason of the last failure on this handle, for the log; "" where there was none. */
const char *store_error(const struct store *store);

/* `stalled` is called (on the calling thread, inside store_decide and store_change) each time another process has
 * held the writer lock against us for a further second. A store that is another process has no such lock: there it is
 * never called, and who stands still with locks of its own is ended by that process, after seconds. */
void store_on_stall(struct store *store, store_stalled *stalled, void *context);

/* --- reading (any handle); each call sees everything committed before it began ------------------
 */

enum store_found {
    STORE_FOUND,
    STORE_ABSENT,
    STORE_UNREADABLE, /* store_error tells why */
};

struct tier_counts {
    char event[NAME_SIZE];
    char tier[NAME_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t price; /* of one ticket, minor units */
    int64_t capacity, sold, held;
    int64_t limit;   /* tickets in one order */
    int64_t waiting; /* orders in its line */
};

/* Called once per tier, in (event, tier) order. */
typedef void store_tier_call(void *context, const struct tier_counts *tier);

/* The tiers of one event, or of all events where `event` is NULL (at most the first 1000 events).
 * STORE_ABSENT where there is no such event. */
enum store_found store_read_tiers(struct store *store, const char *event, store_tier_call *call,
                                  void *context);

/* What was sold under this id (it may be refunded by now). */
enum store_found store_read_sale(struct store *store, const char *event, const struct id *id,
                                 struct sale *sale);

/* An order with all that belongs to it. */
struct order {
    struct sale sale;
    char payment[KEY_SIZE]; /* of a confirmed hold: its reference; else "" */
    int64_t changed_at;     /* wall clock: when its state changed last */
    int64_t place; /* in the line, from 1; ORDER_PLACE_MAX: there or behind; 0: it does not wait */
    bool late;     /* it was confirmed after it had expired */
};

/* What is or was held under this id, whichever event it is of. ABSENT also for a purchase that never was held. */
enum store_found store_read_hold(struct store *store, const struct id *id, struct order *order);

/* What is needed of an event beside its tiers. */
enum store_found store_read_event(struct store *store, const char *event,
                                  struct event_terms *terms);

/* An event with its tiers, in the order of their names; all of one moment. */
typedef void store_event_call(void *context, const struct event_terms *event,
                              const struct tier_counts *tiers, size_t tier_count);
enum store_found store_read_whole_event(struct store *store, const char *event,
                                        store_event_call *call, void *context);

/* Lists, a page at a time: up to `max` (at most STORE_PAGE_MAX) entries behind `after`, in order. What a page
 * holds is of one moment; the next page is of another. */

/* Events in the order of their names, each with its tiers; "" begins. `more` is whether others follow behind the last
 * one: a page ends before `max` where it has STORE_PAGE_TIERS_MAX. Never ABSENT. */
enum store_found store_list_events(struct store *store, const char *after, size_t max, bool *more,
                                   store_event_call *call, void *context);

/* Orders of an event in the order in which they were decided; 0 begins, then the last `place_in_list`. ABSENT:
 * no such event. */
typedef void store_order_call(void *context, int64_t place_in_list, const struct order *order);
enum store_found store_list_orders(struct store *store, const char *event, int64_t after,
                                   size_t max, store_order_call *call, void *context);

struct ticket {
    char event[NAME_SIZE], tier[NAME_SIZE];
    int64_t number;
    struct id order;
    char buyer[BUYER_SIZE];
    bool refunded;
    int64_t checked_in_at; /* 0: not yet */
    char gate[GATE_SIZE];
};

/* Tickets ever sold of an event, in (tier, number) order; ("", 0) begins. ABSENT: no such event. */
typedef void store_ticket_call(void *context, const struct ticket *ticket);
enum store_found store_list_tickets(struct store *store, const char *event, const char *after_tier,
                                    int64_t after_number, size_t max, store_ticket_call *call,
                                    void *context);

/* The tickets of one sale, by number. ABSENT: no such sale in this event. */
enum store_found store_read_tickets(struct store *store, const char *event, const struct id *id,
                                    store_ticket_call *call, void *context);

/* A payment to be given back: tickets that were gone, paid twice, refunded. */
struct owed {
    struct id order;
    char event[NAME_SIZE];
    char reference[KEY_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount;      /* of the order */
    int64_t at;          /* wall clock */
    enum problem reason; /* what the confirm was answered; PROBLEM_NONE: the sale was refunded */
    int64_t settled_at;  /* 0: still owed */
};

/* In the order in which they came; 0 begins. ABSENT: no such event. */
typedef void store_owed_call(void *context, int64_t place_in_list, const struct owed *owed);
enum store_found store_list_owed(struct store *store, const char *event, int64_t after, size_t max,
                                 store_owed_call *call, void *context);

/* The token of this hash, revoked or not. */
enum store_found store_find_token(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                  struct token_terms *token);
typedef void store_token_call(void *context, const struct token_terms *token);
enum store_found store_each_token(struct store *store, store_token_call *call, void *context);

/* All signing keys, the newest first. */
typedef void store_key_call(void *context, const struct signing_key *key);
enum store_found store_each_key(struct store *store, store_key_call *call, void *context);

/* Every event in which something is due at this wall clock time: a hold has expired, or somebody waits in line
 * for what is free. A batch that names it (VERB_TIDY) does it. */
typedef void store_due_call(void *context, const char *event);
enum store_found store_each_due(struct store *store, int64_t now, store_due_call *call,
                                void *context);

/* --- for tools (reader's handle) ---------------------------------------------------------------
 */

struct store_sale_row {
    struct sale sale;
    const char *router; /* "" sold directly */
    const char *key;
};
typedef void store_sale_call(void *context, const struct store_sale_row *row);

/* Every sale, refunded or not, in one snapshot, in the order in which they were decided. */
enum store_found store_each_sale(struct store *store, store_sale_call *call, void *context);

/* An order that is or was held, as it is now. Its sale's server and its router are those of the hold until it is
 * sold, and then those of its confirm. */
struct store_hold_row {
    struct order order;
    const char *router; /* "" asked directly */
};
typedef void store_hold_call(void *context, const struct store_hold_row *row);

/* Every order that ever was held or waited, in one snapshot, in the order in which they were decided. `place` is 0
 * of all of them: counting the places in line would take the square of their number. */
enum store_found store_each_hold(struct store *store, store_hold_call *call, void *context);

struct server_total {
    char server[SERVER_SIZE];
    int64_t boot;
    int64_t sold; /* tickets ever sold */
};
typedef void store_server_call(void *context, const struct server_total *total);
enum store_found store_each_server(struct store *store, store_server_call *call, void *context);

/* Proves the invariants in one snapshot and calls `finding` for each one: ok or broken, in words
 * ("sold <= capacity: 1 tier", …). STORE_FOUND where all could be checked. */
typedef void store_finding(void *context, bool ok, const char *sentence);
enum store_found store_audit(struct store *store, store_finding *finding, void *context);

/* --- keeping a copy ------------------------------------------------------------------------------
 */

/* Told now and then how far it is. */
typedef void store_progress(void *context, int64_t done, int64_t total);

/* Copies the store, as it is at one moment, into the new file `to` while others sell from it. A copy is a SQLite store,
 * whatever engine this one is of: "sqlite:" and its path open it, and it may be put back into any. This proves the copy
 * (store_audit), and puts it, synced and mode 0600, in its place only then. False with one clear line. */
bool store_backup(const char *url, const char *to, store_progress *progress, void *context,
                  char error[STORE_ERROR_SIZE]);

struct store_restored {
    char aside
        [STORE_PLACE_SIZE]; /* where what was there can be found from now on; "": nothing was */
    bool
        journal_only; /* of that: a journal alone, whose database was gone; `aside` with an ending of its own */
    bool
        access_kept; /* of tokens and signing keys, those of what was there, too; else the copy's alone */
};

/* Puts a copy, proved first, in the store's place; what was there is kept aside as store_reset does, and there
 * is a store at any moment (but for file systems without hard links). Tokens and signing keys of both are
 * kept, and what is revoked or retired in either stays so, where what was there is the same store and can be read.
 * Numbers of tickets go on STORE_NUMBERS_SKIPPED above all that are known to be given, of new tiers, too. False, with
 * the store as it was: any process uses it, the copy is not sound, or it cannot be placed; or, where the connection to
 * the store's server broke in the last moment, perhaps not as it was: the reason says so then. */
bool store_restore(const char *url, const char *from, store_progress *progress, void *context,
                   struct store_restored *restored, char error[STORE_ERROR_SIZE]);

#endif
