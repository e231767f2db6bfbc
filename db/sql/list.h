/* Events, orders, tickets and payments of a SQLite store, one by one and in pages. The contracts are those of the
 * verbs in db/store.h. */
#ifndef BOX_OFFICE_SQL_LIST_H
#define BOX_OFFICE_SQL_LIST_H

#include "db/store.h"

enum store_found list_read_event(struct store *store, const char *event, struct event_terms *terms);
enum store_found list_read_whole_event(struct store *store, const char *event,
                                       store_event_call *call, void *context);
enum store_found list_events(struct store *store, const char *after, size_t max, bool *more,
                             store_event_call *call, void *context);
enum store_found list_each_due(struct store *store, int64_t now, store_due_call *call,
                               void *context);
enum store_found list_owed(struct store *store, const char *event, int64_t after, size_t max,
                           store_owed_call *call, void *context);

enum store_found list_read_hold(struct store *store, const struct id *id, struct order *order);
enum store_found list_each_hold(struct store *store, store_hold_call *call, void *context);
enum store_found list_orders(struct store *store, const char *event, int64_t after, size_t max,
                             store_order_call *call, void *context);

enum store_found list_tickets(struct store *store, const char *event, const char *after_tier,
                              int64_t after_number, size_t max, store_ticket_call *call,
                              void *context);
enum store_found list_read_tickets(struct store *store, const char *event, const struct id *id,
                                   store_ticket_call *call, void *context);

enum store_found list_find_token(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                 struct token_terms *token);
enum store_found list_each_token(struct store *store, store_token_call *call, void *context);
enum store_found list_each_key(struct store *store, store_key_call *call, void *context);

#endif
