#include <stdio.h>
#include <string.h>

#include "common/ticket_code.h"
#include "tests/store/changes.h"

struct tier_terms tier_terms(const char *name, int64_t capacity)
{
    struct tier_terms tier = {.currency = "EUR", .price = 2500, .capacity = capacity, .limit = 10};
    snprintf(tier.name, sizeof tier.name, "%s", name);
    return tier;
}

struct change event_change(const char *name, const struct tier_terms *tiers, size_t count)
{
    struct change change = {.kind = CHANGE_EVENT_CREATE, .tiers = tiers, .tier_count = count};
    snprintf(change.event.name, sizeof change.event.name, "%s", name);
    strcpy(change.event.title, name);
    strcpy(change.event.zone, "Europe/Berlin");
    change.event.hold_seconds = HOLD_SECONDS;
    return change;
}

enum problem changed(struct store *store, struct change *change)
{
    enum store_result result = store_change(store, change);
    if (result != STORE_DURABLE)
        printf("  %s\n", store_error(store));
    CU_ASSERT_EQUAL_FATAL(result, STORE_DURABLE);
    return change->problem;
}

struct change token_change(uint8_t hash)
{
    struct change change = {.kind = CHANGE_TOKEN_ADD,
                            .token = {.id = id_make(), .scopes = SCOPE_SALES}};
    strcpy(change.token.name, "Kasse");
    memset(change.token.hash, hash, sizeof change.token.hash);
    return change;
}

struct change key_change(void)
{
    struct change change = {.kind = CHANGE_KEY_ADD};
    struct ticket_signer key;
    ticket_key_make(&key);
    memcpy(change.key.id, key.id, sizeof key.id);
    memcpy(change.key.seed, key.seed, sizeof key.seed);
    memcpy(change.key.public_key, key.public_key, sizeof key.public_key);
    return change;
}
