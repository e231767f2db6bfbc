#include "db/sqlite/bind.h"
#include "db/sqlite/change_part.h"

/* The event of that name; its second number is the buyer's limit. */
static bool find_event(struct connection *connection, const char *name, struct change_row *event)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_FIND_EVENT);
    if (query != NULL)
        bind_text(query, 1, name);
    return change_read(connection, query, event);
}

static bool find_tier(struct connection *connection, int64_t event, const char *name,
                      struct change_row *tier)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_FIND_TIER);
    if (query != NULL) {
        sqlite3_bind_int64(query, 1, event);
        bind_text(query, 2, name);
    }
    return change_read(connection, query, tier);
}

static bool add_event(struct connection *connection, const struct event_terms *terms)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_ADD_EVENT);
    if (query == NULL)
        return false;
    bind_text(query, 1, terms->name);
    bind_text(query, 2, terms->title);
    bind_text(query, 3, terms->zone);
    sqlite3_bind_int64(query, 4, terms->starts_at);
    sqlite3_bind_int64(query, 5, terms->sale_from);
    sqlite3_bind_int64(query, 6, terms->sale_until);
    sqlite3_bind_int64(query, 7, terms->buyer_limit);
    sqlite3_bind_int64(query, 8, terms->hold_seconds);
    sqlite3_bind_int(query, 9, terms->waiting_list);
    sqlite3_bind_int(query, 10, terms->closed);
    return change_write(connection, query);
}

static bool write_tier(struct connection *connection, int64_t event, int64_t number,
                       const struct tier_terms *tier)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_ADD_TIER);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, event);
    sqlite3_bind_int64(query, 2, number);
    bind_text(query, 3, tier->name);
    sqlite3_bind_int64(query, 4, tier->price);
    bind_text(query, 5, tier->currency);
    sqlite3_bind_int64(query, 6, tier->capacity);
    sqlite3_bind_int64(query, 7, tier->limit);
    return change_write(connection, query);
}

/* What the tiers of an event leave room for. */
struct tier_room {
    int64_t count, last;
    bool same_currency; /* as the new one's, or there is none yet */
};

static bool read_room(struct connection *connection, int64_t event, const char *currency,
                      struct tier_room *room)
{
    sqlite3_stmt *query = connection_query(connection, QUERY_COUNT_TIERS);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, event);
    bind_text(query, 2, currency);
    *room = (struct tier_room){.count = 0};
    if (sqlite3_step(query) == SQLITE_ROW) {
        room->count = sqlite3_column_int64(query, 0);
        room->last = sqlite3_column_int64(query, 1);
        room->same_currency = sqlite3_column_int(query, 2) != 0;
    }
    return connection_done(connection, query) == SQLITE_OK;
}

static bool add_tier(struct connection *connection, struct change *change, int64_t event,
                     const struct tier_terms *tier)
{
    struct change_row there;
    struct tier_room room;
    if (!find_tier(connection, event, tier->name, &there) ||
        !read_room(connection, event, tier->currency, &room))
        return false;
    if (there.found)
        return change_refuse(change, PROBLEM_TIER_EXISTS);
    if (room.count >= STORE_TIERS_MAX)
        return change_refuse(change, PROBLEM_TOO_MANY);
    if (!room.same_currency)
        return change_refuse(change, PROBLEM_INVALID);
    return write_tier(connection, event, room.last + 1, tier);
}

bool change_event_create(struct connection *connection, struct change *change)
{
    struct change_row event;
    struct change_row events;
    if (!find_event(connection, change->event.name, &event) ||
        !change_read(connection, connection_query(connection, QUERY_COUNT_EVENTS), &events))
        return false;
    if (event.found)
        return change_refuse(change, PROBLEM_EVENT_EXISTS);
    if (events.first >= STORE_EVENTS_MAX)
        return change_refuse(change, PROBLEM_TOO_MANY);
    if (!add_event(connection, &change->event))
        return false;
    int64_t id = sqlite3_last_insert_rowid(connection->db);
    for (size_t i = 0; i < change->tier_count && change->problem == PROBLEM_NONE; i++)
        if (!add_tier(connection, change, id, &change->tiers[i]))
            return false;
    return true;
}

/* Binds what is set; the rest stays NULL, which the update passes over. */
static void bind_number(sqlite3_stmt *query, int at, bool set, int64_t value)
{
    if (set)
        sqlite3_bind_int64(query, at, value);
    else
        sqlite3_bind_null(query, at);
}

