#include "tools/log_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/buffer.h"

enum {
    FILES_MAX = 1000,    /* more of one log are an error */
    FILE_TRIES = 20,     /* a rotation that is under way leaves a file missing for a moment */
    LOCK_TRIES = 3,      /* another reader that looks for a writer has the lock for microseconds */
    READ_SIZE = 1 << 18, /* bytes at a time */
    RETRY_NANOSECONDS = 10000000,
};

struct file {
    int fd;
    dev_t device;
    ino_t inode;
    char *path;      /* owned */
    size_t part;     /* it was the so-many-th found, from 0 */
    bool over;       /* nobody had it open to write any more, and it is read to its end once more */
    int64_t offset;  /* of the next read */
    uint64_t number; /* of the last line given */
    struct buffer buffer; /* read, in part given */
    size_t given;
    size_t rest; /* bytes of a last line without its newline */
};

struct log_reader {
    char *dir, *name; /* owned */
    struct file
        *files[FILES_MAX]; /* owned; oldest first; done with all but the last one, and those before
                                    * that are still written to */
    size_t count;
    size_t at;    /* the one being read */
    size_t found; /* files, ever */
    char trouble[LOG_READER_TROUBLE_SIZE];
};

/* The numbers of a log's files: 0 is the newest, without a number. */
struct numbers {
    int list[FILES_MAX];
    size_t count;
};

static void trouble(struct log_reader *reader, const char *what, const char *path)
{
    if (!reader->trouble[0])
        snprintf(reader->trouble, sizeof reader->trouble, "%.300s %s", path, what);
}

/* --- which files there are --------------------------------------------------------------------- */

/* The number in a file's name; -1 where it is no file of this log. */
static int number_of(const struct log_reader *reader, const char *file)
{
    size_t length = strlen(reader->name);
    if (strncmp(file, reader->name, length) != 0)
        return -1;
    if (file[length] == '\0')
        return 0;
    const char *digits = file + length + 1;
    if (file[length] != '.' || *digits < '1' || *digits > '9' || strlen(digits) > 3 ||
        strspn(digits, "0123456789") != strlen(digits))
        return -1;
    return atoi(digits);
}

static int higher_first(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

static bool scan(struct log_reader *reader, struct numbers *numbers)
{
    numbers->count = 0;
    DIR *dir = opendir(reader->dir);
    if (!dir)
        return false;
    for (struct dirent *entry; (entry = readdir(dir)) && numbers->count < FILES_MAX;) {
        int number = number_of(reader, entry->d_name);
        if (number >= 0)
            numbers->list[numbers->count++] = number;
    }
    closedir(dir);
    qsort(numbers->list, numbers->count, sizeof *numbers->list, higher_first);
    return true;
}

static bool without_holes(const struct numbers *numbers)
{
    return numbers->count == 0 || numbers->list[0] == (int)numbers->count - 1;
}

static void path_of(const struct log_reader *reader, int number, char path[PATH_MAX])
{
    if (number == 0)
        snprintf(path, PATH_MAX, "%s/%s", reader->dir, reader->name);
    else
        snprintf(path, PATH_MAX, "%s/%s.%d", reader->dir, reader->name, number);
}

static struct file *file_open(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        errno = EINVAL;
        return NULL;
    }
    struct file *file = memory_new(sizeof *file);
    *file = (struct file){
        .fd = fd, .device = status.st_dev, .inode = status.st_ino, .path = memory_copy(path)};
    return file;
}

static void file_close(struct file *file)
{
    close(file->fd);
    buffer_free(&file->buffer);
    free(file->path);
    free(file);
}

/* A writer holds a shared lock (common/log_file.h). */
static bool is_written(const struct file *file)
{
    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    flock(file->fd, LOCK_UN);
    return false;
}

static bool is_at(const struct file *file, const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_dev == file->device &&
           status.st_ino == file->inode;
}

/* Opens the files of these numbers from the `known`-th on; false where they are no longer what was
 * scanned. */
