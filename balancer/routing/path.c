#include "balancer/routing/path.h"

#include <stdint.h>
#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character that stands at *at, which moves behind it; below 0: it is wrongly encoded. */
static int take(const char **at)
{
    const char *text = *at;
    *at = text + 1;
    if (text[0] != '%')
        return (unsigned char)text[0];
    int high = digit(text[1]), low = high >= 0 ? digit(text[2]) : -1;
    if (low < 0)
        return -1;
    *at = text + 3;
    return high << 4 | low;
}

static bool parts_segments(int c)
{
    return c == '/' || c == '\\';
}

bool path_climbs(const char *path)
{
    int dots = 0; /* of the segment */
    bool only_dots = true, parameters = false;
    while (*path != '\0') {
        int c = take(&path);
        if (parts_segments(c)) {
            if (only_dots && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            only_dots = true;
            parameters = false;
        } else if (c == ';') {
            parameters = true;
        } else if (!parameters) {
            dots += c == '.';
            only_dots = only_dots && c == '.';
        }
    }
    return only_dots && (dots == 1 || dots == 2);
}

bool path_is_plain(const char *path)
{
    return strchr(path, '%') == NULL && strstr(path, "//") == NULL;
}

bool path_decode(const char *path, char *out)
{
    char *to = out;
    while (*path != '\0') {
        int c = take(&path);
        if (c <= 0)
            return false;
        if (c != '/' || to == out || to[-1] != '/')
            *to++ = (char)c;
    }
    *to = '\0';
    return true;
}
