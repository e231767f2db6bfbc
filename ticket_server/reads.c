/* What anybody may read, straight from the store. */
#include <stdlib.h>

#include "ticket_server/accept.h"
#include "ticket_server/page.h"
#include "ticket_server/replies.h"

static void answer_read(struct http_request *request, enum problem problem, struct buffer *body)
{
    if (problem == PROBLEM_NONE)
        reply_json(request, 200, body, NULL, NULL);
    else
        http_refuse(request, problem, problem_detail(problem), NULL);
    buffer_free(body);
}

static void show_health(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    struct buffer body = {0};
    struct seller_status status;
    (void)parts;
    seller_status(acceptor->seller, &status);
    health_append(&acceptor->health, &status, http_traffic(request), &body);
    answer_read(request, PROBLEM_NONE, &body);
}

static void show_events(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    struct buffer body = {0};
    struct page page;
    char detail[PROBLEM_DETAIL_SIZE], last[NAME_SIZE], link[HTTP_FIELD_SIZE];
    (void)parts;
    enum problem problem = page_read_names(http_query(request), &page, detail);
    if (problem != PROBLEM_NONE) {
        http_refuse(request, problem, detail, NULL);
        return;
    }
    problem = catalog_events(acceptor->catalog, page.name, page.limit, last, &body);
    if (problem != PROBLEM_NONE || last[0] == '\0') {
        answer_read(request, problem, &body);
        return;
    }
    page_link_name(link, "/events", page.limit, last);
    reply_json(request, 200, &body, "Link", link);
}

static void show_event(struct acceptor *acceptor, struct http_request *request,
                       const char *const *parts)
{
    struct buffer body = {0};
    answer_read(request, catalog_event(acceptor->catalog, parts[0], &body), &body);
}

static void show_purchase(struct acceptor *acceptor, struct http_request *request,
                          const char *const *parts)
{
    struct buffer body = {0};
    answer_read(request, catalog_purchase(acceptor->catalog, parts[0], parts[1], &body), &body);
}

static void show_hold(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    struct buffer body = {0};
    struct order order = {0};
    struct id id;
    enum store_found found = STORE_ABSENT;
    if (id_parse(parts[0], &id))
        found = store_read_hold(catalog_store(acceptor->catalog), &id, &order);
    enum problem problem = catalog_problem(acceptor->catalog, found, PROBLEM_NO_SUCH_HOLD);
    if (problem == PROBLEM_NONE)
        hold_append(&body, &order.sale, order.place, order.late);
    answer_read(request, problem, &body);
}

const struct route reading_routes[] = {
    {"GET", "/healthz", 0, show_health},  {"GET", "/events", 0, show_events},
    {"GET", "/events/{}", 0, show_event}, {"GET", "/events/{}/purchases/{}", 0, show_purchase},
    {"GET", "/holds/{}", 0, show_hold},   {0},
};
