#include "balancer/routing/routing_log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balancer/routing/choose.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"
#include "tests/unit/balancer/pool/checks.h"
#include "tests/unit/balancer/pool/history.h"

enum {
    SERVERS = 3,
    LARGE = 1 << 20,
    THREADS = 4,
};

/* A log in a directory of its own, and servers to choose from. */
struct desk {
    char directory[FILES_PATH_SIZE];
    struct servers servers;
    struct routing_log *log;
    struct buffer text; /* of a file */
};

static struct desk desk;

static void open_log(int64_t size_max)
{
    char error[LOG_ERROR_SIZE] = "";
    desk.log = routing_log_open(&desk.servers, desk.directory, size_max, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(desk.log);
    CU_ASSERT_STRING_EQUAL(error, "");
}

static void join_servers(void)
{
    struct figures figures = {.store = HISTORY_STORE, .boot = 1};
    for (size_t i = 0; i < SERVERS; i++) {
        char id[SERVER_SIZE];
        snprintf(id, sizeof id, "server-%zu", i + 1);
        servers_joined(&desk.servers, id, "127.0.0.1:1", 9);
        check_told(&desk.servers, i, 1, &figures);
    }
}

static void open_desk(int64_t size_max)
{
    memset(&desk, 0, sizeof desk);
    files_directory(desk.directory);
    servers_init(&desk.servers);
    open_log(size_max);
    join_servers();
}

static void close_log(void)
{
    servers_stopped(&desk.servers);
    routing_log_close(desk.log);
    servers_free(&desk.servers);
}

static void close_desk(uint64_t gaps)
{
    close_log();
    history_prove(desk.directory, gaps);
    files_remove(desk.directory);
    buffer_free(&desk.text);
}

static const char *content(const char *name)
{
    char path[FILES_PATH_SIZE];
    files_path(path, desk.directory, name);
    files_read(path, &desk.text);
    return buffer_text(&desk.text);
}

static bool exists(const char *name)
{
    char path[FILES_PATH_SIZE];
    files_path(path, desk.directory, name);
    return access(path, F_OK) == 0;
}

/* One purchase on a flight of its own: chosen, logged, and settled as sold. */
static void sell(struct loading *loading)
{
    char request[ID_TEXT_SIZE];
    struct id id = id_make();
    size_t to;
    id_format(&id, request);
    struct choice choice = {.request = request,
                            .client = "::1",
                            .route = "purchase",
                            .pool = POOL_TICKETS,
                            .policy = POLICY_FEWEST_SOLD,
                            .pinned = SERVER_NONE};
    struct purchase_choice purchase = {.event = "demo", .quantity = 2, .room = 1};
    CU_ASSERT_EQUAL(choose_for_purchase(&desk.servers, &choice, &purchase, loading, &to), CHOSEN);
    routing_log_flush(desk.log);
    struct settlement settlement = {.flight = loading[to].flight, .released = 2, .sold = 1};
    loading[to] = (struct loading){0};
    servers_settle(&desk.servers, to, &settlement, NULL);
}

static void sell_many(unsigned count)
{
    struct loading loading[ROUTING_SERVERS_MAX] = {{0}};
    for (unsigned i = 0; i < count; i++)
        sell(loading);
}

static void what_was_flushed_is_in_the_file(void)
{
    open_desk(LARGE);
    routing_log_flush(desk.log);
    CU_ASSERT_EQUAL(strncmp(content("routing.log"), "n=1 ", 4), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log"), " state=joining→up "));
    CU_ASSERT_EQUAL(strncmp(strstr(content("routing.log"), "\nn=7 ") - 1, "\"\nn=7 ", 6), 0);
    CU_ASSERT_EQUAL(desk.servers.history.length, 0);
    sell_many(20);
    CU_ASSERT_PTR_NULL(strstr(content("routing.log"), "flight=20 boot"));
    routing_log_flush(desk.log);
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log"), "flight=20 boot"));
    close_desk(0);
}

static void closing_writes_what_is_left(void)
{
    open_desk(LARGE);
    sell_many(1);
    servers_stopped(&desk.servers);
    routing_log_close(desk.log);
    const char *text = content("routing.log");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " stopped router="));
    servers_free(&desk.servers);
    files_remove(desk.directory);
    buffer_free(&desk.text);
}

