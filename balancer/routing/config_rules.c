#include "balancer/routing/config_rules.h"

#include <stdio.h>
#include <string.h>

#include "balancer/routing/config_reading.h"
#include "common/clock.h"

#define PERCENT  INT64_C(10) /* in per mille */
#define MEGABYTE INT64_C(1000000)

#define NUMBER(name, member, unit, min, max)                                                       \
    {                                                                                              \
        name, offsetof(struct pool_rules, member), unit, (min) * (unit), (max) * (unit)            \
    }
#define MILLISECONDS(name, member, min, max)                                                       \
    {                                                                                              \
        name, offsetof(struct pool_rules, member), 0, (min)*CLOCK_MILLISECOND,                     \
            (max)*CLOCK_MILLISECOND                                                                \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, 0, 0                                                                           \
    }

const struct config_figure config_check_figures[] = {
    MILLISECONDS("interval", interval, 50, 60000),
    MILLISECONDS("timeout", check_timeout, 10, 60000),
    NUMBER("rise", rise, INT64_C(1), 1, 100),
    NUMBER("fall", fall, INT64_C(1), 1, 100),
    END,
};

const struct config_figure config_threshold_figures[] = {
    NUMBER("cpu", cpu, PERCENT, 1, 100000),
    NUMBER("memory", memory, INT64_C(1), 1, 1 << 24),
    NUMBER("network", network, MEGABYTE, 1, 100000),
    MILLISECONDS("commit", commit, 1, 60000),
    END,
};

const struct config_figure config_eject_figures[] = {
    NUMBER("failures", eject_failures, INT64_C(1), 1, 1000),
    NUMBER("share", eject_share, PERCENT, 1, 100),
    NUMBER("requests", eject_requests, INT64_C(1), 1, 100000),
    MILLISECONDS("pause", eject_pause, 50, 3600000),
    MILLISECONDS("pause_max", eject_pause_max, 50, 3600000),
    END,
};

const struct config_figure config_slow_start_figures[] = {
    MILLISECONDS("time", slow_start, 100, 3600000),
    NUMBER("from", slow_from, INT64_C(1), 1, CONFIG_CONNECTIONS_MAX),
    END,
};
enum {
    SLOW_START_FROM = 1,
};

const struct config_figure config_retry_figures[] = {
    NUMBER("reserve", retry_reserve, INT64_C(1), 0, 1000000),
    NUMBER("share", retry_share, PERCENT, 0, 100),
    END,
};

const struct config_figure config_out_most_figure = NUMBER("out_most", out_most, PERCENT, 0, 100);
const struct config_figure config_limit_figures[2] = {
    NUMBER("connections", limit, INT64_C(1), 1, CONFIG_CONNECTIONS_MAX),
    NUMBER("max_pending", limit, INT64_C(1), 1, CONFIG_CONNECTIONS_MAX),
};
const struct config_figure config_waiting_figure =
    NUMBER("waiting", waiting, INT64_C(1), 1, CONFIG_WAITING_MAX);

/* --- figures ----------------------------------------------------------------------------------- */

int64_t config_figure_value(const struct config_figure *figure, const struct pool_rules *rules)
{
    int64_t value;
    memcpy(&value, (const char *)rules + figure->offset, sizeof value);
    return value;
}

void config_take_figure(struct config_reading *reading, const struct config_figure *figure,
                        struct pool_rules *rules)
{
    int64_t value = 0;
    if (figure->unit == 0) {
        if (!config_take_seconds(reading, figure->name, figure->min, figure->max, &value))
            return;
    } else {
        if (!config_take_number(reading, figure->name, figure->min / figure->unit,
                                figure->max / figure->unit, &value))
            return;
        value *= figure->unit;
    }
    memcpy((char *)rules + figure->offset, &value, sizeof value);
}

/* Reads a field of an object: one of `figures`, with its value, or only the name of one of `more` (NULL:
 * there are none), whose index is returned; else -1. */
static int take_field(struct config_reading *reading, const char *what,
                      const struct config_figure *figures, const char *const *more, uint32_t *seen,
                      struct pool_rules *rules)
{
    const char *names[CONFIG_FIGURES_MAX + 1] = {NULL};
    int count = 0;
    for (; figures[count].name != NULL; count++)
        names[count] = figures[count].name;
    for (int i = 0; more != NULL && more[i] != NULL; i++)
        names[count + i] = more[i];
    int field = config_take_field(reading, what, names, seen);
    if (field >= count)
        return field - count;
    if (field >= 0)
        config_take_figure(reading, &figures[field], rules);
    return -1;
}

