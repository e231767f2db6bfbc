#include "tools/rush/stock.h"

#include <stdio.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/purchase.h"

enum {
    PATIENCE_SECONDS = 10,
    REPEAT_MILLISECONDS = 200,
    REQUEST_SIZE = 512,
};

/* One GET, asked until it is answered with anything but a 503. */
struct reading {
    struct loop *loop;
    struct caller *caller;
    struct loop_timer again, give_up;
    char request[REQUEST_SIZE];
    unsigned status; /* 0: nobody answered */
    struct buffer body;
};

static void ask(void *context)
{
    struct reading *reading = context;
    caller_send(reading->caller, reading->request, strlen(reading->request));
}

static void give_up(void *context)
{
    struct reading *reading = context;
    loop_stop(reading->loop);
}

static void answered(void *context, unsigned status, const char *body, size_t length)
{
    struct reading *reading = context;
    reading->status = status;
    buffer_clear(&reading->body);
    buffer_append(&reading->body, body, length);
    if (status == 503)
        loop_timer_set(reading->loop, &reading->again,
                       clock_monotonic() + REPEAT_MILLISECONDS * CLOCK_MILLISECOND);
    else
        loop_stop(reading->loop);
}

static void read_event(struct reading *reading, const struct destination *destination,
                       const char *event)
{
    reading->loop = loop_open();
    reading->caller = caller_open(reading->loop, destination, answered, reading);
    reading->again = (struct loop_timer){.ring = ask, .context = reading};
    reading->give_up = (struct loop_timer){.ring = give_up, .context = reading};
    snprintf(reading->request, REQUEST_SIZE, "GET /events/%s HTTP/1.1\r\nHost: %s\r\n\r\n", event,
             destination->host);
    loop_timer_set(reading->loop, &reading->give_up,
                   clock_monotonic() + PATIENCE_SECONDS * CLOCK_SECOND);
    ask(reading);
    loop_run(reading->loop);
    caller_close(reading->caller);
    loop_close(reading->loop);
}

static bool add_count(const cJSON *tier, const char *name, int64_t *sum)
{
    int64_t number, most = INT64_C(1) << 52;
    if (!json_integer(cJSON_GetObjectItemCaseSensitive(tier, name), -most, most, &number))
        return false;
    *sum += number;
    return *sum >= -most && *sum <= most;
}

static bool add_tiers(const cJSON *event, const char *wanted, struct stock *stock)
{
    const cJSON *tier;
    bool found = false;
    cJSON_ArrayForEach(tier, cJSON_GetObjectItemCaseSensitive(event, "tiers"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tier, "tier"));
        if (wanted != NULL && (name == NULL || strcmp(name, wanted) != 0))
            continue;
        found = add_count(tier, "capacity", &stock->capacity) &&
                add_count(tier, "sold", &stock->sold) && add_count(tier, "held", &stock->held) &&
                add_count(tier, "remaining", &stock->remaining);
        if (!found)
            return false;
    }
    return found;
}

bool stock_parse(const char *body, size_t length, const char *tier, struct stock *stock)
{
    char reason[JSON_ERROR_SIZE];
    *stock = (struct stock){0};
    cJSON *event = json_parse(body, length, reason);
    bool read = add_tiers(event, tier, stock);
    cJSON_Delete(event);
    return read;
}

bool stock_read(const struct destination *destination, const char *event, const char *tier,
                struct stock *stock, char error[STOCK_ERROR_SIZE])
{
    struct reading reading = {0};
    const char *host = destination->host;
    read_event(&reading, destination, event);
    bool read =
        reading.status == 200 && stock_parse(reading.body.data, reading.body.length, tier, stock);
    if (reading.status == 0)
        snprintf(error, STOCK_ERROR_SIZE, "no cluster at http://%s: start one with `make run`",
                 host);
    else if (reading.status == 404)
        snprintf(error, STOCK_ERROR_SIZE, "no event %s at http://%s: GET /events lists them", event,
                 host);
    else if (reading.status != 200)
        snprintf(error, STOCK_ERROR_SIZE,
                 "http://%s/events/%s answers %u: has it no ticket servers?", host, event,
                 reading.status);
    else if (!read)
        snprintf(error, STOCK_ERROR_SIZE, "http://%s/events/%s tells no counts%s%s", host, event,
                 tier != NULL ? " of tier " : "", tier != NULL ? tier : "");
    buffer_free(&reading.body);
    return read;
}
