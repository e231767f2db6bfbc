/* Letting tickets in, for who has the scope `check-in`: each code once; and the list for gates that
 * are offline. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/plain_text.h"
#include "ticket_server/accept.h"
#include "ticket_server/csv_stream.h"
#include "ticket_server/fields.h"
#include "ticket_server/member.h"
#include "ticket_server/replies.h"
#include "ticket_server/ticket_face.h"

static const char key_header[] = "Idempotency-Key";

/* --- one ticket -------------------------------------------------------------------------------- */

_Static_assert((int)FIELD_TEXT_MAX > (int)TICKET_CODE_SIZE, "every code fits into a field");

struct entry {
    char code[FIELD_TEXT_MAX];
    char gate[GATE_SIZE];
    char event[NAME_SIZE]; /* "": whichever it is of */
};

/* Any text may claim to be a code: what is wrong with it is told in one way only. (What was cut is
 * longer than any code.) */
static bool is_claim(const char *text)
{
    (void)text;
    return true;
}

static bool is_gate(const char *text)
{
    return plain_text_valid(text, GATE_SIZE);
}

static const struct field entry_fields[] = {
    {.name = "code",
     .kind = FIELD_TEXT,
     .required = true,
     .at = offsetof(struct entry, code),
     .valid = is_claim},
    {.name = "gate",
     .kind = FIELD_TEXT,
     .required = true,
     .at = offsetof(struct entry, gate),
     .valid = is_gate,
     .rule = "1 to 64 bytes of " PLAIN_TEXT_RULE},
    {.name = "event",
     .kind = FIELD_TEXT,
     .at = offsetof(struct entry, event),
     .valid = purchase_name_valid,
     .rule = "the name of an event"},
};

/* The client's key; without one, it gets one of ours, with which nobody can ask again. */
static bool read_key(struct http_request *request, struct item *item)
{
    unsigned count = http_header_count(request, key_header);
    const char *key = count == 1 ? http_header(request, key_header) : NULL;
    if (count == 0)
        return true;
    if (key == NULL || !purchase_key_valid(key))
        return false;
    strcpy(item->key, key);
    return true;
}

/* Which ticket a code is, or why it is not taken. The code is checked here, and not by the seller,
 * which has enough to do. */
static enum problem judge_code(struct keys *keys, const struct entry *entry,
                               struct ticket_name *ticket)
{
    enum problem problem = keys_refresh(keys);
    if (problem != PROBLEM_NONE)
        return problem;
    if (!ticket_code_check(entry->code, strlen(entry->code), keys_find, keys, ticket))
        return PROBLEM_INVALID_CODE;
    bool wrong = entry->event[0] != '\0' && strcmp(entry->event, ticket->event) != 0;
    return wrong ? PROBLEM_WRONG_EVENT : PROBLEM_NONE;
}

static void append_when_and_where(struct buffer *out, const struct check_in *check_in)
{
    member_time(out, "\"checked_in_at\":", check_in->at);
    member_text(out, ",\"gate\":", check_in->where);
}

static void append_ticket(struct buffer *out, const struct decision *decision)
{
    const struct purchase *ticket = &decision->item->purchase;
    buffer_printf(out, "\"event\":\"%s\",\"tier\":\"%s\",\"number\":%lld,", ticket->event,
                  ticket->tier, (long long)decision->check_in->number);
}

static void refuse_again(struct http_request *request, const struct decision *decision)
{
    struct buffer members = {0};
    append_ticket(&members, decision);
    append_when_and_where(&members, decision->check_in);
    reply_problem(request, PROBLEM_ALREADY_CHECKED_IN, NULL, buffer_text(&members));
    buffer_free(&members);
}

static void answer_check_in(struct http_request *request, const struct decision *decision)
{
    enum problem problem = decision->outcome.problem;
    struct buffer body = {0};
    if (problem == PROBLEM_ALREADY_CHECKED_IN) {
        refuse_again(request, decision);
        return;
    }
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, NULL, NULL);
        return;
    }
    buffer_add_char(&body, '{');
    append_ticket(&body, decision);
    append_when_and_where(&body, decision->check_in);
    buffer_add_char(&body, '}');
    reply_json(request, 200, &body, key_header, decision->item->key);
}

