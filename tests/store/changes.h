/* Changes to try: with values that are valid, so that a test says only what it is about. */
#ifndef BOX_OFFICE_TEST_CHANGES_H
#define BOX_OFFICE_TEST_CHANGES_H

#include "tests/store/fixture.h"

/* A tier of 25.00 EUR, at most 10 in one order. */
struct tier_terms tier_terms(const char *name, int64_t capacity);

/* CHANGE_EVENT_CREATE of an event that is always on sale, and limits nothing; the tiers must outlive it. */
struct change event_change(const char *name, const struct tier_terms *tiers, size_t count);

/* CHANGE_TOKEN_ADD of a token whose hash is all of that byte; CHANGE_KEY_ADD of a new key. */
struct change token_change(uint8_t hash);
struct change key_change(void);

/* Makes the change, which must be durable: the problem it ended in. */
enum problem changed(struct store *store, struct change *change);

#endif
