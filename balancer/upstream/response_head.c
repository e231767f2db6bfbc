#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "balancer/upstream/response_parts.h"
#include "common/http_text.h"

enum {
    LENGTH_DIGITS_MAX = 18, /* so that it fits into 63 bits */
    STATUS_LINE_MIN = sizeof "HTTP/1.1 200 " - 1,
};

void response_begin_head(struct response *response)
{
    response->step = STEP_STATUS;
    response->length = -1;
    response->close_said = response->keep_alive_said = false;
    response->field_count = response->option_count = 0;
    response->lengths = response->encodings = 0;
    response->taken = 0;
    buffer_clear(&response->fields);
    buffer_clear(&response->options);
    buffer_clear(&response->line);
}

static bool same(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

/* Seen before the line is whole: who speaks another protocol may never end it. */
static bool begins_well(const struct response *response, const struct line *rest)
{
    static const char version[] = "HTTP/1.";
    size_t at = response->line.length;
    if (at >= sizeof version - 1)
        return true;
    size_t due = sizeof version - 1 - at;
    return memcmp(rest->text, version + at, rest->length < due ? rest->length : due) == 0;
}

/* RFC 9112, 4: the space behind the status is there even where no reason follows. */
static void read_status(struct response *response, const struct line *line)
{
    const char *text = line->text;
    if (line->length < STATUS_LINE_MIN || (text[7] != '0' && text[7] != '1') || text[8] != ' ' ||
        !isdigit((uint8_t)text[9]) || !isdigit((uint8_t)text[10]) || !isdigit((uint8_t)text[11]) ||
        text[12] != ' ' || !http_printable(text, line->length)) {
        response_refuse(response, "the status line is malformed");
        return;
    }
    response->minor = (unsigned)(text[7] - '0');
    response->status = (unsigned)((text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0'));
    if (response->status < 100 || response->status > 599)
        response_refuse(response, "there is no such status");
    response->step = STEP_FIELDS;
}

static void read_length(struct response *response, const struct line *value)
{
    int64_t length = 0;
    if (response->lengths++ > 0) {
        response_refuse(response, "there are two Content-Lengths");
        return;
    }
    bool good = value->length > 0 && value->length <= LENGTH_DIGITS_MAX;
    for (size_t i = 0; good && i < value->length; i++) {
        good = isdigit((uint8_t)value->text[i]);
        length = length * 10 + (value->text[i] - '0');
    }
    if (!good)
        response_refuse(response, "Content-Length is no number");
    response->length = length;
}

static void read_encoding(struct response *response, const struct line *value)
{
    if (response->encodings++ > 0 || !same(value->text, value->length, "chunked"))
        response_refuse(response, "Transfer-Encoding is not just \"chunked\"");
}

static void read_option(struct response *response, const char *text, size_t length)
{
    if (same(text, length, "close")) {
        response->close_said = true;
    } else if (same(text, length, "keep-alive")) {
        response->keep_alive_said = true;
    } else if (!http_token(text, length)) {
        response_refuse(response, "Connection is malformed");
    } else if (response->option_count++ == RESPONSE_OPTIONS_MAX) {
        response_refuse(response, "Connection names too many fields");
    } else {
        buffer_append(&response->options, text, length);
        buffer_add_char(&response->options, '\0');
    }
}

/* RFC 9110, 5.6.1: between two commas stands an option, or nothing. */
static void read_connection(struct response *response, const struct line *value)
{
    const char *at = value->text, *end = value->text + value->length;
    while (at < end && response->state != RESPONSE_BAD) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        const char *last = stop;
        while (at < last && response_blank(*at))
            at++;
        while (last > at && response_blank(last[-1]))
            last--;
        if (last > at)
            read_option(response, at, (size_t)(last - at));
        at = stop + 1;
    }
}

/* What ends at this hop, besides what Connection nominates: RFC 9110, 7.6.1. Trailer goes as trailers do;
 * Proxy-Auth… speaks to who sent the request, and that is us (11.7). */
static bool is_for_this_hop(const char *name, size_t length)
{
    static const char *const names[] = {
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
    };
    if (strchr("kptuKPTU", name[0]) == NULL)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(name, length, names[i]))
            return true;
    return false;
}

static void keep_field(struct response *response, const struct line *name, const struct line *value)
{
    buffer_append(&response->fields, name->text, name->length);
    buffer_add_char(&response->fields, '\0');
    buffer_append(&response->fields, value->text, value->length);
    buffer_add_char(&response->fields, '\0');
}

/* Name, colon, value: RFC 9112, 5. No space before the colon, and no folding, which would begin with one. */
bool response_split_field(struct response *response, const struct line *line, struct line *name,
                          struct line *value)
{
    const char *colon = memchr(line->text, ':', line->length);
    const char *end = line->text + line->length;
    if (colon == NULL || !http_token(line->text, (size_t)(colon - line->text))) {
        response_refuse(response, "a field's name is malformed");
        return false;
    }
    const char *at = colon + 1;
    while (at < end && response_blank(*at))
        at++;
    while (end > at && response_blank(end[-1]))
        end--;
    *name = (struct line){line->text, (size_t)(colon - line->text)};
    *value = (struct line){at, (size_t)(end - at)};
    if (http_printable(at, value->length))
        return true;
    response_refuse(response, "a field's value is malformed");
    return false;
}

static void read_field(struct response *response, const struct line *line)
{
    struct line name, value;
    if (!response_split_field(response, line, &name, &value))
        return;
    if (response->field_count++ == RESPONSE_FIELDS_MAX)
        response_refuse(response, "there are too many fields");
    else if (same(name.text, name.length, "Content-Length"))
        read_length(response, &value);
    else if (same(name.text, name.length, "Transfer-Encoding"))
        read_encoding(response, &value);
    else if (same(name.text, name.length, "Connection"))
        read_connection(response, &value);
    else if (!is_for_this_hop(name.text, name.length))
        keep_field(response, &name, &value);
}

static bool is_nominated(const struct response *response, const char *name)
{
    const char *end = response->options.data + response->options.length;
    for (const char *option = response->options.data; option < end; option += strlen(option) + 1)
        if (strcasecmp(option, name) == 0)
            return true;
    return false;
}

/* Only here, as Connection may stand behind what it nominates. */
static void drop_nominated(struct response *response)
{
    char *kept = response->fields.data;
    const char *name, *value;
    size_t at = 0, from = 0;
    while (response_next_field(response, &at, &name, &value)) {
        size_t length = at - from;
        if (!is_nominated(response, name)) {
            memmove(kept, name, length);
            kept += length;
        }
        from = at;
    }
    if (kept != NULL)
        response->fields.length = (size_t)(kept - response->fields.data);
}

/* An answer that is not the final one. 101 is never asked for; a body it cannot have (6.1, 6.3). */
static void pass_over(struct response *response)
{
    if (response->status == 101)
        response_refuse(response, "it switches protocols unasked");
    else if (response->lengths + response->encodings > 0)
        response_refuse(response, "an interim answer has a body");
    else if (response->interim++ == RESPONSE_INTERIM_MAX)
        response_refuse(response, "there are too many interim answers");
    else
        response_begin_head(response);
}

static void expect_body(struct response *response, enum response_step step)
{
    response->step = (uint8_t)step;
    response->state = RESPONSE_BODY;
    response->taken = 0;
    response->left = response->length;
    if (step == STEP_LENGTH && response->left == 0)
        response->state = RESPONSE_DONE;
    if (step == STEP_REST)
        response->keep_alive = false;
}

/* Where the body ends: RFC 9112, 6.3. */
static void frame(struct response *response)
{
    bool empty = response->head_request || response->status == 204 || response->status == 304;
    response->keep_alive =
        !response->close_said && (response->minor > 0 || response->keep_alive_said);
    if (response->lengths > 0 && response->encodings > 0) {
        response_refuse(response, "it has Content-Length and Transfer-Encoding");
    } else if (response->encodings > 0 && response->minor == 0) {
        response_refuse(response, "Transfer-Encoding in HTTP/1.0");
    } else if (empty) {
        response->state = RESPONSE_DONE;
    } else if (response->encodings > 0) {
        expect_body(response, STEP_CHUNK_SIZE);
    } else {
        expect_body(response, response->lengths > 0 ? STEP_LENGTH : STEP_REST);
    }
    if (response->status == 204) { /* who announces a body there may send it, too */
        response->keep_alive &= response->encodings == 0 && response->length <= 0;
        response->length = 0;
    }
}

static void end_head(struct response *response)
{
    if (response->status < 200) {
        pass_over(response);
        return;
    }
    if (response->option_count > 0)
        drop_nominated(response);
    frame(response);
}

void response_read_head(struct response *response, struct line *rest)
{
    struct line line;
    while (rest->length > 0 && response->state == RESPONSE_HEAD) {
        if (response->step == STEP_STATUS && !begins_well(response, rest)) {
            response_refuse(response, "it is not HTTP/1.0 or HTTP/1.1");
            return;
        }
        if (!response_take_line(response, rest, RESPONSE_HEAD_MAX, "the head is too long", &line))
            return;
        if (response->step == STEP_STATUS)
            read_status(response, &line);
        else if (line.length > 0)
            read_field(response, &line);
        else
            end_head(response);
    }
}
