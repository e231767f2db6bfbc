/* An event's orders, or what is owed back of them, by their places in the store's list: one page as JSON, with a Link
 * to the next. The loop's thread only. */
#ifndef BOX_OFFICE_PLACE_LIST_H
#define BOX_OFFICE_PLACE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/http.h"
#include "ticket_server/catalog.h"

struct place_list {
    struct buffer *out; /* not owned; NULL: it is only counted */
    int64_t last;       /* place of the last one */
    size_t count;
};

/* Begins an entry, which stands at this place: with a comma, unless it is the first. False where nothing is to be
 * written. */
bool place_list_next(struct place_list *list, int64_t place);

/* Reads at most `limit` entries behind the place `after`, each begun with place_list_next. */
typedef enum store_found place_list_read(struct catalog *catalog, const char *event, int64_t after,
                                         size_t limit, struct place_list *list);

/* Answers with the page that the query asks for, under this member's name; or refuses. */
void place_list_answer(struct catalog *catalog, struct http_request *request, const char *event,
                       const char *member, place_list_read *read);

#endif
