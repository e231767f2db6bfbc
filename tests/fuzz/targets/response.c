/* An upstream's answer: read at once, byte by byte and in pieces, it is the same; and what is taken is what
 * the grammar of RFC 9112, spelled out here once more over the whole text, finds in it. The first byte: is it
 * the answer to a HEAD, does the connection end; the second: how many bytes come at a time. */
#include "balancer/upstream/response.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"

struct reading {
    struct response response;
    struct buffer body;
    size_t used;
};

static void read_piece(struct reading *reading, const char *bytes, size_t length)
{
    const char *body, *end = bytes + length;
    size_t body_length;
    while (bytes < end && reading->response.state < RESPONSE_DONE) {
        size_t used =
            response_feed(&reading->response, bytes, (size_t)(end - bytes), &body, &body_length);
        must((used > 0 || reading->response.state == RESPONSE_BAD) && used <= (size_t)(end - bytes),
             "it goes on, and not too far");
        must(body_length == 0 || (body >= bytes && body + body_length <= bytes + used),
             "the body lies within what was read");
        buffer_append(&reading->body, body, body_length);
        bytes += used;
        reading->used += used;
    }
}

static void read_all(struct reading *reading, const char *text, size_t length, size_t piece,
                     uint8_t flags)
{
    *reading = (struct reading){.used = 0};
    response_begin(&reading->response, flags & 1);
    for (size_t at = 0; at < length; at += piece) {
        size_t size = piece < length - at ? piece : length - at;
        char *copy = malloc(size);
        memcpy(copy, text + at, size);
        read_piece(reading, copy, size);
        free(copy);
    }
    if (flags & 2)
        must(response_end(&reading->response) == (reading->response.state == RESPONSE_DONE),
             "it ends where it is whole");
}

static void discard(struct reading *reading)
{
    response_discard(&reading->response);
    buffer_free(&reading->body);
}

static bool same_bytes(const struct buffer *a, const struct buffer *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

static void compare(const struct reading *a, const struct reading *b)
{
    const struct response *x = &a->response, *y = &b->response;
    must(x->state == y->state && strcmp(x->error, y->error) == 0, "any split: the same end");
    must(same_bytes(&a->body, &b->body), "any split: the same body");
    if (x->state != RESPONSE_BODY && x->state != RESPONSE_DONE)
        return;
    must(a->used == b->used, "any split: as many bytes");
    must(x->status == y->status && x->length == y->length && x->keep_alive == y->keep_alive &&
             same_bytes(&x->fields, &y->fields),
         "any split: the same head");
}

/* The grammar, once more. */
struct second {
    const char *at, *end;
    char *line; /* owned; the last one taken */
    unsigned status, lengths, encodings;
    unsigned long length;
};

/* Up to CRLF, and without a control character; false where there is none such. */
static bool take_line(struct second *second)
{
    const char *stop = memmem(second->at, (size_t)(second->end - second->at), "\r\n", 2);
    if (stop == NULL)
        return false;
    size_t length = (size_t)(stop - second->at);
    free(second->line);
    second->line = memory_new(length + 1);
    memcpy(second->line, second->at, length);
    second->at = stop + 2;
    for (size_t i = 0; i < length; i++)
        if (iscntrl((uint8_t)second->line[i]) && second->line[i] != '\t')
            return false;
    return true;
}

static bool take_field(struct second *second)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t name = strspn(second->line, token);
    const char *value = second->line + name + 1;
    if (name == 0 || second->line[name] != ':')
        return false;
    value += strspn(value, " \t");
    if (strncasecmp(second->line, "Content-Length:", name + 1) == 0) {
        second->lengths++;
        second->length = strtoul(value, NULL, 10);
        return isdigit((uint8_t)value[0]) && strspn(value, "0123456789 \t") == strlen(value);
    }
    if (strncasecmp(second->line, "Transfer-Encoding:", name + 1) == 0)
        second->encodings++;
    return true;
}

static bool take_fields(struct second *second)
{
    while (take_line(second)) {
        if (second->line[0] == '\0')
            return true;
        if (!take_field(second))
            return false;
    }
    return false;
}

