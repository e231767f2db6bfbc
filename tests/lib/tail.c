#include "tests/lib/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"

enum {
    PIECE = 1 << 16,
};

void tail_open(struct tail *tail, const struct cluster *cluster)
{
    *tail = (struct tail){.fd = -1};
    files_path(tail->path, cluster->logs, "routing.log");
}

void tail_close(struct tail *tail)
{
    if (tail->fd >= 0)
        close(tail->fd);
    buffer_free(&tail->rest);
}

static void take_lines(struct tail *tail, routing_visit *visit, void *context)
{
    static struct routing_line line; /* large */
    char error[ROUTING_ERROR_SIZE];
    const char *at = tail->rest.data, *end, *stop = at + tail->rest.length;
    for (; (end = memchr(at, '\n', (size_t)(stop - at))) != NULL; at = end + 1) {
        bool read = routing_line_parse(at, (size_t)(end - at), &line, error);
        CU_ASSERT(read);
        if (read)
            visit(context, &line);
        else
            printf("  %.*s: %s\n", (int)(end - at), at, error);
    }
    size_t left = (size_t)(stop - at);
    memmove(tail->rest.data, at, left);
    tail->rest.length = left;
}

/* False at the end of the file. */
static bool read_piece(struct tail *tail, routing_visit *visit, void *context)
{
    if (tail->fd < 0)
        tail->fd = open(tail->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = tail->fd < 0 ? 0 : read(tail->fd, buffer_reserve(&tail->rest, PIECE), PIECE);
    if (got <= 0)
        return false;
    tail->rest.length += (size_t)got;
    take_lines(tail, visit, context);
    return true;
}

static bool was_rotated(const struct tail *tail)
{
    struct stat here, there;
    return tail->fd >= 0 && fstat(tail->fd, &here) == 0 && stat(tail->path, &there) == 0 &&
           here.st_ino != there.st_ino;
}

/* Whoever rotates writes nothing more into the old file: what was read of it to its end after that is all. */
void tail_read(struct tail *tail, routing_visit *visit, void *context)
{
    bool rotated = was_rotated(tail);
    while (read_piece(tail, visit, context))
        continue;
    if (!rotated)
        return;
    close(tail->fd);
    tail->fd = -1;
    while (read_piece(tail, visit, context))
        continue;
}
