/* What the leading router asks of the ticket servers' places is done, and told to all routers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "balancer/master/parts.h"
#include "common/clock.h"
#include "tests/lib/files.h"
#include "tests/lib/suite.h"

enum {
    SECONDS = 20,
};

/* A ticket server by its manners: its last argument is the number of its channel, which does not block. It is
 * ready at once, and leaves when it is told to. */
static const char manners[] =
    "#!/bin/bash\n"
    "channel=${@: -1}\n"
    "printf 'ready 127.0.0.1:1 1\\n' >&$channel\n"
    "for i in {1..1000}; do\n"
    "    dd bs=512 count=1 <&$channel 2>/dev/null | grep -q stop && exit 0\n"
    "    sleep 0.02\n"
    "done\n";
static const char bad_manners[] = "#!/bin/bash\nexit 3\n";

/* What is waited for: a message to the router that begins like this; and what is done then. */
struct step {
    const char *expected;
    void (*then)(void);
};

/* A master, and a router that only listens. */
static struct desk {
    char directory[FILES_PATH_SIZE];
    struct settings settings;
    struct master master;
    int router; /* its end of the channel */
    struct loop_timer turn;
    const struct step *step; /* the next; without `expected`: it is over */
    int64_t give_up;
} desk;

static void put_server(const char *script)
{
    unlink(desk.master.ticket_server);
    files_write(desk.master.ticket_server, script, strlen(script));
    CU_ASSERT_EQUAL(chmod(desk.master.ticket_server, 0755), 0);
}

static void hear_router(void)
{
    char text[MESSAGE_SIZE];
    while (desk.step->expected != NULL && channel_receive(desk.router, text) == CHANNEL_MESSAGE) {
        const struct step *step = desk.step;
        bool expected = strncmp(text, step->expected, strlen(step->expected)) == 0;
        CU_ASSERT(expected);
        if (!expected)
            printf("  expected \"%s\", got \"%s\"\n", step->expected, text);
        desk.step++;
        if (step->then != NULL)
            step->then();
    }
}

/* Signals are not watched here: who has ended is asked again and again. */
static void turn(void *context)
{
    (void)context;
    master_reap(&desk.master);
    hear_router();
    if (desk.step->expected == NULL || clock_monotonic() > desk.give_up)
        loop_stop(desk.master.loop);
    loop_timer_set(desk.master.loop, &desk.turn, clock_monotonic() + 5 * CLOCK_MILLISECOND);
}

static void listen_as_router(void)
{
    struct router_process *router = &desk.master.routers[0];
    int ends[2];
    CU_ASSERT_FATAL(channel_open(ends));
    router->role = ROUTER_CURRENT;
    router->child.pid = getpid(); /* one that does not end */
    router->child.channel = ends[0];
    desk.router = ends[1];
}

static void open_desk(int64_t min, int64_t max)
{
    memset(&desk, 0, sizeof desk);
    files_directory(desk.directory);
    desk.settings = (struct settings){.servers_min = min,
                                      .servers_max = max,
                                      .store = "none",
                                      .token_file = "none",
                                      .log_dir = desk.directory};
    desk.master.settings = &desk.settings;
    desk.master.greeted = true;
    files_path(desk.master.ticket_server, desk.directory, "ticket_server");
    put_server(manners);
    desk.master.loop = loop_open();
    routers_prepare(&desk.master);
    slots_prepare(&desk.master);
    upgrade_prepare(&desk.master);
    listen_as_router();
}

static void plays(const struct step *steps)
{
    desk.step = steps;
    desk.give_up = clock_monotonic() + SECONDS * CLOCK_SECOND;
    desk.turn = (struct loop_timer){.ring = turn};
    loop_timer_set(desk.master.loop, &desk.turn, clock_monotonic());
    loop_run(desk.master.loop);
    CU_ASSERT_PTR_NULL(desk.step->expected);
    if (desk.step->expected != NULL)
        printf("  \"%s\" did not come\n", desk.step->expected);
}

static void close_desk(void)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++) {
        struct child *child = &desk.master.slots[i].child;
        if (child->pid != 0)
            kill(child->pid, SIGKILL);
        if (child->pid != 0)
            waitpid(child->pid, NULL, 0);
        if (child->channel >= 0)
            close(child->channel);
    }
    close(desk.master.routers[0].child.channel);
    close(desk.router);
    loop_close(desk.master.loop);
    files_remove(desk.directory);
}

static void asks(const char *text)
{
    struct message message;
    message_read(text, &message);
    slots_obey(&desk.master, &message);
}

static struct slot *slot(size_t number)
{
    return &desk.master.slots[number - 1];
}

static size_t running(void)
{
    size_t count = 0;
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        count += desk.master.slots[i].child.pid != 0;
    return count;
}

