#include "db/sqlite/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

static const char magic[8] = {'B', 'o', 'x', 'L', 'o', 'c', 'k', '1'};
static const int64_t wait_max = 2 * CLOCK_SECOND;

static bool fail(char error[STORE_ERROR_SIZE], const char *what, const char *path)
{
    snprintf(error, STORE_ERROR_SIZE, "cannot %s the lock file %.200s: %s", what, path,
             strerror(errno));
    return false;
}

static void read_boot(char boot[LOCK_BOOT_SIZE])
{
    memset(boot, 0, LOCK_BOOT_SIZE);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, boot, LOCK_BOOT_SIZE - 1) < 0)
        boot[0] = '\0';
    close(fd);
}

/* What a page that is valid here and now begins with. */
static void describe(struct lock_page *page, const struct place *place)
{
    struct stat namespace;
    memset(page, 0, sizeof *page);
    page->layout = sizeof *page;
    page->device = place->device;
    page->inode = place->inode;
    if (stat("/proc/self/ns/pid", &namespace) == 0)
        page->pid_namespace = namespace.st_ino;
    read_boot(page->boot);
}

static bool valid(int fd, const struct place *place)
{
    struct lock_page page;
    struct lock_page expected;
    struct stat file;
    if (fstat(fd, &file) != 0 || file.st_size < LOCK_PAGE_SIZE)
        return false;
    if (pread(fd, &page, sizeof page, 0) != (ssize_t)sizeof page)
        return false;
    describe(&expected, place);
    return memcmp(page.magic, magic, sizeof magic) == 0 && page.layout == expected.layout &&
           page.device == expected.device && page.inode == expected.inode &&
           page.pid_namespace == expected.pid_namespace &&
           memcmp(page.boot, expected.boot, LOCK_BOOT_SIZE) == 0;
}

static void init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    /* Priority inheritance for its queue in the kernel: waiters get the mutex in their order. */
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static struct lock_page *map(int fd)
{
    void *page = mmap(NULL, LOCK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED ? NULL : page;
}

/* Under the exclusive flock. The bytes are written before they are mapped: a hole would be a SIGBUS
 * on a full disk; and in their old place, where there is one: a full disk may not have another. */
static bool make(int fd, const struct place *place)
{
    union {
        struct lock_page page;
        char bytes[LOCK_PAGE_SIZE];
    } content;
    memset(&content, 0, sizeof content);
    describe(&content.page, place);
    if (pwrite(fd, &content, sizeof content, 0) != sizeof content ||
        ftruncate(fd, sizeof content) != 0 || fsync(fd) != 0)
        return false;
    struct lock_page *page = map(fd);
    if (page == NULL)
        return false;
    init_mutex(&page->mutex);
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(page->magic, magic, sizeof magic);
    munmap(page, LOCK_PAGE_SIZE);
    return true;
}

static bool names(const char *path, int fd, struct stat *held)
{
    struct stat named;
    return fstat(fd, held) == 0 && stat(path, &named) == 0 && named.st_dev == held->st_dev &&
           named.st_ino == held->st_ino;
}

static bool adopt(struct lock_file *file, int fd)
{
    struct stat held;
    if (!names(file->place->lock, fd, &held))
        return false;
    file->fd = fd;
    file->device = held.st_dev;
    file->inode = held.st_ino;
    return true;
}

enum attempt {
    ATTEMPT_DONE,
    ATTEMPT_SEIZED, /* somebody holds it exclusively */
    ATTEMPT_STALE,  /* not valid, or orphaned, and others who use it keep it from being made anew */
    ATTEMPT_AGAIN,
    ATTEMPT_FAILED, /* errno tells */
};

/* To the last bit; one that differs in what it is not made of is only made anew in vain. */
static bool same(const pthread_mutex_t *a, const pthread_mutex_t *b)
{
    const char *bytes_of_a = (const char *)a, *bytes_of_b = (const char *)b;
    return memcmp(bytes_of_a, bytes_of_b, sizeof *a) == 0;
}

/* Whether the page's mutex is neither new nor as one that was taken and dropped. */
static bool taken(int fd)
{
    struct lock_page page;
    pthread_mutex_t free_one;
    if (pread(fd, &page, sizeof page, 0) != (ssize_t)sizeof page)
        return false;
    memset(&free_one, 0, sizeof free_one);
    init_mutex(&free_one);
    bool is_new = same(&page.mutex, &free_one);
    pthread_mutex_lock(&free_one);
    pthread_mutex_unlock(&free_one);
    bool dropped = same(&page.mutex, &free_one);
    pthread_mutex_destroy(&free_one);
    return !is_new && !dropped;
}

/* Where nobody else uses the file, an owner is a dead one; and one of whom the kernel no longer tells: a disk that
 * lost its power has kept the page of some moment before. */
static bool free_where_alone(const struct lock_file *file, int fd)
{
    struct stat held;
    return !taken(fd) || flock(fd, LOCK_EX | LOCK_NB) != 0 ||
           !names(file->place->lock, fd, &held) || make(fd, file->place);
}

/* Whether the mutex names an owner that is no thread any more, and of whose end the kernel did not tell: it marks the
 * mutex of who dies here and now. Taking it would end the taker: the C library has no answer to such an owner. The
 * mutex begins with the word that it shares with the kernel. */
static bool orphaned(int fd)
{
    uint32_t word, again;
    const off_t place = offsetof(struct lock_page, mutex);
    if (pread(fd, &word, sizeof word, place) != (ssize_t)sizeof word)
        return false;
    pid_t owner = (pid_t)(word & FUTEX_TID_MASK);
    if (owner == 0 || (word & FUTEX_OWNER_DIED) != 0 || syscall(SYS_tkill, owner, 0) == 0 ||
        errno != ESRCH)
        return false;
    /* Who died between the two looks has been marked since. */
    return pread(fd, &again, sizeof again, place) == (ssize_t)sizeof again && again == word;
}

/* One try on an open file, which it either keeps or leaves to be closed. */
static enum attempt try_share(struct lock_file *file, int fd, enum lock_use use)
{
    if (!free_where_alone(file, fd))
        return ATTEMPT_FAILED;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? ATTEMPT_SEIZED : ATTEMPT_FAILED;
    if (valid(fd, file->place) && use == LOCK_USE_WRITE && orphaned(fd))
        return ATTEMPT_STALE;
    if (valid(fd, file->place))
        return adopt(file, fd) ? ATTEMPT_DONE : ATTEMPT_AGAIN;
    flock(fd, LOCK_UN);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? ATTEMPT_STALE : ATTEMPT_FAILED;
    struct stat held;
    if (!names(file->place->lock, fd, &held) || valid(fd, file->place))
        return ATTEMPT_AGAIN;
    return make(fd, file->place) ? ATTEMPT_AGAIN : ATTEMPT_FAILED;
}

static void explain(enum attempt attempt, const struct place *place, char error[STORE_ERROR_SIZE])
{
    if (attempt == ATTEMPT_SEIZED)
        snprintf(error, STORE_ERROR_SIZE,
                 "%.200s is held exclusively by another process (a reset or restore, perhaps); try "
                 "again when "
                 "it has ended",
                 place->lock);
    else
        snprintf(
            error, STORE_ERROR_SIZE,
            "%.200s was made for another boot, container or database, or by an owner that is gone, "
            "and is still in use; stop "
            "what uses it (fuser -v names it), then start again",
            place->lock);
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int open_file(const char *path, enum lock_use use)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 && use == LOCK_USE_READ)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd;
}

