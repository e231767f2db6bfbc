/* Payments to be given back, and that they have been. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "ticket_server/accept.h"
#include "ticket_server/fields.h"
#include "ticket_server/page.h"
#include "ticket_server/replies.h"

/* --- a page of them ------------------------------------------------------------------------------ */

struct listing {
    struct buffer *out;
    int64_t last; /* place of the last one written */
    size_t count;
};

static void add_text(struct buffer *out, const char *lead, const char *text)
{
    buffer_add(out, lead);
    json_append(out, text);
}

static void add_time(struct buffer *out, const char *lead, int64_t time)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(time, text);
    add_text(out, lead, text);
}

static void add_owed(void *context, int64_t place_in_list, const struct owed *owed)
{
    struct listing *listing = context;
    struct buffer *out = listing->out;
    char id[ID_TEXT_SIZE];
    id_format(&owed->order, id);
    if (listing->count++ > 0)
        buffer_add_char(out, ',');
    add_text(out, "{\"order\":", id);
    add_text(out, ",\"event\":", owed->event);
    add_text(out, ",\"reference\":", owed->reference);
    buffer_add(out, ",\"price\":{\"amount\":");
    buffer_add_number(out, owed->amount);
    add_text(out, ",\"currency\":", owed->currency);
    add_text(out, "},\"reason\":",
             owed->reason == PROBLEM_NONE ? "refunded" : problem_code(owed->reason));
    add_time(out, ",\"at\":", owed->at);
    if (owed->settled_at != 0)
        add_time(out, ",\"settled_at\":", owed->settled_at);
    buffer_add_char(out, '}');
    listing->last = place_in_list;
}

static void note_more(void *context, int64_t place_in_list, const struct owed *owed)
{
    (void)place_in_list;
    (void)owed;
    *(bool *)context = true;
}

static enum problem list_owed(struct catalog *catalog, const char *event, const struct page *page,
                              struct listing *listing, bool *more)
{
    struct store *store = catalog_store(catalog);
    enum store_found found =
        store_list_owed(store, event, page->place, page->limit, add_owed, listing);
    if (found == STORE_FOUND && listing->count == page->limit)
        found = store_list_owed(store, event, listing->last, 1, note_more, more);
    return catalog_problem(catalog, found, PROBLEM_NO_SUCH_EVENT);
}

static void show_owed(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    struct page page;
    struct buffer body = {0};
    struct listing listing = {.out = &body};
    char detail[PROBLEM_DETAIL_SIZE], link[HTTP_FIELD_SIZE];
    bool more = false;
    enum problem problem = page_read_places(http_query(request), &page, detail);
    if (problem != PROBLEM_NONE || !purchase_name_valid(parts[0])) {
        reply_problem(request, problem != PROBLEM_NONE ? problem : PROBLEM_NO_SUCH_EVENT,
                      problem != PROBLEM_NONE ? detail : NULL, NULL);
        return;
    }
    buffer_add(&body, "{\"owed\":[");
    problem = list_owed(acceptor->catalog, parts[0], &page, &listing, &more);
    buffer_add(&body, "]}");
    if (problem != PROBLEM_NONE) {
        buffer_free(&body);
        reply_problem(request, problem, NULL, NULL);
        return;
    }
    page_link_place(link, http_path(request), page.limit, listing.last);
    reply_json(request, 200, &body, more ? "Link" : NULL, link);
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

static bool reference_valid(const char *text)
{
    size_t length = 0;
    for (; text[length] != '\0'; length++)
        if (text[length] < 0x21 || text[length] > 0x7e)
            return false;
    return length > 0 && length < KEY_SIZE;
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
     .valid = reference_valid,
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
    add_text(&body, "{\"order\":", id);
    add_text(&body, ",\"event\":", change->event.name);
    add_text(&body, ",\"reference\":", change->reference);
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
