#include "db/store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "db/engine.h"

static const struct engine *const engines[] = {&sqlite_engine, &postgres_engine};

enum {
    ENGINE_COUNT = sizeof engines / sizeof *engines,
};

/* What follows the scheme; NULL: the URL has another one, or nothing follows. */
static const char *behind(const char *url, const char *scheme)
{
    size_t length = scheme == NULL ? 0 : strlen(scheme);
    if (length == 0 || strncmp(url, scheme, length) != 0 || url[length] == '\0')
        return NULL;
    return url + length;
}

/* One with a password in it is not told. */
static void refuse(const char *url, char error[STORE_ERROR_SIZE])
{
    bool secret = strstr(url, "://") != NULL || strpbrk(url, "@=") != NULL;
    int length = snprintf(error, STORE_ERROR_SIZE, "%.*s%s is not the URL of a store: such are",
                          secret ? (int)strcspn(url, ":/@=") : 200, url, secret ? ":…" : "");
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        length += snprintf(error + length, (size_t)(STORE_ERROR_SIZE - length), "%s %s",
                           i == 0 ? "" : " and", engines[i]->example);
}

/* The engine that a URL names, and the place behind its scheme; NULL with the reason. */
static const struct engine *engine_of(const char *url, const char **place,
                                      char error[STORE_ERROR_SIZE])
{
    for (size_t i = 0; i < ENGINE_COUNT; i++) {
        *place = behind(url, engines[i]->scheme);
        if (*place == NULL)
            *place = behind(url, engines[i]->also);
        if (*place != NULL)
            return engines[i];
    }
    refuse(url, error);
    return NULL;
}

bool store_window_valid(int64_t sale_from, int64_t sale_until)
{
    return sale_from == 0 || sale_until == 0 || sale_from < sale_until;
}

bool store_init(const char *url, int64_t demo_capacity, struct store_made *made,
                char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    memset(made, 0, sizeof *made);
    return engine != NULL && engine->init(place, demo_capacity, made, error);
}

bool store_reset(const char *url, char aside[STORE_PLACE_SIZE], char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    aside[0] = '\0';
    return engine != NULL && engine->reset(place, aside, error);
}

struct store *store_open_seller(const char *url, const char *server, char error[STORE_ERROR_SIZE])
{
    return store_open_seller_telling(url, server, NULL, NULL, error);
}

struct store *store_open_seller_telling(const char *url, const char *server, store_stalled *stalled,
                                        void *context, char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    if (engine == NULL)
        return NULL;
    if (!server_id_valid(server)) {
        snprintf(error, STORE_ERROR_SIZE,
                 "'%.64s' cannot name a ticket server: 1 to 32 of a-z, 0-9 and -", server);
        return NULL;
    }
    return engine->open_seller(place, server, stalled, context, error);
}

struct store *store_open_reader(const char *url, char error[STORE_ERROR_SIZE])
{
    bool absent;
    return store_open_reader_telling(url, &absent, error);
}

struct store *store_open_reader_telling(const char *url, bool *absent, char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    *absent = engine == NULL;
    return engine == NULL ? NULL : engine->open_reader(place, absent, error);
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->engine->close(store);
}

bool store_present(const struct store *store)
{
    return store->engine->present(store);
}

const char *store_id(const struct store *store)
{
    return store->figures.store;
}

enum store_result store_decide(struct store *store, struct decision *decisions, size_t n,
                               struct figures *figures)
{
    assert(store->seller && n <= STORE_BATCH_MAX);
    enum store_result result = store->engine->decide(store, decisions, n);
    if (result == STORE_DURABLE)
        *figures = store->figures;
    return result;
}

size_t store_moved(const struct store *store, const struct sale **moved)
{
    *moved = store->moved;
    return store->moved_count;
}

enum store_result store_change(struct store *store, struct change *change)
{
    assert(store->seller && change->tier_count <= STORE_TIERS_MAX);
    return store->engine->change(store, change);
}