static bool take_head(struct second *second)
{
    do {
        second->lengths = second->encodings = 0;
        if (!take_line(second) || strlen(second->line) < 13 ||
            strspn(second->line + 9, "0123456789") != 3 || second->line[12] != ' ')
            return false;
        second->status = (unsigned)strtoul(second->line + 9, NULL, 10);
        if ((strncmp(second->line, "HTTP/1.1 ", 9) != 0 &&
             strncmp(second->line, "HTTP/1.0 ", 9) != 0) ||
            !take_fields(second))
            return false;
    } while (second->status < 200);
    return second->lengths + second->encodings <= 1;
}

static bool take_bytes(struct second *second, unsigned long length, struct buffer *body)
{
    size_t left = (size_t)(second->end - second->at);
    size_t size = length < left ? length : left;
    buffer_append(body, second->at, size);
    second->at += size;
    return size == length;
}

/* False where they do not end. */
static bool take_chunks(struct second *second, struct buffer *body)
{
    for (;;) {
        if (!take_line(second))
            return false;
        must(strspn(second->line, "0123456789abcdefABCDEF") > 0, "a chunk has a size");
        unsigned long size = strtoul(second->line, NULL, 16);
        if (size == 0)
            return take_fields(second);
        if (!take_bytes(second, size, body) || second->end - second->at < 2)
            return false;
        must(memcmp(second->at, "\r\n", 2) == 0, "a chunk ends where it should");
        second->at += 2;
    }
}

static void read_second(const struct reading *reading, const char *text, size_t length,
                        uint8_t flags)
{
    const struct response *response = &reading->response;
    struct second second = {.at = text, .end = text + length};
    struct buffer body = {0};
    bool whole = true;
    must(take_head(&second), "a head that is taken is one");
    must(second.status == response->status && second.status < 600, "of this status");
    if ((flags & 1) == 0 && second.status != 204 && second.status != 304) {
        if (second.encodings > 0)
            whole = take_chunks(&second, &body);
        else if (second.lengths > 0)
            whole = take_bytes(&second, second.length, &body);
        else
            whole = take_bytes(&second, (size_t)(second.end - second.at), &body) && (flags & 2);
    }
    must(same_bytes(&body, &reading->body), "the body is what the grammar finds");
    must(whole == (response->state == RESPONSE_DONE), "it is whole where the grammar says so");
    must(!whole || reading->used == (size_t)(second.at - text), "and ends there");
    free(second.line);
    buffer_free(&body);
}

/* No field of this hop, and none that could end a line. */
static void check_fields(const struct response *response)
{
    const char *name, *value;
    size_t at = 0, count = 0;
    while (response_next_field(response, &at, &name, &value)) {
        must(++count <= RESPONSE_FIELDS_MAX, "fields are bounded");
        must(name[0] != '\0' && strpbrk(name, " \t:\r\n") == NULL, "a name is a name");
        must(strpbrk(value, "\r\n") == NULL, "a value is a line's");
        must(strcasecmp(name, "Connection") != 0 && strcasecmp(name, "Content-Length") != 0 &&
                 strcasecmp(name, "Transfer-Encoding") != 0 && strcasecmp(name, "Upgrade") != 0,
             "what is of this hop is gone");
        must(response_field(response, name) != NULL, "what is there is found");
    }
}

void fuzz_response(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    uint8_t flags = input_byte(&input);
    size_t piece = 2 + input_byte(&input) % 64;
    const char *text = (const char *)input.at;
    size_t length = input_left(&input);
    struct reading whole, bytewise, pieces;
    read_all(&whole, text, length, length > 0 ? length : 1, flags);
    read_all(&bytewise, text, length, 1, flags);
    read_all(&pieces, text, length, piece, flags);
    compare(&whole, &bytewise);
    compare(&whole, &pieces);
    if (whole.response.state == RESPONSE_BODY || whole.response.state == RESPONSE_DONE) {
        read_second(&whole, text, length, flags);
        check_fields(&whole.response);
    }
    discard(&whole);
    discard(&bytewise);
    discard(&pieces);
}
