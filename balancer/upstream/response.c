#include "balancer/upstream/response.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "balancer/upstream/response_parts.h"
#include "common/http_text.h"

enum {
    MEMORY_KEPT = 4096,
    CHUNK_LINE_MAX = RESPONSE_SIZE_DIGITS_MAX + RESPONSE_EXTENSION_MAX + 2,
};

void response_refuse(struct response *response, const char *why)
{
    response->state = RESPONSE_BAD;
    response->error = why;
}

void response_begin(struct response *response, bool head_request)
{
    response->state = RESPONSE_HEAD;
    response->error = "";
    response->status = response->minor = 0;
    response->keep_alive = false;
    response->head_request = head_request;
    response->interim = 0;
    response->left = 0;
    response_begin_head(response);
}

void response_discard(struct response *response)
{
    buffer_free(&response->fields);
    buffer_free(&response->line);
    buffer_free(&response->options);
}

void response_rest(struct response *response)
{
    buffer_rest(&response->fields, MEMORY_KEPT);
    buffer_rest(&response->line, MEMORY_KEPT);
    buffer_rest(&response->options, MEMORY_KEPT);
}

bool response_take_line(struct response *response, struct line *rest, size_t limit, const char *why,
                        struct line *line)
{
    const char *end = memchr(rest->text, '\n', rest->length);
    struct line part = {rest->text, end != NULL ? (size_t)(end - rest->text) + 1 : rest->length};
    rest->text += part.length;
    rest->length -= part.length;
    response->taken += part.length;
    if (response->taken > limit) {
        response_refuse(response, why);
        return false;
    }
    if (end == NULL || response->line.length > 0) {
        buffer_append(&response->line, part.text, part.length);
        part = (struct line){response->line.data, response->line.length};
    }
    if (end == NULL)
        return false;
    buffer_clear(&response->line);
    if (part.length < 2 || part.text[part.length - 2] != '\r') {
        response_refuse(response, "a line ends without CRLF");
        return false;
    }
    *line = (struct line){part.text, part.length - 2};
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((uint8_t)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 9112, 7.1.1: ";" begins an extension, perhaps after spaces. What it says is nothing to us. */
static bool is_extension(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && response_blank(text[at]))
        at++;
    if (length == 0)
        return true;
    return length <= RESPONSE_EXTENSION_MAX && at < length && text[at] == ';' &&
           http_printable(text, length);
}

static void read_chunk_size(struct response *response, const struct line *line)
{
    size_t digits = 0;
    int64_t size = 0;
    while (digits < line->length && digits < RESPONSE_SIZE_DIGITS_MAX &&
           hex_digit(line->text[digits]) >= 0)
        size = size * 16 + hex_digit(line->text[digits++]);
    response->taken = 0;
    if (digits == 0 || !is_extension(line->text + digits, line->length - digits)) {
        response_refuse(response, "a chunk's size is malformed");
        return;
    }
    response->left = size;
    response->step = size > 0 ? STEP_CHUNK : STEP_TRAILERS;
}

/* CRLF, byte for byte. */
static void end_chunk(struct response *response, struct line *rest)
{
    if (*rest->text != "\r\n"[response->taken])
        response_refuse(response, "a chunk is longer than its size");
    rest->text++;
    rest->length--;
    if (++response->taken < 2)
        return;
    response->taken = 0;
    response->step = STEP_CHUNK_SIZE;
}

/* They are looked at and dropped: nobody here has asked for any (RFC 9110, 6.5). */
static void read_trailer(struct response *response, const struct line *line)
{
    struct line name, value;
    if (line->length == 0)
        response->state = RESPONSE_DONE;
    else
        response_split_field(response, line, &name, &value);
}

/* One line between the chunks, or behind them. */
static void read_framing(struct response *response, struct line *rest)
{
    struct line line;
    switch (response->step) {
    case STEP_CHUNK_SIZE:
        if (response_take_line(response, rest, CHUNK_LINE_MAX, "a chunk's size is too long", &line))
            read_chunk_size(response, &line);
        break;
    case STEP_CHUNK_END:
        end_chunk(response, rest);
        break;
    default:
        if (response_take_line(response, rest, RESPONSE_TRAILERS_MAX, "the trailers are too long",
                               &line))
            read_trailer(response, &line);
    }
}

static size_t body_piece(struct response *response, size_t length)
{
    if (response->step == STEP_REST)
        return length;
    size_t piece = (uint64_t)response->left < length ? (size_t)response->left : length;
    response->left -= (int64_t)piece;
    if (response->left > 0)
        return piece;
    if (response->step == STEP_LENGTH)
        response->state = RESPONSE_DONE;
    else
        response->step = STEP_CHUNK_END;
    return piece;
}

size_t response_feed(struct response *response, const char *bytes, size_t length, const char **body,
                     size_t *body_length)
{
    struct line rest = {bytes, length};
    *body = NULL;
    *body_length = 0;
    if (response->state == RESPONSE_HEAD) {
        response_read_head(response, &rest);
        return length - rest.length;
    }
    while (rest.length > 0 && response->state == RESPONSE_BODY) {
        if (response->step >= STEP_CHUNK_SIZE && response->step != STEP_CHUNK) {
            read_framing(response, &rest);
            continue;
        }
        *body = rest.text;
        *body_length = body_piece(response, rest.length);
        return length - rest.length + *body_length;
    }
    return length - rest.length;
}

bool response_end(struct response *response)
{
    if (response->state == RESPONSE_BODY && response->step == STEP_REST)
        response->state = RESPONSE_DONE;
    else if (response->state == RESPONSE_HEAD)
        response_refuse(response, "the connection ended within the head");
    else if (response->state == RESPONSE_BODY)
        response_refuse(response, "the connection ended within the body");
    return response->state == RESPONSE_DONE;
}

bool response_next_field(const struct response *response, size_t *at, const char **name,
                         const char **value)
{
    if (*at >= response->fields.length)
        return false;
    *name = response->fields.data + *at;
    *value = *name + strlen(*name) + 1;
    *at = (size_t)(*value + strlen(*value) + 1 - response->fields.data);
    return true;
}

const char *response_field(const struct response *response, const char *name)
{
    const char *found, *value;
    size_t at = 0;
    while (response_next_field(response, &at, &found, &value))
        if (strcasecmp(found, name) == 0)
            return value;
    return NULL;
}
