#include "ticket_server/zone_name.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/store.h"

enum {
    PATH_SIZE = 512,
};

static const char magic[4] = "TZif"; /* RFC 8536, section 3.1 */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Parts with '/' between, each begun by a letter: so none is "." or "..", nor empty, and the whole is relative. */
static bool is_shaped(const char *name)
{
    static const char rest[] = "0123456789._+-";
    bool begins = true;
    size_t length = 0;
    for (; name[length] != '\0'; length++) {
        char c = name[length];
        if (begins ? !is_letter(c) : !is_letter(c) && c != '/' && strchr(rest, c) == NULL)
            return false;
        begins = c == '/';
    }
    return length > 0 && length < ZONE_SIZE && !begins;
}

static bool is_copy(const char *name)
{
    static const char *const copies[] = {"posix/", "right/", "localtime", "posixrules"};
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        if (strncmp(name, copies[i], strlen(copies[i])) == 0)
            return true;
    return false;
}

static bool holds_zone(const char *path)
{
    char begin[sizeof magic];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool zone = read(fd, begin, sizeof begin) == (ssize_t)sizeof begin &&
                memcmp(begin, magic, sizeof magic) == 0;
    close(fd);
    return zone;
}

bool zone_name_known_below(const char *directory, const char *name)
{
    char path[PATH_SIZE];
    struct stat about;
    if (!is_shaped(name) || is_copy(name))
        return false;
    if (stat(directory, &about) != 0)
        return true;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return holds_zone(path);
}

bool zone_name_known(const char *name)
{
    return zone_name_known_below("/usr/share/zoneinfo", name);
}
