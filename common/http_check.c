#include "common/http_check.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
    LENGTH_DIGITS_MAX = 15, /* more is no length that anybody means */
};

/* What the walk over the headers has seen. */
struct seen {
    unsigned lengths, encodings, hosts;
    const char *length;
    const char *encoding;
    const char *problem; /* the first one found */
};

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return length > 0;
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static void see_framing(struct seen *seen, const char *name, const char *value)
{
    if (strcasecmp(name, "Content-Length") == 0) {
        seen->lengths++;
        seen->length = value;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        seen->encodings++;
        seen->encoding = value;
    } else if (strcasecmp(name, "Host") == 0) {
        seen->hosts++;
    }
}

static enum MHD_Result see(void *context, enum MHD_ValueKind kind, const char *name,
                           size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    struct seen *seen = context;
    if (!is_token(name, name_size))
        seen->problem = "a header's name holds characters that names cannot have";
    else if (value != NULL && (has_control(value, value_size) || strlen(value) != value_size))
        seen->problem = "a header's value holds control characters";
    else
        see_framing(seen, name, value != NULL ? value : "");
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

static const char *check_framing(const struct seen *seen, const char *version, uint64_t *length)
{
    if (seen->lengths > 1)
        return "Content-Length is given more than once";
    if (seen->encodings > 1)
        return "Transfer-Encoding is given more than once";
    if (seen->lengths == 1 && seen->encodings == 1)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (seen->lengths == 1 && !read_length(seen->length, length))
        return "Content-Length is not a number";
    if (seen->encodings == 1 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
        return "Transfer-Encoding needs HTTP/1.1";
    if (seen->encodings == 1 && strcasecmp(seen->encoding, "chunked") != 0)
        return "the only Transfer-Encoding understood here is chunked";
    return NULL;
}

const char *http_check(struct MHD_Connection *connection, const char *target, const char *version,
                       uint64_t *length)
{
    struct seen seen = {0};
    *length = 0;
    if (target[0] != '/')
        return "the request target must be a path";
    if (has_control(target, strlen(target)))
        return "the request target holds control characters";
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see, &seen);
    if (seen.problem != NULL)
        return seen.problem;
    if (seen.hosts > 1)
        return "Host is given more than once";
    if (seen.hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0)
        return "Host is missing";
    return check_framing(&seen, version, length);
}
