#include "common/store_option.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECRET_SIZE = 1024,
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes %XX. False where that is none, or does not fit. */
static bool decode(const char *from, const char *end, char secret[SECRET_SIZE])
{
    size_t length = 0;
    while (from < end) {
        char c = *from++;
        if (c == '%') {
            int high = end - from >= 2 ? hex(from[0]) : -1;
            int low = high >= 0 ? hex(from[1]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            from += 2;
        }
        if (length + 1 == SECRET_SIZE || c == '\0')
            return false;
        secret[length++] = c;
    }
    secret[length] = '\0';
    return length > 0;
}

/* Takes from..end for what the environment calls `name`, and cut..rest out of the URL. What is left behind its new end
 * is emptied: it would still be seen. */
static bool take(const char *name, const char *from, const char *end, char *cut, char *rest)
{
    char secret[SECRET_SIZE];
    bool taken = decode(from, end, secret) && setenv(name, secret, 1) == 0;
    if (taken) {
        size_t length = strlen(rest);
        memmove(cut, rest, length);
        memset(cut + length, 0, (size_t)(rest - cut));
    }
    explicit_bzero(secret, sizeof secret);
    return taken;
}

/* Of USER:PASSWORD@, as libpq finds them: both may hold a '?'. */
static bool hide_in_authority(char *begin)
{
    char *end = begin + strcspn(begin, "@/");
    char *colon = begin + strcspn(begin, ":@/");
    return *end == '@' && *colon == ':' && take("PGPASSWORD", colon + 1, end, colon, end);
}

/* Whether the parameter is called so, in whatever spelling: libpq undoes %XX in names, too. */
static bool is_called(const char *parameter, const char *end, const char *name)
{
    char spelt[SECRET_SIZE];
    return decode(parameter, end, spelt) && strcmp(spelt, name) == 0;
}

/* Of the parameter `name` as often as it is there, with one of the signs around it: as with libpq, the last one
 * counts. */
static bool hide_in_parameters(char *begin, const char *name, const char *variable)
{
    bool hidden = false;
    char *user = begin + strcspn(begin, "@/");
    char *at = strchr(*user == '@' ? user : begin, '?');
    while (at != NULL && *at != '\0') {
        char *sign = at + 1 + strcspn(at + 1, "=&");
        char *end = sign + strcspn(sign, "&");
        char *rest = *at == '?' && *end == '&' ? end + 1 : end;
        if (*sign == '=' && is_called(at + 1, sign, name) &&
            take(variable, sign + 1, end, rest == end ? at : at + 1, rest))
            hidden = true; /* and the next one stands at the same place now */
        else
            at = end;
    }
    return hidden;
}

/* Where the user, and the password, are over: as libpq finds it. */
static char *find_hosts(char *begin)
{
    char *end = begin + strcspn(begin, "@/");
    return *end == '@' ? end + 1 : begin;
}

static bool port_valid(const char *port, size_t length)
{
    long number = length <= 5 ? strtol(port, NULL, 10) : 0;
    return length == 0 || (strspn(port, "0123456789") >= length && number >= 1 && number <= 65535);
}

/* Of HOST:PORT,HOST:PORT: what stands where a port would, and is none, may be a password's beginning. */
static bool ports_valid(const char *host)
{
    bool valid = true;
    while (valid) {
        host += *host == '[' ? strcspn(host, "]") : 0;
        host += strcspn(host, ":,/?");
        size_t length = *host == ':' ? strcspn(host + 1, ",/?") : 0;
        valid = *host != ':' || port_valid(host + 1, length);
        host += *host == ':' ? length + 1 : 0;
        if (*host != ',')
            break;
        host++;
    }
    return valid;
}

/* Behind the scheme; NULL: another one. */
static char *find_begin(char *url)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return url + strlen(schemes[i]);
    return NULL;
}

const char *store_option_refuse(char *url)
{
    char *begin = find_begin(url);
    if (begin == NULL)
        return NULL;
    char *hosts = find_hosts(begin);
    const char *why = NULL;
    if (hosts[strcspn(hosts, "@?")] == '@')
        why = "the store's URL has an @ behind the one of USER@HOST, or behind a /: write / in a "
              "password as %2F, and @ as %40";
    else if (!ports_valid(hosts))
        why = "the store's URL has a port that is no number: write / in a password as %2F, and "
              "other special characters as %XX";
    if (why != NULL) {
        char *secret = begin + strcspn(begin, ":?");
        explicit_bzero(secret, strlen(secret));
    }
    return why;
}

bool store_option_hide(char *url)
{
    char *begin = find_begin(url);
    if (begin == NULL)
        return false;
    bool first = hide_in_authority(begin);
    bool second = hide_in_parameters(begin, "password", "PGPASSWORD");
    return hide_in_parameters(begin, "sslpassword", STORE_OPTION_KEY_PASSWORD) || second || first;
}
