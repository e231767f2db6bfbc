#include "ticket_server/place_list.h"

#include "ticket_server/page.h"
#include "ticket_server/replies.h"

bool place_list_next(struct place_list *list, int64_t place)
{
    list->last = place;
    list->count++;
    if (list->out != NULL && list->count > 1)
        buffer_add_char(list->out, ',');
    return list->out != NULL;
}

/* Whether there is one more is asked of the store: there is no Link to an empty page. */
static enum store_found read_page(struct catalog *catalog, const char *event,
                                  const struct page *page, place_list_read *read,
                                  struct place_list *list, bool *more)
{
    struct place_list next = {0};
    enum store_found found = read(catalog, event, page->place, page->limit, list);
    if (found == STORE_FOUND && list->count == page->limit)
        found = read(catalog, event, list->last, 1, &next);
    *more = next.count > 0;
    return found;
}

void place_list_answer(struct catalog *catalog, struct http_request *request, const char *event,
                       const char *member, place_list_read *read)
{
    struct page page;
    struct buffer body = {0};
    struct place_list list = {.out = &body};
    char detail[PROBLEM_DETAIL_SIZE], link[HTTP_FIELD_SIZE];
    bool more;
    enum problem problem = page_read_places(http_query(request), &page, detail);
    if (problem != PROBLEM_NONE || !purchase_name_valid(event)) {
        reply_problem(request, problem != PROBLEM_NONE ? problem : PROBLEM_NO_SUCH_EVENT,
                      problem != PROBLEM_NONE ? detail : NULL, NULL);
        return;
    }
    buffer_printf(&body, "{\"%s\":[", member);
    problem = catalog_problem(catalog, read_page(catalog, event, &page, read, &list, &more),
                              PROBLEM_NO_SUCH_EVENT);
    buffer_add(&body, "]}");
    if (problem != PROBLEM_NONE) {
        buffer_free(&body);
        reply_problem(request, problem, NULL, NULL);
        return;
    }
    page_link_place(link, http_path(request), page.limit, list.last);
    reply_json(request, 200, &body, more ? "Link" : NULL, link);
}
