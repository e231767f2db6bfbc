/* What an organiser sends of an event or a tier, as JSON: to make one, or to change it. Pure but for the names of time
 * zones (common/time_zone.h); one thread. */
#ifndef BOX_OFFICE_EVENT_BODY_H
#define BOX_OFFICE_EVENT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "common/problem.h"
#include "db/store.h"

enum event_body_kind {
    EVENT_CREATE, /* name and tiers are required */
    EVENT_CHANGE, /* anything but these, at least one field; null takes a bound away */
    TIER_CREATE,  /* name, price, currency and capacity are required */
    TIER_CHANGE,  /* price, capacity, limit: at least one */
};

struct event_body {
    struct event_terms event;
    struct tier_terms tiers[STORE_TIERS_MAX]; /* of a tier's body the first */
    size_t tier_count;
    uint32_t set; /* enum change_set: what came */
};

/* Reads a body; what goes without saying is filled in where something is made: the title is the name, the zone UTC,
 * a hold HOLD_SECONDS long, an order of STORE_ORDER_LIMIT tickets at most. PROBLEM_NONE; or MALFORMED, INVALID
 * with a sentence in `detail` that names field and rule. */
enum problem event_body_parse(enum event_body_kind kind, const char *text, size_t length,
                              struct event_body *body, char detail[PROBLEM_DETAIL_SIZE]);

/* Whether the sale ends after it begins; else the sentence. */
enum problem event_body_judge_sale(const struct event_terms *event,
                                   char detail[PROBLEM_DETAIL_SIZE]);

#endif