static void files_rotate_and_open_with_the_state(void)
{
    static const char *const names[] = {"routing.log", "routing.log.1", "routing.log.2",
                                        "routing.log.3", "routing.log.4"};
    open_desk(4096);
    while (!exists("routing.log.4"))
        sell_many(1);
    for (size_t i = 0; i < 4; i++) {
        const char *text = content(names[i]);
        const char *kind = strchr(strchr(text, ' ') + 1, ' ');
        CU_ASSERT_EQUAL(strncmp(kind, " state router=", 14), 0);
        CU_ASSERT_EQUAL(desk.text.data[desk.text.length - 1], '\n');
        CU_ASSERT(i == 0 || (desk.text.length >= 4096 && desk.text.length < 5120));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log.4"), " started router="));
    close_desk(0);
}

/* The oldest is gone, so the replay begins with a state line. */
static void what_is_kept_is_proved_from_its_first_state(void)
{
    open_desk(4096);
    sell_many(200);
    CU_ASSERT_FALSE(exists("routing.log.5"));
    CU_ASSERT_PTR_NULL(strstr(content("routing.log.4"), " started router="));
    close_desk(0);
}

static bool is_rotated(void *context)
{
    (void)context;
    sell_many(1);
    return exists("routing.log.1");
}

/* It is tried again, but not with every write. */
static void a_log_that_cannot_rotate_goes_on(void)
{
    char path[FILES_PATH_SIZE];
    open_desk(4096);
    files_path(path, desk.directory, "routing.log.new");
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    sell_many(20);
    CU_ASSERT_FALSE(exists("routing.log.1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log"), " state router="));
    CU_ASSERT_EQUAL(rmdir(path), 0);
    CU_ASSERT(wait_until(is_rotated, NULL, 10));
    close_desk(0);
}

/* A limit on the size of files stands for the full disk. */
static struct rlimit usual;
static void (*usual_handler)(int);

static void fill_disk(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &usual);
    limit = usual;
    content("routing.log");
    limit.rlim_cur = desk.text.length + 10;
    usual_handler = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void empty_disk(void)
{
    setrlimit(RLIMIT_FSIZE, &usual);
    signal(SIGXFSZ, usual_handler);
}

static bool gap_is_stated(void *context)
{
    (void)context;
    routing_log_flush(desk.log);
    return strstr(content("routing.log"), " after_gap=") != NULL;
}

static void a_gap_is_stated_once_there_is_room(void)
{
    char expected[64];
    open_desk(LARGE);
    sell_many(3);
    routing_log_flush(desk.log);
    uint64_t last = desk.servers.n;
    fill_disk();
    sell_many(50);
    size_t written = strlen(content("routing.log"));
    CU_ASSERT(desk.servers.history.length < 1024); /* it does not grow meanwhile */
    empty_disk();
    CU_ASSERT(written > 0 && desk.text.data[written - 1] == '\n'); /* no line in part */
    CU_ASSERT(wait_until(gap_is_stated, NULL, 20));
    snprintf(expected, sizeof expected, " after_gap=%llu", (unsigned long long)last + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log"), expected));
    CU_ASSERT_EQUAL(strncmp(strchr(desk.text.data + written, ' '), " time=", 6), 0);
    sell_many(3);
    close_desk(1);
}

/* The disk is full when the file is: the old one is not given up for a new one that stays empty. */
static void a_gap_at_a_rotation_is_stated(void)
{
    open_desk(4096);
    while (strlen(content("routing.log")) < 4096)
        sell_many(1);
    fill_disk();
    sell_many(10);
    empty_disk();
    CU_ASSERT(wait_until(gap_is_stated, NULL, 20));
    sell_many(40);
    close_desk(1);
}

static void a_directory_that_is_not_there_is_told(void)
{
    struct servers servers;
    char error[LOG_ERROR_SIZE] = "";
    servers_init(&servers);
    CU_ASSERT_PTR_NULL(routing_log_open(&servers, "/nonexistent/logs", LARGE, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nonexistent/logs/routing.log: No such file"));
    servers_free(&servers);
}

static void *sell_in_thread(void *context)
{
    (void)context;
    sell_many(100);
    return NULL;
}

static void threads_write_in_order(void)
{
    pthread_t threads[THREADS];
    open_desk(16384);
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], "seller", sell_in_thread, NULL);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    close_desk(0);
}

/* A router that was killed inside a line, and the one after it. */
static void the_next_router_ends_a_torn_line(void)
{
    char path[FILES_PATH_SIZE];
    open_desk(LARGE);
    sell_many(2);
    close_log();
    files_path(path, desk.directory, "routing.log");
    files_read(path, &desk.text);
    files_write(path, desk.text.data, desk.text.length - 5);
    servers_init(&desk.servers);
    open_log(LARGE);
    join_servers();
    sell_many(2);
    CU_ASSERT_PTR_NOT_NULL(strstr(content("routing.log"), " [torn]\nn=1 "));
    close_desk(0);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("routing log", "what was flushed is in the file", what_was_flushed_is_in_the_file);
    suite_add("routing log", "closing writes what is left", closing_writes_what_is_left);
    suite_add("routing log", "files rotate and open with the state",
              files_rotate_and_open_with_the_state);
    suite_add("routing log", "what is kept is proved from its first state",
              what_is_kept_is_proved_from_its_first_state);
    suite_add("routing log", "a log that cannot rotate goes on", a_log_that_cannot_rotate_goes_on);
    suite_add("routing log", "a gap is stated once there is room",
              a_gap_is_stated_once_there_is_room);
    suite_add("routing log", "a gap at a rotation is stated", a_gap_at_a_rotation_is_stated);
    suite_add("routing log", "a directory that is not there is told",
              a_directory_that_is_not_there_is_told);
    suite_add("routing log", "threads write in order", threads_write_in_order);
    suite_add("routing log", "the next router ends a torn line", the_next_router_ends_a_torn_line);
}
