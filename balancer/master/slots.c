#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balancer/master/parts.h"
#include "common/clock.h"
#include "common/log.h"

enum {
    LOOP_BEGINS = 5, /* ends in a row, before it had been of use: it will go on like this */
    LOOP_SAYS = 12,  /* of those that follow, about one a minute leaves a line */
};

static const int64_t renew_patience = 10 * CLOCK_SECOND; /* for one that was renewed to be ready */
static const int64_t leave_patience = 30 * CLOCK_SECOND; /* of one that was told to stop */

static void slot_start(struct slot *slot)
{
    struct master *master = slot->master;
    slot->order = ORDER_NONE;
    if (child_start(&slot->child, ""))
        master_watch(master, &slot->child);
    else
        loop_timer_set(master->loop, &slot->child.restart,
                       clock_monotonic() + child_pause(&slot->child));
}

static void slot_rings(void *context)
{
    struct slot *slot = context;
    struct child *child = &slot->child;
    if (slot->master->stopping)
        return;
    if (child->pid == 0) {
        slot_start(slot);
        return;
    }
    log_line("%s (process %d) did not stop within %d s and is killed", child->name, (int)child->pid,
             (int)(leave_patience / CLOCK_SECOND));
    kill(child->pid, SIGKILL);
}

static void name_slot(struct master *master, struct slot *slot, size_t number)
{
    const struct settings *settings = master->settings;
    struct child *child = &slot->child;
    slot->master = master;
    own_server_name(number, child->name);
    char *arguments[] = {master->ticket_server,
                         "--id",
                         child->name,
                         "--listen",
                         "127.0.0.1:0",
                         "--store",
                         (char *)settings->store,
                         "--log-dir",
                         (char *)settings->log_dir,
                         "--token-file",
                         (char *)settings->token_file,
                         "--supervisor",
                         child->channel_option};
    memcpy(child->arguments, arguments, sizeof arguments);
    for (size_t i = 0; i < CHILD_INHERITED_MAX; i++)
        child->inherited[i] = -1;
    child->channel = -1;
    child->restart = (struct loop_timer){.ring = slot_rings, .context = slot};
}

void slots_prepare(struct master *master)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++) {
        name_slot(master, &master->slots[i], i + 1);
        master->slots[i].wanted = (int64_t)i < master->settings->servers_min;
    }
}

/* One after the other, so that the first tries the store for all, and the router's list is in order. */
void slots_start_next(struct master *master)
{
    while (master->begun < master->settings->servers_min && !master->stopping) {
        struct slot *slot = &master->slots[master->begun++];
        if (!slot->wanted || slot->child.pid != 0)
            continue;
        slot_start(slot);
        return;
    }
}

struct slot *slots_find(struct master *master, const struct child *child)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        if (&master->slots[i].child == child)
            return &master->slots[i];
    return NULL;
}

/* --- what they say ------------------------------------------------------------------------------ */

/* Whether a signal or a debugger has stopped the process (proc(5): state T or t). */
static bool is_stopped(pid_t pid)
{
    char path[64], stat[256];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t length = fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    stat[length] = '\0';
    const char *name_end = strrchr(stat, ')'); /* the name may hold anything */
    return name_end != NULL &&
           (strncmp(name_end, ") T", 3) == 0 || strncmp(name_end, ") t", 3) == 0);
}

/* A process that holds the store's lock and is stopped holds up everyone: where it is ours it is killed,
 * and the lock passes on. One that waits for its disk is left alone: killing it would only make its
 * sales unknown, and the next one would wait for the same disk. */
static void kill_stalled(struct master *master, pid_t pid)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++) {
        struct child *child = &master->slots[i].child;
        if (child->pid != pid || child->doomed || !is_stopped(pid))
            continue;
        log_line("%s (process %d) has held the store's lock for too long and is killed",
                 child->name, (int)pid);
        kill(pid, SIGKILL);
        child->doomed = true; /* each of the others will complain */
    }
}

void slot_heard(struct slot *slot, const struct message *message)
{
    struct child *child = &slot->child;
    if (message->kind == MESSAGE_READY) {
        memcpy(child->address, message->address, sizeof child->address);
        child->ready = child->was_ready = true;
        child->ready_at = clock_monotonic();
        slot->renewed = 0;
        routers_tell(slot->master, "server %s %s %d %" PRId64, child->name, child->address,
                     (int)child->pid, slot->restarts);
        slots_start_next(slot->master);
    } else if (message->kind == MESSAGE_STALLED) {
        kill_stalled(slot->master, message->pid);
    }
}

