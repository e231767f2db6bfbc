#include "tests/lib/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

enum {
    UNMOUNT_SECONDS = 20, /* for the last who used it to be gone */
    LOOP_TRIES = 50,      /* others may take the device that was free */
    FORGET_LOG = 2,       /* of the ioctl: what the file system's own log holds is lost, too */
};

/* FS_IOC_SHUTDOWN, which <linux/fs.h> of Debian 12 does not know. */
static const unsigned long shut_down = _IOR('X', 125, uint32_t);

/* --- mounting ---------------------------------------------------------------------------------- */

/* A free loop device over the image, which is free again once nobody has it open; -1: there is none. */
static int attach(int control, int image)
{
    const struct loop_config config = {.fd = (uint32_t)image,
                                       .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    for (int i = 0; i < LOOP_TRIES; i++) {
        char path[32];
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        snprintf(path, sizeof path, "/dev/loop%d", number);
        int device = number >= 0 ? open(path, O_RDWR | O_CLOEXEC) : -1;
        if (device >= 0 && ioctl(device, LOOP_CONFIGURE, &config) == 0)
            return device;
        bool taken = errno == EBUSY;
        if (device >= 0)
            close(device);
        if (!taken)
            return -1;
    }
    return -1;
}

/* Once it is mounted the device stays as long as that. */
static bool mount_image(const struct disk *disk)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int image = open(disk->image, O_RDWR | O_CLOEXEC);
    int device = control >= 0 && image >= 0 ? attach(control, image) : -1;
    char path[32];
    struct stat status;
    bool mounted = device >= 0 && fstat(device, &status) == 0;
    if (mounted) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", device);
        mounted = mount(path, disk->path, "ext4", MS_NOATIME, "") == 0;
    }
    const int used[] = {control, image, device};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        if (used[i] >= 0)
            close(used[i]);
    return mounted;
}

static bool unmounted(void *context)
{
    const struct disk *disk = context;
    return umount2(disk->path, UMOUNT_NOFOLLOW) == 0 || errno != EBUSY;
}

static void leave(struct disk *disk)
{
    CU_ASSERT_EQUAL_FATAL(setns(disk->outside, CLONE_NEWNS), 0);
    CU_ASSERT_EQUAL_FATAL(fchdir(disk->home), 0);
    close(disk->outside);
    close(disk->home);
    files_remove(disk->dir);
}

/* A namespace of our own; what is mounted in it is seen nowhere else. */
static bool enter(struct disk *disk)
{
    *disk = (struct disk){0};
    disk->outside = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    disk->home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(disk->outside >= 0 && disk->home >= 0);
    if (unshare(CLONE_NEWNS) != 0) {
        close(disk->outside);
        close(disk->home);
        return false;
    }
    files_directory(disk->dir);
    files_path(disk->path, disk->dir, "disk");
    bool fine =
        mkdir(disk->path, 0755) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (!fine)
        leave(disk);
    return fine;
}

/* --- opening ----------------------------------------------------------------------------------- */

static void format(struct disk *disk, int mebibytes)
{
    char program[FILES_PATH_SIZE];
    struct process mkfs;
    files_path(disk->image, disk->dir, "image");
    files_write(disk->image, "", 0);
    CU_ASSERT_EQUAL_FATAL(truncate(disk->image, (off_t)mebibytes << 20), 0);
    process_find(program, "mkfs.ext4");
    const char *argv[] = {program, "-q", "-F", "-E", "lazy_itable_init=0", disk->image, NULL};
    CU_ASSERT_EQUAL_FATAL(process_run(&mkfs, disk->dir, argv, 0), 0);
}

bool disk_open(struct disk *disk, int mebibytes)
{
    if (!enter(disk))
        return false;
    format(disk, mebibytes);
    bool mounted = mount_image(disk);
    if (!mounted)
        leave(disk);
    return mounted;
}

bool disk_open_memory(struct disk *disk, int mebibytes)
{
    char size[32];
    if (!enter(disk))
        return false;
    snprintf(size, sizeof size, "size=%dm", mebibytes);
    bool mounted = mount("tmpfs", disk->path, "tmpfs", 0, size) == 0;
    if (!mounted)
        leave(disk);
    return mounted;
}

void disk_close(struct disk *disk)
{
    CU_ASSERT(wait_until(unmounted, disk, UNMOUNT_SECONDS));
    leave(disk);
}

/* --- power ------------------------------------------------------------------------------------- */

static int open_root(const struct disk *disk)
{
    int root = open(disk->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CU_ASSERT_FATAL(root >= 0);
    return root;
}

void disk_cut(const struct disk *disk)
{
    uint32_t how = FORGET_LOG;
    int root = open_root(disk);
    CU_ASSERT_EQUAL(ioctl(root, shut_down, &how), 0);
    close(root);
}

void disk_plug(struct disk *disk)
{
    CU_ASSERT_FATAL(wait_until(unmounted, disk, UNMOUNT_SECONDS));
    CU_ASSERT_FATAL(mount_image(disk));
}

void disk_sync(const struct disk *disk)
{
    int root = open_root(disk);
    CU_ASSERT_EQUAL(syncfs(root), 0);
    close(root);
}

/* --- room -------------------------------------------------------------------------------------- */

static void ballast_path(const struct disk *disk, char path[FILES_PATH_SIZE])
{
    files_path(path, disk->path, "ballast");
}

/* Others write meanwhile, so what is left is asked for again and again. */
void disk_fill(const struct disk *disk, int64_t spare)
{
    char path[FILES_PATH_SIZE];
    struct statvfs room;
    ballast_path(disk, path);
    int ballast = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(ballast >= 0);
    off_t length = 0;
    bool more = true;
    while (more) {
        CU_ASSERT_EQUAL_FATAL(fstatvfs(ballast, &room), 0);
        int64_t step = (int64_t)(room.f_bavail * room.f_frsize) - spare;
        int error = step > 0 ? posix_fallocate(ballast, length, (off_t)step) : 0;
        CU_ASSERT_FATAL(error == 0 || error == ENOSPC || error == EINTR);
        length += error == 0 && step > 0 ? step : 0;
        more = step > 0;
    }
    close(ballast);
}

void disk_clear(const struct disk *disk)
{
    char path[FILES_PATH_SIZE];
    ballast_path(disk, path);
    CU_ASSERT_EQUAL(unlink(path), 0);
}
