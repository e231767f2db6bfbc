/* The tickets of a purchase, for who knows its id: their codes, a picture of each, and a page to print. */
#include <stdio.h>
#include <string.h>

#include "ticket_server/accept.h"
#include "ticket_server/member.h"
#include "ticket_server/page.h"
#include "ticket_server/replies.h"
#include "ticket_server/ticket_page.h"
#include "ticket_server/ticket_svg.h"

enum {
    LIST_TICKETS = 50, /* in one answer: 40 microseconds of the loop's time to sign each */
    PAGE_TICKETS = 10, /* of a page to print: a millisecond for each QR code */
};

/* Codes let people in: nobody keeps them but who asked, and where they were is told nobody else. */
static const struct http_field cares[] = {
    {"Cache-Control", "private, no-store"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", TICKET_PAGE_POLICY},
};

/* One reading of a purchase's tickets. */
struct reading {
    struct acceptor *acceptor;
    struct event_terms event;
    struct buffer out;
    void (*add)(struct reading *reading, const struct ticket_face *face);
    int64_t wanted; /* of a picture: the ticket's number */
    int64_t after;  /* of a list or a page: only what comes behind it, and no more than `most` */
    size_t most;
    int64_t last; /* the last one added; 0: none */
    size_t before, added, all;
    bool more;     /* than fit */
    bool refunded; /* of a picture: there is none */
};

/* `link`: to the next page, or "". */
static void answer_with(struct http_request *request, struct buffer *body, const char *type,
                        const char *link)
{
    char text[ID_TEXT_SIZE];
    struct id id = id_make();
    struct http_reply reply = {.status = 200, .body = body->data, .length = body->length};
    id_format(&id, text);
    http_reply_field(&reply, "Content-Type", type);
    http_reply_field(&reply, "Request-Id", text);
    if (link[0] != '\0')
        http_reply_field(&reply, "Link", link);
    for (size_t i = 0; i < sizeof cares / sizeof *cares; i++)
        http_reply_field(&reply, cares[i].name, cares[i].value);
    http_answer(request, &reply);
}

/* --- reading ----------------------------------------------------------------------------------- */

static void name_ticket(const struct ticket *ticket, struct ticket_name *name)
{
    memcpy(name->event, ticket->event, sizeof name->event);
    memcpy(name->tier, ticket->tier, sizeof name->tier);
    name->number = ticket->number;
}

static void add_ticket(void *context, const struct ticket *ticket)
{
    struct reading *reading = context;
    struct ticket_face face = {.event = &reading->event, .ticket = ticket};
    struct ticket_name name;
    reading->all++;
    reading->before += ticket->number <= reading->after;
    if (ticket->number <= reading->after ||
        (reading->wanted != 0 && ticket->number != reading->wanted))
        return;
    reading->more = reading->wanted == 0 && reading->added == reading->most;
    if (reading->more)
        return;
    name_ticket(ticket, &name);
    if (!ticket->refunded)
        ticket_code_make(keys_signer(&reading->acceptor->keys), &name, face.code);
    reading->add(reading, &face);
    reading->added++;
    reading->last = ticket->number;
}

/* Whichever is missing: the event, or the purchase in it. */
static enum problem read_tickets(struct reading *reading, const char *event, const char *purchase)
{
    struct catalog *catalog = reading->acceptor->catalog;
    struct id id;
    enum problem problem = catalog_terms(catalog, event, &reading->event);
    if (problem == PROBLEM_NONE)
        problem = keys_refresh(&reading->acceptor->keys);
    if (problem != PROBLEM_NONE)
        return problem;
    if (!id_parse(purchase, &id))
        return PROBLEM_NO_SUCH_PURCHASE;
    enum store_found found =
        store_read_tickets(catalog_store(catalog), event, &id, add_ticket, reading);
    return catalog_problem(catalog, found, PROBLEM_NO_SUCH_PURCHASE);
}

/* True where they have been read; else the request has been refused. */
static bool read_or_refuse(struct reading *reading, struct http_request *request,
                           const char *const *parts)
{
    enum problem problem = read_tickets(reading, parts[0], parts[1]);
    if (problem == PROBLEM_NONE)
        return true;
    buffer_free(&reading->out);
    reply_problem(request, problem, NULL, NULL);
    return false;
}

/* --- as JSON ----------------------------------------------------------------------------------- */

static void add_json(struct reading *reading, const struct ticket_face *face)
{
    const struct ticket *ticket = face->ticket;
    struct buffer *out = &reading->out;
    buffer_printf(out, "%s{\"number\":%lld,\"tier\":\"%s\",\"state\":\"%s\"",
                  reading->added > 0 ? "," : "", (long long)ticket->number, ticket->tier,
                  ticket_state(ticket));
    member_text(out, ",\"code\":", face->code);
    member_time(out, ",\"checked_in_at\":", ticket->checked_in_at);
    member_text(out, ",\"gate\":", ticket->gate);
    buffer_add_char(out, '}');
}

static void show_tickets(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    struct reading reading = {.acceptor = acceptor, .add = add_json};
    char detail[PROBLEM_DETAIL_SIZE], link[HTTP_FIELD_SIZE] = "";
    struct page page;
    enum problem problem = page_read_numbers(http_query(request), LIST_TICKETS, &page, detail);
    if (problem != PROBLEM_NONE) {
        reply_problem(request, problem, detail, NULL);
        return;
    }
    reading.after = page.place;
    reading.most = page.limit;
    buffer_add(&reading.out, "{\"tickets\":[");
    if (!read_or_refuse(&reading, request, parts))
        return;
    buffer_add(&reading.out, "]}\n");
    if (reading.more)
        page_link_number(link, http_path(request), page.limit, reading.last);
    answer_with(request, &reading.out, "application/json", link);
    buffer_free(&reading.out);
}

/* --- as a picture ------------------------------------------------------------------------------ */

static void add_picture(struct reading *reading, const struct ticket_face *face)
{
    reading->refunded = face->code[0] == '\0';
    if (!reading->refunded)
        ticket_svg_append(&reading->out, face);
}

static void show_picture(struct acceptor *acceptor, struct http_request *request,
                         const char *const *parts)
{
    struct reading reading = {
        .acceptor = acceptor, .add = add_picture, .wanted = page_number(parts[2])};
    if (reading.wanted == 0)
        reading.wanted = -1; /* which none has */
    if (!read_or_refuse(&reading, request, parts))
        return;
    if (reading.last == 0)
        reply_problem(request, PROBLEM_NOT_FOUND, "This purchase has no ticket of this number.",
                      NULL);
    else if (reading.refunded)
        reply_problem(request, PROBLEM_TICKET_REFUNDED, NULL, NULL);
    else
        answer_with(request, &reading.out, "image/svg+xml", "");
    buffer_free(&reading.out);
}

/* --- as a page --------------------------------------------------------------------------------- */

static void add_article(struct reading *reading, const struct ticket_face *face)
{
    ticket_page_add(&reading->out, face);
}

/* "?after=N", or nothing; false where it is anything else. */
static bool read_after(const char *query, int64_t *after)
{
    static const char name[] = "?after=";
    size_t length = sizeof name - 1;
    *after = strncmp(query, name, length) == 0 ? page_number(query + length) : 0;
    return query[0] == '\0' || *after != 0;
}

static void show_page(struct acceptor *acceptor, struct http_request *request,
                      const char *const *parts)
{
    struct reading reading = {.acceptor = acceptor, .add = add_article, .most = PAGE_TICKETS};
    struct buffer page = {0};
    if (!read_after(http_query(request), &reading.after)) {
        reply_problem(request, PROBLEM_MALFORMED, "The query may be ?after=NUMBER.", NULL);
        return;
    }
    if (!read_or_refuse(&reading, request, parts))
        return;
    /* How many there are is known once all have been read; and is told first. */
    ticket_page_begin(&page, &reading.event,
                      &(struct ticket_range){reading.before, reading.added, reading.all});
    buffer_append(&page, reading.out.data, reading.out.length);
    ticket_page_end(&page, reading.more ? reading.last : 0);
    answer_with(request, &page, "text/html; charset=utf-8", "");
    buffer_free(&page);
    buffer_free(&reading.out);
}

/* --- the loop's time --------------------------------------------------------------------------- */

/* Who may ask so is anybody, as often as he likes: purchases go first. A 503 would be this server's failure, for
 * which a balancer asks the next one, and ejects us. */
static void
within_share(struct acceptor *acceptor, struct http_request *request, const char *const *parts,
             void (*show)(struct acceptor *, struct http_request *, const char *const *))
{
    int64_t began = clock_monotonic();
    if (!share_left(&acceptor->drawing, began)) {
        reply_problem(request, PROBLEM_TOO_MANY_REQUESTS, NULL, NULL);
        return;
    }
    show(acceptor, request, parts);
    share_spend(&acceptor->drawing, began, clock_monotonic());
}

static void handle_tickets(struct acceptor *acceptor, struct http_request *request,
                           const char *const *parts)
{
    within_share(acceptor, request, parts, show_tickets);
}

static void handle_page(struct acceptor *acceptor, struct http_request *request,
                        const char *const *parts)
{
    within_share(acceptor, request, parts, show_page);
}

static void handle_picture(struct acceptor *acceptor, struct http_request *request,
                           const char *const *parts)
{
    within_share(acceptor, request, parts, show_picture);
}

const struct route ticket_routes[] = {
    {"GET", "/events/{}/purchases/{}/tickets", 0, handle_tickets},
    {"GET", "/events/{}/purchases/{}/tickets.html", 0, handle_page},
    {"GET", "/events/{}/purchases/{}/tickets/{}.svg", 0, handle_picture},
    {0},
};
