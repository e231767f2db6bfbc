/* What the parts of the configuration's reader share: config.c reads the file, config_pools.c its pools,
 * config_rules.c their rules, config_routes.c its routes. Nobody else includes this.
 *
 * The first refusal stands: from then on the JSON reader has failed too, and everything returns false (or
 * NULL, or -1), so a part may go on and leave the check to the end. */
#ifndef BOX_OFFICE_CONFIG_READING_H
#define BOX_OFFICE_CONFIG_READING_H

#include "balancer/routing/config.h"
#include "balancer/routing/config_rules.h"
#include "common/json_reader.h"

/* What a route said that can only be judged once the whole file is read, and where it did: byte offsets,
 * 0 where it said nothing. */
struct route_marks {
    char pool_name[CONFIG_NAME_SIZE];
    size_t pool, policy, affinity, demand_token, authenticated;
};

struct config_reading {
    const char *file;
    struct json_reader reader;
    struct config *config;
    char *error;
    struct server_config *servers; /* of all pools so far: CONFIG_SERVERS_MAX */
    bool tickets_seen;
    struct route_marks marks[CONFIG_ROUTES_MAX];
};

/* The value of "pools", and of "routes". */
void config_read_pools(struct config_reading *reading);
void config_read_routes(struct config_reading *reading);

/* A figure of a pool's rules (config_rules.h). */
void config_take_figure(struct config_reading *reading, const struct config_figure *figure,
                        struct pool_rules *rules);

/* The values of a pool's fields "check", "thresholds", "eject", "slow_start" and "retries". Where a slow
 * start says what it begins from, *from is its offset; else *from stays. */
void config_read_check(struct config_reading *reading, struct pool_config *pool);
void config_read_thresholds(struct config_reading *reading, struct pool_rules *rules);
void config_read_eject(struct config_reading *reading, struct pool_rules *rules);
void config_read_slow_start(struct config_reading *reading, struct pool_rules *rules, size_t *from);
void config_read_retries(struct config_reading *reading, struct pool_rules *rules);

/* Looks up the pools that routes name, and judges what goes together. */
void config_judge_routes(struct config_reading *reading);

/* Where the next value or name begins. */
size_t config_here(struct config_reading *reading);

/* The line that this offset is in, counted from the file's beginning. */
size_t config_line(const struct config_reading *reading, size_t at);

/* Refuses the file for what stands at that offset, unless it is refused already. False. */
bool config_refuse(struct config_reading *reading, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Enters an array or object; `right` says, as a whole sentence, what it should be. */
bool config_enter(struct config_reading *reading, enum json_kind kind, const char *right);

/* After json_more in an object: reads a field's name, one of `names`, which end with NULL, and not yet in
 * *seen. Its index or -1. `what` it is a field of, e.g. "a route". */
int config_take_field(struct config_reading *reading, const char *what, const char *const *names,
                      uint32_t *seen);

/* After the object that began at `at`: refuses it where that field was not seen. */
bool config_need(struct config_reading *reading, size_t at, const char *what,
                 const char *const *names, uint32_t seen, int field);

/* Reads a text into out[size]. Refuses what is none, does not fit or is not `valid` (NULL: anything is):
 * `right` says what it takes. */
bool config_take_text(struct config_reading *reading, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right);

/* The same for a text of up to CONFIG_TEXT_MAX bytes, which the caller owns; NULL where it is refused. */
char *config_take_copy(struct config_reading *reading, bool (*valid)(const char *text),
                       const char *right);

/* Reads a member's free name into out[size], with the same refusals. */
bool config_take_name(struct config_reading *reading, char *out, size_t size,
                      bool (*valid)(const char *text), const char *right);

bool config_take_number(struct config_reading *reading, const char *field, int64_t min, int64_t max,
                        int64_t *number);
bool config_take_bool(struct config_reading *reading, const char *field, bool *value);

/* Seconds as digits with at most three decimals (no exponent), exactly: *time, min and max are
 * microseconds. */
bool config_take_seconds(struct config_reading *reading, const char *field, int64_t min,
                         int64_t max, int64_t *time);

/* A text made fit for a one-line message: cut, with '?' in place of what a terminal might obey. */
enum {
    CONFIG_SHOWN_SIZE = 48,
};
const char *config_shown(const char *text, char out[CONFIG_SHOWN_SIZE]);

#endif
