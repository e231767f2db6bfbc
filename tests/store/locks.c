/* The lock file: stale, half-made, in use. */
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/sqlite/lock_file.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

static int open_lock(struct fixture *fixture)
{
    char path[FIXTURE_URL_SIZE];
    snprintf(path, sizeof path, "%s/tickets.db-lock", fixture->directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void overwrite(struct fixture *fixture, size_t at, const void *bytes, size_t length)
{
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(pwrite(fd, bytes, length, (off_t)at), (ssize_t)length);
    close(fd);
}

/* Fills the mutex with a stale owner, as a power cut leaves it, so that using it as it is would kill
 * or hang; the header says that it is not for us. */
static void make_stale(struct fixture *fixture, size_t at, const void *bytes, size_t length)
{
    unsigned char owner[16];
    memset(owner, 0x7e, sizeof owner);
    overwrite(fixture, offsetof(struct lock_page, mutex), owner, sizeof owner);
    overwrite(fixture, at, bytes, length);
}

static void make_other_boot(struct fixture *fixture)
{
    make_stale(fixture, offsetof(struct lock_page, boot), "00000000-0000", 13);
}

static void make_other_inode(struct fixture *fixture)
{
    uint64_t inode = 1;
    make_stale(fixture, offsetof(struct lock_page, inode), &inode, sizeof inode);
}

static void make_other_device(struct fixture *fixture)
{
    uint64_t device = 1;
    make_stale(fixture, offsetof(struct lock_page, device), &device, sizeof device);
}

static void make_other_namespace(struct fixture *fixture)
{
    uint64_t namespace = 1;
    make_stale(fixture, offsetof(struct lock_page, pid_namespace), &namespace, sizeof namespace);
}

static void make_other_layout(struct fixture *fixture)
{
    uint64_t layout = 1;
    make_stale(fixture, offsetof(struct lock_page, layout), &layout, sizeof layout);
}

/* The disk was away for a moment, with what it had not been given yet; this boot goes on. */
static void make_owned(struct fixture *fixture)
{
    make_stale(fixture, 0, "BoxLock1", 8);
}

/* Its maker was killed before it set the magic. */
static void make_half(struct fixture *fixture)
{
    make_stale(fixture, 0, "\0\0\0\0\0\0\0\0", 8);
}

static void make_short(struct fixture *fixture)
{
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(ftruncate(fd, 100), 0);
    close(fd);
}

static void make_empty(struct fixture *fixture)
{
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    close(fd);
}

static void make_missing(struct fixture *fixture)
{
    char path[FIXTURE_URL_SIZE];
    snprintf(path, sizeof path, "%s/tickets.db-lock", fixture->directory);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static const struct stale {
    const char *name;
    void (*make)(struct fixture *fixture);
} stales[] = {
    {"lock of another boot", make_other_boot},
    {"lock of another database", make_other_inode},
    {"lock of another device", make_other_device},
    {"lock of another container", make_other_namespace},
    {"lock of another C library", make_other_layout},
    {"lock owned by nobody any more", make_owned},
    {"lock half made", make_half},
    {"lock too short", make_short},
    {"lock empty", make_empty},
    {"lock missing", make_missing},
};

static int sell_one(struct fixture *fixture, int number, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct basket basket = {0};
    struct store *store = store_open_seller(fixture->url, "server-1", error);
    (void)parent;
    basket_add(&basket, NULL, 1);
    child_renew_ids(&basket, number);
    if (store == NULL || basket_decide(&basket, store) != STORE_DURABLE)
        return 1;
    store_close(store);
    return 0;
}

/* In a child, because a stale mutex in use can abort or hang a process. Readers come first: they
 * must leave a valid lock behind, or one they hold could not be made anew. */
static void stale_lock_is_made_anew(struct fixture *fixture)
{
    for (size_t i = 0; i < sizeof stales / sizeof *stales; i++) {
        struct child child;
        if (strcmp(stales[i].name, fixture->name) != 0)
            continue;
        stales[i].make(fixture);
        child_start(&child, sell_one, fixture, 1);
        child_open_gate();
        CU_ASSERT_EQUAL(child_wait(&child), 0);
        stales[i].make(fixture);
        child_start(&child, sell_one, fixture, 2);
        struct store *reader = fixture_reader(fixture);
        child_open_gate();
        CU_ASSERT_EQUAL(child_wait(&child), 0);
        store_close(reader);
        CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2);
    }
}

static void expect_no_seller(struct fixture *fixture, const char *word)
{
    char error[STORE_ERROR_SIZE] = "";
    CU_ASSERT_PTR_NULL(store_open_seller(fixture->url, "server-1", error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, word));
}

static void seized_lock_refuses_all(struct fixture *fixture)
{
    char error[STORE_ERROR_SIZE] = "";
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
    expect_no_seller(fixture, "held exclusively");
    CU_ASSERT_PTR_NULL(store_open_reader(fixture->url, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "held exclusively"));
    close(fd);
    store_close(fixture_seller(fixture, "server-1"));
}

/* No second kind of lock: two kinds exclude nobody. A reader needs none. */
static void stale_lock_in_use_refuses_sellers(struct fixture *fixture)
{
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(flock(fd, LOCK_SH | LOCK_NB), 0);
    make_other_boot(fixture);
    expect_no_seller(fixture, "still in use");
    store_close(fixture_reader(fixture));
    close(fd);
    store_close(fixture_seller(fixture, "server-1"));
}

/* A thread that there cannot be: its number is above all that the kernel gives. */
static void make_orphaned(struct fixture *fixture)
{
    uint32_t nobody = FUTEX_TID_MASK;
    overwrite(fixture, offsetof(struct lock_page, mutex), &nobody, sizeof nobody);
}

static int open_orphaned(struct fixture *fixture, int number, int parent)
{
    (void)number;
    (void)parent;
    expect_no_seller(fixture, "fuser");
    return (int)CU_get_number_of_failures();
}

/* In a child: the C library ends who takes such a mutex. */
static void orphaned_lock_in_use_refuses_sellers(struct fixture *fixture)
{
    struct child child;
    store_close(fixture_seller(fixture, "server-1"));
    int fd = open_lock(fixture);
    CU_ASSERT_EQUAL(flock(fd, LOCK_SH | LOCK_NB), 0);
    make_orphaned(fixture);
    child_start(&child, open_orphaned, fixture, 1);
    child_open_gate();
    CU_ASSERT_EQUAL(child_wait(&child), 0);
    store_close(fixture_reader(fixture)); /* which needs no mutex */
    close(fd);
    store_close(fixture_seller(fixture, "server-1"));
}

static void two_handles_share_one_lock(struct fixture *fixture)
{
    struct store *a = fixture_seller(fixture, "server-1");
    struct store *b = fixture_seller(fixture, "server-2");
    int fd = open_lock(fixture);
    CU_ASSERT_NOT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
    store_close(a);
    CU_ASSERT_NOT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
    CU_ASSERT_EQUAL(buy(b, NULL, 1).problem, PROBLEM_NONE);
    store_close(b);
    CU_ASSERT_EQUAL(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

static const struct fixture_case cases[] = {
    {"lock of another boot", 10, stale_lock_is_made_anew},
    {"lock of another database", 10, stale_lock_is_made_anew},
    {"lock of another device", 10, stale_lock_is_made_anew},
    {"lock of another container", 10, stale_lock_is_made_anew},
    {"lock of another C library", 10, stale_lock_is_made_anew},
    {"lock owned by nobody any more", 10, stale_lock_is_made_anew},
    {"lock half made", 10, stale_lock_is_made_anew},
    {"lock too short", 10, stale_lock_is_made_anew},
    {"lock empty", 10, stale_lock_is_made_anew},
    {"lock missing", 10, stale_lock_is_made_anew},
    {"a seized lock refuses all", 10, seized_lock_refuses_all},
    {"a stale lock in use refuses sellers", 10, stale_lock_in_use_refuses_sellers},
    {"an orphaned lock in use refuses sellers", 10, orphaned_lock_in_use_refuses_sellers},
    {"two handles share one lock", 10, two_handles_share_one_lock},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add_on("sqlite", "sqlite locks", cases, sizeof cases / sizeof *cases);
}
