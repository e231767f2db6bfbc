#include "tests/cluster/netns.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/suite.h"

enum {
    WORDS_MAX = 24,
    SECONDS = 20,
};

/* Runs a tool of administrators' with words separated by spaces: whether it went well. */
static bool try(struct netns *netns, const char *command)
{
    char words[320], program[FILES_PATH_SIZE], *rest = words;
    const char *argv[WORDS_MAX + 1] = {NULL};
    struct process process;
    snprintf(words, sizeof words, "%s", command);
    for (size_t i = 0; i < WORDS_MAX && rest != NULL; i++)
        argv[i] = strsep(&rest, " ");
    process_find(program, argv[0]);
    argv[0] = program;
    process_start(&process, netns->dir, argv);
    return process_wait(&process, SECONDS) == 0;
}

static bool try_there(struct netns *netns, const char *command)
{
    char all[320];
    snprintf(all, sizeof all, "ip netns exec %s %s", netns->name, command);
    return try(netns, all);
}

static bool try_link(struct netns *netns, unsigned number)
{
    char command[256], mine[NETNS_ADDRESS_SIZE];
    snprintf(mine, sizeof mine, "198.18.%u.1", number);
    snprintf(command, sizeof command, "ip link add %s type veth peer name %s netns %s", netns->ours,
             netns->theirs, netns->name);
    bool fine = try(netns, command);
    snprintf(command, sizeof command, "ip addr add %s/30 dev %s", mine, netns->ours);
    fine = fine && try(netns, command);
    snprintf(command, sizeof command, "ip link set %s up", netns->ours);
    fine = fine && try(netns, command);
    snprintf(command, sizeof command, "ip addr add %s/30 dev %s", netns->address, netns->theirs);
    fine = fine && try_there(netns, command);
    snprintf(command, sizeof command, "ip link set %s up", netns->theirs);
    return fine && try_there(netns, command);
}

static bool try_table(struct netns *netns)
{
    return try_there(netns, "nft add table inet box") &&
           try_there(netns, "nft add chain inet box in { type filter hook input priority 0 ; }") &&
           try_there(netns, "nft add chain inet box out { type filter hook output priority 0 ; }");
}

/* The address is of the network for benchmarks, which is nobody's (RFC 2544). */
bool netns_open(struct netns *netns)
{
    char command[64];
    unsigned number = (unsigned)getpid() % 250;
    *netns = (struct netns){0};
    files_directory(netns->dir);
    snprintf(netns->name, sizeof netns->name, "box-%d", (int)getpid());
    snprintf(netns->ours, sizeof netns->ours, "boxo%d", (int)getpid());
    snprintf(netns->theirs, sizeof netns->theirs, "boxt%d", (int)getpid());
    snprintf(netns->address, sizeof netns->address, "198.18.%u.2", number);
    snprintf(command, sizeof command, "ip netns add %s", netns->name);
    if (!try(netns, command)) {
        files_discard(netns->dir);
        return false;
    }
    if (try_link(netns, number) && try_table(netns))
        return true;
    netns_close(netns);
    return false;
}

void netns_drop_in(struct netns *netns)
{
    CU_ASSERT(try_there(netns, "nft add rule inet box in drop"));
}

void netns_drop_out(struct netns *netns)
{
    CU_ASSERT(try_there(netns, "nft add rule inet box out drop"));
}

void netns_unplug(struct netns *netns)
{
    char command[64];
    snprintf(command, sizeof command, "ip link set %s down", netns->theirs);
    CU_ASSERT(try_there(netns, command));
}

void netns_repair(struct netns *netns)
{
    char command[64];
    snprintf(command, sizeof command, "ip link set %s up", netns->theirs);
    CU_ASSERT(try_there(netns, "nft flush table inet box"));
    CU_ASSERT(try_there(netns, command));
}

/* The devices go with the namespace, once nobody runs there. */
void netns_close(struct netns *netns)
{
    char command[64];
    snprintf(command, sizeof command, "ip link del %s", netns->ours);
    try(netns, command);
    snprintf(command, sizeof command, "ip netns del %s", netns->name);
    CU_ASSERT(try(netns, command));
    files_remove(netns->dir);
}
