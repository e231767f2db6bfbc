#include "tools/log_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/log_file.h"
#include "tests/lib/suite.h"

static char dir[64];

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/log_reader_test.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static const char *path_of(int number)
{
    static char path[128];
    if (number == 0)
        snprintf(path, sizeof path, "%s/log", dir);
    else
        snprintf(path, sizeof path, "%s/log.%d", dir, number);
    return path;
}

static void remove_dir(void)
{
    for (int i = 0; i < 100; i++)
        unlink(path_of(i));
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void put(int number, const char *mode, const char *text)
{
    FILE *file = fopen(path_of(number), mode);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

/* All lines up to the present end, each ended with a bar; torn ones with an exclamation mark. */
static const char *all(struct log_reader *reader)
{
    static struct buffer out;
    struct log_reader_line line;
    buffer_clear(&out);
    while (log_reader_next(reader, &line)) {
        buffer_append(&out, line.text, line.length);
        buffer_add_char(&out, line.torn ? '!' : '|');
    }
    return buffer_text(&out);
}

static void reads_the_oldest_first(void)
{
    make_dir();
    put(10, "w", "a\nb\n");
    for (int i = 9; i > 0; i--)
        put(i, "w", "");
    put(2, "w", "c\n");
    put(0, "w", "d\n\ne\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_EQUAL(log_reader_files(reader), 11);
    CU_ASSERT_STRING_EQUAL(all(reader), "a|b|c|d||e|");
    CU_ASSERT_STRING_EQUAL(log_reader_trouble(reader), "");
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    log_reader_close(reader);
    remove_dir();
}

static void names_file_and_line(void)
{
    struct log_reader_line line;
    make_dir();
    put(1, "w", "a\nb\n");
    put(0, "w", "c\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT(log_reader_next(reader, &line) && log_reader_next(reader, &line));
    CU_ASSERT_EQUAL(line.number, 2);
    CU_ASSERT_STRING_EQUAL(line.file, path_of(1));
    CU_ASSERT(log_reader_next(reader, &line));
    CU_ASSERT_EQUAL(line.number, 1);
    CU_ASSERT_STRING_EQUAL(line.file, path_of(0));
    log_reader_close(reader);
    remove_dir();
}

static void waits_for_the_end_of_a_line(void)
{
    make_dir();
    put(0, "w", "a\nb");
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_STRING_EQUAL(all(reader), "a|");
    CU_ASSERT_EQUAL(log_reader_rest(reader, 0), 1);
    CU_ASSERT_EQUAL(truncate(path_of(0), 2), 0); /* the writer cut it off again */
    put(0, "a", "c");
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    put(0, "a", "d\ne\n");
    CU_ASSERT_STRING_EQUAL(all(reader), "cd|e|");
    CU_ASSERT_EQUAL(log_reader_rest(reader, 0), 0);
    log_reader_close(reader);
    remove_dir();
}

static void follows_rotation(void)
{
    char error[LOG_ERROR_SIZE];
    make_dir();
    struct log_file *log = log_file_open(dir, "log", 100, 10, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT(log_file_write(log, "a\n", 2));
    CU_ASSERT_STRING_EQUAL(all(reader), "a|");
    CU_ASSERT(log_file_write(log, "b\n", 2)); /* not read before the rotation */
    CU_ASSERT(log_file_rotate(log) && log_file_write(log, "c\n", 2));
    CU_ASSERT(log_file_rotate(log) && log_file_write(log, "d\n", 2)); /* two at once */
    CU_ASSERT_STRING_EQUAL(all(reader), "b|c|d|");
    CU_ASSERT_EQUAL(log_reader_files(reader), 3);
    CU_ASSERT_STRING_EQUAL(log_reader_trouble(reader), "");
    CU_ASSERT(log_reader_written(reader, 2));
    CU_ASSERT_FALSE(log_reader_written(reader, 1));
    log_file_close(log);
    CU_ASSERT_FALSE(log_reader_written(reader, 2));
    log_reader_close(reader);
    remove_dir();
}

/* Who opened a file goes on in it, also where another has put it aside. */
static void follows_who_goes_on_in_an_older_file(void)
{
    char error[LOG_ERROR_SIZE], newest[128];
    make_dir();
    snprintf(newest, sizeof newest, "%s", path_of(0));
    struct log_file *drains = log_file_open(dir, "log", 100, 10, error);
    CU_ASSERT(log_file_write(drains, "a\n", 2));
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_STRING_EQUAL(all(reader), "a|");
    CU_ASSERT_EQUAL(rename(newest, path_of(1)), 0);
    struct log_file *log = log_file_open(dir, "log", 100, 10, error);
    CU_ASSERT(log_file_write(log, "A\n", 2) && log_file_write(drains, "b\n", 2));
    CU_ASSERT_STRING_EQUAL(all(reader), "b|A|");
    CU_ASSERT(log_reader_written(reader, 0) && log_reader_written(reader, 1));
    CU_ASSERT(log_file_write(drains, "c", 1));
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    CU_ASSERT(log_reader_rest(reader, 0) == 1 && log_reader_rest(reader, 1) == 0);
    CU_ASSERT(log_file_rotate(log) && log_file_write(log, "B\n", 2));
    CU_ASSERT(log_file_write(drains, "d\ne", 3));
    CU_ASSERT_STRING_EQUAL(all(reader), "cd|B|");
    CU_ASSERT_FALSE(log_reader_reads(reader, 1));
    log_file_close(drains);
    CU_ASSERT(log_reader_reads(reader, 0));
    CU_ASSERT_STRING_EQUAL(all(reader), "e!");
    CU_ASSERT(!log_reader_reads(reader, 0) && !log_reader_written(reader, 0));
    CU_ASSERT(log_reader_reads(reader, 2) && log_reader_written(reader, 2));
    CU_ASSERT_STRING_EQUAL(log_reader_trouble(reader), "");
    log_file_close(log);
    log_reader_close(reader);
    remove_dir();
}

/* From the end on, too. */
static void skips_to_the_end_of_each(void)
{
    char error[LOG_ERROR_SIZE];
    make_dir();
    put(2, "w", "x\n");
    put(1, "w", "a\n");
    put(0, "w", "A\n");
    struct log_file *drains = log_file_open(dir, "log.1", 100, 10, error);
    struct log_reader *reader = log_reader_open(dir, "log");
    log_reader_to_end(reader);
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    put(0, "a", "B\n");
    CU_ASSERT(log_file_write(drains, "b\n", 2));
    CU_ASSERT_STRING_EQUAL(all(reader), "b|B|");
    CU_ASSERT_FALSE(log_reader_reads(reader, 0));
    log_file_close(drains);
    log_reader_close(reader);
    remove_dir();
}

static void reads_a_hundred_files(void)
{
    struct log_reader_line line;
    make_dir();
    for (int i = 0; i < 100; i++)
        put(i, "w", "a\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    for (size_t i = 0; i < 100; i++) {
        CU_ASSERT(log_reader_next(reader, &line));
        CU_ASSERT(line.part == i && line.number == 1);
        CU_ASSERT_STRING_EQUAL(line.file, path_of(99 - (int)i));
    }
    CU_ASSERT_FALSE(log_reader_next(reader, &line));
    CU_ASSERT_STRING_EQUAL(log_reader_trouble(reader), "");
    log_reader_close(reader);
    remove_dir();
}

/* What comes after the files were moved away is read from its beginning, and the loss is told. */
static void tells_that_files_were_moved_away(void)
{
    make_dir();
    put(0, "w", "a\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_STRING_EQUAL(all(reader), "a|");
    unlink(path_of(0));
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    put(0, "w", "b\n");
    CU_ASSERT_STRING_EQUAL(all(reader), "b|");
    CU_ASSERT_PTR_NOT_NULL(strstr(log_reader_trouble(reader), "moved away"));
    log_reader_close(reader);
    remove_dir();
}

static void tells_of_a_missing_file(void)
{
    static const struct {
        int there[3], missing;
    } cases[] = {{{0, 1, 3}, 2}, {{1, 2, 2}, 0}, {{2, 3, 4}, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        make_dir();
        for (size_t j = 0; j < 3; j++)
            put(cases[i].there[j], "w", "a\n");
        struct log_reader *reader = log_reader_open(dir, "log");
        snprintf(expected, sizeof expected, "%s is missing", path_of(cases[i].missing));
        CU_ASSERT_PTR_NOT_NULL(strstr(log_reader_trouble(reader), expected));
        CU_ASSERT(strlen(all(reader)) >= 4);
        log_reader_close(reader);
        remove_dir();
    }
}

static void bears_that_there_is_nothing(void)
{
    make_dir();
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_EQUAL(log_reader_files(reader), 0);
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    CU_ASSERT_FALSE(log_reader_written(reader, 0));
    put(0, "w", "a\n");
    CU_ASSERT_STRING_EQUAL(all(reader), "a|");
    log_reader_close(reader);
    reader = log_reader_open("/nonexistent", "log");
    CU_ASSERT_EQUAL(log_reader_files(reader), 0);
    log_reader_close(reader);
    remove_dir();
}

static void skips_to_the_end(void)
{
    make_dir();
    put(1, "w", "a\n");
    put(0, "w", "b\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    log_reader_to_end(reader);
    CU_ASSERT_STRING_EQUAL(all(reader), "");
    put(0, "a", "c\n");
    CU_ASSERT_STRING_EQUAL(all(reader), "c|");
    log_reader_close(reader);
    remove_dir();
}

static void gives_the_torn_end_of_an_older_file(void)
{
    make_dir();
    put(1, "w", "a\nb");
    put(0, "w", "c\n");
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT_STRING_EQUAL(all(reader), "a|b!c|");
    log_reader_close(reader);
    remove_dir();
}

static void cuts_a_line_without_end(void)
{
    make_dir();
    struct log_reader_line line;
    struct buffer text = {0};
    memset(buffer_reserve(&text, 3 * LOG_READER_LINE_MAX), 'x', 3 * LOG_READER_LINE_MAX);
    text.length = 3 * LOG_READER_LINE_MAX;
    put(0, "w", buffer_text(&text));
    struct log_reader *reader = log_reader_open(dir, "log");
    CU_ASSERT(log_reader_next(reader, &line));
    CU_ASSERT(line.length >= LOG_READER_LINE_MAX && line.length < 2 * LOG_READER_LINE_MAX);
    log_reader_close(reader);
    buffer_free(&text);
    remove_dir();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("log_reader", "reads the oldest first", reads_the_oldest_first);
    suite_add("log_reader", "names file and line", names_file_and_line);
    suite_add("log_reader", "waits for the end of a line", waits_for_the_end_of_a_line);
    suite_add("log_reader", "follows rotation", follows_rotation);
    suite_add("log_reader", "follows who goes on in an older file",
              follows_who_goes_on_in_an_older_file);
    suite_add("log_reader", "skips to the end of each", skips_to_the_end_of_each);
    suite_add("log_reader", "reads a hundred files", reads_a_hundred_files);
    suite_add("log_reader", "tells that files were moved away", tells_that_files_were_moved_away);
    suite_add("log_reader", "tells of a missing file", tells_of_a_missing_file);
    suite_add("log_reader", "bears that there is nothing", bears_that_there_is_nothing);
    suite_add("log_reader", "skips to the end", skips_to_the_end);
    suite_add("log_reader", "gives the torn end of an older file",
              gives_the_torn_end_of_an_older_file);
    suite_add("log_reader", "cuts a line without end", cuts_a_line_without_end);
}
