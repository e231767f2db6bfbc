#include "tools/boxctl/gate_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/log.h"

enum {
    NAME_TEXT_SIZE = 2 * NAME_SIZE + 32,
    LINE_SIZE = NAME_TEXT_SIZE + CLOCK_TEXT_SIZE,
};

static const char header[] = "event,tier,number,let_in_at\n";

struct gate_seen {
    const char *path; /* NULL: none; not owned */
    FILE *file;
    void *tree; /* of entries, by their names (tsearch) */
    size_t count;
};

struct let_in {
    char name[NAME_TEXT_SIZE]; /* "event,tier,number" */
    int64_t time;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct let_in *)a)->name, ((const struct let_in *)b)->name);
}

/* The one that was there before; NULL: this is the first, and owned from now on. */
static const struct let_in *insert(struct gate_seen *seen, struct let_in *entry)
{
    struct let_in *const *found = tsearch(entry, &seen->tree, compare);
    if (found == NULL)
        die(EXIT_TROUBLE, "out of memory");
    /* cppcheck-suppress nullPointerRedundantCheck ; die does not return */
    if (*found != entry)
        return *found;
    if (++seen->count > GATE_SEEN_MAX)
        die(EXIT_TROUBLE, "more than %d tickets were let in here: begin another file",
            GATE_SEEN_MAX);
    return NULL;
}

/* --- the file ---------------------------------------------------------------------------------- */

static void take_line(struct gate_seen *seen, char *line)
{
    struct let_in *entry = memory_new(sizeof *entry);
    char *time = strrchr(line, ',');
    line[strcspn(line, "\n")] = '\0';
    if (time == NULL || (size_t)(time - line) >= sizeof entry->name ||
        !clock_parse(time + 1, &entry->time))
        die(EXIT_TROUBLE, "%s holds what is no line of a gate's: \"%.40s\"", seen->path, line);
    /* cppcheck-suppress nullPointerArithmeticRedundantCheck ; die does not return */
    memcpy(entry->name, line, (size_t)(time - line));
    if (insert(seen, entry) != NULL)
        free(entry);
}

/* A new file is begun; what does not begin as ours do is left alone. */
static void take_header(struct gate_seen *seen)
{
    static const ssize_t length = sizeof header - 1;
    char line[LINE_SIZE];
    bool fine;
    if (fgets(line, sizeof line, seen->file) != NULL)
        fine = strcmp(line, header) == 0;
    else
        fine =
            ferror(seen->file) == 0 && write(fileno(seen->file), header, (size_t)length) == length;
    if (!fine)
        die(EXIT_TROUBLE, "%s cannot be written, or is no file of a gate's", seen->path);
}

/* Where the whole lines end. */
static off_t take_lines(struct gate_seen *seen)
{
    char line[LINE_SIZE];
    off_t end = sizeof header - 1;
    while (fgets(line, sizeof line, seen->file) != NULL) {
        bool whole = strchr(line, '\n') != NULL;
        if (!whole && feof(seen->file) != 0)
            return end;
        take_line(seen, line);
        end += (off_t)strlen(line) + 1;
    }
    return end;
}

static void open_file(struct gate_seen *seen)
{
    int fd = open(seen->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        die(EXIT_TROUBLE, "%s cannot be opened: %s", seen->path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        die(EXIT_TROUBLE, "%s is another gate's just now", seen->path);
    seen->file = fdopen(fd, "r+e");
    if (seen->file == NULL)
        die(EXIT_TROUBLE, "%s cannot be read: %s", seen->path, strerror(errno));
    take_header(seen);
    off_t end = take_lines(seen);
    if (ferror(seen->file) != 0 || ftruncate(fd, end) != 0)
        die(EXIT_TROUBLE, "%s cannot be read: %s", seen->path, strerror(errno));
}

static void keep(struct gate_seen *seen, const struct let_in *entry)
{
    char line[LINE_SIZE], time[CLOCK_TEXT_SIZE];
    clock_format(entry->time, time);
    int length = snprintf(line, sizeof line, "%s,%s\n", entry->name, time);
    if (write(fileno(seen->file), line, (size_t)length) != length ||
        fdatasync(fileno(seen->file)) != 0)
        die(EXIT_TROUBLE, "%s cannot be written, and nobody let in: %s", seen->path,
            strerror(errno));
}

/* --- for all ----------------------------------------------------------------------------------- */

struct gate_seen *gate_seen_open(const char *path)
{
    struct gate_seen *seen = memory_new(sizeof *seen);
    seen->path = path;
    if (path != NULL)
        open_file(seen);
    return seen;
}

void gate_seen_close(struct gate_seen *seen)
{
    while (seen->tree != NULL) {
        struct let_in *entry = *(struct let_in **)seen->tree;
        tdelete(entry, &seen->tree, compare);
        free(entry);
    }
    if (seen->file != NULL)
        fclose(seen->file);
    free(seen);
}

bool gate_seen_first(struct gate_seen *seen, const struct ticket_name *ticket, int64_t *before)
{
    struct let_in *entry = memory_new(sizeof *entry);
    snprintf(entry->name, sizeof entry->name, "%s,%s,%lld", ticket->event, ticket->tier,
             (long long)ticket->number);
    entry->time = clock_now();
    const struct let_in *known = insert(seen, entry);
    if (known != NULL) {
        *before = known->time;
        free(entry);
        return false;
    }
    if (seen->file != NULL)
        keep(seen, entry);
    return true;
}
