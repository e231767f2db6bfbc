#include "db/sqlite/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(char error[STORE_ERROR_SIZE], const char *what, const char *path)
{
    const char *hint = "";
    if (errno == ENOENT || errno == ENOTDIR)
        hint = "; make that directory first";
    else if (errno == EACCES || errno == EROFS || errno == EPERM)
        hint = "; choose a place that this user may write to";
    snprintf(error, STORE_ERROR_SIZE, "cannot %s %.200s: %s%s", what, path, strerror(errno), hint);
    return false;
}

bool place_save_directory(const char *path, char error[STORE_ERROR_SIZE])
{
    char copy[STORE_PLACE_SIZE];
    snprintf(copy, sizeof copy, "%s", path);
    const char *directory = dirname(copy);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, "open the directory", directory);
    bool saved = fsync(fd) == 0;
    close(fd);
    return saved || fail(error, "save the directory", directory);
}

/* Makes an empty file, and its name durable. mknod, because it opens nothing. For its owner alone: it will hold buyers,
 * and keys that sign tickets. */
static bool make_file(const char *path, char error[STORE_ERROR_SIZE])
{
    if (mknod(path, S_IFREG | 0600, 0) != 0)
        return errno == EEXIST || fail(error, "make the database", path);
    return place_save_directory(path, error);
}

/* The lock file's name, which needs a little more room than the database's. */
static bool name_lock(struct place *place, char error[STORE_ERROR_SIZE])
{
    int room = (int)sizeof place->lock;
    int length = snprintf(place->lock, sizeof place->lock, "%.*s-lock", room - 6, place->database);
    if (length == (int)strlen(place->database) + 5)
        return true;
    errno = ENAMETOOLONG;
    return fail(error, "use", place->database);
}

static bool resolve(struct place *place, const char *path, char error[STORE_ERROR_SIZE])
{
    char found[PATH_MAX];
    struct stat file;
    if (realpath(path, found) == NULL || stat(found, &file) != 0)
        return fail(error, "find the database", path);
    if (!S_ISREG(file.st_mode)) {
        snprintf(error, STORE_ERROR_SIZE, "%.200s is not a file, so it cannot be a database", path);
        return false;
    }
    snprintf(place->database, sizeof place->database, "%s", found);
    place->device = file.st_dev;
    place->inode = file.st_ino;
    return name_lock(place, error);
}

/* Tells of a link whose target is not there. */
static bool leads_nowhere(const char *path, char error[STORE_ERROR_SIZE])
{
    char target[STORE_PLACE_SIZE] = "";
    if (readlink(path, target, sizeof target - 1) < 0)
        return false;
    snprintf(error, STORE_ERROR_SIZE,
             "%.200s is a link to nothing (%.150s): bring that back, or remove the link", path,
             target);
    return true;
}

bool place_find(struct place *place, const char *path, bool make, bool *absent,
                char error[STORE_ERROR_SIZE])
{
    struct stat file;
    *absent = false;
    if (strlen(path) >= sizeof place->database) {
        errno = ENAMETOOLONG;
        return fail(error, "use", path);
    }
    if (stat(path, &file) == 0)
        return resolve(place, path, error);
    if (errno != ENOENT)
        return fail(error, "reach the database", path);
    if (leads_nowhere(path, error))
        return false;
    *place = (struct place){.device = 0};
    snprintf(place->database, sizeof place->database, "%s", path);
    if (!name_lock(place, error))
        return false;
    *absent = true;
    if (make)
        return make_file(path, error) && resolve(place, path, error);
    snprintf(error, STORE_ERROR_SIZE,
             "there is no store at %.200s; make one with ticket_server --init", path);
    return false;
}

bool place_exists(const char *path)
{
    struct place place;
    bool absent;
    char error[STORE_ERROR_SIZE];
    return place_find(&place, path, false, &absent, error) || !absent;
}

bool place_unchanged(const struct place *place)
{
    struct stat file;
    return stat(place->database, &file) == 0 && file.st_dev == place->device &&
           file.st_ino == place->inode;
}