/* A reader needs no mutex: where the page cannot be made valid, it only says that it is there. */
static bool share_as_reader(struct lock_file *file, char error[STORE_ERROR_SIZE])
{
    int fd = open_file(file->place->lock, LOCK_USE_READ);
    if (fd < 0)
        return true;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0 && adopt(file, fd))
        return true;
    close(fd);
    explain(ATTEMPT_SEIZED, file->place, error);
    return false;
}

bool lock_file_open(struct lock_file *file, const struct place *place, enum lock_use use,
                    char error[STORE_ERROR_SIZE])
{
    int64_t until = clock_monotonic() + wait_max;
    *file = (struct lock_file){.fd = -1, .place = place};
    for (;;) {
        int fd = open_file(place->lock, use);
        if (fd < 0 && use == LOCK_USE_READ)
            return true;
        if (fd < 0)
            return fail(error, "open", place->lock);
        enum attempt attempt = try_share(file, fd, use);
        if (attempt == ATTEMPT_DONE)
            return true;
        close(fd);
        bool over = clock_monotonic() > until;
        if (use == LOCK_USE_READ &&
            (attempt == ATTEMPT_FAILED || (attempt == ATTEMPT_STALE && over)))
            return share_as_reader(file, error);
        if (attempt == ATTEMPT_FAILED)
            return fail(error, "prepare", place->lock);
        if (over) {
            explain(attempt, place, error);
            return false;
        }
        pause_briefly();
    }
}

static bool in_use(const struct place *place, char error[STORE_ERROR_SIZE])
{
    snprintf(error, STORE_ERROR_SIZE,
             "%.200s is in use: stop the cluster first (fuser -v %.200s names who uses it)",
             place->database, place->lock);
    return false;
}

bool lock_file_seize(struct lock_file *file, const struct place *place,
                     char error[STORE_ERROR_SIZE])
{
    *file = (struct lock_file){.fd = -1, .place = place};
    int fd = open_file(place->lock, LOCK_USE_WRITE);
    if (fd < 0)
        return fail(error, "open", place->lock);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && adopt(file, fd))
        return true;
    close(fd);
    return in_use(place, error);
}

/* Turning a shared flock into an exclusive one lets go of it for a moment, in which a reset may pass. */
bool lock_file_claim(struct lock_file *file, char error[STORE_ERROR_SIZE])
{
    if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 && lock_file_current(file))
        return true;
    return in_use(file->place, error);
}

bool lock_file_current(const struct lock_file *file)
{
    struct stat named;
    return file->fd >= 0 && stat(file->place->lock, &named) == 0 && named.st_dev == file->device &&
           named.st_ino == file->inode;
}

struct lock_page *lock_file_map(const struct lock_file *file, char error[STORE_ERROR_SIZE])
{
    struct lock_page *page = map(file->fd);
    if (page == NULL)
        fail(error, "map", file->place->lock);
    return page;
}

void lock_file_close(struct lock_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
