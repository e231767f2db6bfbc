#include "ticket_server/supervisor.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    SECONDS_MAX = 20,
};

/* A child's end under test, and the master's end in our hands. */
struct pipe_case {
    struct loop *loop;
    struct supervisor supervisor;
    struct loop_timer late;
    int master;
    int stops, ends;
};

static void on_stop(void *context)
{
    struct pipe_case *test = context;
    test->stops++;
    loop_stop(test->loop);
}

static void on_gone(void *context)
{
    struct pipe_case *test = context;
    test->ends++;
    loop_stop(test->loop);
}

static void on_late(void *context)
{
    struct pipe_case *test = context;
    CU_FAIL("nothing happened in time");
    loop_stop(test->loop);
}

static void open_case(struct pipe_case *test)
{
    int ends[2];
    *test = (struct pipe_case){.loop = loop_open()};
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    test->master = ends[0];
    supervisor_open(&test->supervisor, test->loop, ends[1], on_stop, on_gone, test);
    test->late.ring = on_late;
    test->late.context = test;
    loop_timer_set(test->loop, &test->late, clock_monotonic() + SECONDS_MAX * CLOCK_SECOND);
}

static void close_case(struct pipe_case *test)
{
    supervisor_close(&test->supervisor);
    if (test->master >= 0)
        close(test->master);
    loop_close(test->loop);
}

static void says_its_lines(void)
{
    struct pipe_case test;
    char got[128] = "";
    open_case(&test);
    supervisor_ready(&test.supervisor, "127.0.0.1:8090", 3);
    supervisor_stalled(&test.supervisor, 4711);
    ssize_t length = read(test.master, got, sizeof got - 1);
    CU_ASSERT(length > 0);
    CU_ASSERT_STRING_EQUAL(got, "ready 127.0.0.1:8090 3\nstalled 4711\n");
    CU_ASSERT(fcntl(test.supervisor.fd, F_GETFD) & FD_CLOEXEC);
    close_case(&test);
}

static void heeds_stop_and_nothing_else(void)
{
    static const char lines[] =
        "go\n\nstop it\nxstop\n"
        "stopstopstopstopstopstopstopstopstopstopstopstopstopstopstopstopstopstop\nst";
    struct pipe_case test;
    char unread;
    open_case(&test);
    CU_ASSERT_EQUAL(write(test.master, lines, sizeof lines - 1), (ssize_t)sizeof lines - 1);
    CU_ASSERT_EQUAL(write(test.master, "op\n", 3), 3);
    loop_run(test.loop);
    CU_ASSERT_EQUAL(test.stops, 1);
    CU_ASSERT_EQUAL(test.ends, 0);
    CU_ASSERT_EQUAL(recv(test.supervisor.fd, &unread, 1, MSG_DONTWAIT), -1); /* it was the last */
    close_case(&test);
}

static void notices_the_master_is_gone(void)
{
    struct pipe_case test;
    open_case(&test);
    close(test.master);
    test.master = -1;
    loop_run(test.loop);
    CU_ASSERT_EQUAL(test.ends, 1);
    CU_ASSERT_EQUAL(test.stops, 0);
    supervisor_stalled(&test.supervisor, 1); /* to nobody: no signal, no harm */
    close_case(&test);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("supervisor", "says its lines", says_its_lines);
    suite_add("supervisor", "heeds stop and nothing else", heeds_stop_and_nothing_else);
    suite_add("supervisor", "notices that the master is gone", notices_the_master_is_gone);
}
