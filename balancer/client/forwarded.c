#include "balancer/client/forwarded.h"

#include <string.h>
#include <strings.h>

#include "balancer/client/forwarded_parts.h"
#include "balancer/routing/session.h"
#include "common/http_text.h"

enum {
    HOST_MAX = 261, /* a name of 255 bytes, ':' and a port; a longer one is not told */
    PROTO_MAX = 16,
    ELEMENT_SIZE = HOST_MAX + PROTO_MAX + FORWARDED_ADDRESS_SIZE + 40,
};

/* A slice of a literal. */
#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct slice removed[] = {
    NAME("Connection"),
    NAME("Keep-Alive"),
    NAME("Proxy-Connection"),
    NAME("Proxy-Authorization"),
    NAME("TE"),
    NAME("Proxy-Authenticate"),
    NAME("Trailer"),
    NAME("Upgrade"),
    NAME("Transfer-Encoding"),
    NAME("Content-Length"),
    NAME("HTTP2-Settings"),
    NAME("Expect"),
    NAME("Proxy"),
};

/* Set anew here, from what came or without it. */
static const struct slice ours[] = {
    NAME("Via"),
    NAME("Forwarded"),
    NAME("X-Forwarded-For"),
    NAME("X-Forwarded-Proto"),
    NAME("X-Forwarded-Host"),
    NAME("Request-Id"),
};

/* Other names for the client's address, which many servers believe. */
static const struct slice telling[] = {
    NAME("X-Real-IP"),        NAME("True-Client-IP"),      NAME("X-Client-IP"),
    NAME("CF-Connecting-IP"), NAME("X-Cluster-Client-IP"),
};

/* For all recipients: no Connection takes them out. */
static const struct slice for_all[] = {
    NAME("Host"),          NAME("Authorization"), NAME("Cookie"),
    NAME("Cache-Control"), NAME("Range"),         NAME("Idempotency-Key"),
};

static struct slice name_of(const struct forwarded_field *field)
{
    return (struct slice){field->name, field->name_length};
}

static bool is_one_of(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_same(name, names[i]))
            return true;
    return false;
}

static bool begins(struct slice name, struct slice with)
{
    return name.length >= with.length && strncasecmp(name.text, with.text, with.length) == 0;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits, and these. */
static bool holds_only(struct slice text, const char *others)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_alphanumeric(text.text[i]) &&
            (text.text[i] == '\0' || strchr(others, text.text[i]) == NULL))
            return false;
    return text.length > 0;
}

/* Without the characters that could end a quoted string. */
static bool is_host(struct slice text)
{
    return text.length <= HOST_MAX && holds_only(text, "-._~%!$&'()*+;=:[]");
}

static bool is_proto(struct slice text)
{
    return text.length <= PROTO_MAX && holds_only(text, "+-.");
}

void forwarded_begin(struct forwarded *fields)
{
    fields->fields = fields->bytes = fields->options = 0;
    fields->refused = false;
}

static size_t count_options(const struct forwarded_field *field)
{
    size_t options = 1;
    if (!slice_is(name_of(field), "Connection"))
        return 0;
    for (size_t i = 0; i < field->value_length; i++)
        options += field->value[i] == ',';
    return options;
}

static bool takes(const struct forwarded *fields, const struct forwarded_field *field)
{
    struct slice host;
    bool second_host = slice_is(name_of(field), "Host") && forwarded_find(fields, "Host", &host);
    return fields->fields < FORWARDED_FIELDS_MAX &&
           field->name_length <= FORWARDED_BYTES_MAX - fields->bytes &&
           field->value_length <= FORWARDED_BYTES_MAX - fields->bytes - field->name_length &&
           http_token(field->name, field->name_length) &&
           http_printable(field->value, field->value_length) && !second_host &&
           fields->options + count_options(field) <= FORWARDED_OPTIONS_MAX;
}

bool forwarded_field(struct forwarded *fields, const char *name, size_t name_length,
                     const char *value, size_t value_length)
{
    const struct forwarded_field field = {name, value, name_length, value_length};
    fields->refused = fields->refused || !takes(fields, &field);
    if (fields->refused)
        return false;
    fields->field[fields->fields++] = field;
    fields->bytes += name_length + value_length;
    fields->options += count_options(&field);
    return true;
}

