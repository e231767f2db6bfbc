/* Files of a test: a directory of its own, and whole files read and written at once.
 *
 * What cannot be done ends the test with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_FILES_H
#define BOX_OFFICE_TEST_FILES_H

#include <stddef.h>

#include "common/buffer.h"

enum {
    FILES_PATH_SIZE = 256,
};

/* Makes an empty directory under $TMPDIR or /tmp. */
void files_directory(char path[FILES_PATH_SIZE]);

/* Removes it with all that is in it; with KEEP=1 in the environment says where it is instead. */
void files_remove(const char *directory);

/* Removes it always. */
void files_discard(const char *directory);

/* DIRECTORY/NAME. */
void files_path(char path[FILES_PATH_SIZE], const char *directory, const char *name);

/* Reads the whole file into `out`, which is emptied first. The caller frees it. */
void files_read(const char *path, struct buffer *out);

void files_write(const char *path, const void *bytes, size_t length);

#endif
