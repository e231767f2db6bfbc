/* What was sold, held and refused of it later, for who has the scope `sales`; and refunds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket_server/accept.h"
#include "ticket_server/csv_stream.h"
#include "ticket_server/fields.h"
#include "ticket_server/member.h"
#include "ticket_server/place_list.h"
#include "ticket_server/replies.h"

/* --- a page of orders --------------------------------------------------------------------------- */

static void add_number(struct buffer *out, const char *lead, int64_t number)
{
    if (number == 0)
        return;
    buffer_add(out, lead);
    buffer_add_number(out, number);
}

static void add_order(void *context, int64_t place_in_list, const struct order *order)
{
    struct place_list *list = context;
    struct buffer *out = list->out;
    const struct sale *sale = &order->sale;
    char id[ID_TEXT_SIZE];
    id_format(&sale->id, id);
    if (!place_list_next(list, place_in_list))
        return;
    member_text(out, "{\"id\":", id);
    member_text(out, ",\"event\":", sale->event);
    member_text(out, ",\"tier\":", sale->tier);
    add_number(out, ",\"quantity\":", sale->quantity);
    member_text(out, ",\"state\":", order_state_name(sale->state));
    add_number(out, ",\"first_number\":", sale->first_number);
    add_number(out, ",\"place\":", order->place);
    price_append(out, sale->amount, sale->currency);
    member_text(out, ",\"buyer\":", sale->buyer);
    member_text(out, ",\"server\":", sale->server);
    member_text(out, ",\"payment\":", order->payment);
    if (order->late)
        buffer_add(out, ",\"late\":true");
    member_time(out, ",\"created_at\":", sale->created_at);
    member_time(out, ",\"expires_at\":", sale->expires_at);
    member_time(out, ",\"changed_at\":", order->changed_at);
    buffer_add_char(out, '}');
}

static enum store_found read_orders(struct catalog *catalog, const char *event, int64_t after,
                                    size_t limit, struct place_list *list)
{
    return store_list_orders(catalog_store(catalog), event, after, limit, add_order, list);
}

static void show_orders(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    place_list_answer(acceptor->catalog, request, parts[0], "orders", read_orders);
}

/* --- all of them, as CSV ------------------------------------------------------------------------- */

static const char csv_header[] =
    "order,event,tier,quantity,state,first_ticket,last_ticket,amount_minor,currency,buyer,payment,"
    "late,server,created_at,expires_at,changed_at\r\n";

struct export
{
    struct csv_source source; /* first */
    struct catalog *catalog;  /* not owned */
    char event[NAME_SIZE];
    int64_t last;
};

struct export_page {
    struct export *export;
    struct csv *csv;
};

/* A cell that is empty where there is no such number. */
static void csv_number_or_none(struct csv *csv, int64_t number)
{
    if (number != 0)
        csv_number(csv, number);
    else
        csv_text(csv, "");
}

static void export_order(void *context, int64_t place_in_list, const struct order *order)
{
    struct export_page *page = context;
    struct csv *csv = page->csv;
    const struct sale *sale = &order->sale;
    char id[ID_TEXT_SIZE];
    id_format(&sale->id, id);
    csv_text(csv, id);
    csv_text(csv, sale->event);
    csv_text(csv, sale->tier);
    csv_number(csv, sale->quantity);
    csv_text(csv, order_state_name(sale->state));
    csv_number_or_none(csv, sale->first_number);
    csv_number_or_none(csv, sale->first_number == 0 ? 0 : sale->first_number + sale->quantity - 1);
    csv_number(csv, sale->amount);
    csv_text(csv, sale->currency);
    csv_text(csv, sale->buyer);
    csv_text(csv, order->payment);
    csv_text(csv, order->late ? "late" : "");
    csv_text(csv, sale->server);
    csv_time(csv, sale->created_at);
    csv_time(csv, sale->expires_at);
    csv_time(csv, order->changed_at);
    csv_end_row(csv);
    page->export->last = place_in_list;
}

static enum problem export_page(struct csv_source *source, struct csv *csv)
{
    struct export *export = (struct export *)source;
    struct export_page page = {export, csv};
    enum store_found found = store_list_orders(catalog_store(export->catalog), export->event,
                                               export->last, CSV_PAGE_ROWS, export_order, &page);
    return catalog_problem(export->catalog, found, PROBLEM_NO_SUCH_EVENT);
}

static void export_close(struct csv_source *source)
{
    free(source);
}

static void export_orders(struct acceptor *acceptor, struct http_request *request,
                          const char *const *parts)
{
    char name[NAME_SIZE + sizeof "-orders.csv"];
    if (!purchase_name_valid(parts[0])) {
        reply_problem(request, PROBLEM_NO_SUCH_EVENT, NULL, NULL);
        return;
    }
    struct export *export = memory_new(sizeof *export);
    export->source = (struct csv_source){export_page, export_close};
    export->catalog = acceptor->catalog;
    strcpy(export->event, parts[0]);
    snprintf(name, sizeof name, "%s-orders.csv", parts[0]);
    csv_stream_answer(request, name, csv_header, &export->source);
}

/* --- refunds ------------------------------------------------------------------------------------- */

static void answer_refund(struct http_request *request, const struct decision *decision)
{
    struct buffer body = {0};
    const struct outcome *outcome = &decision->outcome;
    if (outcome->problem != PROBLEM_NONE) {
        reply_problem(request, outcome->problem, NULL, NULL);
        return;
    }
    sale_append(&body, &outcome->sale);
    reply_json(request, 200, &body, NULL, NULL);
}

static void refund(struct acceptor *acceptor, struct http_request *request,
                   const char *const *parts)
{
    struct fields fields;
    struct item item = {.verb = VERB_REFUND};
    enum problem problem = fields_read_nothing(&fields, request);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, fields.detail, NULL);
        return;
    }
    if (!purchase_name_valid(parts[0]) || !id_parse(parts[1], &item.order)) {
        reply_problem(request, PROBLEM_NO_SUCH_PURCHASE, NULL, NULL);
        return;
    }
    strcpy(item.purchase.event, parts[0]);
    item_admit(&item);
    accept_decide(acceptor, request, &item, NULL, answer_refund);
}

const struct route order_routes[] = {
    {"GET", "/events/{}/orders", SCOPE_SALES, show_orders},
    {"GET", "/events/{}/orders.csv", SCOPE_SALES, export_orders},
    {"POST", "/events/{}/purchases/{}/refund", SCOPE_REFUNDS, refund},
    {0},
};