static bool is_by(struct slice element, const char *via)
{
    struct slice word, by = {0};
    while (slice_next(&element, ' ', PLAIN, &word))
        if (word.length > 0 && by.text == NULL)
            by = (struct slice){"", 0}; /* the protocol */
        else if (word.length > 0)
            return slice_is(word, via);
    return false;
}

bool forwarded_loops(const struct forwarded *fields, const char *via)
{
    unsigned count = 0;
    for (size_t i = 0; i < fields->fields; i++) {
        const struct forwarded_field *field = &fields->field[i];
        struct slice element, rest = {field->value, field->value_length};
        while (slice_is(name_of(field), "Via") && slice_next(&rest, ',', PLAIN, &element))
            count += is_by(element, via);
    }
    return count > FORWARDED_LOOPS_MAX;
}

static bool is_nominated(const struct forwarded *fields, struct slice name)
{
    for (size_t i = 0; i < fields->fields; i++) {
        const struct forwarded_field *field = &fields->field[i];
        struct slice option, rest = {field->value, field->value_length};
        while (slice_is(name_of(field), "Connection") && slice_next(&rest, ',', PLAIN, &option))
            if (option.length == name.length &&
                strncasecmp(option.text, name.text, name.length) == 0)
                return true;
    }
    return false;
}

static bool passes(const struct forwarded *fields, const struct forwarding *hop, struct slice name)
{
    if (memchr(name.text, '_', name.length) != NULL || is_one_of(name, removed, COUNT(removed)) ||
        is_one_of(name, ours, COUNT(ours)))
        return false;
    if (begins(name, (struct slice)NAME("X-Forwarded-")) ||
        is_one_of(name, telling, COUNT(telling)))
        return hop->peer_trusted;
    return is_one_of(name, for_all, COUNT(for_all)) ||
           begins(name, (struct slice)NAME("Content-")) || !is_nominated(fields, name);
}

static void begin_field(struct buffer *out, struct slice name)
{
    buffer_append(out, name.text, name.length);
    buffer_add(out, ": ");
}

static void add_field(struct buffer *out, struct slice name, const char *value, size_t length)
{
    begin_field(out, name);
    buffer_append(out, value, length);
    buffer_add(out, "\r\n");
}

static bool is_blank(const struct session_pair *pair)
{
    size_t spaces = 0, length = (size_t)(pair->end - pair->begin);
    while (spaces < length && (pair->begin[spaces] == ' ' || pair->begin[spaces] == '\t'))
        spaces++;
    return spaces == length;
}

/* The pairs that are not ours, each as it came; false where none is left. */
static bool add_other_pairs(struct buffer *out, const char *at, const char *end)
{
    struct session_pair pair;
    size_t begin = out->length;
    while (session_pair_next(&at, end, &pair)) {
        if (pair.ours || is_blank(&pair))
            continue;
        bool first = out->length == begin;
        while (first && (*pair.begin == ' ' || *pair.begin == '\t'))
            pair.begin++;
        buffer_add(out, first ? "" : ";");
        buffer_append(out, pair.begin, (size_t)(pair.end - pair.begin));
    }
    return out->length > begin;
}

static bool holds_ours(const char *at, const char *end)
{
    struct session_pair pair;
    while (session_pair_next(&at, end, &pair))
        if (pair.ours)
            return true;
    return false;
}

static void add_cookies(struct buffer *out, const struct forwarded_field *field)
{
    const char *end = field->value + field->value_length;
    size_t begin = out->length;
    if (!holds_ours(field->value, end)) {
        add_field(out, name_of(field), field->value, field->value_length);
        return;
    }
    begin_field(out, name_of(field));
    if (add_other_pairs(out, field->value, end))
        buffer_add(out, "\r\n");
    else
        out->length = begin;
}

/* Takes the oldest elements out of the list, which begins there, until it is no longer than `most`. */
static void cut_list(struct buffer *out, size_t begin, size_t most, enum quoting quoting)
{
    struct slice element, rest = {out->data + begin, out->length - begin};
    while (rest.text != NULL && rest.length > most)
        slice_next(&rest, ',', quoting, &element);
    if (rest.text != NULL)
        memmove(out->data + begin, rest.text, rest.length);
    out->length = begin + rest.length;
}

