/* What organisers type and are shown: prices, spans, times, tiers; and as the API has it. Pure. */
#ifndef BOX_OFFICE_BOXCTL_TERMS_H
#define BOX_OFFICE_BOXCTL_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    TERMS_PRICE_SIZE = 32,
    TERMS_TIME_SIZE = 24,
    TERMS_COUNT_SIZE = 48,
};

/* A price as it is typed, "25.00EUR", "1500JPY", in minor units: as many digits behind the point as the currency
 * has (ISO 4217), or none. False for anything else. */
bool terms_price(const char *text, int64_t *amount, char currency[4]);

/* "25.00 EUR". */
void terms_show_price(int64_t amount, const char *currency, char out[TERMS_PRICE_SIZE]);

/* A time of the API's, which is in UTC, to the second: "2026-11-22T03:14:18Z"; `none` where it is none. */
void terms_show_time(const char *text, const char *none, char out[TERMS_TIME_SIZE]);

/* "1 ticket", "2 tickets". */
void terms_show_count(int64_t count, const char *what, char out[TERMS_COUNT_SIZE]);

/* A span in whole seconds: "90s", "10m", "2h". */
bool terms_span(const char *text, int64_t *seconds);

/* Appends the JSON object of a tier, as `NAME:CAPACITY:PRICE[:LIMIT]` says. False where it says none. */
bool terms_tier(struct buffer *out, const char *text);

/* A number of digits only, of at most 12. */
bool terms_number(const char *text, int64_t *number);

#endif
