#include "db/sql/change_part.h"

/* The event of that name; its second number is the buyer's limit. */
static bool find_event(struct sql *sql, const char *name, struct change_row *event)
{
    struct sql_query *query = sql_query(sql, QUERY_FIND_EVENT);
    if (query != NULL)
        sql_bind_text(query, 1, name);
    return change_read(query, event);
}

static bool find_tier(struct sql *sql, int64_t event, const char *name, struct change_row *tier)
{
    struct sql_query *query = sql_query(sql, QUERY_FIND_TIER);
    if (query != NULL) {
        sql_bind_number(query, 1, event);
        sql_bind_text(query, 2, name);
    }
    return change_read(query, tier);
}

static bool add_event(struct sql *sql, const struct event_terms *terms)
{
    struct sql_query *query = sql_query(sql, QUERY_ADD_EVENT);
    if (query == NULL)
        return false;
    sql_bind_text(query, 1, terms->name);
    sql_bind_text(query, 2, terms->title);
    sql_bind_text(query, 3, terms->zone);
    sql_bind_number(query, 4, terms->starts_at);
    sql_bind_number(query, 5, terms->sale_from);
    sql_bind_number(query, 6, terms->sale_until);
    sql_bind_number(query, 7, terms->buyer_limit);
    sql_bind_number(query, 8, terms->hold_seconds);
    sql_bind_number(query, 9, terms->waiting_list);
    sql_bind_number(query, 10, terms->closed);
    return change_write(query);
}

static bool write_tier(struct sql *sql, int64_t event, int64_t number,
                       const struct tier_terms *tier)
{
    struct sql_query *query = sql_query(sql, QUERY_ADD_TIER);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, event);
    sql_bind_number(query, 2, number);
    sql_bind_text(query, 3, tier->name);
    sql_bind_number(query, 4, tier->price);
    sql_bind_text(query, 5, tier->currency);
    sql_bind_number(query, 6, tier->capacity);
    sql_bind_number(query, 7, tier->limit);
    return change_write(query);
}

/* What the tiers of an event leave room for. */
struct tier_room {
    int64_t count, last;
    bool same_currency; /* as the new one's, or there is none yet */
};

static bool read_room(struct sql *sql, int64_t event, const char *currency, struct tier_room *room)
{
    struct sql_query *query = sql_query(sql, QUERY_COUNT_TIERS);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, event);
    sql_bind_text(query, 2, currency);
    *room = (struct tier_room){.count = 0};
    if (sql_next(query)) {
        room->count = sql_number(query, 0);
        room->last = sql_number(query, 1);
        room->same_currency = (int)sql_number(query, 2) != 0;
    }
    return sql_end(query) == SQL_OK;
}

static bool add_tier(struct sql *sql, struct change *change, int64_t event,
                     const struct tier_terms *tier)
{
    struct change_row there;
    struct tier_room room;
    if (!find_tier(sql, event, tier->name, &there) || !read_room(sql, event, tier->currency, &room))
        return false;
    if (there.found)
        return change_refuse(change, PROBLEM_TIER_EXISTS);
    if (room.count >= STORE_TIERS_MAX)
        return change_refuse(change, PROBLEM_TOO_MANY);
    if (!room.same_currency)
        return change_refuse(change, PROBLEM_INVALID);
    return write_tier(sql, event, room.last + 1, tier);
}

bool change_event_create(struct sql *sql, struct change *change)
{
    struct change_row event;
    struct change_row events;
    if (!find_event(sql, change->event.name, &event) ||
        !change_read(sql_query(sql, QUERY_COUNT_EVENTS), &events))
        return false;
    if (event.found)
        return change_refuse(change, PROBLEM_EVENT_EXISTS);
    if (events.first >= STORE_EVENTS_MAX)
        return change_refuse(change, PROBLEM_TOO_MANY);
    if (!add_event(sql, &change->event))
        return false;
    if (!find_event(sql, change->event.name, &event))
        return false;
    for (size_t i = 0; i < change->tier_count && change->problem == PROBLEM_NONE; i++)
        if (!add_tier(sql, change, event.first, &change->tiers[i]))
            return false;
    return true;
}

/* One that is there already, which nobody else changes from here on. */
static bool find_locked_event(struct sql *sql, const char *name, struct change_row *event)
{
    return find_event(sql, name, event) &&
           (!event->found || sql_expect_locked(sql, event->first, 0) == SQL_OK);
}

/* Binds what is set; the rest stays NULL, which the update passes over. */
static void bind_number(struct sql_query *query, int at, bool set, int64_t value)
{
    if (set)
        sql_bind_number(query, at, value);
    else
        sql_bind_null(query, at);
}

