#include "tests/failover/own_network.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/suite.h"

enum {
    WORDS_MAX = 24,
    TOOL_SECONDS = 20,
};

static int outside = -1; /* the network it came from; -1: it is not within one of its own */

/* Runs a tool of administrators' with words separated by spaces: whether it went well. */
bool own_network_run(const char *command)
{
    char words[256], program[FILES_PATH_SIZE], dir[FILES_PATH_SIZE], *rest = words;
    const char *argv[WORDS_MAX + 1] = {NULL};
    struct process process;
    snprintf(words, sizeof words, "%s", command);
    for (size_t i = 0; i < WORDS_MAX && rest != NULL; i++)
        argv[i] = strsep(&rest, " ");
    process_find(program, argv[0]);
    argv[0] = program;
    files_directory(dir);
    process_start(&process, dir, argv);
    bool done = process_wait(&process, TOOL_SECONDS) == 0;
    if (!done)
        process_show(&process);
    files_discard(dir);
    return done;
}

static bool furnish(void)
{
    return own_network_run("ip link set lo up") && own_network_run("nft add table inet box") &&
           own_network_run("nft add chain inet box in { type filter hook input priority 0 ; }");
}

bool own_network_enter(void)
{
    int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (before < 0 || unshare(CLONE_NEWNET) != 0) {
        close(before);
        return false;
    }
    outside = before;
    bool furnished = furnish();
    if (!furnished)
        own_network_leave();
    return furnished;
}

void own_network_leave(void)
{
    if (outside < 0)
        return;
    CU_ASSERT_FATAL(setns(outside, CLONE_NEWNET) == 0);
    close(outside);
    outside = -1;
}

bool own_network_entered(void)
{
    return outside >= 0;
}

void own_network_drop_port(int port)
{
    char command[128];
    snprintf(command, sizeof command, "nft add rule inet box in tcp sport %d drop", port);
    CU_ASSERT_FATAL(own_network_run(command));
    snprintf(command, sizeof command, "nft add rule inet box in tcp dport %d drop", port);
    CU_ASSERT_FATAL(own_network_run(command));
}

void own_network_repair(void)
{
    CU_ASSERT_FATAL(own_network_run("nft flush chain inet box in"));
}
