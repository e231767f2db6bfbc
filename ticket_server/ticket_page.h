/* A purchase's tickets as a page: to print on A4, one below the other to be cut apart, or to show on a
 * phone. HTML without script and without anything from elsewhere. Pure but for the time zone's file;
 * any thread. */
#ifndef BOX_OFFICE_TICKET_PAGE_H
#define BOX_OFFICE_TICKET_PAGE_H

#include "common/buffer.h"
#include "ticket_server/ticket_face.h"

/* What a browser may do with it, as an answer's Content-Security-Policy. */
#define TICKET_PAGE_POLICY                                                                         \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "         \
    "frame-ancestors 'none'"

/* Which of a purchase's tickets a page has. */
struct ticket_range {
    size_t before, count, all;
};

/* In this order. Where the page has not all, it says so first, on paper too. */
void ticket_page_begin(struct buffer *out, const struct event_terms *event,
                       const struct ticket_range *range);
void ticket_page_add(struct buffer *out, const struct ticket_face *face);

/* `after`: the last ticket shown, where more follow on another page; else 0. */
void ticket_page_end(struct buffer *out, int64_t after);

#endif
