#include "tests/lib/files.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/suite.h"

enum {
    DESCRIPTORS_MAX = 16, /* that nftw may have open */
};

void files_directory(char path[FILES_PATH_SIZE])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, FILES_PATH_SIZE, "%s/box-office-XXXXXX", base != NULL ? base : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

void files_discard(const char *directory)
{
    nftw(directory, remove_entry, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS);
}

void files_remove(const char *directory)
{
    if (getenv("KEEP") != NULL)
        printf("  kept: %s\n", directory);
    else
        files_discard(directory);
}

void files_path(char path[FILES_PATH_SIZE], const char *directory, const char *name)
{
    int length = snprintf(path, FILES_PATH_SIZE, "%s/%s", directory, name);
    CU_ASSERT_FATAL(length > 0 && length < FILES_PATH_SIZE);
}

void files_read(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    buffer_clear(out);
    size_t got;
    do {
        char *room = buffer_reserve(out, 65536);
        got = fread(room, 1, 65536, file);
        out->length += got;
    } while (got > 0);
    fclose(file);
}

void files_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL_FATAL(fwrite(bytes, 1, length, file), length);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}
