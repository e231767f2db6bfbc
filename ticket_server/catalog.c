#include "ticket_server/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

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

/* The problem of a read; a store that cannot be read is told to stderr, once a second at most. */
static enum problem problem_of(struct catalog *catalog, enum store_found found, enum problem absent)
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

/* A list of events while it is written; tiers come in the order of their events. */
struct listing {
    struct buffer *out;
    char event[NAME_SIZE]; /* whose tiers are being written; "" before the first */
};

static void add_member(struct buffer *out, const char *lead, int64_t number)
{
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static void add_tier(struct buffer *out, const struct tier_counts *tier)
{
    buffer_add(out, "{\"tier\":\"");
    buffer_add(out, tier->tier);
    add_member(out, "\",\"capacity\":", tier->capacity);
    add_member(out, ",\"sold\":", tier->sold);
    add_member(out, ",\"held\":", tier->held);
    add_member(out, ",\"remaining\":", tier->capacity - tier->sold - tier->held);
    add_member(out, ",\"limit\":", tier->limit);
    add_member(out, ",\"price\":{\"amount\":", tier->price);
    buffer_add(out, ",\"currency\":\"");
    buffer_add(out, tier->currency);
    buffer_add(out, "\"}}");
}

static void list_tier(void *context, const struct tier_counts *tier)
{
    struct listing *listing = context;
    bool first = listing->event[0] == '\0';
    if (strcmp(listing->event, tier->event) == 0) {
        buffer_add_char(listing->out, ',');
    } else {
        buffer_add(listing->out, first ? "{\"event\":\"" : "]},{\"event\":\"");
        buffer_add(listing->out, tier->event);
        buffer_add(listing->out, "\",\"tiers\":[");
        memcpy(listing->event, tier->event, sizeof listing->event);
    }
    add_tier(listing->out, tier);
}

static void end_listing(struct listing *listing)
{
    if (listing->event[0])
        buffer_add(listing->out, "]}");
}

enum problem catalog_events(struct catalog *catalog, struct buffer *out)
{
    struct listing listing = {.out = out};
    buffer_add(out, "{\"events\":[");
    enum store_found found = store_read_tiers(catalog->store, NULL, list_tier, &listing);
    end_listing(&listing);
    buffer_add(out, "]}");
    return found == STORE_ABSENT ? PROBLEM_NONE : problem_of(catalog, found, PROBLEM_NONE);
}

enum problem catalog_event(struct catalog *catalog, const char *event, struct buffer *out)
{
    struct listing listing = {.out = out};
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    enum store_found found = store_read_tiers(catalog->store, event, list_tier, &listing);
    end_listing(&listing);
    return problem_of(catalog, found, PROBLEM_NO_SUCH_EVENT);
}

static void ignore_tier(void *context, const struct tier_counts *tier)
{
    (void)context;
    (void)tier;
}

enum problem catalog_purchase(struct catalog *catalog, const char *event, const char *id,
                              struct buffer *out)
{
    struct id wanted;
    struct sale sale;
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    enum store_found found = id_parse(id, &wanted)
                                 ? store_read_sale(catalog->store, event, &wanted, &sale)
                                 : STORE_ABSENT;
    if (found == STORE_FOUND)
        sale_append(out, &sale);
    if (found != STORE_ABSENT)
        return problem_of(catalog, found, PROBLEM_NONE);
    found = store_read_tiers(catalog->store, event, ignore_tier, NULL);
    enum problem problem = problem_of(catalog, found, PROBLEM_NO_SUCH_EVENT);
    return problem == PROBLEM_NONE ? PROBLEM_NO_SUCH_PURCHASE : problem;
}
