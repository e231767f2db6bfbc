/* What one program of the master leaves to the next is what that one finds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/master/parts.h"
#include "tests/lib/suite.h"

static struct master before, after;
static struct settings settings;

static void set_routers(void)
{
    struct router_process *current = &before.routers[3], *draining = &before.routers[1];
    current->role = ROUTER_CURRENT;
    current->child.pid = 4711;
    current->child.channel = 9;
    current->child.ready = true;
    current->child.ready_at = 12345678901;
    current->config_fd = 8;
    current->up = 3;
    current->serving = current->leads = true;
    draining->role = ROUTER_DRAINING;
    draining->child.pid = 42;
    draining->child.channel = 10;
    draining->limit.at = 99999999999;
}

static void set_slots(void)
{
    struct slot *up = &before.slots[0], *waits = &before.slots[63];
    up->wanted = true;
    up->order = ORDER_RENEW;
    up->restarts = 17;
    up->child.pid = 4712;
    up->child.channel = 11;
    up->child.ready = up->child.was_ready = up->child.doomed = true;
    up->child.ready_at = 77;
    strcpy(up->child.address, "[::1]:8090");
    waits->wanted = true;
    waits->child.pause = 5000000;
    waits->child.failures = 12;
    waits->child.restart.at = 88;
}

static void prepare(struct master *master)
{
    memset(master, 0, sizeof *master);
    master->settings = &settings;
    routers_prepare(master);
    slots_prepare(master);
}

static const char *written(void)
{
    static struct buffer text;
    buffer_clear(&text);
    settings.servers_min = 1;
    prepare(&before);
    set_routers();
    set_slots();
    strcpy(before.self, "/opt/box office/balancer");
    before.public_fd = 3;
    before.admin_fd = 4;
    before.begun = 1;
    before.greeted = true;
    before.asked = true;
    state_write(&before, 12, &text);
    return buffer_text(&text);
}

static bool reads(const char *text, int *config_fd)
{
    prepare(&after);
    return state_read(&after, config_fd, text);
}

static void expect_routers(void)
{
    const struct router_process *current = routers_in(&after, ROUTER_CURRENT),
                                *draining = routers_in(&after, ROUTER_DRAINING);
    CU_ASSERT_PTR_NOT_NULL_FATAL(current);
    CU_ASSERT_PTR_NOT_NULL_FATAL(draining);
    CU_ASSERT_EQUAL(current->child.pid, 4711);
    CU_ASSERT_EQUAL(current->child.channel, 9);
    CU_ASSERT_EQUAL(current->child.ready_at, 12345678901);
    CU_ASSERT(current->child.ready && current->serving && current->leads);
    CU_ASSERT_EQUAL(current->config_fd, 8);
    CU_ASSERT_EQUAL(current->up, 3);
    CU_ASSERT_EQUAL(draining->child.pid, 42);
    CU_ASSERT_EQUAL(draining->limit.at, 99999999999);
    CU_ASSERT(draining->config_fd == -1 && !draining->leads);
}

static void expect_slots(void)
{
    const struct slot *up = &after.slots[0], *waits = &after.slots[63];
    CU_ASSERT(up->wanted && up->child.ready && up->child.was_ready && up->child.doomed);
    CU_ASSERT_EQUAL(up->order, ORDER_RENEW);
    CU_ASSERT_EQUAL(up->restarts, 17);
    CU_ASSERT_EQUAL(up->child.pid, 4712);
    CU_ASSERT_EQUAL(up->child.channel, 11);
    CU_ASSERT_EQUAL(up->child.ready_at, 77);
    CU_ASSERT_STRING_EQUAL(up->child.address, "[::1]:8090");
    CU_ASSERT_FALSE(after.slots[1].wanted);
    CU_ASSERT(waits->wanted && waits->child.pid == 0 && waits->child.channel == -1);
    CU_ASSERT_EQUAL(waits->child.pause, 5000000);
    CU_ASSERT_EQUAL(waits->child.failures, 12);
    CU_ASSERT_EQUAL(waits->child.restart.at, 88);
    CU_ASSERT_STRING_EQUAL(waits->child.address, "");
}

static void what_is_written_is_read(void)
{
    int config_fd = -1;
    CU_ASSERT(reads(written(), &config_fd));
    CU_ASSERT_STRING_EQUAL(after.self, "/opt/box office/balancer");
    CU_ASSERT_EQUAL(after.public_fd, 3);
    CU_ASSERT_EQUAL(after.admin_fd, 4);
    CU_ASSERT_EQUAL(config_fd, 12);
    CU_ASSERT_EQUAL(after.begun, 1);
    CU_ASSERT(after.greeted && after.asked);
    expect_routers();
    expect_slots();
}

/* `text` with the first `from` in it replaced. */
static bool reads_with(const char *from, const char *to)
{
    char text[16384];
    int config_fd;
    const char *whole = written(), *at = strstr(whole, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
    return reads(text, &config_fd);
}

static void another_version_is_refused(void)
{
    CU_ASSERT_FALSE(reads_with("box-office-master 1\n", "box-office-master 2\n"));
    CU_ASSERT_FALSE(reads_with("box-office-master 1\n", ""));
    CU_ASSERT_FALSE(reads_with("server ", "servant "));
}

static void what_is_cut_off_is_refused(void)
{
    int config_fd;
    char *text = memory_copy(written());
    for (size_t length = strlen(text); length-- > 0;) {
        text[length] = '\0';
        CU_ASSERT_FALSE(reads(text, &config_fd));
    }
    free(text);
    CU_ASSERT_FALSE(reads_with("end\n", "end\nmore\n"));
}

static void what_cannot_be_is_refused(void)
{
    static const char *const rows[][2] = {
        {"master 3 ", "master -1 "},
        {"master 3 4 12 1 1 1", "master 3 4 12 1 1 2"},
        {"master 3 4 12", "master 3 4 x"},
        {"master 3 4 12", "master 3 4 65536"},
        {"router 1 4711", "router 0 4711"},
        {"router 1 4711", "router 2 4711"},
        {"router 1 4711", "router 4 4711"},
        {"router 1 4711", "router 3 4711"},
        {"router 1 4711", "router 1 -1"},
        {"router 1 4711", "router 1 99999999999999999999"},
        {"server 1 4712", "server 0 4712"},
        {"server 1 4712", "server 65 4712"},
        {"server 1 4712", "server 1  4712"},
        {"server 1 4712 11 1 2", "server 1 4712 11 1 3"},
        {" [::1]:8090\n", "\n"},
        {"[::1]:8090", "[1111111111111111111111111111111111111111111111111111]:8090"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool refused = !reads_with(rows[i][0], rows[i][1]);
        CU_ASSERT(refused);
        if (!refused)
            printf("  %s\n", rows[i][1]);
    }
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("master state", "what is written is read", what_is_written_is_read);
    suite_add("master state", "another version is refused", another_version_is_refused);
    suite_add("master state", "what is cut off is refused", what_is_cut_off_is_refused);
    suite_add("master state", "what cannot be is refused", what_cannot_be_is_refused);
}