/* Reads an object of figures alone; what was seen, a bit for each. */
static uint32_t read_figures(struct config_reading *reading, const char *what, const char *right,
                             const struct config_figure *figures, struct pool_rules *rules)
{
    uint32_t seen = 0;
    if (!config_enter(reading, JSON_OBJECT, right))
        return 0;
    while (json_more(&reading->reader))
        take_field(reading, what, figures, NULL, &seen, rules);
    return seen;
}

/* Reads `false`, where that is what stands there. */
static bool take_false(struct config_reading *reading)
{
    bool value;
    return json_peek(&reading->reader) == JSON_FALSE && json_read_bool(&reading->reader, &value);
}

/* --- checks ------------------------------------------------------------------------------------ */

static const char *const check_fields[] = {"path", "status", NULL};
enum check_field {
    CHECK_PATH,
    CHECK_STATUS,
};

/* The target of a GET: visible ASCII from '/' on; a query is fine, a fragment is never sent (RFC 9112,
 * section 3.2.1). */
static bool is_target(const char *text)
{
    if (*text != '/')
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '#')
            return false;
    return true;
}

static char *take_target(struct config_reading *reading, const char *field)
{
    char right[120];
    snprintf(right, sizeof right,
             "\"%s\" takes a path that begins with '/', up to %d visible ASCII characters", field,
             CONFIG_TEXT_MAX);
    return config_take_copy(reading, is_target, right);
}

/* The lowest and the highest of a final answer: 1xx is none (RFC 9110, section 15). */
static void read_status(struct config_reading *reading, struct pool_rules *rules)
{
    static const char right[] =
        "\"status\" takes the lowest and the highest that is fine, e.g. [200, 399]";
    int64_t *const to[] = {&rules->status_min, &rules->status_max};
    size_t count = 0;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_ARRAY, right))
        return;
    while (json_more(&reading->reader)) {
        if (count == 2)
            config_refuse(reading, at, "%s", right);
        else
            config_take_number(reading, "status", 200, 599, to[count++]);
    }
    if (count < 2 || rules->status_min > rules->status_max)
        config_refuse(reading, at, "%s", right);
}

static void read_checked(struct config_reading *reading, struct pool_config *pool)
{
    uint32_t seen = 0;
    size_t at = config_here(reading);
    if (!config_enter(reading, JSON_OBJECT, "\"check\" takes a path, an object or false"))
        return;
    while (json_more(&reading->reader)) {
        int field = take_field(reading, "\"check\"", config_check_figures, check_fields, &seen,
                               &pool->rules);
        if (field == CHECK_PATH)
            pool->check = take_target(reading, "path");
        else if (field == CHECK_STATUS)
            read_status(reading, &pool->rules);
    }
    if (pool->check == NULL)
        config_refuse(reading, at, "\"check\" needs \"path\"");
}

void config_read_check(struct config_reading *reading, struct pool_config *pool)
{
    if (pool->tickets) {
        read_figures(reading, "\"check\" of \"tickets\", which is asked for /healthz,",
                     "\"check\" takes an object", config_check_figures, &pool->rules);
        return;
    }
    if (take_false(reading))
        return;
    if (json_peek(&reading->reader) == JSON_STRING)
        pool->check = take_target(reading, "check");
    else
        read_checked(reading, pool);
    pool->rules.check = pool->check;
}

/* --- the other rules --------------------------------------------------------------------------- */

void config_read_thresholds(struct config_reading *reading, struct pool_rules *rules)
{
    read_figures(reading, "\"thresholds\"", "\"thresholds\" takes an object",
                 config_threshold_figures, rules);
}

void config_read_eject(struct config_reading *reading, struct pool_rules *rules)
{
    size_t at = config_here(reading);
    if (take_false(reading)) {
        rules->eject_failures = 0;
        return;
    }
    read_figures(reading, "\"eject\"", "\"eject\" takes an object or false", config_eject_figures,
                 rules);
    if (rules->eject_pause > rules->eject_pause_max)
        config_refuse(reading, at, "\"pause\" (%.10g s) is longer than \"pause_max\" (%.10g s)",
                      (double)rules->eject_pause / CLOCK_SECOND,
                      (double)rules->eject_pause_max / CLOCK_SECOND);
}

/* Where a pool has none unless it asks for one, it gets that of the ticket servers. */
void config_read_slow_start(struct config_reading *reading, struct pool_rules *rules, size_t *from)
{
    size_t at = config_here(reading);
    rules->slow_start = 0;
    if (take_false(reading))
        return;
    rules->slow_start = pool_rules_default(true).slow_start;
    if (read_figures(reading, "\"slow_start\"", "\"slow_start\" takes an object or false",
                     config_slow_start_figures, rules) &
        1u << SLOW_START_FROM)
        *from = at;
}

void config_read_retries(struct config_reading *reading, struct pool_rules *rules)
{
    read_figures(reading, "\"retries\"", "\"retries\" takes an object", config_retry_figures,
                 rules);
}
