/* A small disk of a test's own, that fills up, or whose power can be cut.
 *
 * It is mounted in a mount namespace of this process's own, which its children share: nothing stays mounted,
 * and no loop device taken, whatever dies. Several may be open; they are closed in the opposite order.
 *
 * What cannot be had, once a disk is open, ends the test with a failed assertion. Main thread only. */
#ifndef BOX_OFFICE_TEST_DISK_H
#define BOX_OFFICE_TEST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/files.h"

struct disk {
    char dir[FILES_PATH_SIZE];   /* outside, for what belongs to it */
    char path[FILES_PATH_SIZE];  /* where it is mounted */
    char image[FILES_PATH_SIZE]; /* holds its bytes; "": memory does */
    int outside;                 /* namespace to return to; owned */
    int home;                    /* working directory to return to; owned */
};

/* Ext4 of so many MiB in a file under $TMPDIR, whose power can be cut. False where this process may not
 * mount: everything is as it was then. */
bool disk_open(struct disk *disk, int mebibytes);

/* The same in memory, for what is to be full. */
bool disk_open_memory(struct disk *disk, int mebibytes);

/* Cuts the power: from now on nothing reaches it, and what had not been synced is forgotten with
 * disk_plug. Programs that use it meet errors. */
void disk_cut(const struct disk *disk);

/* Mounts it again, as after a reboot; nobody may use it any more. */
void disk_plug(struct disk *disk);

/* All that was written so far survives. */
void disk_sync(const struct disk *disk);

/* Fills it up to the last byte but `spare`, and makes room again. */
void disk_fill(const struct disk *disk, int64_t spare);
void disk_clear(const struct disk *disk);

void disk_close(struct disk *disk);

#endif
