#include "tests/soak/faults/fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

static const int64_t lately_is = 2 * CLOCK_MILLISECOND;

enum {
    COMMAND_LINE_SIZE = 8192,
    PATH_SIZE = 512,
};

const char *fault_option(const char *option, char *value, size_t size)
{
    char line[COMMAND_LINE_SIZE];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, line, sizeof line - 1) : 0;
    if (fd >= 0)
        close(fd);
    line[length > 0 ? length : 0] = '\0';
    value[0] = '\0';
    for (const char *word = line; word < line + length; word += strlen(word) + 1)
        if (strcmp(word, option) == 0 && word + strlen(word) + 1 < line + length)
            snprintf(value, size, "%s", word + strlen(word) + 1);
    return value;
}

bool fault_on(const char *name, char word[FAULT_WORD_SIZE])
{
    char directory[PATH_SIZE / 2], path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/" FAULT_PREFIX "%s",
             fault_option("--log-dir", directory, sizeof directory), name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, word, FAULT_WORD_SIZE - 1);
    close(fd);
    word[length > 0 ? length : 0] = '\0';
    word[strcspn(word, " \n")] = '\0';
    return true;
}

bool fault_on_lately(struct fault_lately *lately, const char *name, char word[FAULT_WORD_SIZE])
{
    int64_t now = clock_monotonic();
    pthread_mutex_lock(&lately->guard);
    if (lately->looked_at == 0 || now - lately->looked_at >= lately_is) {
        lately->on = fault_on(name, lately->word);
        lately->looked_at = now;
    }
    bool on = lately->on;
    memcpy(word, lately->word, FAULT_WORD_SIZE);
    pthread_mutex_unlock(&lately->guard);
    return on;
}
