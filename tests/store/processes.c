/* Several processes on one store: fairness, kills, and a making at once. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "db/sqlite/handle.h"
#include "tests/lib/wait.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

enum {
    WRITERS = 4,
    KILLS = 40,
    MAKERS = 8,
};

/* In a child: no assertions, whose records would die with it. */
static struct store *open_as(struct fixture *fixture, int number)
{
    char server[SERVER_SIZE];
    char error[STORE_ERROR_SIZE];
    snprintf(server, sizeof server, "server-%d", number);
    return store_open_seller(fixture->url, server, error);
}

static int sell_until_sold_out(struct fixture *fixture, int number, int parent)
{
    struct store *store = open_as(fixture, number);
    struct basket basket = {0};
    if (store == NULL || write(parent, "r", 1) != 1)
        return 1;
    for (;;) {
        basket_clear(&basket);
        for (int i = 0; i < 5; i++)
            basket_add(&basket, NULL, 1);
        if (basket_decide(&basket, store) != STORE_DURABLE)
            return 2;
        if (basket_outcome(&basket, 4)->problem == PROBLEM_SOLD_OUT)
            break;
    }
    basket_free(&basket);
    store_close(store);
    return 0;
}

struct shares {
    int64_t least, sum;
};

static void note_share(void *context, const struct server_total *total)
{
    struct shares *shares = context;
    shares->sum += total->sold;
    if (total->sold < shares->least)
        shares->least = total->sold;
}

/* Sold as fast as they can: nothing oversold, all sold, and nobody starved. A fair lock gives each
 * a quarter; SQLite's own gave one writer nearly all. */
static void writers_are_fair(struct fixture *fixture)
{
    struct child children[WRITERS];
    struct shares shares = {.least = INT64_MAX};
    for (int i = 0; i < WRITERS; i++)
        child_start(&children[i], sell_until_sold_out, fixture, i + 1);
    child_open_gate();
    for (int i = 0; i < WRITERS; i++)
        CU_ASSERT_EQUAL(child_wait(&children[i]), 0);
    struct store *reader = fixture_reader(fixture);
    CU_ASSERT_EQUAL(store_each_server(reader, note_share, &shares), STORE_FOUND);
    store_close(reader);
    CU_ASSERT_EQUAL(shares.sum, 4000);
    CU_ASSERT(shares.least >= 400);
    if (shares.least < 400)
        printf("  least: %lld of 4000\n", (long long)shares.least);
}

static bool sell_one_batch(struct store *store, struct id *told)
{
    struct basket basket = {0};
    for (int i = 0; i < 20; i++)
        basket_add(&basket, NULL, 1);
    bool durable = store != NULL && basket_decide(&basket, store) == STORE_DURABLE;
    *told = basket.items[19].request;
    basket_free(&basket);
    return durable;
}

/* Sells for ever and tells of each batch that was answered. */
static int sell_and_tell(struct fixture *fixture, int number, int parent)
{
    struct store *store = open_as(fixture, number);
    struct id told;
    while (sell_one_batch(store, &told))
        if (write(parent, &told, sizeof told) != sizeof told)
            return 2;
    return 1;
}

/* Sells a batch whenever it is asked to, and tells of it. */
static int sell_when_asked(struct fixture *fixture, int number, int parent)
{
    struct store *store = open_as(fixture, number);
    struct id told;
    char byte;
    while (read(parent, &byte, 1) == 1)
        if (!sell_one_batch(store, &told) || write(parent, &told, sizeof told) != sizeof told)
            return 1;
    store_close(store);
    return 0;
}

struct owner {
    const struct lock_page *page;
    pid_t pid;
};

static bool owns_the_lock(void *context)
{
    const struct owner *owner = context;
    return atomic_load(&owner->page->owner) == owner->pid;
}

/* Lets a child sell, and kills it at a moment when it owns the writer lock; the other one, which is
 * asked for the lock meanwhile, must go on. */
static void kill_one(struct fixture *fixture, struct child *other, const struct lock_page *page,
                     struct id told[2])
{
    struct child child;
    child_start(&child, sell_and_tell, fixture, 2);
    child_open_gate();
    CU_ASSERT(child_read(&child, &told[0], sizeof *told));
    struct owner owner = {page, child.pid};
    CU_ASSERT(wait_until(owns_the_lock, &owner, FIXTURE_SECONDS));
    child_ask(other);
    child_kill(&child);
    CU_ASSERT(child_read(other, &told[1], sizeof *told));
}

