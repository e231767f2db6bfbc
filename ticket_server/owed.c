/* Payments to be given back, and that they have been. */
#include <stdlib.h>
#include <string.h>

#include "ticket_server/accept.h"
#include "ticket_server/fields.h"
#include "ticket_server/member.h"
#include "ticket_server/place_list.h"
#include "ticket_server/replies.h"

/* --- a page of them ------------------------------------------------------------------------------ */

static void add_owed(void *context, int64_t place_in_list, const struct owed *owed)
{
    struct place_list *list = context;
    struct buffer *out = list->out;
    char id[ID_TEXT_SIZE];
    id_format(&owed->order, id);
    if (!place_list_next(list, place_in_list))
        return;
    member_text(out, "{\"order\":", id);
    member_text(out, ",\"event\":", owed->event);
    member_text(out, ",\"reference\":", owed->reference);
    price_append(out, owed->amount, owed->currency);
    member_text(out, ",\"reason\":",
                owed->reason == PROBLEM_NONE ? "refunded" : problem_code(owed->reason));
    member_time(out, ",\"at\":", owed->at);
    member_time(out, ",\"settled_at\":", owed->settled_at);
    buffer_add_char(out, '}');
}

static enum store_found read_owed(struct catalog *catalog, const char *event, int64_t after,
                                  size_t limit, struct place_list *list)
{
    return store_list_owed(catalog_store(catalog), event, after, limit, add_owed, list);
}

static void show_owed(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    place_list_answer(acceptor->catalog, request, parts[0], "owed", read_owed);
}

/* --- settling ------------------------------------------------------------------------------------ */

struct settling {
    char order[ID_TEXT_SIZE];
    char reference[KEY_SIZE];
};

static bool id_valid(const char *text)
{
    struct id id;
    return id_parse(text, &id);
}

static const struct field settling_fields[] = {
    {.name = "order",
     .kind = FIELD_TEXT,
     .required = true,
     .at = offsetof(struct settling, order),
     .valid = id_valid,
     .rule = "an order's id"},
    {.name = "reference",
     .kind = FIELD_TEXT,
     .required = true,
     .at = offsetof(struct settling, reference),
     .valid = purchase_reference_valid,
     .rule = "1 to 255 visible ASCII characters"},
};

static void answer_settled(struct http_request *request, const struct change *change, void *context)
{
    (void)context;
    struct buffer body = {0};
    char id[ID_TEXT_SIZE];
    if (change->problem != PROBLEM_NONE) {
        reply_problem(request, change->problem,
                      change->problem == PROBLEM_NO_SUCH_PURCHASE
                          ? "No payment of this order and reference is owed in this event."
                          : NULL,
                      NULL);
        return;
    }
    id_format(&change->order, id);
    member_text(&body, "{\"order\":", id);
    member_text(&body, ",\"event\":", change->event.name);
    member_text(&body, ",\"reference\":", change->reference);
    buffer_add(&body, ",\"settled\":true}");
    reply_json(request, 200, &body, NULL, NULL);
}

static void settle(struct acceptor *acceptor, struct http_request *request,
                   const char *const *parts)
{
    struct fields fields;
    struct settling settling;
    struct change change = {.kind = CHANGE_OWED_SETTLE};
    uint32_t marks;
    enum problem problem =
        fields_read_body(&fields, request, settling_fields,
                         sizeof settling_fields / sizeof *settling_fields, &settling, &marks);
    if (problem != PROBLEM_NONE || !purchase_name_valid(parts[0])) {
        reply_problem(request, problem != PROBLEM_NONE ? problem : PROBLEM_NO_SUCH_EVENT,
                      problem != PROBLEM_NONE ? fields.detail : NULL, NULL);
        return;
    }
    id_parse(settling.order, &change.order);
    strcpy(change.reference, settling.reference);
    strcpy(change.event.name, parts[0]);
    accept_change(acceptor, request, &change, answer_settled, NULL);
}

const struct route owed_routes[] = {
    {"GET", "/events/{}/owed", SCOPE_SALES, show_owed},
    {"POST", "/events/{}/owed/settle", SCOPE_REFUNDS, settle},
    {0},
};