static void bind_words(sqlite3_stmt *query, int at, bool set, const char *text)
{
    if (set)
        bind_text(query, at, text);
    else
        sqlite3_bind_null(query, at);
}

static bool write_event(struct connection *connection, const struct change *change, int64_t event)
{
    const struct event_terms *terms = &change->event;
    sqlite3_stmt *query = connection_query(connection, QUERY_CHANGE_EVENT);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, event);
    bind_words(query, 2, change->set & SET_TITLE, terms->title);
    bind_words(query, 3, change->set & SET_ZONE, terms->zone);
    bind_number(query, 4, change->set & SET_STARTS_AT, terms->starts_at);
    bind_number(query, 5, change->set & SET_SALE_FROM, terms->sale_from);
    bind_number(query, 6, change->set & SET_SALE_UNTIL, terms->sale_until);
    bind_number(query, 7, change->set & SET_BUYER_LIMIT, terms->buyer_limit);
    bind_number(query, 8, change->set & SET_HOLD_SECONDS, terms->hold_seconds);
    bind_number(query, 9, change->set & SET_WAITING_LIST, terms->waiting_list);
    bind_number(query, 10, change->set & SET_CLOSED, terms->closed);
    return change_write(connection, query);
}

/* Counting reads every decision of the event, and nobody sells meanwhile. */
static bool judge_count(struct connection *connection, struct change *change, int64_t event)
{
    struct change_row decisions;
    sqlite3_stmt *query = connection_query(connection, QUERY_COUNT_DECISIONS);
    if (query != NULL) {
        sqlite3_bind_int64(query, 1, event);
        sqlite3_bind_int64(query, 2, STORE_BUYERS_COUNTED_MAX + 1);
    }
    if (!change_read(connection, query, &decisions))
        return false;
    return decisions.first <= STORE_BUYERS_COUNTED_MAX || change_refuse(change, PROBLEM_TOO_MANY);
}

/* Buyers are counted only where they are limited. */
static bool count_buyers(struct connection *connection, struct change *change,
                         const struct change_row *event)
{
    bool counted = event->second > 0;
    bool wanted = change->event.buyer_limit > 0;
    if (!(change->set & SET_BUYER_LIMIT) || counted == wanted)
        return true;
    if (wanted && !judge_count(connection, change, event->first))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    sqlite3_stmt *query =
        connection_query(connection, wanted ? QUERY_FILL_BUYERS : QUERY_EMPTY_BUYERS);
    if (query != NULL)
        sqlite3_bind_int64(query, 1, event->first);
    return change_write(connection, query);
}

bool change_event(struct connection *connection, struct change *change)
{
    struct change_row event;
    struct change_row window;
    if (!find_event(connection, change->event.name, &event))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    if (!count_buyers(connection, change, &event))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    if (!write_event(connection, change, event.first))
        return false;
    sqlite3_stmt *query = connection_query(connection, QUERY_WINDOW);
    if (query != NULL)
        sqlite3_bind_int64(query, 1, event.first);
    if (!change_read(connection, query, &window))
        return false;
    return store_window_valid(window.first, window.second) ||
           change_refuse(change, PROBLEM_INVALID);
}

bool change_tier_create(struct connection *connection, struct change *change)
{
    struct change_row event;
    if (!find_event(connection, change->event.name, &event))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    return add_tier(connection, change, event.first, &change->tiers[0]);
}

static bool write_terms(struct connection *connection, const struct change *change, int64_t event,
                        int64_t tier)
{
    const struct tier_terms *terms = &change->tiers[0];
    sqlite3_stmt *query = connection_query(connection, QUERY_CHANGE_TIER);
    if (query == NULL)
        return false;
    sqlite3_bind_int64(query, 1, event);
    sqlite3_bind_int64(query, 2, tier);
    bind_number(query, 3, change->set & SET_PRICE, terms->price);
    bind_number(query, 4, change->set & SET_CAPACITY, terms->capacity);
    bind_number(query, 5, change->set & SET_LIMIT, terms->limit);
    return change_write(connection, query);
}

bool change_tier(struct connection *connection, struct change *change)
{
    struct change_row event;
    struct change_row tier;
    if (!find_event(connection, change->event.name, &event) ||
        !find_tier(connection, event.first, change->tiers[0].name, &tier))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    if (!tier.found)
        return change_refuse(change, PROBLEM_NO_SUCH_TIER);
    if ((change->set & SET_CAPACITY) && change->tiers[0].capacity < tier.second) {
        change->taken = tier.second;
        return change_refuse(change, PROBLEM_CAPACITY_TAKEN);
    }
    return write_terms(connection, change, event.first, tier.first);
}
