/* A log in several files, read with and without following it: the lines are those of the files, oldest
 * first, once each. The input: files, oldest first, with NULs between; what the last one holds is split
 * by a further NUL into what is there at once and what comes while the log is read. */
#include "tools/log_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

enum {
    OLDER_MAX = 3,
};

static const char newest[] = "routing.log";

static void older_name(char name[32], int number)
{
    snprintf(name, 32, "%s.%d", newest, number);
}

/* Demands the next line of the text at *at, if a whole one is there or, in an older file, a torn one. */
static bool next_due(struct log_reader *reader, const char **at, const char *end, bool older,
                     uint64_t number)
{
    struct log_reader_line line;
    size_t left = (size_t)(end - *at);
    const char *stop = left > 0 ? memchr(*at, '\n', left) : NULL;
    if (stop == NULL && (!older || left == 0))
        return false;
    size_t length = stop != NULL ? (size_t)(stop - *at) : left;
    must(log_reader_next(reader, &line), "a line that is there is given");
    must(line.length == length && memcmp(line.text, *at, length) == 0, "as it is there");
    must(line.number == number, "with its number in the file");
    must(line.torn == (stop == NULL), "torn, if it has no newline and its file is done with");
    *at += length + (stop != NULL);
    return true;
}

static void check_file(struct log_reader *reader, const char *text, size_t length, bool older)
{
    const char *at = text;
    for (uint64_t number = 1; next_due(reader, &at, text + length, older, number);)
        number++;
}

static void append(const char *text, size_t length)
{
    char path[SCRATCH_PATH_SIZE];
    scratch_path(path, newest);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    must(fd >= 0 && write(fd, text, length) == (ssize_t)length, "the log can be written to");
    close(fd);
}

/* The newest file, before and after something is written to it. */
static void check_newest(struct log_reader *reader, int older, struct buffer *text,
                         const char *more, size_t more_length)
{
    struct log_reader_line line;
    const char *at = text->data, *end = text->data + text->length;
    uint64_t number = 1;
    while (next_due(reader, &at, end, false, number))
        number++;
    must(!log_reader_next(reader, &line), "no line is given that is not there");
    must(log_reader_rest(reader, (size_t)older) == (size_t)(end - at),
         "the rest is what has no newline yet");
    append(more, more_length);
    size_t read = (size_t)(at - text->data);
    buffer_append(text, more, more_length);
    at = text->data + read;
    end = text->data + text->length;
    while (next_due(reader, &at, end, false, number))
        number++;
    must(!log_reader_next(reader, &line), "no line is given twice");
    must(log_reader_trouble(reader)[0] == '\0', "nothing was wrong with the files");
}

static void discard(int older)
{
    char name[32], path[SCRATCH_PATH_SIZE];
    for (int i = 1; i <= older; i++) {
        older_name(name, i);
        scratch_path(path, name);
        unlink(path);
    }
}

void fuzz_log_reader(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *texts[OLDER_MAX + 1];
    size_t lengths[OLDER_MAX + 1], more_length;
    char name[32];
    int older = input_byte(&input) % (OLDER_MAX + 1);
    for (int i = 0; i <= older; i++) {
        texts[i] = input_until(&input, '\0', &lengths[i]);
        older_name(name, older - i);
        scratch_write(i < older ? name : newest, texts[i], lengths[i]);
    }
    char *more = input_rest(&input, &more_length);
    struct log_reader *reader = log_reader_open(scratch(), newest);
    must(log_reader_files(reader) == (size_t)older + 1, "all files are found");
    for (int i = 0; i < older; i++)
        check_file(reader, texts[i], lengths[i], true);
    struct buffer last = {0};
    buffer_append(&last, texts[older], lengths[older]);
    buffer_text(&last);
    check_newest(reader, older, &last, more, more_length);
    log_reader_close(reader);
    discard(older);
    for (int i = 0; i <= older; i++)
        free(texts[i]);
    free(more);
    buffer_free(&last);
}
