/* The texts of what the PostgreSQL engine does beside the common queries: sessions, fences, making and moving. */
#ifndef BOX_OFFICE_POSTGRES_CORE_QUERY_H
#define BOX_OFFICE_POSTGRES_CORE_QUERY_H

enum core_query {
    CORE_SESSION, /* settings of a session: ?1 the schema, quoted, ?2 how long a statement may run, ?3 whether it only
                     reads */
    CORE_PLAN_FREELY, /* to the transaction's end: what is asked reads whole tables */
    CORE_FENCE, /* one row, which stays locked, where boot ?2 is still the latest of server ?1, in store ?3 */
    CORE_SCHEMA, /* of schema ?1: whether it is there, how many things it holds, how many marks of a store */
    CORE_MARK, /* what the store says of itself */
    CORE_MAKE_IDENTITY,
    CORE_SET_VERSION,
    CORE_RAISE_ALL_BOOTS,
    CORE_COUNT_ALL_KEYS, /* good or retired */
    CORE_TICKETS,        /* sold, in all */
    CORE_OTHERS,         /* one of the other sessions whose application begins with ?1 */
    CORE_COUNT,
};

const char *core_text(enum core_query which);

#endif