/* What came, where that counts, and one more. */
static void add_list(struct buffer *out, const struct forwarded *fields, const char *name,
                     enum quoting quoting, bool trusted, struct slice element)
{
    begin_field(out, (struct slice){name, strlen(name)});
    size_t begin = out->length;
    if (trusted)
        forwarded_gather(fields, name, quoting, out);
    cut_list(out, begin, FORWARDED_LIST_MAX - element.length - 2, quoting);
    buffer_add(out, out->length > begin ? ", " : "");
    buffer_append(out, element.text, element.length);
    buffer_add(out, "\r\n");
}

/* The first of what a trusted proxy said, where it is well spelled; else what we see; or nothing. */
static void add_told(struct buffer *out, const struct forwarded *fields, const char *name,
                     bool trusted, bool (*well_spelled)(struct slice), struct slice seen)
{
    struct slice list, told;
    if (trusted && forwarded_find(fields, name, &list) && slice_next(&list, ',', PLAIN, &told) &&
        well_spelled(told))
        seen = told;
    if (well_spelled(seen))
        add_field(out, (struct slice){name, strlen(name)}, seen.text, seen.length);
}

static char *put(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

static char *put_text(char *to, const char *text)
{
    return put(to, text, strlen(text));
}

/* RFC 7239, 4 and 6. */
static struct slice describe(const char *address, const struct forwarding *hop, struct slice host,
                             char element[ELEMENT_SIZE])
{
    bool ipv6 = strchr(address, ':') != NULL;
    char *to = put_text(element, ipv6 ? "for=\"[" : "for=");
    to = put_text(put_text(to, address), ipv6 ? "]\"" : "");
    if (is_host(host))
        to = put_text(put(put_text(to, ";host=\""), host.text, host.length), "\"");
    to = put(put_text(to, ";proto="), hop->proto, strnlen(hop->proto, PROTO_MAX));
    return (struct slice){element, (size_t)(to - element)};
}

static struct slice describe_us(const struct forwarding *hop, char element[ELEMENT_SIZE])
{
    char *to = put_text(element, hop->http10 ? "1.0 " : "1.1 ");
    to = put(to, hop->via, strnlen(hop->via, HOST_MAX));
    return (struct slice){element, (size_t)(to - element)};
}

static void add_hop(struct buffer *out, const struct forwarded *fields,
                    const struct forwarding *hop)
{
    char address[FORWARDED_ADDRESS_SIZE], element[ELEMENT_SIZE];
    struct slice host = {0}, peer = {hop->peer, strlen(hop->peer)};
    forwarded_find(fields, "Host", &host);
    if (!forwarded_address(peer, address))
        strcpy(address, "unknown");
    add_list(out, fields, "Forwarded", QUOTED, hop->peer_trusted,
             describe(address, hop, host, element));
    add_list(out, fields, "X-Forwarded-For", PLAIN, hop->peer_trusted,
             (struct slice){address, strlen(address)});
    add_told(out, fields, "X-Forwarded-Proto", hop->peer_trusted, is_proto,
             (struct slice){hop->proto, strlen(hop->proto)});
    add_told(out, fields, "X-Forwarded-Host", hop->peer_trusted, is_host, host);
    add_list(out, fields, "Via", PLAIN, true, describe_us(hop, element));
}

bool forwarded_end(const struct forwarded *fields, const struct forwarding *hop, struct buffer *out)
{
    static const char request_id[] = "Request-Id";
    if (fields->refused)
        return false;
    for (size_t i = 0; i < fields->fields; i++) {
        const struct forwarded_field *field = &fields->field[i];
        if (slice_is(name_of(field), "Cookie"))
            add_cookies(out, field);
        else if (passes(fields, hop, name_of(field)))
            add_field(out, name_of(field), field->value, field->value_length);
    }
    add_hop(out, fields, hop);
    add_field(out, (struct slice){request_id, sizeof request_id - 1}, hop->request_id,
              strlen(hop->request_id));
    return true;
}

bool request_id_valid(const char *text)
{
    if (text == NULL)
        return false;
    struct slice id = {text, strnlen(text, FORWARDED_ID_MAX + 1)};
    return id.length <= FORWARDED_ID_MAX && holds_only(id, "-._~:/+@");
}
