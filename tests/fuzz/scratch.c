#include "tests/fuzz/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

static char directory[128];

/* One level of files is all that targets make. */
static void discard(void)
{
    DIR *dir = opendir(directory);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(directory);
}

const char *scratch(void)
{
    if (directory[0])
        return directory;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%.100s/box-office-XXXXXX", base != NULL ? base : "/tmp");
    must(mkdtemp(directory) != NULL, "a directory can be made");
    atexit(discard);
    return directory;
}

void scratch_path(char path[SCRATCH_PATH_SIZE], const char *name)
{
    snprintf(path, SCRATCH_PATH_SIZE, "%s/%.100s", scratch(), name);
}

void scratch_write(const char *name, const void *bytes, size_t length)
{
    char path[SCRATCH_PATH_SIZE];
    scratch_path(path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && (length == 0 || write(fd, bytes, length) == (ssize_t)length),
         "a file can be written");
    close(fd);
}
