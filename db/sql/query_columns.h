/* The columns that queries of all engines read, in the order in which the common code takes them. */
#ifndef BOX_OFFICE_SQL_QUERY_COLUMNS_H
#define BOX_OFFICE_SQL_QUERY_COLUMNS_H

/* Of an event and of an order, as a batch reads them. */
#define EVENT_COLUMNS                                                                              \
    "event, refusals, name, sale_from, sale_until, buyer_limit, hold_seconds, waiting_list,"       \
    " closed"
#define ORDER_COLUMNS                                                                              \
    "d.decision, d.event, d.tier, d.id, d.state, d.quantity, d.first_number, d.amount, d.buyer,"   \
    " d.server, d.created_at, d.expires_at, d.changed_at, d.payment, d.request, d.late"

/* Of a tier's counts, and of an event with its tiers: those, and its terms. */
#define COUNTS_COLUMNS                                                                             \
    "e.name, t.name, t.currency, t.price, t.capacity, t.sold, t.held, t.order_limit, t.waiting"
#define WHOLE_EVENT_COLUMNS                                                                        \
    COUNTS_COLUMNS ", e.name, e.title, e.zone, e.starts_at, e.sale_from, e.sale_until,"            \
                   " e.buyer_limit, e.hold_seconds, e.waiting_list, e.closed"

/* Of an event's terms, of an order that is read or listed, of a token. */
#define TERMS_COLUMNS                                                                              \
    "name, title, zone, starts_at, sale_from, sale_until, buyer_limit, hold_seconds,"              \
    " waiting_list, closed"
#define LISTED_COLUMNS                                                                             \
    "d.id, e.name, t.name, d.buyer, d.server, d.currency, d.quantity, d.first_number, d.amount,"   \
    " d.created_at, d.state, coalesce(d.request, d.id), d.expires_at, d.payment,"                  \
    " coalesce(d.changed_at, d.created_at), d.late, d.event, d.tier, d.decision"
#define TOKEN_COLUMNS "id, name, hash, scopes, created_at, revoked_at"

#endif
