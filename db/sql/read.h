/* Reading a SQLite store. The contracts are those of the verbs in db/store.h. */
#ifndef BOX_OFFICE_SQL_READ_H
#define BOX_OFFICE_SQL_READ_H

#include "db/store.h"

enum store_found read_tiers(struct store *store, const char *event, store_tier_call *call,
                            void *context);
enum store_found read_sale(struct store *store, const char *event, const struct id *id,
                           struct sale *sale);
enum store_found read_each_sale(struct store *store, store_sale_call *call, void *context);
enum store_found read_each_server(struct store *store, store_server_call *call, void *context);

#endif
