/* What forwarded.c, which makes the block, and forwarded_client.c, which looks for the client, share.
 * Nobody else includes this. */
#ifndef BOX_OFFICE_FORWARDED_PARTS_H
#define BOX_OFFICE_FORWARDED_PARTS_H

#include <string.h>

#include "balancer/client/forwarded.h"

struct slice {
    const char *text;
    size_t length;
};

/* Case does not count. */
bool slice_same(struct slice slice, struct slice other);

/* Inline, so that the length of a literal is known. */
static inline bool slice_is(struct slice slice, const char *text)
{
    return slice_same(slice, (struct slice){text, strlen(text)});
}

/* How a list spells its elements: whether a comma or semicolon may stand in quotes (Forwarded), or not
 * (X-Forwarded-For; and Via, whose comments nobody here reads). */
enum quoting { PLAIN, QUOTED };

/* Takes what is before the next separator, without white space around it, and moves on; false where nothing
 * is left (rest->text is NULL then). */
bool slice_next(struct slice *rest, char separator, enum quoting quoting, struct slice *element);

/* Appends the values of all fields of this name, as one list. Of quoted ones, a quote that is left open
 * would swallow what follows: that field and all before it are left out. */
void forwarded_gather(const struct forwarded *fields, const char *name, enum quoting quoting,
                      struct buffer *out);

/* The first field of this name; false where there is none. */
bool forwarded_find(const struct forwarded *fields, const char *name, struct slice *value);

/* Reads an IPv4 or IPv6 address as they stand in these lists: with a port or without, IPv6 in brackets or
 * without. Written as inet_ntop does; false where it is none. */
bool forwarded_address(struct slice text, char out[FORWARDED_ADDRESS_SIZE]);

#endif
