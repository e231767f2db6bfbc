/* What a storage engine is to db/store.c: one table of functions, each with the contract of the verb
 * of the same name in db/store.h. Private to db/. */
#ifndef BOX_OFFICE_ENGINE_H
#define BOX_OFFICE_ENGINE_H

#include "db/store.h"

/* `place` is the URL behind its scheme: for SQLite, the path. */
struct engine {
    const char *scheme;  /* with its colon, as a URL begins */
    const char *also;    /* its other spelling; NULL: it has one */
    const char *example; /* of a URL, for people */
    bool (*init)(const char *place, int64_t demo_capacity, struct store_made *made,
                 char error[STORE_ERROR_SIZE]);
    bool (*reset)(const char *place, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE]);
    struct store *(*open_seller)(const char *place, const char *server, store_stalled *stalled,
                                 void *context, char error[STORE_ERROR_SIZE]);
    struct store *(*open_reader)(const char *place, bool *absent, char error[STORE_ERROR_SIZE]);
    void (*close)(struct store *store);
    bool (*present)(const struct store *store);
    enum store_result (*decide)(struct store *store, struct decision *decisions, size_t n);
    enum store_result (*change)(struct store *store, struct change *change);
    enum store_found (*read_tiers)(struct store *store, const char *event, store_tier_call *call,
                                   void *context);
    enum store_found (*read_sale)(struct store *store, const char *event, const struct id *id,
                                  struct sale *sale);
    enum store_found (*read_hold)(struct store *store, const struct id *id, struct order *order);
    enum store_found (*read_event)(struct store *store, const char *event,
                                   struct event_terms *terms);
    enum store_found (*read_whole_event)(struct store *store, const char *event,
                                         store_event_call *call, void *context);
    enum store_found (*list_events)(struct store *store, const char *after, size_t max, bool *more,
                                    store_event_call *call, void *context);
    enum store_found (*list_orders)(struct store *store, const char *event, int64_t after,
                                    size_t max, store_order_call *call, void *context);
    enum store_found (*list_tickets)(struct store *store, const char *event, const char *after_tier,
                                     int64_t after_number, size_t max, store_ticket_call *call,
                                     void *context);
    enum store_found (*read_tickets)(struct store *store, const char *event, const struct id *id,
                                     store_ticket_call *call, void *context);
    enum store_found (*list_owed)(struct store *store, const char *event, int64_t after, size_t max,
                                  store_owed_call *call, void *context);
    enum store_found (*find_token)(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                   struct token_terms *token);
    enum store_found (*each_token)(struct store *store, store_token_call *call, void *context);
    enum store_found (*each_key)(struct store *store, store_key_call *call, void *context);
    enum store_found (*each_due)(struct store *store, int64_t now, store_due_call *call,
                                 void *context);
    enum store_found (*each_sale)(struct store *store, store_sale_call *call, void *context);
    enum store_found (*each_hold)(struct store *store, store_hold_call *call, void *context);
    enum store_found (*each_server)(struct store *store, store_server_call *call, void *context);
    enum store_found (*audit)(struct store *store, store_finding *finding, void *context);
    bool (*backup)(const char *place, const char *to, store_progress *progress, void *context,
                   char error[STORE_ERROR_SIZE]);
    bool (*restore)(const char *place, const char *from, store_progress *progress, void *context,
                    struct store_restored *restored, char error[STORE_ERROR_SIZE]);
};

/* A handle's part that all engines share: the first member of theirs. */
struct store {
    const struct engine *engine;
    struct figures figures;   /* of a seller: as of its last durable batch */
    const struct sale *moved; /* owned by the engine: what that batch moved unasked */
    size_t moved_count;
    bool seller;                  /* else it may only read */
    char error[STORE_ERROR_SIZE]; /* the last failure */
    store_stalled *stalled;       /* NULL: nobody asked to be told */
    void *stalled_context;
};

extern const struct engine sqlite_engine;
extern const struct engine postgres_engine;

#endif
