/* What the routers say is heard only from those who may say it, and what they are told reaches them at last. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "balancer/master/parts.h"
#include "common/clock.h"
#include "tests/lib/suite.h"

enum {
    SECONDS = 10,
    MESSAGES = 2000, /* more than a channel holds */
};

/* A master with a router that serves and leads, and one that is about to take over. */
static struct desk {
    struct settings settings;
    struct master master;
    int current, next; /* their ends of the channels */
    struct loop_timer turn;
} desk;

static int take_part(size_t index, enum router_role role)
{
    struct router_process *router = &desk.master.routers[index];
    int ends[2];
    CU_ASSERT_FATAL(channel_open(ends));
    router->role = role;
    router->child.channel = ends[0];
    router->child.pid = getpid(); /* one that does not end */
    return ends[1];
}

static void open_desk(void)
{
    memset(&desk, 0, sizeof desk);
    desk.settings = (struct settings){.servers_min = 1, .servers_max = 4};
    desk.master.settings = &desk.settings;
    desk.master.greeted = true;
    desk.master.loop = loop_open();
    routers_prepare(&desk.master);
    slots_prepare(&desk.master);
    upgrade_prepare(&desk.master);
    desk.current = take_part(0, ROUTER_CURRENT);
    desk.master.routers[0].leads = true;
    desk.next = take_part(1, ROUTER_NEXT);
}

static void close_desk(void)
{
    for (size_t i = 0; i < 2; i++)
        if (desk.master.routers[i].child.channel >= 0)
            close(desk.master.routers[i].child.channel);
    close(desk.current);
    close(desk.next);
    loop_close(desk.master.loop);
}

static struct router_process *router(size_t index)
{
    return &desk.master.routers[index];
}

static void says_serving(size_t index)
{
    struct message message;
    message_read("serving", &message);
    router_heard(router(index), &message);
}

/* --- who takes over ------------------------------------------------------------------------------- */

static void one_that_serves_takes_over(void)
{
    open_desk();
    says_serving(1);
    CU_ASSERT_EQUAL(router(0)->role, ROUTER_DRAINING);
    CU_ASSERT_EQUAL(router(1)->role, ROUTER_CURRENT);
    close_desk();
}

static void one_that_is_killed_for_being_late_does_not(void)
{
    open_desk();
    router(1)->child.doomed = true;
    says_serving(1);
    CU_ASSERT_EQUAL(router(0)->role, ROUTER_CURRENT);
    CU_ASSERT_EQUAL(router(1)->role, ROUTER_NEXT);
    close_desk();
}

/* Its last words are in the channel when its end is seen. */
static void one_that_has_ended_does_not(void)
{
    siginfo_t about;
    open_desk();
    pid_t pid = fork();
    if (pid == 0) {
        channel_send(desk.next, "serving");
        _exit(1);
    }
    router(1)->child.pid = pid;
    CU_ASSERT_EQUAL(waitid(P_PID, (id_t)pid, &about, WEXITED | WNOWAIT), 0);
    master_watch(&desk.master, &router(1)->child);
    master_reap(&desk.master);
    CU_ASSERT_EQUAL(router(0)->role, ROUTER_CURRENT);
    CU_ASSERT_EQUAL(router(1)->role, ROUTER_NONE);
    close_desk();
}

/* --- renewed servers ------------------------------------------------------------------------------ */

static bool may_begin(void)
{
    const char *reason;
    return handover_may_begin(&desk.master, &reason);
}

static void none_takes_over_while_a_server_is_renewed(void)
{
    struct slot *slot = &desk.master.slots[2];
    open_desk();
    CU_ASSERT_FALSE(may_begin()); /* another is about to */
    router_free(router(1));
    CU_ASSERT(may_begin());
    slot->order = ORDER_RENEW;
    CU_ASSERT_FALSE(may_begin());
    slot->order = ORDER_NONE; /* its process has ended, and the next is not ready */
    slot->renewed = clock_monotonic();
    CU_ASSERT_FALSE(may_begin());
    slot->renewed = clock_monotonic() - 10 * CLOCK_SECOND; /* who knows whether it ever will */
    CU_ASSERT(may_begin());
    close_desk();
}

static void no_server_is_renewed_while_another_router_takes_over(void)
{
    struct message message;
    struct slot *slot = &desk.master.slots[0];
    open_desk();
    slot->child.pid = getpid();
    message_read("renew server-1", &message);
    router_heard(router(0), &message);
    CU_ASSERT_EQUAL(slot->order, ORDER_NONE);
    router_free(router(1));
    router_heard(router(0), &message);
    CU_ASSERT_EQUAL(slot->order, ORDER_RENEW);
    close_desk();
}

/* --- one that does not read ----------------------------------------------------------------------- */

static struct reading {
    int64_t give_up;
    size_t servers, gone, retired, leads; /* messages of these kinds, since it reads again */
} reading;

static void read_all(void)
{
    char text[MESSAGE_SIZE];
    while (channel_receive(desk.current, text) == CHANNEL_MESSAGE) {
        reading.servers += strcmp(text, "server server-1 127.0.0.1:1 7 3") == 0;
        reading.gone += strncmp(text, "gone server-2 5 ", 16) == 0;
        reading.retired += strcmp(text, "retired server-3") == 0;
        reading.leads += strcmp(text, "lead") == 0;
    }
}

static void turn(void *context)
{
    (void)context;
    read_all();
    if (reading.leads * reading.servers * reading.gone * reading.retired > 0 ||
        clock_monotonic() > reading.give_up)
        loop_stop(desk.master.loop);
    loop_timer_set(desk.master.loop, &desk.turn, clock_monotonic() + CLOCK_MILLISECOND);
}

static void fill_slots(void)
{
    struct slot *slots = desk.master.slots;
    slots[0].child.ready = true;
    slots[0].child.pid = 7;
    slots[0].restarts = 3;
    strcpy(slots[0].child.address, "127.0.0.1:1");
    slots[1].wanted = true;
    slots[1].restarts = 5;
}

static void one_that_reads_again_is_told_all(void)
{
    open_desk();
    fill_slots();
    for (int i = 0; i < MESSAGES; i++)
        router_tell(router(0), "nothing");
    CU_ASSERT(router(0)->deaf);
    reading = (struct reading){.give_up = clock_monotonic() + SECONDS * CLOCK_SECOND};
    desk.turn = (struct loop_timer){.ring = turn};
    loop_timer_set(desk.master.loop, &desk.turn, clock_monotonic());
    loop_run(desk.master.loop);
    CU_ASSERT_FALSE(router(0)->deaf);
    CU_ASSERT_EQUAL(reading.leads, 1);
    CU_ASSERT_EQUAL(reading.servers, 1);
    CU_ASSERT_EQUAL(reading.gone, 1);
    CU_ASSERT_EQUAL(reading.retired, 1);
    close_desk();
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("master routers", "one that serves takes over", one_that_serves_takes_over);
    suite_add("master routers", "one that is killed for being late does not",
              one_that_is_killed_for_being_late_does_not);
    suite_add("master routers", "one that has ended does not", one_that_has_ended_does_not);
    suite_add("master routers", "none takes over while a server is renewed",
              none_takes_over_while_a_server_is_renewed);
    suite_add("master routers", "no server is renewed while another router takes over",
              no_server_is_renewed_while_another_router_takes_over);
    suite_add("master routers", "one that reads again is told all",
              one_that_reads_again_is_told_all);
}
