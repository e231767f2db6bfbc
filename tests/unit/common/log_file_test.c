#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/log_file.h"
#include "tests/lib/suite.h"

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static const char *path_of_number(int number)
{
    char name[16];
    snprintf(name, sizeof name, "log.%d", number);
    return path_of(name);
}

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/log_file_test.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void remove_dir(void)
{
    unlink(path_of("log"));
    unlink(path_of("log.new"));
    for (int i = 1; i <= LOG_FILES_MAX; i++) {
        unlink(path_of_number(i));
        rmdir(path_of_number(i));
    }
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* The file's content, valid until the next call; "absent" where there is no such file. */
static const char *content(const char *name)
{
    static char text[4096];
    FILE *file = fopen(path_of(name), "r");
    if (!file)
        return "absent";
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static struct log_file *open_log(int64_t size_max)
{
    char error[LOG_ERROR_SIZE] = "";
    struct log_file *log = log_file_open(dir, "log", size_max, 3, error);
    CU_ASSERT_STRING_EQUAL(error, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    return log;
}

static bool write_text(struct log_file *log, const char *text)
{
    return log_file_write(log, text, strlen(text));
}

static void appends_and_goes_on(void)
{
    make_dir();
    struct log_file *log = open_log(1000);
    CU_ASSERT(write_text(log, "one\ntwo\n"));
    log_file_close(log);
    log = open_log(1000);
    CU_ASSERT(write_text(log, "three\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntwo\nthree\n");
    log_file_close(log);
    remove_dir();
}

static void marks_a_torn_line(void)
{
    make_dir();
    put("log", "one\ntw");
    struct log_file *log = open_log(1000);
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntw [torn]\n");
    CU_ASSERT(write_text(log, "three\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntw [torn]\nthree\n");
    log_file_close(log);
    put("log", "one [tor"); /* killed while it marked a torn line */
    log_file_close(open_log(1000));
    CU_ASSERT_STRING_EQUAL(content("log"), "one [tor [torn]\n");
    remove_dir();
}

static void refuses_what_it_cannot_open(void)
{
    make_dir();
    char error[LOG_ERROR_SIZE] = "";
    CU_ASSERT_PTR_NULL(log_file_open("/nonexistent", "log", 10, 3, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nonexistent/log"));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "No such file"));
    CU_ASSERT_EQUAL(mkfifo(path_of("log"), 0600), 0);
    CU_ASSERT_PTR_NULL(log_file_open(dir, "log", 10, 3, error));
    remove_dir();
}

static void rotates_and_loses_only_the_oldest(void)
{
    make_dir();
    struct log_file *log = open_log(4);
    for (int i = 0; i < 6; i++) {
        char line[8];
        snprintf(line, sizeof line, "n=%d\n", i);
        CU_ASSERT_FALSE(log_file_full(log));
        CU_ASSERT(write_text(log, line));
        CU_ASSERT(log_file_full(log));
        if (i < 5)
            CU_ASSERT(log_file_rotate(log));
    }
    CU_ASSERT_STRING_EQUAL(content("log"), "n=5\n");
    CU_ASSERT_STRING_EQUAL(content("log.1"), "n=4\n");
    CU_ASSERT_STRING_EQUAL(content("log.2"), "n=3\n");
    CU_ASSERT_STRING_EQUAL(content("log.3"), "n=2\n");
    CU_ASSERT_STRING_EQUAL(content("log.4"), "absent");
    CU_ASSERT_STRING_EQUAL(content("log.new"), "absent");
    log_file_close(log);
    remove_dir();
}

/* Small files, as those of routers that followed each other quickly, are kept beyond `keep`. */
static void older_files_are_kept_by_their_sizes(void)
{
    make_dir();
    struct log_file *log = open_log(100);
    for (int i = 0; i < 10; i++) {
        char line[64];
        snprintf(line, sizeof line, "n=%d %030d\n", i, i); /* 35 bytes */
        CU_ASSERT(write_text(log, line));
        CU_ASSERT(log_file_rotate(log));
    }
    CU_ASSERT_EQUAL(strncmp(content("log.9"), "n=1 ", 4), 0); /* 9 of 35 bytes hold 3 times 100 */
    CU_ASSERT_STRING_EQUAL(content("log.10"), "absent");
    log_file_close(log);
    log = open_log(1000);
    for (int i = 0; i < 2 * LOG_FILES_MAX; i++)
        CU_ASSERT(log_file_rotate(log));
    CU_ASSERT_STRING_EQUAL(content("log.99"), "");
    CU_ASSERT_STRING_EQUAL(content("log.100"), "absent");
    log_file_close(log);
    remove_dir();
}

/* A rotation that failed half-way leaves an unused place; the next one fills it and deletes nothing. */
static void fills_an_unused_place(void)
{
    make_dir();
    put("log", "new\n");
    put("log.2", "older\n");
    put("log.3", "oldest\n");
    struct log_file *log = open_log(4);
    CU_ASSERT(log_file_rotate(log));
    CU_ASSERT_STRING_EQUAL(content("log"), "");
    CU_ASSERT_STRING_EQUAL(content("log.1"), "new\n");
    CU_ASSERT_STRING_EQUAL(content("log.2"), "older\n");
    CU_ASSERT_STRING_EQUAL(content("log.3"), "oldest\n");
    log_file_close(log);
    remove_dir();
}

/* A rotation that cannot be done changes nothing; the log goes on where it was. */
static void survives_a_failed_rotation(void)
{
    make_dir();
    struct log_file *log = open_log(4);
    CU_ASSERT(write_text(log, "one\n"));
    CU_ASSERT_EQUAL(mkdir(path_of("log.new"), 0700), 0);
    CU_ASSERT_FALSE(log_file_rotate(log));
    CU_ASSERT_EQUAL(errno, EISDIR);
    CU_ASSERT(write_text(log, "two\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntwo\n");
    CU_ASSERT_STRING_EQUAL(content("log.1"), "absent");
    CU_ASSERT_EQUAL(rmdir(path_of("log.new")), 0);
    for (int i = 1; i < LOG_FILES_MAX; i++)
        CU_ASSERT_EQUAL(mkdir(path_of_number(i), 0700), 0);
    put("log.99", "oldest\n");
    CU_ASSERT_FALSE(log_file_rotate(log)); /* a directory does not replace a file */
    CU_ASSERT(write_text(log, "three\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntwo\nthree\n");
    CU_ASSERT_STRING_EQUAL(content("log.99"), "oldest\n");
    CU_ASSERT_STRING_EQUAL(content("log.new"), "absent");
    log_file_close(log);
    remove_dir();
}

/* A file size limit stands for the full disk: the write that crosses it is cut short. */
static void cuts_off_a_short_write(void)
{
    make_dir();
    struct log_file *log = open_log(1000);
    CU_ASSERT(write_text(log, "one\n"));
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 10;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    CU_ASSERT_FALSE(write_text(log, "two\nthree\n"));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_STRING_EQUAL(content("log"), "one\n");
    CU_ASSERT(write_text(log, "four\n"));
    CU_ASSERT_FALSE(write_text(log, "five\n"));
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    CU_ASSERT(write_text(log, "six\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\nfour\nsix\n");
    log_file_close(log);
    remove_dir();
}

static void full_disk_does_not_stop_the_opening(void)
{
    make_dir();
    put("log", "one\ntw");
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 8;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    struct log_file *log = open_log(1000);
    CU_ASSERT_FALSE(write_text(log, "three\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntw");
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    CU_ASSERT(write_text(log, "four\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "one\ntw [torn]\nfour\n");
    log_file_close(log);
    remove_dir();
}

static bool has_writer(const char *name)
{
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return locked;
}

static void shows_that_its_writer_lives(void)
{
    make_dir();
    struct log_file *log = open_log(4);
    CU_ASSERT(has_writer("log"));
    CU_ASSERT(log_file_rotate(log));
    CU_ASSERT(has_writer("log"));
    CU_ASSERT_FALSE(has_writer("log.1"));
    log_file_close(log);
    CU_ASSERT_FALSE(has_writer("log"));
    remove_dir();
}

/* As two routers, of which one takes over from the other. */
static void a_file_has_one_writer_at_a_time(void)
{
    make_dir();
    struct log_file *first = open_log(8);
    CU_ASSERT(write_text(first, "first 1\n"));
    struct log_file *second = open_log(8);
    CU_ASSERT(write_text(second, "second 1\n"));
    CU_ASSERT(write_text(first, "first 2\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "second 1\n");
    CU_ASSERT_STRING_EQUAL(content("log.1"), "first 1\nfirst 2\n");
    CU_ASSERT(has_writer("log") && has_writer("log.1"));
    CU_ASSERT(log_file_full(first));
    CU_ASSERT_FALSE(log_file_rotate(first)); /* the newest is not its own */
    CU_ASSERT_EQUAL(errno, EBUSY);
    CU_ASSERT(log_file_rotate(second));
    CU_ASSERT_STRING_EQUAL(content("log.2"), "first 1\nfirst 2\n");
    log_file_close(second);
    CU_ASSERT(log_file_rotate(first)); /* the other did not last */
    CU_ASSERT(write_text(first, "first 3\n"));
    CU_ASSERT_STRING_EQUAL(content("log"), "first 3\n");
    CU_ASSERT_STRING_EQUAL(content("log.2"), "second 1\n");
    CU_ASSERT_STRING_EQUAL(content("log.3"), "first 1\nfirst 2\n");
    log_file_close(first);
    remove_dir();
}

/* A reader that asks whether the writer lives has the lock for a moment, and is no writer. */
static void a_dead_writers_file_goes_on(void)
{
    make_dir();
    log_file_close(open_log(8));
    int reader = open(path_of("log"), O_RDONLY | O_CLOEXEC);
    struct log_file *log = open_log(8);
    CU_ASSERT_STRING_EQUAL(content("log.1"), "absent");
    log_file_close(log);
    close(reader);
    remove_dir();
}

/* Names change for one process at a time; one that is stopped meanwhile does not stop the others for good. */
static void names_have_a_lock(void)
{
    make_dir();
    char error[LOG_ERROR_SIZE] = "";
    struct log_file *log = open_log(8);
    int names = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_EQUAL(flock(names, LOCK_EX), 0);
    CU_ASSERT_FALSE(log_file_rotate(log));
    CU_ASSERT_PTR_NULL(log_file_open(dir, "log", 8, 3, error));
    CU_ASSERT_STRING_EQUAL(content("log.1"), "absent");
    close(names);
    CU_ASSERT(log_file_rotate(log));
    log_file_close(log);
    remove_dir();
}

/* What is in it is not for everybody; nor in one that was made when it was. */
static void is_for_nobody_else(void)
{
    struct stat status;
    char error[LOG_ERROR_SIZE];
    make_dir();
    for (int i = 0; i < 2; i++) {
        struct log_file *log = log_file_open(dir, "log", 1 << 20, 4, error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(log);
        CU_ASSERT_EQUAL(stat(path_of("log"), &status), 0);
        CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
        log_file_close(log);
        CU_ASSERT_EQUAL(chmod(path_of("log"), 0644), 0);
    }
    remove_dir();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("log_file", "appends and goes on", appends_and_goes_on);
    suite_add("log_file", "marks a torn line", marks_a_torn_line);
    suite_add("log_file", "refuses what it cannot open", refuses_what_it_cannot_open);
    suite_add("log_file", "rotates and loses only the oldest", rotates_and_loses_only_the_oldest);
    suite_add("log_file", "older files are kept by their sizes",
              older_files_are_kept_by_their_sizes);
    suite_add("log_file", "fills an unused place", fills_an_unused_place);
    suite_add("log_file", "survives a failed rotation", survives_a_failed_rotation);
    suite_add("log_file", "cuts off a short write", cuts_off_a_short_write);
    suite_add("log_file", "full disk does not stop the opening",
              full_disk_does_not_stop_the_opening);
    suite_add("log_file", "shows that its writer lives", shows_that_its_writer_lives);
    suite_add("log_file", "a file has one writer at a time", a_file_has_one_writer_at_a_time);
    suite_add("log_file", "a dead writer's file goes on", a_dead_writers_file_goes_on);
    suite_add("log_file", "names have a lock", names_have_a_lock);
    suite_add("log_file", "is for nobody else", is_for_nobody_else);
}