static bool open_numbers(struct log_reader *reader, const struct numbers *numbers, size_t known)
{
    char path[PATH_MAX];
    size_t first = reader->count;
    bool same = true;
    for (size_t i = known; i < numbers->count && same && reader->count < FILES_MAX; i++) {
        path_of(reader, numbers->list[i], path);
        struct file *file = file_open(path);
        if (file)
            reader->files[reader->count++] = file;
        else if (errno == ENOENT)
            same = false;
        else
            trouble(reader, strerror(errno), path);
    }
    struct numbers again;
    same = same && scan(reader, &again) && again.count == numbers->count;
    for (size_t i = first; i < reader->count && same && !reader->trouble[0]; i++) {
        path_of(reader, numbers->list[known + i - first], path);
        same = is_at(reader->files[i], path);
    }
    while (!same && reader->count > first)
        file_close(reader->files[--reader->count]);
    return same;
}

static void name_hole(struct log_reader *reader, const struct numbers *numbers)
{
    char path[PATH_MAX];
    int missing = 0;
    while (numbers->list[numbers->count - 1 - (size_t)missing] == missing)
        missing++;
    path_of(reader, missing, path);
    trouble(reader, "is missing, while older files are there", path);
}

/* How many of the files are `after` or older. */
static size_t known_of(const struct log_reader *reader, const struct numbers *numbers,
                       const struct file *after)
{
    char path[PATH_MAX];
    for (size_t i = numbers->count; after && i > 0; i--) {
        path_of(reader, numbers->list[i - 1], path);
        if (is_at(after, path))
            return i;
    }
    return 0;
}

/* False where the files are in motion; at last it takes them as they are, and says what is wrong. */
static bool try_newer(struct log_reader *reader, const struct file *after, bool at_last)
{
    struct numbers numbers;
    if (!scan(reader, &numbers))
        return true;
    bool hole = !without_holes(&numbers);
    size_t known = known_of(reader, &numbers, after);
    bool moved = after && known == 0;
    if ((hole || moved) && !at_last)
        return false;
    if (hole)
        name_hole(reader, &numbers);
    if (moved)
        trouble(reader, "was moved away while it was read", after->path);
    return open_numbers(reader, &numbers, known);
}

/* Opens what is newer than the file `after` (NULL: all), of one and the same moment. */
static void open_newer(struct log_reader *reader, const struct file *after)
{
    size_t before = reader->count;
    for (int tries = 0; !try_newer(reader, after, tries >= FILE_TRIES); tries++) {
        if (tries == 10 * FILE_TRIES) {
            trouble(reader, "is rotated faster than it can be read", reader->name);
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = RETRY_NANOSECONDS}, NULL);
    }
    for (size_t i = before; i < reader->count; i++)
        reader->files[i]->part = reader->found++;
}

/* --- reading ----------------------------------------------------------------------------------- */

struct log_reader *log_reader_open(const char *dir, const char *name)
{
    struct log_reader *reader = memory_new(sizeof *reader);
    reader->dir = memory_copy(dir);
    reader->name = memory_copy(name);
    open_newer(reader, NULL);
    return reader;
}

void log_reader_close(struct log_reader *reader)
{
    while (reader->count > 0)
        file_close(reader->files[--reader->count]);
    free(reader->dir);
    free(reader->name);
    free(reader);
}

