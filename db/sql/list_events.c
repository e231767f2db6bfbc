/* Events, with and without their tiers. An event has a row for each of its tiers: a page takes one query, however many
 * events it has. */
#include <string.h>

#include "db/sql/column.h"
#include "db/sql/list.h"
#include "db/sql/list_part.h"

/* The columns of QUERY_READ_WHOLE_EVENT and QUERY_LIST_EVENTS: column_counts', then those of the terms. */
enum {
    COLUMN_TIER = 1, /* NULL: the event has none */
    COLUMN_TERMS = 9,
};

static void column_terms(struct sql_query *row, int first, struct event_terms *terms)
{
    column_text(row, first, terms->name, sizeof terms->name);
    column_text(row, first + 1, terms->title, sizeof terms->title);
    column_text(row, first + 2, terms->zone, sizeof terms->zone);
    terms->starts_at = sql_number(row, first + 3);
    terms->sale_from = sql_number(row, first + 4);
    terms->sale_until = sql_number(row, first + 5);
    terms->buyer_limit = sql_number(row, first + 6);
    terms->hold_seconds = sql_number(row, first + 7);
    terms->waiting_list = (int)sql_number(row, first + 8) != 0;
    terms->closed = (int)sql_number(row, first + 9) != 0;
}

enum store_found list_read_event(struct store *store, const char *event, struct event_terms *terms)
{
    struct sql_query *query = list_query(store, QUERY_READ_EVENT);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(query, 1, event);
    enum store_found found = STORE_ABSENT;
    if (sql_next(query)) {
        column_terms(query, 0, terms);
        found = STORE_FOUND;
    }
    return list_finish(query, found);
}

/* --- with their tiers --------------------------------------------------------------------------- */

/* What was read of an event; no name: nothing yet. */
struct whole_event {
    struct event_terms terms;
    struct tier_counts tiers[STORE_TIERS_MAX];
    size_t tier_count;
};

static void tell(struct whole_event *event, store_event_call *call, void *context)
{
    if (event->terms.name[0] != '\0')
        call(context, &event->terms, event->tiers, event->tier_count);
    event->terms.name[0] = '\0';
}

static bool is_of(struct sql_query *row, const struct whole_event *event)
{
    char name[NAME_SIZE];
    column_text(row, 0, name, sizeof name);
    return strcmp(name, event->terms.name) == 0;
}

static void add_row(struct sql_query *row, struct whole_event *event)
{
    if (event->terms.name[0] == '\0') {
        column_terms(row, COLUMN_TERMS, &event->terms);
        event->tier_count = 0;
    }
    if (!sql_is_null(row, COLUMN_TIER) && event->tier_count < STORE_TIERS_MAX)
        column_counts(row, &event->tiers[event->tier_count++]);
}

enum store_found list_read_whole_event(struct store *store, const char *event,
                                       store_event_call *call, void *context)
{
    struct whole_event whole = {.tier_count = 0};
    struct sql_query *query = list_query(store, QUERY_READ_WHOLE_EVENT);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(query, 1, event);
    while (sql_next(query))
        add_row(query, &whole);
    enum store_found found =
        list_finish(query, whole.terms.name[0] != '\0' ? STORE_FOUND : STORE_ABSENT);
    if (found == STORE_FOUND)
        tell(&whole, call, context);
    return found;
}

/* Of the last event there may be tiers behind the last row that was asked for: it is left to the next page, as is the
 * one event that was asked for beyond the page. */
enum store_found list_events(struct store *store, const char *after, size_t max, bool *more,
                             store_event_call *call, void *context)
{
    struct whole_event event = {.tier_count = 0};
    struct sql_query *query = list_query(store, QUERY_LIST_EVENTS);
    if (query == NULL)
        return STORE_UNREADABLE;
    sql_bind_text(query, 1, after);
    sql_bind_number(query, 2, list_page(max) + 1);
    sql_bind_number(query, 3, STORE_PAGE_TIERS_MAX);
    int64_t rows = 0, begun = 0;
    for (; begun <= list_page(max) && sql_next(query); rows++) {
        if (rows == 0 || !is_of(query, &event)) {
            tell(&event, call, context);
            begun++;
        }
        add_row(query, &event);
    }
    *more = begun > list_page(max) || rows == STORE_PAGE_TIERS_MAX;
    if (!*more)
        tell(&event, call, context);
    return list_finish(query, STORE_FOUND);
}