/* --- ending and restarting --------------------------------------------------------------------- */

static void say_restart(const struct child *child, pid_t pid, const char *ending, int64_t pause)
{
    if (child->failures == LOOP_BEGINS)
        log_line("%s has ended %d times in a row: %s; it is tried again, in the end every 5 s",
                 child->name, child->failures, ending);
    else if (child->failures < LOOP_BEGINS || child->failures % LOOP_SAYS == 0)
        log_line("%s (process %d) %s; it is started again in %d ms", child->name, (int)pid, ending,
                 (int)(pause / CLOCK_MILLISECOND));
}

static void plan_restart(struct slot *slot, pid_t pid, int status)
{
    char ending[80];
    struct child *child = &slot->child;
    int64_t pause = child_pause(child);
    child_ending(status, ending, sizeof ending);
    say_restart(child, pid, ending, pause);
    slot->restarts++;
    routers_tell(slot->master, "gone %s %" PRId64 " process %d %s", child->name, slot->restarts,
                 (int)pid, ending);
    loop_timer_set(slot->master->loop, &child->restart, clock_monotonic() + pause);
}

static void retired(struct slot *slot)
{
    slot->order = ORDER_NONE;
    slot->child.pause = 0;
    slot->child.failures = 0;
    routers_tell(slot->master, "retired %s", slot->child.name);
    if (slot->wanted) /* by now again */
        slot_start(slot);
}

static void renewed(struct slot *slot)
{
    routers_tell(slot->master, "gone %s %" PRId64 " renewed", slot->child.name, slot->restarts);
    slot->renewed = clock_monotonic();
    slot_start(slot);
}

void slot_ended(struct slot *slot, int status)
{
    struct child *child = &slot->child;
    pid_t pid = child->pid;
    child->pid = 0;
    slot->renewed = 0;
    loop_timer_set(slot->master->loop, &child->restart, 0);
    if (slot->master->stopping)
        slot->order = ORDER_NONE;
    else if (slot->order == ORDER_RETIRE)
        retired(slot);
    else if (slot->order == ORDER_RENEW)
        renewed(slot);
    else if (master_is_hopeless(slot->master, status))
        master_stop(slot->master, EXIT_TROUBLE);
    else
        plan_restart(slot, pid, status);
    child->ready = false;
}

/* --- what the leading router wants -------------------------------------------------------------- */

static void order(struct slot *slot, enum slot_order why)
{
    slot->order = why;
    channel_send(slot->child.channel, "stop");
    loop_timer_set(slot->master->loop, &slot->child.restart, clock_monotonic() + leave_patience);
}

static void retire(struct slot *slot)
{
    slot->wanted = false;
    if (slot->child.pid != 0) {
        order(slot, ORDER_RETIRE);
        return;
    }
    loop_timer_set(slot->master->loop, &slot->child.restart, 0);
    retired(slot);
}

/* One that is not running will be started anew as it is. During a handover it would be missed: the router that
 * asked asks again, if it still leads. */
static void renew(struct slot *slot)
{
    if (slot->child.pid != 0 && slot->order == ORDER_NONE && !handover_is_under_way(slot->master))
        order(slot, ORDER_RENEW);
}

bool slots_renewing(const struct master *master)
{
    bool renewing = false;
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++) {
        const struct slot *slot = &master->slots[i];
        renewing = renewing || slot->order == ORDER_RENEW ||
                   (slot->renewed != 0 && clock_monotonic() - slot->renewed < renew_patience);
    }
    return renewing;
}

static void start(struct slot *slot)
{
    bool waits = slot->child.restart.at != 0;
    slot->wanted = true;
    if (slot->child.pid == 0 && !waits)
        slot_start(slot);
}

void slots_obey(struct master *master, const struct message *message)
{
    size_t i = 0;
    while (i < (size_t)master->settings->servers_max &&
           strcmp(master->slots[i].child.name, message->id) != 0)
        i++;
    if (i == (size_t)master->settings->servers_max)
        log_line("the router speaks of %s, which is none of our servers", message->id);
    else if (message->kind == MESSAGE_START)
        start(&master->slots[i]);
    else if (message->kind == MESSAGE_RETIRE)
        retire(&master->slots[i]);
    else
        renew(&master->slots[i]);
}

void slots_stop(struct master *master)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        if (master->slots[i].child.pid != 0)
            channel_send(master->slots[i].child.channel, "stop");
}

bool slots_left(const struct master *master)
{
    for (size_t i = 0; i < OWN_SERVERS_MAX; i++)
        if (master->slots[i].child.pid != 0)
            return true;
    return false;
}