/* Reads on in a file; false at its present end. */
static bool read_more(struct log_reader *reader, struct file *file)
{
    struct buffer *buffer = &file->buffer;
    if (file->given > 0) {
        buffer->length -= file->given;
        memmove(buffer->data, buffer->data + file->given, buffer->length);
        file->given = 0;
    }
    ssize_t got;
    do
        got = pread(file->fd, buffer_reserve(buffer, READ_SIZE), READ_SIZE, file->offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        trouble(reader, strerror(errno), file->path);
    if (got <= 0)
        return false;
    buffer->length += (size_t)got;
    file->offset += got;
    return true;
}

static void give(struct file *file, size_t length, struct log_reader_line *line)
{
    *line = (struct log_reader_line){
        .text = file->buffer.data + file->given,
        .length = length,
        .file = file->path,
        .part = file->part,
        .number = ++file->number,
    };
    file->given += length;
}

/* Gives the next line of the file, if it is there as a whole. */
static bool next_in_file(struct log_reader *reader, struct file *file, struct log_reader_line *line)
{
    size_t searched = 0;
    do {
        size_t waiting = file->buffer.length - file->given;
        const char *start = waiting > 0 ? file->buffer.data + file->given : NULL;
        const char *end =
            waiting > searched ? memchr(start + searched, '\n', waiting - searched) : NULL;
        if (end) {
            give(file, (size_t)(end - start), line);
            file->given++;
            return true;
        }
        if (waiting >= LOG_READER_LINE_MAX) {
            give(file, waiting, line);
            return true;
        }
        searched = waiting;
    } while (read_more(reader, file));
    return false;
}

/* What is left of a file that is no longer written to is a torn line. */
static bool give_torn(struct file *file, struct log_reader_line *line)
{
    size_t waiting = file->buffer.length - file->given;
    if (waiting == 0)
        return false;
    give(file, waiting, line);
    line->torn = true;
    return true;
}

/* A writer may cut the rest off again, so it is read anew next time. */
static void put_back_rest(struct file *file)
{
    file->rest = file->buffer.length - file->given;
    file->offset -= (int64_t)file->rest;
    file->given = 0;
    buffer_clear(&file->buffer);
}

/* True where the newest file has been rotated; then the newer ones are open. */
static bool find_newer(struct log_reader *reader)
{
    char path[PATH_MAX];
    struct stat status;
    struct file *newest = reader->count > 0 ? reader->files[reader->count - 1] : NULL;
    path_of(reader, 0, path);
    if (stat(path, &status) != 0 || (newest && is_at(newest, path)))
        return false;
    size_t before = reader->count;
    open_newer(reader, newest);
    return reader->count > before;
}

static void leave(struct log_reader *reader, size_t at)
{
    file_close(reader->files[at]);
    reader->count--;
    memmove(&reader->files[at], &reader->files[at + 1],
            (reader->count - at) * sizeof *reader->files);
}

/* At the end of an older file: false where its torn end is the next line. A writer may still be at it, who
 * drains while a newer one has begun a file of its own. */
static bool pass_older(struct log_reader *reader, struct file *file, struct log_reader_line *line)
{
    if (file->over && give_torn(file, line))
        return false;
    if (file->over) {
        leave(reader, reader->at);
    } else if (is_written(file)) {
        put_back_rest(file);
        reader->at++;
    } else {
        file->over = true; /* its last lines may have come just now */
    }
    return true;
}

bool log_reader_next(struct log_reader *reader, struct log_reader_line *line)
{
    while (reader->count > 0 || find_newer(reader)) {
        struct file *file = reader->files[reader->at];
        if (next_in_file(reader, file, line))
            return true;
        if (reader->at + 1 < reader->count) {
            if (!pass_older(reader, file, line))
                return true;
            continue;
        }
        put_back_rest(file);
        if (!find_newer(reader)) /* else the last lines may have come just before the rotation */
            break;
    }
    reader->at = 0;
    return false;
}

void log_reader_to_end(struct log_reader *reader)
{
    struct stat status;
    for (size_t i = reader->count; i > 0; i--) {
        struct file *file = reader->files[i - 1];
        if (i < reader->count && !is_written(file)) {
            leave(reader, i - 1);
            continue;
        }
        file->given = 0;
        buffer_clear(&file->buffer);
        file->offset = fstat(file->fd, &status) == 0 ? status.st_size : 0;
    }
    reader->at = 0;
}

size_t log_reader_files(const struct log_reader *reader)
{
    return reader->found;
}

/* --- one file ---------------------------------------------------------------------------------- */

static const struct file *find_part(const struct log_reader *reader, size_t part)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->files[i]->part == part)
            return reader->files[i];
    return NULL;
}

bool log_reader_reads(const struct log_reader *reader, size_t part)
{
    return find_part(reader, part) != NULL;
}

bool log_reader_written(const struct log_reader *reader, size_t part)
{
    const struct file *file = find_part(reader, part);
    if (file == NULL)
        return false;
    for (int tries = 0; is_written(file); tries++) {
        if (tries == LOCK_TRIES)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = RETRY_NANOSECONDS / 10}, NULL);
    }
    return false;
}

size_t log_reader_rest(const struct log_reader *reader, size_t part)
{
    const struct file *file = find_part(reader, part);
    return file != NULL ? file->rest : 0;
}

const char *log_reader_trouble(const struct log_reader *reader)
{
    return reader->trouble;
}
