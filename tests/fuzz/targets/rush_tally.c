/* What rush makes of answers' bodies: each is counted once, and counts add up. The input: bodies with NULs
 * between, each with its status in front; the last one also as an event's stock. */
#include "tools/rush/tally.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tools/rush/stock.h"

static const unsigned statuses[] = {201, 409, 0, 503, 400, 422, 200, 500};

static void check_counts(struct tally *tally, int64_t added)
{
    int64_t errors = 0, tickets = 0, example = 0;
    for (size_t i = 0; i < tally->errors.count; i++)
        errors += tally->errors.list[i].count;
    for (size_t i = 0; i < tally->server_count; i++) {
        must(server_id_valid(tally->servers[i].id), "a server has an id");
        tickets += tally->servers[i].tickets;
    }
    must(tally->sold + tally->sold_out + tally->failed + tally->wrong == added,
         "each answer is counted once");
    must(errors == tally->failed, "each error has a code");
    must(tickets == tally->tickets && tally->unclear <= tally->failed, "counts add up");
    tally_sort(tally);
    must(tally_duplicates(tally, &example) <= (int64_t)tally->number_count,
         "duplicates are numbers");
    must(tally_percentile(tally, 50) <= tally_percentile(tally, 99), "percentiles rise");
}

static void check_stock(const char *body, size_t length)
{
    struct stock stock;
    const int64_t most = INT64_C(1) << 53;
    if (stock_parse(body, length, NULL, &stock))
        must(llabs(stock.sold) <= most && llabs(stock.capacity) <= most &&
                 llabs(stock.held) <= most && llabs(stock.remaining) <= most,
             "a stock is within bounds");
    stock_parse(body, length, "standard", &stock);
}

void fuzz_rush_tally(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    struct tally tally = {0};
    int64_t added = 0;
    while (input_left(&input) > 0) {
        size_t length;
        uint8_t kind = input_byte(&input);
        unsigned status = statuses[kind % 8];
        char *body = input_until(&input, '\0', &length);
        if (kind & 0x10)
            tally_repeat(&tally, status, body, length);
        else
            tally_add(&tally, status, body, length, 1 + (kind >> 5), ++added);
        if (input_left(&input) == 0)
            check_stock(body, length);
        free(body);
    }
    check_counts(&tally, added);
    tally_free(&tally);
}