void store_figures(const struct store *store, struct figures *figures)
{
    *figures = store->figures;
}

const char *store_error(const struct store *store)
{
    return store->error;
}

void store_on_stall(struct store *store, store_stalled *stalled, void *context)
{
    store->stalled = stalled;
    store->stalled_context = context;
}

enum store_found store_read_tiers(struct store *store, const char *event, store_tier_call *call,
                                  void *context)
{
    return store->engine->read_tiers(store, event, call, context);
}

enum store_found store_read_sale(struct store *store, const char *event, const struct id *id,
                                 struct sale *sale)
{
    return store->engine->read_sale(store, event, id, sale);
}

enum store_found store_read_hold(struct store *store, const struct id *id, struct order *order)
{
    return store->engine->read_hold(store, id, order);
}

enum store_found store_read_event(struct store *store, const char *event, struct event_terms *terms)
{
    return store->engine->read_event(store, event, terms);
}

enum store_found store_read_whole_event(struct store *store, const char *event,
                                        store_event_call *call, void *context)
{
    return store->engine->read_whole_event(store, event, call, context);
}

enum store_found store_list_events(struct store *store, const char *after, size_t max, bool *more,
                                   store_event_call *call, void *context)
{
    return store->engine->list_events(store, after, max, more, call, context);
}

enum store_found store_list_orders(struct store *store, const char *event, int64_t after,
                                   size_t max, store_order_call *call, void *context)
{
    return store->engine->list_orders(store, event, after, max, call, context);
}

enum store_found store_list_tickets(struct store *store, const char *event, const char *after_tier,
                                    int64_t after_number, size_t max, store_ticket_call *call,
                                    void *context)
{
    return store->engine->list_tickets(store, event, after_tier, after_number, max, call, context);
}

enum store_found store_read_tickets(struct store *store, const char *event, const struct id *id,
                                    store_ticket_call *call, void *context)
{
    return store->engine->read_tickets(store, event, id, call, context);
}

enum store_found store_list_owed(struct store *store, const char *event, int64_t after, size_t max,
                                 store_owed_call *call, void *context)
{
    return store->engine->list_owed(store, event, after, max, call, context);
}

enum store_found store_find_token(struct store *store, const uint8_t hash[TOKEN_HASH_SIZE],
                                  struct token_terms *token)
{
    return store->engine->find_token(store, hash, token);
}

enum store_found store_each_token(struct store *store, store_token_call *call, void *context)
{
    return store->engine->each_token(store, call, context);
}

enum store_found store_each_key(struct store *store, store_key_call *call, void *context)
{
    return store->engine->each_key(store, call, context);
}

enum store_found store_each_due(struct store *store, int64_t now, store_due_call *call,
                                void *context)
{
    return store->engine->each_due(store, now, call, context);
}

enum store_found store_each_sale(struct store *store, store_sale_call *call, void *context)
{
    return store->engine->each_sale(store, call, context);
}

enum store_found store_each_hold(struct store *store, store_hold_call *call, void *context)
{
    return store->engine->each_hold(store, call, context);
}

enum store_found store_each_server(struct store *store, store_server_call *call, void *context)
{
    return store->engine->each_server(store, call, context);
}

enum store_found store_audit(struct store *store, store_finding *finding, void *context)
{
    return store->engine->audit(store, finding, context);
}

bool store_backup(const char *url, const char *to, store_progress *progress, void *context,
                  char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    return engine != NULL && engine->backup(place, to, progress, context, error);
}

bool store_restore(const char *url, const char *from, store_progress *progress, void *context,
                   struct store_restored *restored, char error[STORE_ERROR_SIZE])
{
    const char *place;
    const struct engine *engine = engine_of(url, &place, error);
    memset(restored, 0, sizeof *restored);
    return engine != NULL && engine->restore(place, from, progress, context, restored, error);
}