static void decide_entry(struct acceptor *acceptor, struct http_request *request,
                         const struct entry *entry)
{
    struct item item = {.verb = VERB_CHECK_IN};
    struct check_in check_in = {0};
    struct ticket_name ticket;
    if (!read_key(request, &item)) {
        reply_problem(request, PROBLEM_MALFORMED,
                      "Idempotency-Key must be sent once, as 16 to 255 visible ASCII characters.",
                      NULL);
        return;
    }
    enum problem problem = judge_code(&acceptor->keys, entry, &ticket);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, NULL, NULL);
        return;
    }
    memcpy(item.purchase.event, ticket.event, sizeof item.purchase.event);
    memcpy(item.purchase.tier, ticket.tier, sizeof item.purchase.tier);
    check_in.number = ticket.number;
    memcpy(check_in.gate, entry->gate, sizeof check_in.gate);
    item_admit(&item);
    accept_decide(acceptor, request, &item, &check_in, answer_check_in);
}

static void check_in(struct acceptor *acceptor, struct http_request *request,
                     const char *const *parts)
{
    struct fields fields;
    struct entry entry = {0};
    uint32_t marks;
    (void)parts;
    enum problem problem = fields_read_body(
        &fields, request, entry_fields, sizeof entry_fields / sizeof *entry_fields, &entry, &marks);
    if (problem == PROBLEM_NONE)
        decide_entry(acceptor, request, &entry);
    else
        reply_problem(request, problem, fields.detail, NULL);
}

/* --- the list ---------------------------------------------------------------------------------- */

/* Without codes and names: who finds the list can print no ticket of it, nor learn who comes. A gate
 * that is offline verifies a code with GET /keys, and looks here for what is refunded or has been
 * used. */
static const char list_header[] = "event,tier,number,state,checked_in_at,gate\r\n";

struct list {
    struct csv_source source; /* first */
    struct catalog *catalog;  /* not owned */
    char event[NAME_SIZE];
    char last_tier[NAME_SIZE]; /* of the last row */
    int64_t last_number;
};

struct list_page {
    struct list *list;
    struct csv *csv;
};

static void list_ticket(void *context, const struct ticket *ticket)
{
    struct list_page *page = context;
    struct csv *csv = page->csv;
    csv_text(csv, ticket->event);
    csv_text(csv, ticket->tier);
    csv_number(csv, ticket->number);
    csv_text(csv, ticket_state(ticket));
    csv_time(csv, ticket->checked_in_at);
    csv_text(csv, ticket->gate);
    csv_end_row(csv);
    memcpy(page->list->last_tier, ticket->tier, sizeof page->list->last_tier);
    page->list->last_number = ticket->number;
}

static enum problem list_page(struct csv_source *source, struct csv *csv)
{
    struct list *list = (struct list *)source; /* its first member */
    struct list_page page = {list, csv};
    char tier[NAME_SIZE];
    memcpy(tier, list->last_tier, sizeof tier);
    enum store_found found =
        store_list_tickets(catalog_store(list->catalog), list->event, tier, list->last_number,
                           CSV_PAGE_ROWS, list_ticket, &page);
    return catalog_problem(list->catalog, found, PROBLEM_NO_SUCH_EVENT);
}

static void list_close(struct csv_source *source)
{
    free(source);
}

static void list_tickets(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    char name[NAME_SIZE + sizeof "-tickets.csv"];
    if (!purchase_name_valid(parts[0])) {
        reply_problem(request, PROBLEM_NO_SUCH_EVENT, NULL, NULL);
        return;
    }
    struct list *list = memory_new(sizeof *list);
    list->source = (struct csv_source){list_page, list_close};
    list->catalog = acceptor->catalog;
    strcpy(list->event, parts[0]);
    snprintf(name, sizeof name, "%s-tickets.csv", parts[0]);
    csv_stream_answer(request, name, list_header, &list->source);
}

const struct route check_in_routes[] = {
    {"POST", "/check-ins", SCOPE_CHECK_IN, check_in},
    {"GET", "/events/{}/tickets.csv", SCOPE_CHECK_IN, list_tickets},
    {0},
};
