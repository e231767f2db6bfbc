/* The SQL of what an organiser changes, and of reading and listing: one text per query. */
#ifndef BOX_OFFICE_SQLITE_QUERY_H
#define BOX_OFFICE_SQLITE_QUERY_H

enum store_query {
    /* events and tiers */
    QUERY_FIND_EVENT,
    QUERY_COUNT_EVENTS,
    QUERY_ADD_EVENT,
    QUERY_CHANGE_EVENT,
    QUERY_WINDOW,
    QUERY_COUNT_DECISIONS,
    QUERY_FILL_BUYERS,
    QUERY_EMPTY_BUYERS,
    QUERY_FIND_TIER,
    QUERY_COUNT_TIERS,
    QUERY_ADD_TIER,
    QUERY_CHANGE_TIER,
    /* tokens, keys, what is owed */
    QUERY_COUNT_TOKENS,
    QUERY_ADD_TOKEN,
    QUERY_REVOKED_AT,
    QUERY_REVOKE_TOKEN,
    QUERY_FORGET_TOKENS,
    QUERY_COUNT_KEYS,
    QUERY_ADD_KEY,
    QUERY_FIND_KEY,
    QUERY_RETIRE_KEY,
    QUERY_FORGET_KEYS,
    QUERY_FIND_OWED,
    QUERY_SETTLE,
    /* which decisions are whose */
    QUERY_NOTE_SPANS,
    /* reading */
    QUERY_READ_EVENT,
    QUERY_LIST_EVENTS,
    QUERY_READ_HOLD,
    QUERY_LIST_ORDERS,
    QUERY_PLACE,
    QUERY_LIST_TICKETS,
    QUERY_FIND_SALE,
    QUERY_READ_TICKETS,
    QUERY_LIST_OWED,
    QUERY_FIND_TOKEN,
    QUERY_EACH_TOKEN,
    QUERY_EACH_KEY,
    QUERY_EACH_DUE,
    QUERY_EACH_HOLD,
    QUERY_COUNT
};

const char *query_text(enum store_query which);

#endif
