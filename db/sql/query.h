/* The queries of a store: of selling, of what an organiser changes, of reading and listing. Each engine has a text for
 * each of them; where one text does for all, it stands in query.c.
 *
 * Values are written ?1, ?2 … */
#ifndef BOX_OFFICE_SQL_QUERY_H
#define BOX_OFFICE_SQL_QUERY_H

enum named_query {
    /* transaction */
    QUERY_BEGIN_WRITING,
    QUERY_BEGIN_READING,
    QUERY_COMMIT,
    QUERY_ROLLBACK,
    QUERY_SAVEPOINT,
    QUERY_RELEASE,
    QUERY_BACK_TO_SAVEPOINT,
    /* what a batch reads */
    QUERY_BOOT,
    QUERY_EVENT,
    QUERY_EVENT_BY_ROW,
    QUERY_TIERS_OF_EVENT,
    QUERY_KEY,
    QUERY_DUE,
    QUERY_LINE,
    QUERY_LINE_BETWEEN,
    QUERY_HOLD,
    QUERY_ORDER,
    QUERY_OWED,
    QUERY_USED,
    QUERY_TICKET,
    QUERY_BUYER,
    /* what a batch writes */
    QUERY_REMOVE_REFUSALS,
    QUERY_ADD_SALE,
    QUERY_ADD_HOLD,
    QUERY_MOVE_ORDER,
    QUERY_OFFER_ORDER,
    QUERY_SELL_ORDER,
    QUERY_ADD_OWED,
    QUERY_CHECK_IN,
    QUERY_COUNT_BUYER,
    QUERY_ADD_REFUSAL,
    QUERY_ADD_SPAN,
    QUERY_ADD_TICKET,
    QUERY_COUNT_TIER,
    QUERY_ADD_TOTAL,
    QUERY_COUNT_REFUSALS,
    /* opening */
    QUERY_STORE_ID,
    QUERY_RAISE_BOOT,
    QUERY_SERVER_SOLD,
    /* reading */
    QUERY_READ_TIERS,
    QUERY_READ_EVENT_TIERS,
    QUERY_SALE,
    QUERY_EACH_SALE,
    QUERY_EACH_SERVER,
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
    /* reading */
    QUERY_READ_EVENT,
    QUERY_READ_WHOLE_EVENT,
    QUERY_LIST_EVENTS,
    QUERY_READ_HOLD,
    QUERY_LIST_ORDERS,
    QUERY_PLACE,
    QUERY_PLACES,
    QUERY_LIST_TICKETS,
    QUERY_FIND_SALE,
    QUERY_READ_TICKETS,
    QUERY_LIST_OWED,
    QUERY_FIND_TOKEN,
    QUERY_EACH_TOKEN,
    QUERY_EACH_KEY,
    QUERY_EACH_DUE,
    QUERY_EACH_HOLD,
    QUERY_COUNT,
};

/* The text that all engines have in common; NULL: each has its own. */
const char *query_text(enum named_query which);

#endif
