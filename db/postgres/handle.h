/* A handle of a PostgreSQL store: opening it for selling or reading, and closing it. */
#ifndef BOX_OFFICE_POSTGRES_HANDLE_H
#define BOX_OFFICE_POSTGRES_HANDLE_H

#include "db/postgres/connection.h"
#include "db/sql/handle.h"

struct postgres_handle {
    struct sql_handle common; /* first: a store pointer of ours is a handle pointer */
    struct postgres postgres;
};

struct store *postgres_open_seller(const char *rest, const char *server, store_stalled *stalled,
                                   void *context, char error[STORE_ERROR_SIZE]);
struct store *postgres_open_reader(const char *rest, bool *absent, char error[STORE_ERROR_SIZE]);
void postgres_close(struct store *store);
bool postgres_present(const struct store *store);

/* The steps of opening that others share: a handle for this URL, connected, whose work may begin: within some seconds;
 * `inside` is set. NULL with the reason. postgres_close ends it. */
struct postgres_handle *postgres_handle_new(const char *rest, const char *who, bool seller,
                                            char error[STORE_ERROR_SIZE]);

/* Closes it, with its last failure told; NULL. */
struct store *postgres_give_up(struct postgres_handle *handle, char error[STORE_ERROR_SIZE]);

#endif
