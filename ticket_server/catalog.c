#include "ticket_server/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "ticket_server/member.h"
#include "ticket_server/page.h"

struct catalog {
    struct store *store; /* owned */
    int64_t warned_at;   /* when stderr was last told that the store cannot be read */
};

struct catalog *catalog_open(const char *url, char error[STORE_ERROR_SIZE])
{
    struct store *store = store_open_reader(url, error);
    if (!store)
        return NULL;
    struct catalog *catalog = memory_new(sizeof *catalog);
    catalog->store = store;
    return catalog;
}

void catalog_close(struct catalog *catalog)
{
    store_close(catalog->store);
    free(catalog);
}

bool catalog_present(const struct catalog *catalog)
{
    return store_present(catalog->store);
}

struct store *catalog_store(const struct catalog *catalog)
{
    return catalog->store;
}

enum problem catalog_problem(struct catalog *catalog, enum store_found found, enum problem absent)
{
    if (found == STORE_FOUND)
        return PROBLEM_NONE;
    if (found == STORE_ABSENT)
        return absent;
    int64_t now = clock_monotonic();
    if (catalog->warned_at == 0 || now - catalog->warned_at >= CLOCK_SECOND) {
        log_line("the store cannot be read: %s", store_error(catalog->store));
        catalog->warned_at = now;
    }
    return PROBLEM_STORE_UNAVAILABLE;
}

/* --- an event ----------------------------------------------------------------------------------- */

static void add_member(struct buffer *out, const char *lead, int64_t number)
{
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static void add_flag(struct buffer *out, const char *lead, bool flag)
{
    buffer_add(out, lead);
    buffer_add(out, flag ? "true" : "false");
}

static void add_terms(struct buffer *out, const struct event_terms *event)
{
    buffer_add(out, "{\"event\":\"");
    buffer_add(out, event->name);
    buffer_add(out, "\",\"title\":");
    json_append(out, event->title);
    buffer_add(out, ",\"time_zone\":");
    json_append(out, event->zone);
    member_time(out, ",\"starts_at\":", event->starts_at);
    member_time(out, ",\"sale_from\":", event->sale_from);
    member_time(out, ",\"sale_until\":", event->sale_until);
    if (event->buyer_limit > 0)
        add_member(out, ",\"buyer_limit\":", event->buyer_limit);
    add_member(out, ",\"hold_seconds\":", event->hold_seconds);
    add_flag(out, ",\"waiting_list\":", event->waiting_list);
    add_flag(out, ",\"closed\":", event->closed);
    buffer_add(out, ",\"tiers\":[");
}

/* What is free while somebody waits in line is not for others. */
static int64_t remaining(const struct tier_counts *tier)
{
    return tier->waiting > 0 ? 0 : tier->capacity - tier->sold - tier->held;
}

static void add_tier(struct buffer *out, const struct tier_counts *tier)
{
    buffer_add(out, "{\"tier\":\"");
    buffer_add(out, tier->tier);
    add_member(out, "\",\"capacity\":", tier->capacity);
    add_member(out, ",\"sold\":", tier->sold);
    add_member(out, ",\"held\":", tier->held);
    add_member(out, ",\"waiting\":", tier->waiting);
    add_member(out, ",\"remaining\":", remaining(tier));
    add_member(out, ",\"limit\":", tier->limit);
    price_append(out, tier->price, tier->currency);
    buffer_add_char(out, '}');
}

static void add_event(void *context, const struct event_terms *terms,
                      const struct tier_counts *tiers, size_t tier_count)
{
    struct buffer *out = context;
    add_terms(out, terms);
    for (size_t i = 0; i < tier_count; i++) {
        if (i > 0)
            buffer_add_char(out, ',');
        add_tier(out, &tiers[i]);
    }
    buffer_add(out, "]}");
}

enum problem catalog_terms(struct catalog *catalog, const char *event, struct event_terms *terms)
{
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    return catalog_problem(catalog, store_read_event(catalog->store, event, terms),
                           PROBLEM_NO_SUCH_EVENT);
}

enum problem catalog_event(struct catalog *catalog, const char *event, struct buffer *out)
{
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    return catalog_problem(catalog, store_read_whole_event(catalog->store, event, add_event, out),
                           PROBLEM_NO_SUCH_EVENT);
}

/* --- a page of events --------------------------------------------------------------------------- */

struct listing {
    struct buffer *out;
    char *last; /* the name of the last one that the page has */
    bool full;  /* others would have followed */
};

static void list_event(void *context, const struct event_terms *event,
                       const struct tier_counts *tiers, size_t tier_count)
{
    struct listing *listing = context;
    listing->full = listing->full || listing->out->length >= PAGE_BYTES_MAX;
    if (listing->full)
        return;
    if (listing->last[0] != '\0')
        buffer_add_char(listing->out, ',');
    add_event(listing->out, event, tiers, tier_count);
    strcpy(listing->last, event->name);
}

enum problem catalog_events(struct catalog *catalog, const char *after, size_t limit,
                            char last[NAME_SIZE], struct buffer *out)
{
    bool more = false;
    struct listing listing = {.out = out, .last = last};
    last[0] = '\0';
    buffer_add(out, "{\"events\":[");
    enum store_found found =
        store_list_events(catalog->store, after, limit, &more, list_event, &listing);
    buffer_add(out, "]}");
    if (!more && !listing.full)
        last[0] = '\0';
    return catalog_problem(catalog, found, PROBLEM_NONE);
}

/* --- a purchase --------------------------------------------------------------------------------- */

enum problem catalog_purchase(struct catalog *catalog, const char *event, const char *id,
                              struct buffer *out)
{
    struct id wanted;
    struct sale sale;
    struct event_terms terms;
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    enum store_found found = id_parse(id, &wanted)
                                 ? store_read_sale(catalog->store, event, &wanted, &sale)
                                 : STORE_ABSENT;
    if (found == STORE_FOUND)
        sale_append(out, &sale);
    if (found != STORE_ABSENT)
        return catalog_problem(catalog, found, PROBLEM_NONE);
    enum problem problem = catalog_terms(catalog, event, &terms);
    return problem == PROBLEM_NONE ? PROBLEM_NO_SUCH_PURCHASE : problem;
}