static void expect_sales(struct fixture *fixture, const struct id *told, size_t count)
{
    struct store *reader = fixture_reader(fixture);
    struct sale sale;
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(store_read_sale(reader, "demo", &told[i], &sale), STORE_FOUND);
    store_close(reader);
}

static struct lock_page *map_lock(struct fixture *fixture)
{
    char path[FIXTURE_URL_SIZE + 8], error[STORE_ERROR_SIZE];
    snprintf(path, sizeof path, "%s/tickets.db-lock", fixture->directory);
    struct lock_file file = {.fd = open(path, O_RDWR | O_CLOEXEC)};
    struct lock_page *page = lock_file_map(&file, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    lock_file_close(&file);
    return page;
}

static void owner_killed(struct fixture *fixture)
{
    struct child other;
    struct id told[KILLS][2];
    struct lock_page *page = map_lock(fixture);
    child_start(&other, sell_when_asked, fixture, 1);
    child_open_gate();
    for (size_t i = 0; i < KILLS; i++)
        kill_one(fixture, &other, page, told[i]);
    shutdown(other.socket, SHUT_WR);
    CU_ASSERT_EQUAL(child_wait(&other), 0);
    munmap(page, LOCK_PAGE_SIZE);
    expect_sales(fixture, &told[0][0], sizeof told / sizeof told[0][0]);
}

/* Takes the lock, begins a transaction, and never ends either. */
static int hold_the_lock(struct fixture *fixture, int number, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct handle *handle = (struct handle *)open_as(fixture, number);
    if (handle == NULL)
        return 1;
    if (writer_lock_take(&handle->lock, clock_monotonic() + CLOCK_SECOND, NULL, NULL, error) !=
        WRITER_LOCK_TAKEN)
        return 2;
    if (!connection_execute(&handle->connection,
                            "BEGIN IMMEDIATE; UPDATE tiers SET held = capacity - sold") ||
        write(parent, "h", 1) != 1)
        return 3;
    for (;;)
        pause();
}

struct stalls {
    int count;
    pid_t owner;
};

static void note_stall(void *context, pid_t owner)
{
    struct stalls *stalls = context;
    stalls->count++;
    stalls->owner = owner;
}

/* What comes late, to be looked up, waits its turn among the writers as well. */
static void expect_patience(struct store *store)
{
    struct basket basket = {0};
    int64_t begun = clock_monotonic();
    basket_add(&basket, NULL, 1)->deadline = clock_now() - CLOCK_SECOND;
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    CU_ASSERT(clock_monotonic() - begun >= CLOCK_SECOND / 5);
    basket_free(&basket);
}

/* It is told of each second of waiting, gives up at the deadline, and goes on once the owner dies. */
static void frozen_owner(struct fixture *fixture)
{
    struct stalls stalls = {0};
    struct basket basket = {0};
    struct child child;
    char byte;
    child_start(&child, hold_the_lock, fixture, 2);
    struct store *store = fixture_seller(fixture, "server-1");
    store_on_stall(store, note_stall, &stalls);
    child_open_gate();
    CU_ASSERT_FATAL(child_read(&child, &byte, 1));
    /* As if it had been stopped between getting the mutex and saying so. */
    atomic_store(&((struct handle *)store)->lock.page->owner, 0);
    int64_t begun = clock_monotonic();
    basket_add(&basket, NULL, 1)->deadline = clock_now() + 2500 * CLOCK_MILLISECOND;
    CU_ASSERT_EQUAL(basket_decide(&basket, store), STORE_REFUSED);
    int64_t waited = clock_monotonic() - begun;
    CU_ASSERT(waited > 2 * CLOCK_SECOND && waited < 10 * CLOCK_SECOND);
    CU_ASSERT_EQUAL(stalls.count, 2);
    CU_ASSERT_EQUAL(stalls.owner, child.pid);
    CU_ASSERT_PTR_NOT_NULL(strstr(store_error(store), "writer lock"));
    expect_patience(store);
    child_kill(&child);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    CU_ASSERT_EQUAL(stalls.count, 2);
    basket_free(&basket);
    store_close(store);
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 1);
}

