/* A directory of this process for targets that read or write files: made when it is first asked for, and
 * removed with its files at exit. */
#ifndef BOX_OFFICE_FUZZ_SCRATCH_H
#define BOX_OFFICE_FUZZ_SCRATCH_H

#include <stddef.h>

enum {
    SCRATCH_PATH_SIZE = 256,
};

const char *scratch(void);

/* SCRATCH/NAME. */
void scratch_path(char path[SCRATCH_PATH_SIZE], const char *name);

/* Writes a whole file, in the place of what it held. */
void scratch_write(const char *name, const void *bytes, size_t length);

#endif
