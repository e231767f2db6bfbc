#include "ticket_server/ticket_page.h"

#include "ticket_server/markup.h"
#include "ticket_server/ticket_svg.h"

/* No margin of the page: there a browser would print the address, which is all that it takes to have the tickets.
 * What keeps them off the edge is their own padding, on each sheet. */
static const char style[] =
    "@page{size:A4;margin:0}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:190mm;padding:3mm;font:11pt/1.4 sans-serif;color:#000;"
    "background:#fff}"
    ".ticket{display:flex;flex-wrap:wrap;gap:6mm;align-items:center;padding:6mm 0;"
    "border-bottom:1px dashed #777;break-inside:avoid}"
    ".code{flex:0 0 auto;width:72mm;height:72mm;max-width:100%}"
    ".refused{display:flex;align-items:center;justify-content:center;border:1px solid #777;"
    "font-weight:bold;min-height:40mm}"
    ".words{flex:1 1 60mm;min-width:0;overflow-wrap:anywhere}"
    "h2{font-size:16pt;line-height:1.25;margin:0 0 3mm}"
    "p{margin:0 0 2mm}"
    ".state{font-weight:bold}"
    "@media screen and (max-width:600px){.ticket{justify-content:center;text-align:center}"
    ".code{width:100%;height:auto;max-width:86mm}}"
    "@media print{body{max-width:none;padding:0 12mm}.ticket{padding:11mm 0}"
    ".range{position:absolute;top:5mm}nav{display:none}}";

void ticket_page_begin(struct buffer *out, const struct event_terms *event,
                       const struct ticket_range *range)
{
    buffer_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"robots\" content=\"noindex\">\n<title>Tickets: ");
    markup_text(out, ticket_title(event));
    buffer_add(out, "</title>\n<style>");
    buffer_add(out, style);
    buffer_add(out, "</style>\n</head>\n<body>\n<main>\n");
    if (range->count > 0 && range->count < range->all)
        buffer_printf(out, "<p class=\"range\">Tickets %zu–%zu of %zu</p>\n", range->before + 1,
                      range->before + range->count, range->all);
}

static void add_time(struct buffer *out, const struct event_terms *event, int64_t time)
{
    char when[TICKET_WHEN_SIZE];
    ticket_when_exactly(event->zone, time, when);
    buffer_add(out, "<time datetime=\"");
    markup_text(out, when);
    buffer_add(out, "\">");
    ticket_when(event->zone, time, when);
    markup_text(out, when);
    buffer_add(out, "</time>");
}

static void add_state(struct buffer *out, const struct ticket_face *face)
{
    const struct ticket *ticket = face->ticket;
    if (ticket->refunded)
        buffer_add(out, "<p class=\"state\">Refunded: not valid.</p>\n");
    if (ticket->checked_in_at == 0)
        return;
    buffer_add(out, "<p class=\"state\">Used ");
    add_time(out, face->event, ticket->checked_in_at);
    buffer_add(out, ", <bdi>");
    markup_text(out, ticket->gate);
    buffer_add(out, "</bdi></p>\n");
}

void ticket_page_add(struct buffer *out, const struct ticket_face *face)
{
    const struct ticket *ticket = face->ticket;
    buffer_printf(out, "<article class=\"ticket\" id=\"ticket-%lld\">\n",
                  (long long)ticket->number);
    if (face->code[0] != '\0')
        ticket_svg_append_code(out, face);
    else
        buffer_add(out, "<div class=\"code refused\">Refunded</div>");
    buffer_add(out, "\n<div class=\"words\">\n<h2 dir=\"auto\">");
    markup_text(out, ticket_title(face->event));
    buffer_add(out, "</h2>\n");
    if (face->event->starts_at != 0) {
        buffer_add(out, "<p>");
        add_time(out, face->event, face->event->starts_at);
        buffer_add(out, "</p>\n");
    }
    buffer_add(out, "<p>");
    markup_text(out, ticket->tier);
    buffer_printf(out, " &middot; No. %lld</p>\n", (long long)ticket->number);
    add_state(out, face);
    buffer_add(out, "</div>\n</article>\n");
}

void ticket_page_end(struct buffer *out, int64_t after)
{
    if (after != 0)
        buffer_printf(out, "<nav><a href=\"?after=%lld\">More tickets</a></nav>\n",
                      (long long)after);
    buffer_add(out, "</main>\n</body>\n</html>\n");
}