static void kill_owner(void *context, pid_t owner)
{
    note_stall(context, owner);
    kill(owner, SIGKILL);
}

/* Who waits to open the store tells of the owner, too: the others may all be starting. */
static void frozen_owner_meets_a_start(struct fixture *fixture)
{
    struct stalls stalls = {0};
    struct child child;
    char byte, error[STORE_ERROR_SIZE] = "";
    child_start(&child, hold_the_lock, fixture, 2);
    child_open_gate();
    CU_ASSERT_FATAL(child_read(&child, &byte, 1));
    struct store *store =
        store_open_seller_telling(fixture->url, "server-1", kill_owner, &stalls, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(stalls.count, 1);
    CU_ASSERT_EQUAL(stalls.owner, child.pid);
    child_kill(&child);
    CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_NONE);
    store_close(store);
}

/* Readers never wait for the writer lock. */
static void reads_pass_the_lock(struct fixture *fixture)
{
    struct child child;
    char byte;
    child_start(&child, hold_the_lock, fixture, 2);
    child_open_gate();
    CU_ASSERT_FATAL(child_read(&child, &byte, 1));
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 0);
    CU_ASSERT_EQUAL(fixture_broken(fixture, NULL), 0);
    child_kill(&child);
}

/* In one process, each thread with a handle of its own: what ThreadSanitizer can see. */
static void *sell_in_thread(void *argument)
{
    struct id told;
    for (int i = 0; i < 50; i++)
        if (!sell_one_batch(argument, &told))
            return NULL;
    return argument;
}

static void threads_share_a_store(struct fixture *fixture)
{
    struct store *stores[2] = {fixture_seller(fixture, "server-1"),
                               fixture_seller(fixture, "server-2")};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, sell_in_thread, stores[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *result = NULL;
        CU_ASSERT_EQUAL(pthread_join(threads[i], &result), 0);
        CU_ASSERT_PTR_EQUAL(result, stores[i]);
        store_close(stores[i]);
    }
    CU_ASSERT_EQUAL(fixture_sold(fixture, "demo", "standard"), 2000);
}

/* The first one out makes the store: its status is 10, the others' 0. */
static int make_it(struct fixture *fixture, int number, int parent)
{
    char error[STORE_ERROR_SIZE];
    struct store_made made;
    (void)number, (void)parent;
    if (!store_init(fixture->url, 5, &made, error)) {
        fprintf(stderr, "  %s\n", error);
        return 1;
    }
    return made.created ? 10 : 0;
}

static void made_by_many(struct fixture *fixture)
{
    struct child children[MAKERS];
    for (int round = 0; round < 10; round++) {
        int made = 0;
        char aside[STORE_PLACE_SIZE], error[STORE_ERROR_SIZE];
        CU_ASSERT_TRUE_FATAL(store_reset(fixture->url, aside, error));
        for (int i = 0; i < MAKERS; i++)
            child_start(&children[i], make_it, fixture, i);
        child_open_gate();
        for (int i = 0; i < MAKERS; i++) {
            int status = child_wait(&children[i]);
            CU_ASSERT(status == 0 || status == 10);
            made += status == 10;
        }
        CU_ASSERT_EQUAL(made, 1);
        struct store *store = fixture_seller(fixture, "server-1");
        CU_ASSERT_EQUAL(buy(store, NULL, 5).problem, PROBLEM_NONE);
        CU_ASSERT_EQUAL(buy(store, NULL, 1).problem, PROBLEM_SOLD_OUT);
        store_close(store);
    }
}

static const struct fixture_case cases[] = {
    {"four writing processes are fair", 4000, writers_are_fair},
    {"threads share a store", 10000, threads_share_a_store},
    {"made by many at once", 5, made_by_many},
};

/* About the writer lock in its file. */
static const struct fixture_case lock_cases[] = {
    {"the lock's owner is killed", 1000000, owner_killed},
    {"the lock's owner is frozen", 10, frozen_owner},
    {"the lock's owner is frozen while another starts", 10, frozen_owner_meets_a_start},
    {"reads pass the lock", 10, reads_pass_the_lock},
};

static __attribute__((constructor)) void suite(void)
{
    fixture_add("store processes", cases, sizeof cases / sizeof *cases);
    fixture_add_on("sqlite", "sqlite processes", lock_cases,
                   sizeof lock_cases / sizeof *lock_cases);
}
