#include "tests/unit/ticket_server/place.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

void place_open(struct place *place, int64_t capacity)
{
    struct store_made made;
    char error[STORE_ERROR_SIZE] = "";
    files_directory(place->directory);
    snprintf(place->url, sizeof place->url, "sqlite:%s/tickets.db", place->directory);
    files_path(place->log, place->directory, "ticket_server-server-1.log");
    bool good = store_init(place->url, capacity, &made, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_FATAL(good);
}

void place_close(struct place *place)
{
    files_remove(place->directory);
}

struct item place_item(int quantity)
{
    struct item item = {.key_made = true, .attempt = 1, .admitted = clock_now()};
    item.request = id_make();
    id_format(&item.request, item.key);
    item.deadline = item.admitted + 60 * CLOCK_SECOND;
    strcpy(item.purchase.event, "demo");
    item.purchase.quantity = quantity;
    return item;
}
