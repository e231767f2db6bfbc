/* A purchase, hold or confirm: what a buyer asks for. The one validator, used by the balancer and by a ticket server
 * that is called directly, so that both refuse the same things with the same words. */
#ifndef BOX_OFFICE_PURCHASE_H
#define BOX_OFFICE_PURCHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"

enum {
    NAME_SIZE = 65,   /* an event's or tier's name: 1 to 64 of A-Z a-z 0-9 . _ -, first one
                         a letter or digit; and the NUL */
    BUYER_SIZE = 255, /* 1 to 254 bytes of plain_text; and the NUL */
    KEY_SIZE = 256,   /* an idempotency key: 16 to 255 visible ASCII characters; the NUL */
    KEY_LENGTH_MIN = 16,
    QUANTITY_MAX = 1000, /* no tier may allow more in one order */
    HOLD_SECONDS = 600,  /* how long tickets are held where the event says nothing else */
    HOLD_SECONDS_MAX = 86400,
    FINGERPRINT_SIZE = 16, /* leading bytes of a SHA-256 */
};

struct purchase {
    char event[NAME_SIZE];
    char tier[NAME_SIZE];   /* "" where absent */
    char buyer[BUYER_SIZE]; /* "" where absent */
    int quantity;           /* 1 to QUANTITY_MAX; 0 where absent, which buys one */
};

/* How many tickets are asked for: the quantity, or 1 where it is absent. */
int purchase_quantity(const struct purchase *purchase);

/* Reads a body of the given Content-Type (NULL: none was sent) into *purchase.
 * application/json (charset=utf-8 allowed) and application/x-www-form-urlencoded are understood.
 * PROBLEM_NONE, or PROBLEM_UNSUPPORTED_MEDIA_TYPE, PROBLEM_MALFORMED (400: syntax, wrong type,
 * unknown or repeated field, missing event) or PROBLEM_INVALID (422: a value breaks a rule), with a
 * precise sentence in `detail`. */
enum problem purchase_parse(const char *content_type, const char *body, size_t length,
                            struct purchase *purchase, char detail[PROBLEM_DETAIL_SIZE]);

/* The same of a hold, which has the fields seconds (1 to HOLD_SECONDS_MAX; absent: 0) and wait (absent: false), too. */
enum problem hold_parse(const char *content_type, const char *body, size_t length,
                        struct purchase *purchase, int *seconds, bool *wait,
                        char detail[PROBLEM_DETAIL_SIZE]);

/* The same of a confirm, whose one field is the payment's reference. */
enum problem payment_parse(const char *content_type, const char *body, size_t length,
                           char reference[KEY_SIZE], char detail[PROBLEM_DETAIL_SIZE]);

/* Whether a client's Idempotency-Key is 16 to 255 visible ASCII characters (0x21 to 0x7e). */
bool purchase_key_valid(const char *key);

/* Whether a payment's reference is 1 to 255 visible ASCII characters. */
bool purchase_reference_valid(const char *reference);

bool purchase_name_valid(const char *name);
bool purchase_buyer_valid(const char *buyer);

/* Whether it is 1 to 254 bytes of UTF-8 without control characters, as buyers were when the rule was wider: what a
 * router of such a version has taken, and flies. */
bool purchase_buyer_flies(const char *buyer);

/* What makes two purchases the same: a SHA-256 (FIPS 180-4) over the four fields, each with its
 * length, an absent one distinct from every present one. */
void purchase_fingerprint(const struct purchase *purchase, uint8_t fingerprint[FINGERPRINT_SIZE]);

#endif
