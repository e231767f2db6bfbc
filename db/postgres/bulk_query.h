/* The texts of what a batch reads and writes on PostgreSQL. */
#ifndef BOX_OFFICE_POSTGRES_BULK_QUERY_H
#define BOX_OFFICE_POSTGRES_BULK_QUERY_H

#include "db/sql/query.h"

/* Queries that only this engine has: what is done for many at once. */
enum own_query {
    OWN_LOCK_EVENTS, /* the tiers of these events */
    OWN_LOCK_ORDERS, /* and of the events of these orders */
    OWN_LOCK_STORE,
    OWN_NUMBERS,
    OWN_TIERS_OF_NAME, /* as QUERY_TIERS_OF_EVENT, by the event's name */
    OWN_FIND_KEYS,
    OWN_ADD,
    OWN_ADD_TICKETS,
    OWN_COUNT,
};

const char *bulk_own_text(enum own_query which);

/* Of the common queries, those up to QUERY_COUNT_REFUSALS; NULL: the common text will do. */
const char *bulk_text(enum named_query which);

#endif
