#include "balancer/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/files.h"
#include "tests/lib/suite.h"

static void a_file_is_read_whole_or_not_at_all(void)
{
    char dir[FILES_PATH_SIZE], file[FILES_PATH_SIZE], fifo[FILES_PATH_SIZE];
    char error[CONFIG_ERROR_SIZE] = "";
    struct buffer text = {0}, large = {0};
    files_directory(dir);
    files_path(file, dir, "x.json");
    files_path(fifo, dir, "fifo");
    while (large.length <= CONFIG_FILE_MAX)
        buffer_add_char(&large, ' ');
    files_write(file, large.data, CONFIG_FILE_MAX);
    CU_ASSERT(config_file_read(file, &text, error));
    CU_ASSERT_EQUAL(text.length, CONFIG_FILE_MAX);
    buffer_free(&text);
    files_write(file, large.data, large.length);
    CU_ASSERT_FALSE(config_file_read(file, &text, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "it is longer than 1 MiB"));
    CU_ASSERT_EQUAL(text.length, 0);
    CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0); /* nobody will ever write to it */
    CU_ASSERT_FALSE(config_file_read(fifo, &text, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "it is not a regular file"));
    buffer_free(&large);
    files_remove(dir);
}

/* A router that is started again reads it anew. */
static void a_copy_is_read_from_its_beginning_each_time(void)
{
    struct buffer text = {0};
    buffer_add(&text, "{\"routes\": []}");
    int fd = config_file_seal(&text);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        struct buffer copy = {0};
        int own = dup(fd); /* as inherited: it shares the offset */
        CU_ASSERT(config_file_take(own, &copy));
        CU_ASSERT_STRING_EQUAL(buffer_text(&copy), "{\"routes\": []}");
        CU_ASSERT_EQUAL(fcntl(own, F_GETFD), -1);
        buffer_free(&copy);
    }
    buffer_free(&text);
    close(fd);
}

static void a_copy_stays_as_it_is(void)
{
    struct buffer text = {0}, copy = {0};
    buffer_add(&text, "{}");
    int fd = config_file_seal(&text);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 0), -1);
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 2), -1);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), -1);
    CU_ASSERT_EQUAL(errno, EPERM);
    CU_ASSERT(config_file_take(fd, &copy));
    CU_ASSERT_EQUAL(copy.length, 2);
    buffer_free(&copy);
    CU_ASSERT_FALSE(config_file_take(fd, &copy)); /* closed */
    CU_ASSERT_EQUAL(errno, EBADF);
    buffer_free(&copy);
    buffer_free(&text);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("config_file", "a file is read whole or not at all",
              a_file_is_read_whole_or_not_at_all);
    suite_add("config_file", "a copy is read from its beginning each time",
              a_copy_is_read_from_its_beginning_each_time);
    suite_add("config_file", "a copy stays as it is", a_copy_stays_as_it_is);
}
