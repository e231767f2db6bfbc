#include "balancer/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "balancer/channel.h"
#include "common/clock.h"
#include "tests/lib/suite.h"
#include "tests/lib/wait.h"

static void pauses_double_up_to_five_seconds(void)
{
    static const int64_t milliseconds[] = {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
    struct child child = {.pid = 0};
    for (size_t i = 0; i < sizeof milliseconds / sizeof *milliseconds; i++)
        CU_ASSERT_EQUAL(child_pause(&child), milliseconds[i] * CLOCK_MILLISECOND);
}

static void a_child_that_was_ready_begins_anew(void)
{
    struct child child = {.pid = 0};
    for (int i = 0; i < 4; i++)
        child_pause(&child);
    child.ready = true;
    child.ready_at = clock_monotonic(); /* not long enough */
    CU_ASSERT_EQUAL(child_pause(&child), 800 * CLOCK_MILLISECOND);
    child.ready_at = clock_monotonic() - CLOCK_SECOND;
    CU_ASSERT_EQUAL(child_pause(&child), 50 * CLOCK_MILLISECOND);
    child.ready = false;
    CU_ASSERT_EQUAL(child_pause(&child), 100 * CLOCK_MILLISECOND);
}

static const char *ending(const char *script, struct child *child)
{
    static char text[128];
    int status = 0;
    child->arguments[0] = "/bin/sh";
    child->arguments[1] = "-c";
    child->arguments[2] = (char *)(uintptr_t)script;
    child->arguments[3] = child->channel_option;
    CU_ASSERT_FATAL(child_start(child, ""));
    CU_ASSERT_EQUAL_FATAL(waitpid(child->pid, &status, 0), child->pid);
    child_ending(status, text, sizeof text);
    return text;
}

static void a_child_says_how_it_ended(void)
{
    struct child child = {.name = "tester", .inherited = {-1, -1, -1}};
    CU_ASSERT_STRING_EQUAL(ending("exit 3", &child), "exited with status 3");
    CU_ASSERT_FALSE(child.ready);
    close(child.channel);
    CU_ASSERT_STRING_EQUAL(ending("kill -KILL $$", &child), "killed by signal 9 (Killed)");
    close(child.channel);
}

/* Ctrl-C reaches the whole group, but the master says when to stop. */
static void a_child_ignores_what_is_meant_for_its_master(void)
{
    struct child child = {.name = "tester", .inherited = {-1, -1, -1}};
    CU_ASSERT_STRING_EQUAL(ending("kill -INT $$; kill -TERM $$; exit 7", &child),
                           "exited with status 7");
    close(child.channel);
}

/* The script's own argument is the number of the channel's descriptor; the further ones are open. */
static void a_child_gets_its_descriptors_and_no_others(void)
{
    char script[256];
    int given = open("/dev/null", O_RDONLY | O_CLOEXEC),
        kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct child child = {.name = "tester", .inherited = {-1, -1, given}};
    snprintf(script, sizeof script,
             "[ -e /proc/$$/fd/$0 ] && [ -e /proc/$$/fd/%d ] && ! [ -e /proc/$$/fd/%d ] && exit 5",
             given, kept);
    CU_ASSERT_STRING_EQUAL(ending(script, &child), "exited with status 5");
    close(child.channel);
    close(given);
    close(kept);
}

static bool has_ended(void *context)
{
    char message[MESSAGE_SIZE];
    return channel_receive(*(const int *)context, message) == CHANNEL_ENDED;
}

static void the_channel_ends_with_the_child(void)
{
    int status;
    struct child child = {.name = "tester",
                          .arguments = {"/bin/sh", "-c", "exec sleep 60"},
                          .inherited = {-1, -1, -1}};
    CU_ASSERT_FATAL(child_start(&child, "--channel="));
    CU_ASSERT_EQUAL(strncmp(child.channel_option, "--channel=", 10), 0);
    CU_ASSERT_FALSE(has_ended(&child.channel));
    kill(child.pid, SIGKILL);
    CU_ASSERT(wait_until(has_ended, &child.channel, 20));
    CU_ASSERT_EQUAL(waitpid(child.pid, &status, 0), child.pid);
    close(child.channel);
}

static void what_cannot_be_run_ends_at_once(void)
{
    char text[64];
    int status = 0;
    struct child child = {
        .name = "tester", .arguments = {"/nonexistent/program"}, .inherited = {-1, -1, -1}};
    CU_ASSERT_FATAL(child_start(&child, ""));
    CU_ASSERT_EQUAL(waitpid(child.pid, &status, 0), child.pid);
    child_ending(status, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "exited with status 1");
    close(child.channel);
}

static __attribute__((constructor)) void suite(void)
{
    suite_add("child", "pauses double up to five seconds", pauses_double_up_to_five_seconds);
    suite_add("child", "a child that was ready begins anew", a_child_that_was_ready_begins_anew);
    suite_add("child", "a child says how it ended", a_child_says_how_it_ended);
    suite_add("child", "a child ignores what is meant for its master",
              a_child_ignores_what_is_meant_for_its_master);
    suite_add("child", "a child gets its descriptors and no others",
              a_child_gets_its_descriptors_and_no_others);
    suite_add("child", "the channel ends with the child", the_channel_ends_with_the_child);
    suite_add("child", "what cannot be run ends at once", what_cannot_be_run_ends_at_once);
}
