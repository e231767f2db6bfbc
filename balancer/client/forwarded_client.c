#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "balancer/client/forwarded_parts.h"

enum {
    PORT_DIGITS_MAX = 5,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Nothing, or ":80". */
static bool is_port(struct slice text)
{
    if (text.length == 0)
        return true;
    if (text.text[0] != ':' || text.length == 1 || text.length > 1 + PORT_DIGITS_MAX)
        return false;
    for (size_t i = 1; i < text.length; i++)
        if (!is_digit(text.text[i]))
            return false;
    return true;
}

static bool read_address(int family, struct slice text, char out[FORWARDED_ADDRESS_SIZE])
{
    char copy[FORWARDED_ADDRESS_SIZE];
    struct in6_addr address;
    if (text.length >= sizeof copy || memchr(text.text, '\0', text.length) != NULL)
        return false;
    memcpy(copy, text.text, text.length);
    copy[text.length] = '\0';
    return inet_pton(family, copy, &address) == 1 &&
           inet_ntop(family, &address, out, FORWARDED_ADDRESS_SIZE) != NULL;
}

/* As inet_ntop writes it, and inet_pton reads no other. */
static bool is_ipv4(struct slice text)
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        unsigned number = 0;
        size_t begin = part == 0 ? 0 : at + 1;
        if (part > 0 && (at == text.length || text.text[at] != '.'))
            return false;
        for (at = begin; at < text.length && at < begin + 3 && is_digit(text.text[at]); at++)
            number = number * 10 + (unsigned)(text.text[at] - '0');
        if (at == begin || number > 255 || (at > begin + 1 && text.text[begin] == '0'))
            return false;
    }
    return at == text.length;
}

/* Splits where the first such byte is, which goes to the second part; that is empty where there is none. */
static struct slice split_off(struct slice *text, char byte)
{
    const char *at = text->length > 0 ? memchr(text->text, byte, text->length) : NULL;
    if (at == NULL)
        return (struct slice){text->text + text->length, 0};
    struct slice rest = {at, text->length - (size_t)(at - text->text)};
    text->length -= rest.length;
    return rest;
}

/* Most are IPv4 addresses and nothing else. */
bool forwarded_address(struct slice text, char out[FORWARDED_ADDRESS_SIZE])
{
    if (is_ipv4(text)) {
        memcpy(out, text.text, text.length);
        out[text.length] = '\0';
        return true;
    }
    if (text.length > 0 && text.text[0] == '[') {
        struct slice inside = {text.text + 1, text.length - 1};
        struct slice rest = split_off(&inside, ']');
        return rest.length > 0 && is_port((struct slice){rest.text + 1, rest.length - 1}) &&
               read_address(AF_INET6, inside, out);
    }
    if (read_address(AF_INET6, text, out))
        return true;
    struct slice port = split_off(&text, ':');
    return is_port(port) && read_address(AF_INET, text, out);
}

/* The address in for= of an element of Forwarded (RFC 7239, 4); none where it stands there twice. */
static bool read_for(struct slice element, char out[FORWARDED_ADDRESS_SIZE])
{
    struct slice pair, found = {0};
    while (slice_next(&element, ';', QUOTED, &pair)) {
        struct slice value = split_off(&pair, '=');
        if (value.length == 0 || !slice_is(pair, "for"))
            continue;
        if (found.length > 0)
            return false;
        found = (struct slice){value.text + 1, value.length - 1};
    }
    if (found.length >= 2 && found.text[0] == '"' && found.text[found.length - 1] == '"')
        found = (struct slice){found.text + 1, found.length - 2};
    return found.length > 0 && forwarded_address(found, out);
}

/* From left to right, with what the walk from the right would find if the list ended here. */
static void walk(struct slice list, enum quoting quoting, forwarded_trusts *trusts,
                 const void *context, char client[FORWARDED_ADDRESS_SIZE])
{
    struct slice element;
    char address[FORWARDED_ADDRESS_SIZE], found[FORWARDED_ADDRESS_SIZE] = "";
    while (slice_next(&list, ',', quoting, &element)) {
        if (element.length == 0)
            continue;
        bool good =
            quoting == QUOTED ? read_for(element, address) : forwarded_address(element, address);
        if (!good)
            found[0] = '\0';
        else if (found[0] == '\0' || !trusts(context, address))
            memcpy(found, address, sizeof found);
    }
    if (found[0] != '\0')
        memcpy(client, found, sizeof found);
}

const char *forwarded_client(const struct forwarded *fields, const char *peer,
                             forwarded_trusts *trusts, const void *context,
                             char out[FORWARDED_ADDRESS_SIZE])
{
    static const char by_address[] = "X-Forwarded-For";
    struct slice value;
    snprintf(out, FORWARDED_ADDRESS_SIZE, "%s", peer);
    if (!trusts(context, peer))
        return out;
    enum quoting quoting = forwarded_find(fields, by_address, &value) ? PLAIN : QUOTED;
    struct buffer list = {0};
    forwarded_gather(fields, quoting == PLAIN ? by_address : "Forwarded", quoting, &list);
    if (list.length > 0)
        walk((struct slice){list.data, list.length}, quoting, trusts, context, out);
    buffer_free(&list);
    return out;
}