static void only_so_many_are_started(void)
{
    static const struct step steps[] = {{"server server-1 127.0.0.1:1 ", NULL},
                                        {"server server-2 127.0.0.1:1 ", NULL},
                                        {NULL, NULL}};
    open_desk(2, 4);
    slots_start_next(&desk.master);
    plays(steps);
    CU_ASSERT_EQUAL(running(), 2);
    close_desk();
}

static void ask_to_retire(void)
{
    asks("retire server-3");
}

static void ask_to_start_again(void)
{
    CU_ASSERT_EQUAL(slot(3)->child.pid, 0);
    CU_ASSERT_EQUAL(slot(3)->child.restart.at, 0);
    asks("start server-3");
}

static void one_is_started_and_retired(void)
{
    static const struct step steps[] = {{"server server-3 ", ask_to_retire},
                                        {"retired server-3", ask_to_start_again},
                                        {"server server-3 ", NULL},
                                        {NULL, NULL}};
    open_desk(0, 4);
    asks("start server-3");
    asks("start server-3"); /* it is already */
    plays(steps);
    CU_ASSERT_EQUAL(running(), 1);
    CU_ASSERT_EQUAL(slot(3)->restarts, 0);
    close_desk();
}

static void change_of_mind(void)
{
    asks("retire server-3");
    asks("renew server-3"); /* which it is not any more */
    asks("start server-3");
}

static void one_that_retires_may_be_wanted_again(void)
{
    static const struct step steps[] = {{"server server-3 ", change_of_mind},
                                        {"retired server-3", NULL},
                                        {"server server-3 ", NULL},
                                        {NULL, NULL}};
    open_desk(0, 4);
    asks("start server-3");
    plays(steps);
    close_desk();
}

static pid_t renewed_from;

static void ask_to_renew(void)
{
    renewed_from = slot(1)->child.pid;
    asks("renew server-1");
}

/* At once, and it is no crash. */
static void one_is_renewed(void)
{
    static const struct step steps[] = {{"server server-1 ", ask_to_renew},
                                        {"gone server-1 0 renewed", NULL},
                                        {"server server-1 ", NULL},
                                        {NULL, NULL}};
    open_desk(1, 1);
    slots_start_next(&desk.master);
    plays(steps);
    CU_ASSERT_NOT_EQUAL(slot(1)->child.pid, renewed_from);
    CU_ASSERT_EQUAL(slot(1)->restarts, 0);
    CU_ASSERT_EQUAL(slot(1)->child.failures, 0);
    close_desk();
}

static void kill_it(void)
{
    kill(slot(1)->child.pid, SIGKILL);
}

static void spoil_it(void)
{
    put_server(bad_manners);
    kill_it();
}

static void mend_it(void)
{
    CU_ASSERT_EQUAL(slot(1)->child.failures, 3);
    put_server(manners);
}

/* With the number of its restarts, which goes on; and after a pause, which grows. */
static void one_that_dies_is_restarted(void)
{
    static const struct step steps[] = {{"server server-1 127.0.0.1:1 ", spoil_it},
                                        {"gone server-1 1 process ", NULL},
                                        {"gone server-1 2 process ", NULL},
                                        {"gone server-1 3 process ", mend_it},
                                        {"server server-1 127.0.0.1:1 ", kill_it},
                                        {"gone server-1 4 process ", NULL},
                                        {NULL, NULL}};
    open_desk(1, 1);
    slots_start_next(&desk.master);
    plays(steps);
    CU_ASSERT_EQUAL(slot(1)->child.pause, 400 * CLOCK_MILLISECOND);
    close_desk();
}

static void ask_to_retire_the_dead(void)
{
    CU_ASSERT(slot(1)->child.pid == 0 && slot(1)->child.restart.at != 0);
    asks("retire server-1");
    CU_ASSERT_EQUAL(slot(1)->child.restart.at, 0);
}

static void one_that_waits_for_its_restart_may_retire(void)
{
    static const struct step steps[] = {{"server server-1 ", kill_it},
                                        {"gone server-1 1 process ", ask_to_retire_the_dead},
                                        {"retired server-1", NULL},
                                        {NULL, NULL}};
    open_desk(1, 1);
    slots_start_next(&desk.master);
    plays(steps);
    CU_ASSERT_EQUAL(running(), 0);
    close_desk();
}

static void others_are_not_known(void)
{
    open_desk(0, 2);
    asks("start server-3");
    asks("start server-0");
    asks("renew files-1");
    CU_ASSERT_EQUAL(running(), 0);
    close_desk();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("master slots", "only so many are started", only_so_many_are_started);
    suite_add("master slots", "one is started and retired", one_is_started_and_retired);
    suite_add("master slots", "one that retires may be wanted again",
              one_that_retires_may_be_wanted_again);
    suite_add("master slots", "one is renewed", one_is_renewed);
    suite_add("master slots", "one that dies is restarted", one_that_dies_is_restarted);
    suite_add("master slots", "one that waits for its restart may retire",
              one_that_waits_for_its_restart_may_retire);
    suite_add("master slots", "others are not known", others_are_not_known);
}
