#include "common/http_check.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/http_text.h"

enum {
    LENGTH_DIGITS_MAX = 15, /* more is no length that anybody means */
};

/* What the walk over the headers has seen. */
struct seen {
    struct http_layout layout;
    unsigned lengths, encodings, hosts;
    const char *length;
    const char *encoding;
    const char *host;
    const char *problem; /* the first one found */
};

static const char not_lines[] = "the head is not made of lines that end with CR and LF";

/* Some programs read '_' as '-': what is no framing here must be none there. */
static bool is_named(const char *name, const char *framing)
{
    for (; *name != '\0' && *framing != '\0'; name++, framing++)
        if ((*name | 0x20) != (*framing | 0x20) && !(*name == '_' && *framing == '-'))
            return false;
    return *name == *framing;
}

static void see_framing(struct seen *seen, const char *name, const char *value)
{
    if (is_named(name, "Content-Length")) {
        seen->lengths++;
        seen->length = strchr(name, '_') == NULL ? value : "";
    } else if (is_named(name, "Transfer-Encoding")) {
        seen->encodings++;
        seen->encoding = strchr(name, '_') == NULL ? value : "";
    } else if (strcasecmp(name, "Host") == 0) {
        seen->hosts++;
        seen->host = value;
    }
}

static enum MHD_Result see(void *context, enum MHD_ValueKind kind, const char *name,
                           size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    struct seen *seen = context;
    if (!http_layout_header(&seen->layout, name, name_size, value, value_size))
        seen->problem = not_lines;
    else if (!http_token(name, name_size))
        seen->problem = "a header's name holds characters that names cannot have";
    else if (!http_printable(value, value_size))
        seen->problem = "a header's value holds control characters";
    else
        see_framing(seen, name, value);
    return seen->problem == NULL ? MHD_YES : MHD_NO;
}

static bool read_length(const char *text, uint64_t *length)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > LENGTH_DIGITS_MAX || text[digits] != '\0')
        return false;
    *length = 0;
    for (size_t i = 0; i < digits; i++)
        *length = *length * 10 + (uint64_t)(text[i] - '0');
    return true;
}

static const char *check_framing(const struct seen *seen, const char *version,
                                 struct http_body_said *body)
{
    if (seen->lengths > 1)
        return "Content-Length is given more than once";
    if (seen->encodings > 1)
        return "Transfer-Encoding is given more than once";
    if (seen->lengths == 1 && seen->encodings == 1)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (seen->lengths == 1 && !read_length(seen->length, &body->length))
        return "Content-Length is not a number";
    if (seen->encodings == 1 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
        return "Transfer-Encoding needs HTTP/1.1";
    if (seen->encodings == 1 && strcasecmp(seen->encoding, "chunked") != 0)
        return "the only Transfer-Encoding understood here is chunked";
    body->chunked = seen->encodings == 1;
    return NULL;
}

/* RFC 9110 section 7.2: uri-host [ ":" port ]; may be empty. */
static bool is_host(const char *text)
{
    for (; *text != '\0'; text++) {
        char c = *text;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && strchr("-._~%!$&'()*+;=:[]", c) == NULL)
            return false;
    }
    return true;
}

static const char *check_host(const struct seen *seen, const char *version)
{
    if (seen->hosts > 1)
        return "Host is given more than once";
    if (seen->hosts == 0)
        return strcmp(version, MHD_HTTP_VERSION_1_0) != 0 ? "Host is missing" : NULL;
    return is_host(seen->host) ? NULL : "Host is not a host's name";
}

const char *http_check(struct MHD_Connection *connection, const struct http_line *line,
                       struct http_body_said *body)
{
    struct seen seen = {0};
    *body = (struct http_body_said){0};
    if (!http_token(line->method, strlen(line->method)))
        return "the method holds characters that methods cannot have";
    if (line->target[0] != '/')
        return "the request target must be a path";
    if (!http_layout_begin(&seen.layout, connection, line))
        return "the request line is not three words with one space between them";
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see, &seen);
    if (seen.problem == NULL && !http_layout_end(&seen.layout))
        return not_lines;
    const char *problem = seen.problem != NULL ? seen.problem : check_host(&seen, line->version);
    return problem != NULL ? problem : check_framing(&seen, line->version, body);
}

/* RFC 3986: visible ASCII characters; a fragment is never sent. Of those that it rules out, browsers
 * send some in queries; nothing reads these here. */
const char *http_check_target(const char *target)
{
    for (; *target != '\0'; target++) {
        unsigned char c = (unsigned char)*target;
        if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\')
            return "the request target holds characters that targets cannot have";
    }
    return NULL;
}

/* What the walk over the trailers has seen. */
struct trailers {
    const char *head, *end; /* of the request */
    bool any;
};

/* libmicrohttpd takes the last header for a trailer, too, where the last LF comes alone. */
static enum MHD_Result see_trailer(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    (void)value;
    struct trailers *trailers = context;
    bool is_header = name >= trailers->head && name < trailers->end;
    trailers->any = trailers->any || !is_header;
    return MHD_YES;
}

/* Nothing here waits for a trailer, and a field there could pass for a header further on. */
const char *http_check_trailers(struct MHD_Connection *connection, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct trailers trailers = {.head = method, .end = method + info->header_size};
    MHD_get_connection_values(connection, MHD_FOOTER_KIND, see_trailer, &trailers);
    return trailers.any ? "fields after the last chunk are not understood here" : NULL;
}
