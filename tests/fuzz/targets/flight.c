/* A flight's request, as a ticket server reads it from a balancer: what is taken keeps the bounds, and
 * printed it reads, and prints, as the same. */
#include <stdlib.h>
#include <string.h>

#include "common/item.h"
#include "tests/fuzz/fuzz.h"

static struct item items[FLIGHT_ITEMS_MAX], again[FLIGHT_ITEMS_MAX];

static void check_item(const struct item *item)
{
    const struct purchase *purchase = &item->purchase;
    bool hold = item->verb == VERB_HOLD, by_order = verb_names_order(item->verb);
    must(verb_flies(item->verb), "its verb is one that flies");
    must(item->verb == VERB_CONFIRM ? purchase_reference_valid(item->key)
                                    : purchase_key_valid(item->key),
         "the key is one that a client could have sent");
    must(item->seconds >= 0 && item->seconds <= HOLD_SECONDS_MAX, "the seconds are within bounds");
    must(hold || (item->seconds == 0 && !item->wait), "only a hold lasts, or waits");
    must(item->attempt >= 1 && item->attempt <= ATTEMPTS_MAX, "the attempt is within bounds");
    must(item->admitted >= 0 && item->admitted <= INT64_C(1) << 52, "so is the admission");
    must(item->deadline >= 0 && item->deadline <= INT64_C(1) << 52, "so is the deadline");
    must(by_order ? !purchase->event[0] && !purchase->tier[0] && !purchase->buyer[0]
                  : purchase_name_valid(purchase->event),
         "the event has a name, or an order goes without");
    must(!purchase->tier[0] || purchase_name_valid(purchase->tier), "a tier has one, too");
    must(!purchase->buyer[0] || purchase_buyer_flies(purchase->buyer), "the buyer keeps the rules");
    must(purchase->quantity >= 0 && purchase->quantity <= QUANTITY_MAX, "the quantity, too");
}

static void print(struct buffer *out, const char *router, const struct item *list, int count)
{
    flight_begin(out, router);
    for (int i = 0; i < count; i++)
        item_append(out, &list[i]);
    flight_end(out);
}

static void check_again(const char *router, int count)
{
    struct buffer first = {0}, second = {0};
    char other[ID_TEXT_SIZE], error[JSON_ERROR_SIZE];
    print(&first, router, items, count);
    must(flight_parse(first.data, first.length, again, (size_t)count, other, error) == count,
         "what is printed is read, with no more room than it needs");
    must(strcmp(router, other) == 0 && memcmp(items, again, (size_t)count * sizeof *items) == 0,
         "and is the same");
    print(&second, other, again, count);
    must(first.length == second.length && memcmp(first.data, second.data, first.length) == 0,
         "and prints as the same");
    must(count == 0 || flight_parse(first.data, first.length, again, (size_t)count - 1, other,
                                    error) == FLIGHT_MALFORMED,
         "one item too many is refused");
    buffer_free(&first);
    buffer_free(&second);
}

void fuzz_flight(const uint8_t *data, size_t size)
{
    char router[ID_TEXT_SIZE] = "", error[JSON_ERROR_SIZE] = "";
    int count = flight_parse((const char *)data, size, items, FLIGHT_ITEMS_MAX, router, error);
    must(count >= FLIGHT_FOREIGN && count <= FLIGHT_ITEMS_MAX, "a flight has at most 256 items");
    must((count < 0) == (error[0] != '\0'), "a refusal has a reason");
    if (count < 0)
        return;
    must(router[0] != '\0' && strlen(router) < ID_TEXT_SIZE, "the router has an id");
    for (int i = 0; i < count; i++)
        check_item(&items[i]);
    check_again(router, count);
}
