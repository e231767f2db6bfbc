#include "tests/fuzz/strict.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the headers say of the request's framing. */
struct framing {
    unsigned lengths, encodings, hosts;
    long length;
    bool chunked, close, keep, one, must_host; /* `one`: HTTP/1.1 or later */
};

/* A line without its end (CRLF, or LF: section 2.2), whatever it holds; NULL where none is whole. */
static char *take_any_line(struct strict *strict, size_t *held)
{
    const char *stop = memchr(strict->at, '\n', (size_t)(strict->end - strict->at));
    if (stop == NULL)
        return NULL;
    size_t length = (size_t)(stop - strict->at);
    if (length > 0 && strict->at[length - 1] == '\r')
        length--;
    char *line = memory_new(length + 1);
    memcpy(line, strict->at, length);
    strict->at = stop + 1;
    *held = length;
    return line;
}

/* NULL also where it holds a bare CR or a NUL. */
static char *take_line(struct strict *strict)
{
    size_t length = 0;
    char *line = take_any_line(strict, &length);
    if (line == NULL || (strlen(line) == length && strchr(line, '\r') == NULL))
        return line;
    free(line);
    return NULL;
}

static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!isalnum((uint8_t)*text) && strchr("!#$%&'*+-.^_`|~", *text) == NULL)
            return false;
    return true;
}

/* RFC 9110, 2.5: a later minor version is read as the latest that is known. */
static bool is_version(const char *text)
{
    return strncmp(text, "HTTP/1.", 7) == 0 && isdigit((uint8_t)text[7]) && text[8] == '\0';
}

/* Section 3: method SP target SP version, all there, one space each. A method that is no token is one that
 * no handler knows. */
static bool read_request_line(char *line, struct strict_request *request, struct framing *framing)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
    if (version == NULL)
        return false;
    *target++ = *version++ = '\0';
    framing->one = is_version(version) && strcmp(version, "HTTP/1.0") != 0;
    framing->must_host = strcmp(version, "HTTP/1.1") == 0;
    if (line[0] == '\0' || target[0] != '/' || !is_version(version))
        return false;
    for (const char *c = target; *c && *c != '?'; c++) /* no handler sees a query */
        if ((uint8_t)*c <= 0x20 || *c == 0x7f)
            return false;
    request->method = memory_copy(line);
    request->target = memory_copy(target);
    return true;
}

/* Whether a list of tokens, as of Connection, has this one: commas part them (RFC 9110, 5.6.1), and what
 * stands between two commas is one, or none. */
static bool lists(const char *value, const char *wanted)
{
    const size_t length = strlen(wanted);
    for (;;) {
        value += strspn(value, " \t");
        const char *behind = value;
        if (strncasecmp(value, wanted, length) == 0)
            behind += length + strspn(value + length, " \t");
        if (behind != value && (*behind == '\0' || *behind == ','))
            return true;
        value += strcspn(value, ",");
        if (*value++ == '\0')
            return false;
    }
}

static bool read_field(char *line, struct framing *framing)
{
    char *value = strchr(line, ':');
    if (value == NULL)
        return false;
    *value++ = '\0';
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]))
        value[--length] = '\0';
    if (!is_token(line)) /* no folding, no space before the colon */
        return false;
    for (const char *c = value; *c; c++)
        if (((uint8_t)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return false;
    if (strcasecmp(line, "Content-Length") == 0) {
        framing->lengths++;
        framing->length = strtol(value, NULL, 10);
        return length > 0 && length < 16 && strspn(value, "0123456789") == length;
    }
    if (strcasecmp(line, "Transfer-Encoding") == 0) {
        framing->encodings++;
        framing->chunked = strcasecmp(value, "chunked") == 0;
        return framing->chunked;
    }
    if (strcasecmp(line, "Connection") == 0) {
        framing->close = framing->close || lists(value, "close");
        framing->keep = framing->keep || lists(value, "keep-alive");
    }
    framing->hosts += strcasecmp(line, "Host") == 0;
    return true;
}

static bool read_fields(struct strict *strict, struct framing *framing)
{
    for (;;) {
        char *line = take_line(strict);
        bool last = line != NULL && line[0] == '\0';
        bool good = line != NULL && (last || read_field(line, framing));
        free(line);
        if (!good || last)
            return good;
    }
}

static bool framing_good(const struct framing *framing)
{
    return framing->lengths + framing->encodings <= 1 && framing->hosts <= 1 &&
           (framing->hosts == 1 || !framing->must_host) && (framing->one || !framing->chunked);
}

static bool take_bytes(struct strict *strict, size_t length, struct buffer *out)
{
    if ((size_t)(strict->end - strict->at) < length)
        return false;
    buffer_append(out, strict->at, length);
    strict->at += length;
    return true;
}

/* Section 7.1: a size in hexadecimal, perhaps extensions, a line's end, the data, a line's end. What an
 * extension holds, libmicrohttpd hides from its users: a request in chunks is the last on its connection. */
static bool read_chunk(struct strict *strict, struct buffer *body, bool *last)
{
    size_t length;
    char *line = take_any_line(strict, &length), *stop;
    size_t digits = line != NULL ? strspn(line, "0123456789abcdefABCDEF") : 0;
    size_t zeros = line != NULL ? strspn(line, "0") : 0; /* any number, before the others */
    bool good =
        digits > 0 && digits - zeros < 15 && (line[digits] == '\0' || strchr(" \t;", line[digits]));
    size_t size = good ? strtoul(line, &stop, 16) : 0;
    free(line);
    *last = size == 0;
    if (!good || *last)
        return good;
    if (!take_bytes(strict, size, body))
        return false;
    line = take_line(strict);
    good = line != NULL && line[0] == '\0';
    free(line);
    return good;
}

/* What stands behind the last chunk is not looked at: a trailer that libmicrohttpd shows is refused, one that
 * it hides is lost, and in any case nothing more is read from the connection. */
static bool read_chunks(struct strict *strict, struct buffer *body)
{
    bool last = false;
    while (!last)
        if (!read_chunk(strict, body, &last))
            return false;
    return true;
}

/* Section 2.2: empty lines before a request line. libmicrohttpd takes one that begins with a NUL for such a
 * one, and hides it from its users. */
static void skip_empty_lines(struct strict *strict)
{
    size_t length;
    while (strict->at < strict->end && memchr("\r\n", *strict->at, 3) != NULL) {
        if (*strict->at != '\0')
            strict->at++;
        else if (memchr(strict->at, '\n', (size_t)(strict->end - strict->at)) != NULL)
            free(take_any_line(strict, &length));
        else
            return;
    }
}

static bool read_request(struct strict *strict, struct strict_request *request)
{
    struct framing framing = {0};
    skip_empty_lines(strict);
    char *line = take_line(strict);
    bool good = line != NULL && read_request_line(line, request, &framing);
    free(line);
    if (!good || !read_fields(strict, &framing) || !framing_good(&framing))
        return false;
    strict->closed = framing.close || framing.chunked || (!framing.one && !framing.keep);
    if (framing.chunked)
        return read_chunks(strict, &request->body);
    return framing.lengths == 0 || take_bytes(strict, (size_t)framing.length, &request->body);
}

bool strict_next(struct strict *strict, struct strict_request *request)
{
    memset(request, 0, sizeof *request);
    if (!strict->closed && read_request(strict, request))
        return true;
    strict->closed = true;
    strict_free(request);
    return false;
}

void strict_free(struct strict_request *request)
{
    free(request->method);
    free(request->target);
    buffer_free(&request->body);
    memset(request, 0, sizeof *request);
}
