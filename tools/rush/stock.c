#include "tools/rush/stock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/purchase.h"

enum {
    PATIENCE_SECONDS = 10,
    REQUEST_SECONDS = 6, /* longer than the cluster's own deadline */
    URL_SIZE = 512,
};

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    buffer_append(context, bytes, size * count);
    return size * count;
}

/* The HTTP status; 0 where nobody answered. */
static long get(const char *url, struct buffer *body)
{
    long status = 0;
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return 0;
    buffer_clear(body);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

static long get_patiently(const char *url, struct buffer *body)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    int64_t until = clock_monotonic() + PATIENCE_SECONDS * CLOCK_SECOND;
    long status = get(url, body);
    while (status == 503 && clock_monotonic() < until) {
        nanosleep(&pause, NULL);
        status = get(url, body);
    }
    return status;
}

static bool add_count(const cJSON *tier, const char *name, int64_t *sum)
{
    int64_t number, most = INT64_C(1) << 52;
    if (!json_integer(cJSON_GetObjectItemCaseSensitive(tier, name), -most, most, &number))
        return false;
    *sum += number;
    return true;
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

static bool read_stock(const struct buffer *body, const char *tier, struct stock *stock)
{
    char reason[JSON_ERROR_SIZE];
    *stock = (struct stock){0};
    cJSON *event = json_parse(body->data, body->length, reason);
    bool read = add_tiers(event, tier, stock);
    cJSON_Delete(event);
    return read;
}

bool stock_read(const char *url, const char *event, const char *tier, struct stock *stock,
                char error[STOCK_ERROR_SIZE])
{
    char address[URL_SIZE];
    struct buffer body = {0};
    snprintf(address, sizeof address, "%s/events/%s", url, event);
    long status = get_patiently(address, &body);
    bool read = status == 200 && read_stock(&body, tier, stock);
    if (status == 0)
        snprintf(error, STOCK_ERROR_SIZE, "no cluster at %s: start one with `make run`", url);
    else if (status == 404)
        snprintf(error, STOCK_ERROR_SIZE, "no event %s at %s: GET /events lists them", event, url);
    else if (status != 200)
        snprintf(error, STOCK_ERROR_SIZE, "%s answers %ld: is it a cluster, and has it servers?",
                 address, status);
    else if (!read)
        snprintf(error, STOCK_ERROR_SIZE, "%s tells no counts%s%s", address,
                 tier != NULL ? " of tier " : "", tier != NULL ? tier : "");
    buffer_free(&body);
    return read;
}
