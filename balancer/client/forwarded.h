/* The fields of a request on their way through us: what is for the next hop only is taken out, and who
 * asked is added (RFC 9110, 7.6; RFC 7239). Pure: bytes in, bytes out.
 *
 *     forwarded_begin(&fields);
 *     forwarded_field(&fields, ...);                once per field of the request, in its order
 *     forwarded_loops, forwarded_client             where they are wanted
 *     forwarded_end(&fields, &hop, out);
 *
 * Taken out: Connection and what it names, Keep-Alive, Proxy-Connection, Proxy-Authorization,
 * Proxy-Authenticate, TE, Trailer, Transfer-Encoding, Content-Length (the body is framed anew), Upgrade,
 * HTTP2-Settings, Expect (answered here), Proxy (CGI programs read it as a setting); names with '_', which
 * some servers read as '-'; and our affinity cookie out of Cookie, whose other cookies stay as they are.
 * Of X-Real-IP and its like, as of X-Forwarded-, nothing stays where the peer is not trusted.
 * Set anew: Via, Forwarded, X-Forwarded-For, -Proto and -Host, Request-Id. What came of Forwarded and any
 * X-Forwarded- field stays only where a trusted proxy is connected; lists then grow by one.
 *
 * Connection may name any field, and taking out what it names has been an attack: so it is not heard where
 * it names a field that is for all recipients (RFC 9110, 7.6.1 forbids that), which are Host, Authorization,
 * Cookie, Cache-Control, Range, Idempotency-Key, all of Content-, and what is set here. */
#ifndef BOX_OFFICE_FORWARDED_H
#define BOX_OFFICE_FORWARDED_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

enum {
    FORWARDED_FIELDS_MAX = 64,   /* of a request; the server refuses more with 431 */
    FORWARDED_BYTES_MAX = 65536, /* of all their names and values */
    FORWARDED_OPTIONS_MAX = 64,  /* in Connection: each is looked for among the fields */
    FORWARDED_LIST_MAX = 8192,   /* Via, Forwarded, X-Forwarded-For lose their oldest past this */
    FORWARDED_LOOPS_MAX = 10,    /* so often may a request have come through us */
    FORWARDED_ADDRESS_SIZE = INET6_ADDRSTRLEN,
    FORWARDED_ID_MAX = 128, /* of a Request-Id */
};

/* A request's fields. They are not copied: names and values must outlive forwarded_end. */
struct forwarded {
    struct forwarded_field {
        const char *name, *value;
        size_t name_length, value_length;
    } field[FORWARDED_FIELDS_MAX];
    size_t fields;
    size_t bytes, options;
    bool refused; /* a field could not be taken */
};

/* What is said of this hop. */
struct forwarding {
    const char *peer;  /* the address of who is connected; anything else is told as "unknown" */
    bool peer_trusted; /* it is a proxy whose word on the client counts */
    const char *proto; /* that the peer speaks: "http" or "https" */
    const char *request_id;
    const char *via; /* our pseudonym: a token (RFC 9110, 7.6.3) */
    bool http10;     /* the request is HTTP/1.0 */
};

void forwarded_begin(struct forwarded *fields);

/* Takes one field. False, and all is refused, where it cannot be passed on: a name that is no token, a
 * control character in a value, a second Host, too many, or too long together. */
bool forwarded_field(struct forwarded *fields, const char *name, size_t name_length,
                     const char *value, size_t value_length);

/* Whether the request has come through us more than FORWARDED_LOOPS_MAX times, by its Via. */
bool forwarded_loops(const struct forwarded *fields, const char *via);

/* Whether the address is one of a proxy that is trusted. */
typedef bool forwarded_trusts(const void *context, const char *address);

/* The client's address. Where the peer is trusted, that is the last address in X-Forwarded-For which is not
 * trusted itself (all its fields read as one list), or the oldest of them where all are; Forwarded is read
 * only where there is no X-Forwarded-For, as proxies that set this let the other through. What is no address
 * ends the walk at the one after it. Without ports and brackets; returns `out`. */
const char *forwarded_client(const struct forwarded *fields, const char *peer,
                             forwarded_trusts *trusts, const void *context,
                             char out[FORWARDED_ADDRESS_SIZE]);

/* Appends the block for the upstream: "Name: value\r\n" for each field, without the empty line. False,
 * with `out` as it was, where a field was refused. */
bool forwarded_end(const struct forwarded *fields, const struct forwarding *hop,
                   struct buffer *out);

/* Whether a Request-Id that came may be kept: 1 to 128 letters, digits and "-._~:/+@", which can end no
 * field of a log. NULL may not. */
bool request_id_valid(const char *text);

#endif
