/* How boxctl shows an event of the shop's API. Asks nobody but the database of time zones. */
#ifndef BOX_OFFICE_BOXCTL_EVENT_VIEW_H
#define BOX_OFFICE_BOXCTL_EVENT_VIEW_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "common/buffer.h"

enum {
    EVENT_VIEW_TIME_SIZE = 96,
};

/* Whether tickets are to be had at `now` (clock_now): "not yet", "open", "sold out", "over" or "closed". */
const char *event_view_sale(const cJSON *event, int64_t now);

/* A count ("sold", "remaining" ...) over all tiers. */
int64_t event_view_sum(const cJSON *event, const char *name);

/* A time of the API's on the clocks of the event's place: "2026-12-31 20:00 CET"; `none` where it has none. */
void event_view_time(const cJSON *event, const char *name, const char *none,
                     char out[EVENT_VIEW_TIME_SIZE]);

/* Appends all of it, with its tiers. */
void event_view_append(struct buffer *out, const cJSON *event, int64_t now);

#endif
