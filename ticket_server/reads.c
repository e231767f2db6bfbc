#include "ticket_server/reads.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

struct reads {
    struct store *store; /* owned */
    int64_t warned_at;   /* when stderr was last told that the store cannot be read */
};

struct reads *reads_open(const char *url, char error[STORE_ERROR_SIZE])
{
    struct store *store = store_open_reader(url, error);
    if (!store)
        return NULL;
    struct reads *reads = memory_new(sizeof *reads);
    reads->store = store;
    return reads;
}

void reads_close(struct reads *reads)
{
    store_close(reads->store);
    free(reads);
}

/* The problem of a read; a store that cannot be read is told to stderr, once a second at most. */
static enum problem problem_of(struct reads *reads, enum store_found found, enum problem absent)
{
    if (found == STORE_FOUND)
        return PROBLEM_NONE;
    if (found == STORE_ABSENT)
        return absent;
    int64_t now = clock_monotonic();
    if (reads->warned_at == 0 || now - reads->warned_at >= CLOCK_SECOND) {
        log_line("the store cannot be read: %s", store_error(reads->store));
        reads->warned_at = now;
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

enum problem reads_events(struct reads *reads, struct buffer *out)
{
    struct listing listing = {.out = out};
    buffer_add(out, "{\"events\":[");
    enum store_found found = store_read_tiers(reads->store, NULL, list_tier, &listing);
    end_listing(&listing);
    buffer_add(out, "]}");
    return found == STORE_ABSENT ? PROBLEM_NONE : problem_of(reads, found, PROBLEM_NONE);
}

enum problem reads_event(struct reads *reads, const char *event, struct buffer *out)
{
    struct listing listing = {.out = out};
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    enum store_found found = store_read_tiers(reads->store, event, list_tier, &listing);
    end_listing(&listing);
    return problem_of(reads, found, PROBLEM_NO_SUCH_EVENT);
}

static void ignore_tier(void *context, const struct tier_counts *tier)
{
    (void)context;
    (void)tier;
}

enum problem reads_purchase(struct reads *reads, const char *event, const char *id,
                            struct buffer *out)
{
    struct id wanted;
    struct sale sale;
    if (!purchase_name_valid(event))
        return PROBLEM_NO_SUCH_EVENT;
    enum store_found found =
        id_parse(id, &wanted) ? store_read_sale(reads->store, event, &wanted, &sale) : STORE_ABSENT;
    if (found == STORE_FOUND)
        sale_append(out, &sale);
    if (found != STORE_ABSENT)
        return problem_of(reads, found, PROBLEM_NONE);
    found = store_read_tiers(reads->store, event, ignore_tier, NULL);
    enum problem problem = problem_of(reads, found, PROBLEM_NO_SUCH_EVENT);
    return problem == PROBLEM_NONE ? PROBLEM_NO_SUCH_PURCHASE : problem;
}
