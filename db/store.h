/* The store: events, sales, keys and counts, strongly consistent and durable. The only header of
 * db/ that others include.
 *
 * Domain verbs, not queries: no SQL type leaks out and no transaction outlives a call. A store
 * handle belongs to one thread. The URL picks the engine: "sqlite:PATH". */
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
 * still be opened there), or "" where there was no store. Refused, with the reason and nothing
 * changed, while any process uses the store. */
bool store_reset(const char *url, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);

/* Opens for selling as `server`, and raises that server's boot number in the store. From now on a
 * handle opened earlier under the same id is fenced: its decisions are refused. NULL with the
 * reason where the store does not exist, is not ours, or cannot be used. */
struct store *store_open_seller(const char *url, const char *server, char error[STORE_ERROR_SIZE]);

/* The same, and `stalled` is told already while this waits for the writer lock, as store_on_stall
 * says: if everybody else just starts, nobody else can tell of a frozen owner. */
typedef void store_stalled(void *context, pid_t owner);
struct store *store_open_seller_telling(const char *url, const char *server, store_stalled *stalled,
                                        void *context, char error[STORE_ERROR_SIZE]);

/* Opens read-only. */
struct store *store_open_reader(const char *url, char error[STORE_ERROR_SIZE]);

/* Closes; a seller's handle also folds the journal into the database where it can. */
void store_close(struct store *store);

/* False where the store is no longer at its place (it was moved, replaced or reset): then nothing more
 * can be sold or read with this handle, and the process should leave. Any handle; cheap. */
bool store_present(const struct store *store);

/* Id of this store, for as long as the handle is open. */
const char *store_id(const struct store *store);

/* --- deciding (seller's handle) ----------------------------------------------------------------
 */

/* One purchase to decide. */
struct decision {
    const struct item *item;               /* not owned */
    const char *router;                    /* id of the router it came through; "" sold directly */
    uint8_t fingerprint[FINGERPRINT_SIZE]; /* of the purchase */
    struct outcome outcome;                /* filled in by store_decide */
};

enum store_result {
    STORE_DURABLE, /* every outcome is filled in, and what was sold or stored survives a power cut
                    */
    STORE_REFUSED, /* nothing was changed and nothing decided: busy, full, read-only, down */
    STORE_UNKNOWN, /* the commit may or may not have happened: the process must exit, and the keys
                      decide when they are asked again */
    STORE_FENCED,  /* another process sells under this server's id since: nothing was changed */
};

/* Decides all of them, in order, in one transaction with one durable commit. A failure that
 * concerns one item only (e.g. a constraint) does not fail the others: the batch is rolled back and
 * decided again, in the end item by item, and that one gets PROBLEM_STORE_UNAVAILABLE.
 * n <= STORE_BATCH_MAX.
 *
 * An item past its deadline is looked up, not decided: the outcome of its key, else EXPIRED.
 *
 * Waits for the writer lock no longer than until the last of the items' deadlines (at least 0.2 s, at
 * most 10 s), then STORE_REFUSED. On STORE_DURABLE `figures` holds this server's (boot, commit, sold). */
enum store_result store_decide(struct store *store, struct decision *decisions, size_t n,
                               struct figures *figures);

/* The present figures of a seller's handle, as of its last durable batch (or its opening). */
void store_figures(const struct store *store, struct figures *figures);

/* The reason of the last failure on this handle, for the log; "" where there was none. */
const char *store_error(const struct store *store);

/* `stalled` is called (on the calling thread, inside store_decide) each time another process has
 * held the writer lock against us for a further second. */
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
    int64_t limit; /* tickets in one order */
};

/* Called once per tier, in (event, tier) order. */
typedef void store_tier_call(void *context, const struct tier_counts *tier);

/* The tiers of one event, or of all events where `event` is NULL (at most the first 1000 events).
 * STORE_ABSENT where there is no such event. */
enum store_found store_read_tiers(struct store *store, const char *event, store_tier_call *call,
                                  void *context);

enum store_found store_read_sale(struct store *store, const char *event, const struct id *id,
                                 struct sale *sale);

/* --- for tools (reader's handle) ---------------------------------------------------------------
 */

struct store_sale_row {
    struct sale sale;
    const char *router; /* "" sold directly */
    const char *key;
};
typedef void store_sale_call(void *context, const struct store_sale_row *row);

/* Every sale, in one snapshot, in the order in which they were decided. */
enum store_found store_each_sale(struct store *store, store_sale_call *call, void *context);

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

#endif