static void bind_words(struct sql_query *query, int at, bool set, const char *text)
{
    if (set)
        sql_bind_text(query, at, text);
    else
        sql_bind_null(query, at);
}

static bool write_event(struct sql *sql, const struct change *change, int64_t event)
{
    const struct event_terms *terms = &change->event;
    struct sql_query *query = sql_query(sql, QUERY_CHANGE_EVENT);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, event);
    bind_words(query, 2, change->set & SET_TITLE, terms->title);
    bind_words(query, 3, change->set & SET_ZONE, terms->zone);
    bind_number(query, 4, change->set & SET_STARTS_AT, terms->starts_at);
    bind_number(query, 5, change->set & SET_SALE_FROM, terms->sale_from);
    bind_number(query, 6, change->set & SET_SALE_UNTIL, terms->sale_until);
    bind_number(query, 7, change->set & SET_BUYER_LIMIT, terms->buyer_limit);
    bind_number(query, 8, change->set & SET_HOLD_SECONDS, terms->hold_seconds);
    bind_number(query, 9, change->set & SET_WAITING_LIST, terms->waiting_list);
    bind_number(query, 10, change->set & SET_CLOSED, terms->closed);
    return change_write(query);
}

/* Counting reads every decision of the event, and nobody sells meanwhile. */
static bool judge_count(struct sql *sql, struct change *change, int64_t event)
{
    struct change_row decisions;
    struct sql_query *query = sql_query(sql, QUERY_COUNT_DECISIONS);
    if (query != NULL) {
        sql_bind_number(query, 1, event);
        sql_bind_number(query, 2, STORE_BUYERS_COUNTED_MAX + 1);
    }
    if (!change_read(query, &decisions))
        return false;
    return decisions.first <= STORE_BUYERS_COUNTED_MAX || change_refuse(change, PROBLEM_TOO_MANY);
}

/* Buyers are counted only where they are limited. */
static bool count_buyers(struct sql *sql, struct change *change, const struct change_row *event)
{
    bool counted = event->second > 0;
    bool wanted = change->event.buyer_limit > 0;
    if (!(change->set & SET_BUYER_LIMIT) || counted == wanted)
        return true;
    if (wanted && !judge_count(sql, change, event->first))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    struct sql_query *query = sql_query(sql, wanted ? QUERY_FILL_BUYERS : QUERY_EMPTY_BUYERS);
    if (query != NULL)
        sql_bind_number(query, 1, event->first);
    return change_write(query);
}

bool change_event(struct sql *sql, struct change *change)
{
    struct change_row event;
    struct change_row window;
    if (!find_locked_event(sql, change->event.name, &event))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    if (!count_buyers(sql, change, &event))
        return false;
    if (change->problem != PROBLEM_NONE)
        return true;
    if (!write_event(sql, change, event.first))
        return false;
    struct sql_query *query = sql_query(sql, QUERY_WINDOW);
    if (query != NULL)
        sql_bind_number(query, 1, event.first);
    if (!change_read(query, &window))
        return false;
    return store_window_valid(window.first, window.second) ||
           change_refuse(change, PROBLEM_INVALID);
}

bool change_tier_create(struct sql *sql, struct change *change)
{
    struct change_row event;
    if (!find_locked_event(sql, change->event.name, &event))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    return add_tier(sql, change, event.first, &change->tiers[0]);
}

static bool write_terms(struct sql *sql, const struct change *change, int64_t event, int64_t tier)
{
    const struct tier_terms *terms = &change->tiers[0];
    struct sql_query *query = sql_query(sql, QUERY_CHANGE_TIER);
    if (query == NULL)
        return false;
    sql_bind_number(query, 1, event);
    sql_bind_number(query, 2, tier);
    bind_number(query, 3, change->set & SET_PRICE, terms->price);
    bind_number(query, 4, change->set & SET_CAPACITY, terms->capacity);
    bind_number(query, 5, change->set & SET_LIMIT, terms->limit);
    return change_write(query);
}

bool change_tier(struct sql *sql, struct change *change)
{
    struct change_row event;
    struct change_row tier;
    if (!find_locked_event(sql, change->event.name, &event) ||
        !find_tier(sql, event.first, change->tiers[0].name, &tier))
        return false;
    if (!event.found)
        return change_refuse(change, PROBLEM_NO_SUCH_EVENT);
    if (!tier.found)
        return change_refuse(change, PROBLEM_NO_SUCH_TIER);
    if ((change->set & SET_CAPACITY) && change->tiers[0].capacity < tier.second) {
        change->taken = tier.second;
        return change_refuse(change, PROBLEM_CAPACITY_TAKEN);
    }
    return write_terms(sql, change, event.first, tier.first);
}
