/* Every target takes what lies in its corpus: seeds written by hand, and what fuzzers found. One process
 * per target, so that what one input breaks is told by its name. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"

enum {
    SECONDS_MAX = 120, /* for one corpus: nothing may hang */
};

/* Shared with the process that replays. */
struct progress {
    size_t files;
    char file[512]; /* the one being replayed */
};

static void path_of(char path[512], const char *name, const char *file)
{
    snprintf(path, 512, "tests/fuzz/corpus/%.100s%s%.200s", name, file[0] ? "/" : "", file);
}

/* In memory of just its size, as a fuzzer has it. */
static void replay_file(const struct fuzz_target *target, const char *path)
{
    struct buffer bytes = {0};
    files_read(path, &bytes);
    uint8_t *copy = malloc(bytes.length);
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    target->run(copy, bytes.length);
    free(copy);
    buffer_free(&bytes);
}

static _Noreturn void replay(const struct fuzz_target *target, struct progress *progress,
                             FILE *said)
{
    char path[512];
    struct dirent **entries;
    alarm(SECONDS_MAX);
    dup2(fileno(said), STDOUT_FILENO);
    dup2(fileno(said), STDERR_FILENO);
    path_of(path, target->name, "");
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        path_of(progress->file, target->name, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            replay_file(target, progress->file);
            progress->files++;
        }
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
    exit(0);
}

static void show(FILE *said)
{
    char line[512];
    rewind(said);
    while (fgets(line, sizeof line, said) != NULL)
        printf("    %s", line);
}

static void check_target(const struct fuzz_target *target, struct progress *progress)
{
    int status = -1;
    FILE *said = tmpfile();
    CU_ASSERT_FATAL(said != NULL);
    *progress = (struct progress){0};
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        replay(target, progress, said);
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT(progress->files > 0);
    if (status != 0)
        printf("  FAILED %s at %s:\n", target->name, progress->file);
    else if (progress->files == 0)
        printf("  FAILED %s: no file in tests/fuzz/corpus/%s\n", target->name, target->name);
    if (status != 0)
        show(said);
    fclose(said);
}

static void every_target_takes_its_corpus(void)
{
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(progress != MAP_FAILED);
    for (size_t i = 0; i < fuzz_target_count; i++)
        check_target(&fuzz_targets[i], progress);
    munmap(progress, sizeof *progress);
}

static void every_corpus_has_a_target(void)
{
    DIR *dir = opendir("tests/fuzz/corpus");
    size_t found = 0;
    CU_ASSERT_FATAL(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        found++;
        if (fuzz_find(entry->d_name) == NULL)
            printf("  FAILED: tests/fuzz/corpus/%s has no target\n", entry->d_name);
        CU_ASSERT_PTR_NOT_NULL(fuzz_find(entry->d_name));
    }
    closedir(dir);
    CU_ASSERT_EQUAL(found, fuzz_target_count);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("fuzz", "every target takes its corpus", every_target_takes_its_corpus);
    suite_add("fuzz", "every corpus has a target", every_corpus_has_a_target);
}
