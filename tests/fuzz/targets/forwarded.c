/* A request's fields, rewritten for an upstream: the block is lines and nothing else, holds none of what is
 * taken out and each of what is set once; also where it is rewritten once more. The input: a byte (trusted
 * peer; HTTP/1.0; IPv6), then fields: name, ':', value, '\n'. */
#include "balancer/client/forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

static const char *const never[] = {
    "Connection", "Keep-Alive", "Proxy-Connection",  "Proxy-Authorization", "Proxy-Authenticate",
    "TE",         "Trailer",    "Transfer-Encoding", "Content-Length",      "Upgrade",
    "Expect",     "Proxy",      "HTTP2-Settings",
};
static const char *const set[] = {
    "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "Request-Id",
};

/* The input's fields stay until they are freed. */
struct fields {
    struct forwarded forwarded;
    char *text[2 * FORWARDED_FIELDS_MAX + 2];
    size_t texts;
};

static void give(struct fields *fields, struct input *input)
{
    bool good = true;
    forwarded_begin(&fields->forwarded);
    fields->texts = 0;
    while (good && input_left(input) > 0) {
        size_t name_length, value_length;
        char *name = input_until(input, ':', &name_length);
        char *value = input_until(input, '\n', &value_length);
        good = forwarded_field(&fields->forwarded, name, name_length, value, value_length);
        fields->text[fields->texts++] = name;
        fields->text[fields->texts++] = value;
    }
}

static void release(struct fields *fields)
{
    while (fields->texts > 0)
        free(fields->text[--fields->texts]);
}

static bool trusts(const void *context, const char *address)
{
    struct in6_addr read;
    must(inet_pton(AF_INET, address, &read) == 1 || inet_pton(AF_INET6, address, &read) == 1,
         "trust is asked for addresses");
    return context != NULL && strncmp(address, "1", 1) == 0;
}

static bool is_named(const char *line, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

static void check_name(const char *line, size_t length, unsigned seen[])
{
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        must(!is_named(line, length, never[i]), "what is for this hop is taken out");
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        seen[i] += is_named(line, length, set[i]);
    must(length > 0 && memchr(line, '_', length) == NULL && memchr(line, ' ', length) == NULL,
         "names are names");
}

static void check_block(const struct buffer *block)
{
    unsigned seen[sizeof set / sizeof *set] = {0};
    const char *at = block->data, *end = at + block->length;
    while (at < end) {
        const char *stop = memchr(at, '\r', (size_t)(end - at));
        must(stop != NULL, "lines end");
        if (stop == NULL)
            return;
        must(end - stop >= 2 && stop[1] == '\n', "with CR and LF");
        must(memchr(at, '\n', (size_t)(stop - at)) == NULL &&
                 memchr(at, '\0', (size_t)(stop - at)) == NULL,
             "and hold none");
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        must(colon != NULL && colon[1] == ' ', "a line is a field");
        check_name(at, (size_t)(colon - at), seen);
        if (is_named(at, (size_t)(colon - at), "Via") ||
            is_named(at, (size_t)(colon - at), "Forwarded") ||
            is_named(at, (size_t)(colon - at), "X-Forwarded-For"))
            must(stop - colon - 2 <= FORWARDED_LIST_MAX, "lists are bounded");
        at = stop + 2;
    }
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        must(seen[i] == 1, "what is set stands there once");
}

/* Rewrites a block once more, as the next of our kind would. */
static void check_again(const struct buffer *block, const struct forwarding *hop)
{
    struct forwarded fields;
    struct buffer again = {0};
    bool good = true;
    const char *at = block->data, *end = at + block->length;
    forwarded_begin(&fields);
    while (at < end) {
        const char *stop = memchr(at, '\r', (size_t)(end - at));
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        good = forwarded_field(&fields, at, (size_t)(colon - at), colon + 2,
                               (size_t)(stop - colon - 2)) &&
               good;
        at = stop + 2;
    }
    must(forwarded_end(&fields, hop, &again) == good, "a block is refused for a field");
    if (good)
        check_block(&again);
    buffer_free(&again);
}

void fuzz_forwarded(const uint8_t *data, size_t size)
{
    static struct fields fields;
    struct input input = input_of(data, size);
    struct buffer block = {0};
    char client[FORWARDED_ADDRESS_SIZE];
    uint8_t kind = input_byte(&input);
    const struct forwarding hop = {.peer = (kind & 4) != 0 ? "1::1" : "1.2.3.4",
                                   .peer_trusted = (kind & 1) != 0,
                                   .proto = "http",
                                   .request_id = "id",
                                   .via = "box-office",
                                   .http10 = (kind & 2) != 0};
    give(&fields, &input);
    forwarded_client(&fields.forwarded, hop.peer, trusts, hop.peer_trusted ? &hop : NULL, client);
    must(hop.peer_trusted || strcmp(client, hop.peer) == 0, "who is not trusted is the client");
    (void)trusts(NULL, client);
    forwarded_loops(&fields.forwarded, hop.via);
    if (forwarded_end(&fields.forwarded, &hop, &block)) {
        check_block(&block);
        check_again(&block, &hop);
    } else {
        must(fields.forwarded.refused && block.length == 0, "a refusal leaves nothing");
    }
    buffer_free(&block);
    release(&fields);
}
