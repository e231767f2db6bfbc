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

/* Takes from..end for the password, and cut..rest out of the URL. What is left behind its new end is emptied: it would
 * still be seen. */
static bool take(const char *from, const char *end, char *cut, char *rest)
{
    char secret[SECRET_SIZE];
    bool taken = decode(from, end, secret) && setenv("PGPASSWORD", secret, 1) == 0;
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
    return *end == '@' && *colon == ':' && take(colon + 1, end, colon, end);
}

/* Of ?password=… or &password=…, with one of the signs around it. */
static bool hide_in_parameters(char *begin)
{
    static const char name[] = "password=";
    char *user = begin + strcspn(begin, "@/");
    char *at = strchr(*user == '@' ? user : begin, '?');
    while (at != NULL) {
        char *end = at + 1 + strcspn(at + 1, "&");
        if (strncmp(at + 1, name, sizeof name - 1) == 0)
            return *at == '?' && *end == '&' ? take(at + sizeof name, end, at + 1, end + 1)
                                             : take(at + sizeof name, end, at, end);
        at = *end == '&' ? end : NULL;
    }
    return false;
}

bool store_option_hide(char *url)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        char *begin = url + strlen(schemes[i]);
        if (strncmp(url, schemes[i], strlen(schemes[i])) != 0)
            continue;
        bool first = hide_in_authority(begin);
        return hide_in_parameters(begin) || first;
    }
    return false;
}
