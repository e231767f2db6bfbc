#include "tests/soak/outages.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/lib/audit.h"
#include "tests/lib/dice.h"
#include "tests/lib/disk.h"
#include "tests/lib/lone_server.h"
#include "tests/lib/members.h"
#include "tests/lib/suite.h"
#include "tests/lib/tail.h"
#include "tests/lib/wait.h"
#include "tests/soak/flood.h"

enum {
    OURS = 2, /* the master's servers */
    LONE = 3, /* those that joined */
    TARGETS = OURS + LONE,
    RATE = 1000, /* buyers a second */
    CONNECTIONS = 3000,
    CAPACITY = 100000000,
    MANNER_SIZE = 32,
    WELL_SECONDS = 30,   /* for a repaired server to answer */
    CHOSEN_SECONDS = 20, /* for one that answers to be chosen */
    SECONDS_EACH = 10,   /* for the whole run, per outage */
    MEBIBYTES = 64,      /* of the store; and per outage: */
    MEBIBYTES_EACH = 2,
};

static const int64_t look_interval = 10 * CLOCK_MILLISECOND;

/* What is done to a server: first the two that can be done to any. The others are manners of the breakable
 * server before it, where "slow" is told by how much. */
enum {
    BLOW_KILL,
    BLOW_FREEZE,
    BLOWS_TO_OURS,
};
static const char *const blows[] = {
    "kill",  "freeze",        "never", "never-flights", "garbage",      "garbage-flights",
    "error", "error-flights", "reset", "slow",          "slow-flights", "closed",
    "half",  "half-flights",
};
enum {
    BLOWS = sizeof blows / sizeof *blows,
};

/* One outage, as the dice have it. */
struct outage {
    int64_t pause; /* since the one before */
    int target, blow;
    int64_t lasts;
    char manner[MANNER_SIZE];
};

enum phase {
    PHASE_WELL,
    PHASE_BROKEN,
    PHASE_REPAIRED, /* and not heard of yet */
    PHASE_ANSWERS,  /* and not chosen yet */
};

struct target {
    char id[SERVER_SIZE];
    struct lone_server *lone; /* NULL: it is the master's */
    enum phase phase;
    struct outage outage; /* the last */
    pid_t pid;            /* of the master's: whom the blow struck */
    int64_t since;        /* clock_monotonic(): in this phase */
    int64_t well_at;      /* wall clock: it was seen to answer */
    int64_t chosen_at;    /* wall clock: the first time after that */
};

struct outages {
    const struct outages_settings *settings;
    struct dice dice;
    struct disk disk;
    bool in_memory; /* the store: the disk is open */
    struct cluster cluster;
    struct lone_server lone[LONE];
    struct target targets[TARGETS];
    struct load load; /* all that was sold */
    struct flood flood;
    struct flood_plan plan;
    pthread_t buyers;
    atomic_bool ending;
    struct tail tail;
    struct outage next;
    int64_t begun_at, last_at, looked_at;
    int begun, over;
    int64_t failed;   /* of the flood, as last told of */
    int64_t *returns; /* owned; of those that are over */
    bool broken_off;  /* a server did not come back */
};

/* --- telling ----------------------------------------------------------------------------------- */

static double seconds(int64_t time)
{
    return (double)time / (double)CLOCK_SECOND;
}

static void tell(const struct outages *outages, const struct target *target, const char *what)
{
    printf("  %7.3f %s %s: %s\n", seconds(clock_monotonic() - outages->begun_at), target->id,
           target->outage.manner, what);
    fflush(stdout);
}

/* Buyers who failed, as soon as they have: so it is seen what had happened before. */
static void tell_failures(struct outages *outages)
{
    int64_t failed = outages->flood.failed + outages->flood.refused;
    if (failed > outages->failed)
        printf("  %7.3f %" PRId64 " buyers have failed\n",
               seconds(clock_monotonic() - outages->begun_at), failed);
    outages->failed = failed;
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell_figures(struct outages *outages)
{
    int64_t *returns = outages->returns;
    int count = outages->over;
    if (count == 0)
        return;
    qsort(returns, (size_t)count, sizeof *returns, by_time);
    printf("  %d outages in %.1f s; %" PRId64
           " sales, after p50 %.1f, p99 %.0f, worst %.0f ms; %" PRId64 " buyers failed\n",
           count, seconds(clock_monotonic() - outages->begun_at), (int64_t)outages->flood.sold,
           seconds(flood_sold_after(&outages->flood, 500)) * 1000,
           seconds(flood_sold_after(&outages->flood, 990)) * 1000,
           seconds(flood_sold_after(&outages->flood, 1000)) * 1000, outages->failed);
    printf("  chosen again after: p50 %.3f s, p90 %.3f s, p99 %.3f s, worst %.3f s\n",
           seconds(returns[count / 2]), seconds(returns[count * 9 / 10]),
           seconds(returns[count * 99 / 100]), seconds(returns[count - 1]));
}

/* --- the dice ---------------------------------------------------------------------------------- */

/* Most are short; one in five lasts until nobody doubts it any more. */
static int64_t roll_length(struct dice *dice)
{
    int64_t milliseconds = 100 + dice_roll(dice, 800);
    if (dice_roll(dice, 5) == 0)
        milliseconds = 1200 + dice_roll(dice, 2000);
    return milliseconds * CLOCK_MILLISECOND;
}

static void roll(struct outages *outages)
{
    struct dice *dice = &outages->dice;
    struct outage *next = &outages->next;
    next->pause = dice_roll(dice, 300) * CLOCK_MILLISECOND;
    next->target = (int)dice_roll(dice, TARGETS);
    next->blow = (int)dice_roll(dice, next->target < OURS ? BLOWS_TO_OURS : BLOWS);
    next->lasts = roll_length(dice);
    uint32_t delay = 50 + dice_roll(dice, 2000);
    bool slow = strncmp(blows[next->blow], "slow", 4) == 0;
    snprintf(next->manner, sizeof next->manner, slow ? "%s %u" : "%s", blows[next->blow], delay);
}

/* --- blows ------------------------------------------------------------------------------------- */

static struct cluster_server *find_ours(struct outages *outages, const char *id)
{
    for (size_t i = 0; cluster_look(&outages->cluster) && i < outages->cluster.count; i++)
        if (strcmp(outages->cluster.server[i].id, id) == 0)
            return &outages->cluster.server[i];
    return NULL;
}

static void strike_ours(struct outages *outages, struct target *target)
{
    const struct cluster_server *server = find_ours(outages, target->id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    target->pid = server->pid;
    if (target->outage.blow == BLOW_KILL)
        process_signal(target->pid, SIGKILL);
    else
        CU_ASSERT(freeze_without_lock(&outages->cluster, target->pid));
}

static void freeze(struct lone_server *lone)
{
    CU_ASSERT(lone_freeze(lone));
}

static void strike(struct outages *outages, struct target *target)
{
    if (target->lone == NULL)
        strike_ours(outages, target);
    else if (target->outage.blow == BLOW_KILL)
        lone_kill(target->lone);
    else if (target->outage.blow == BLOW_FREEZE)
        freeze(target->lone);
    else
        lone_behave(target->lone, target->outage.manner);
}

/* The master starts those of its own again. */
static void repair(const struct target *target)
{
    int blow = target->outage.blow;
    if (target->lone == NULL && blow == BLOW_FREEZE)
        kill(target->pid, SIGCONT);
    else if (target->lone != NULL && blow == BLOW_KILL)
        lone_start(target->lone);
    else if (target->lone != NULL && blow == BLOW_FREEZE)
        lone_thaw(target->lone);
    else if (target->lone != NULL)
        lone_behave(target->lone, "pass");
}

static bool answers(struct outages *outages, const struct target *target)
{
    if (target->lone != NULL)
        return lone_is_well(target->lone);
    const struct cluster_server *server = find_ours(outages, target->id);
    bool killed = target->outage.blow == BLOW_KILL;
    return server != NULL && server->pid > 0 && !(killed && server->pid == target->pid) &&
           is_well_at(server->url);
}

/* --- from phase to phase ----------------------------------------------------------------------- */

static void enter(struct target *target, enum phase phase)
{
    target->phase = phase;
    target->since = clock_monotonic();
}

static void give_up(struct outages *outages, const struct target *target, const char *why)
{
    tell(outages, target, why);
    member_show_all(&outages->cluster);
    outages->broken_off = true;
}

static void end_outage(struct outages *outages, struct target *target)
{
    char what[64];
    int64_t took = target->chosen_at - target->well_at;
    outages->returns[outages->over++] = took;
    snprintf(what, sizeof what, "for %.3f s, chosen %.3f s after it was well",
             seconds(target->outage.lasts), seconds(took));
    tell(outages, target, what);
    enter(target, PHASE_WELL);
    CU_ASSERT(took <= outages->settings->return_max);
}

static void look_after(struct outages *outages, struct target *target, bool looks)
{
    int64_t now = clock_monotonic(), spent = now - target->since;
    if (target->phase == PHASE_BROKEN && spent >= target->outage.lasts) {
        repair(target);
        enter(target, PHASE_REPAIRED);
    } else if (target->phase == PHASE_REPAIRED && looks) {
        int64_t at = clock_now();
        if (answers(outages, target)) {
            target->well_at = at;
            enter(target, PHASE_ANSWERS);
        } else if (spent > WELL_SECONDS * CLOCK_SECOND) {
            give_up(outages, target, "is not well again");
        }
    } else if (target->phase == PHASE_ANSWERS) {
        if (target->chosen_at >= target->well_at)
            end_outage(outages, target);
        else if (spent > CHOSEN_SECONDS * CLOCK_SECOND)
            give_up(outages, target, "is well, and not chosen again");
    }
}

static int count_well(const struct outages *outages)
{
    int well = 0;
    for (int i = 0; i < TARGETS; i++)
        well += outages->targets[i].phase == PHASE_WELL;
    return well;
}

/* The next outage begins when it is time, its server is well, and is not the last that is. */
static void begin(struct outages *outages)
{
    int64_t now = clock_monotonic();
    struct target *target = &outages->targets[outages->next.target];
    bool waits = outages->begun == outages->settings->outages ||
                 now < outages->last_at + outages->next.pause || target->phase != PHASE_WELL ||
                 count_well(outages) < 2;
    if (waits)
        return;
    target->outage = outages->next;
    strike(outages, target);
    enter(target, PHASE_BROKEN);
    outages->last_at = now;
    outages->begun++;
    roll(outages);
}

static void note_choice(void *context, const struct routing_line *line)
{
    struct outages *outages = context;
    if (line->kind != ROUTING_CHOICE)
        return;
    const char *chosen = line->choice.candidates[line->choice.to].server;
    for (int i = 0; i < TARGETS; i++) {
        struct target *target = &outages->targets[i];
        bool first = target->phase == PHASE_ANSWERS && target->chosen_at < target->well_at;
        if (first && line->time >= target->well_at && strcmp(target->id, chosen) == 0)
            target->chosen_at = line->time;
    }
}

static bool step(void *context)
{
    struct outages *outages = context;
    int64_t now = clock_monotonic();
    bool looks = now >= outages->looked_at + look_interval;
    if (looks) {
        outages->looked_at = now;
        tail_read(&outages->tail, note_choice, outages);
        tell_failures(outages);
    }
    for (int i = 0; i < TARGETS; i++)
        look_after(outages, &outages->targets[i], looks);
    begin(outages);
    return outages->over == outages->settings->outages || outages->broken_off;
}

/* --- the whole --------------------------------------------------------------------------------- */

static void *flood(void *context)
{
    struct outages *outages = context;
    flood_run(&outages->flood, &outages->plan, &outages->load);
    return NULL;
}

static bool sells(void *context)
{
    return ((struct outages *)context)->flood.sold > 0;
}

/* Buyers come at a rate: those whom a server keeps waiting do not keep others from coming. */
static void begin_flood(struct outages *outages)
{
    outages->plan = (struct flood_plan){.url = outages->cluster.url,
                                        .prefix = "outages-of-servers",
                                        .rate = load_scaled(RATE),
                                        .connections = load_scaled(CONNECTIONS),
                                        .quantity = 1,
                                        .ends = &outages->ending};
    thread_start(&outages->buyers, "buyers", flood, outages);
    CU_ASSERT_FATAL(wait_until(sells, outages, WELL_SECONDS));
}

static void end_flood(struct outages *outages)
{
    atomic_store(&outages->ending, true);
    thread_join(outages->buyers);
    tell_failures(outages);
    CU_ASSERT_EQUAL(outages->flood.refused, 0);
    CU_ASSERT_EQUAL(outages->flood.failed, 0);
    if (outages->failed > 0) {
        printf("  the first who failed: %s\n", outages->flood.failure);
        process_show(&outages->cluster.master);
    }
}

/* In memory, where this process may mount: buyers come at a rate whatever else this machine's disk does, and a disk
 * that is slow for seconds has them refused by right. */
static void open_cluster(struct outages *outages)
{
    /* By turns, so that each that is up is chosen soon: the fewest sold would be the one that was away longest,
     * and nobody else until it has caught up. */
    const char *const options[] = {"--policy", "round-robin", NULL};
    struct cluster_places places = {0};
    outages->in_memory =
        disk_open_memory(&outages->disk, MEBIBYTES + outages->settings->outages * MEBIBYTES_EACH);
    if (outages->in_memory)
        places.store = outages->disk.path;
    cluster_open_at(&outages->cluster, "balancer", CAPACITY, OURS, options, &places);
}

static void open_scene(struct outages *outages)
{
    struct cluster *cluster = &outages->cluster;
    open_cluster(outages);
    for (int i = 0; i < TARGETS; i++) {
        struct target *target = &outages->targets[i];
        target->lone = i < OURS ? NULL : &outages->lone[i - OURS];
        snprintf(target->id, sizeof target->id, i < OURS ? "server-%d" : "lone-%d",
                 i < OURS ? i + 1 : i + 1 - OURS);
        if (target->lone == NULL)
            continue;
        lone_open(target->lone, cluster, target->id, NULL);
        lone_add_front(target->lone);
        member_join(cluster, target->id, target->lone->front.url);
    }
    tail_open(&outages->tail, cluster);
    begin_flood(outages);
}

static void close_scene(struct outages *outages)
{
    end_flood(outages);
    tell_figures(outages);
    audit_repeats(&outages->cluster, &outages->load);
    for (int i = 0; i < LONE; i++)
        lone_close(&outages->lone[i]);
    cluster_stop(&outages->cluster, SIGTERM);
    audit_exact(&outages->cluster, &outages->load);
    cluster_close(&outages->cluster);
    if (outages->in_memory)
        disk_close(&outages->disk);
    tail_close(&outages->tail);
    flood_free(&outages->flood);
    free(outages->load.sales);
}

void outages_run(const struct outages_settings *settings)
{
    struct outages *outages = memory_new(sizeof *outages);
    outages->settings = settings;
    outages->dice = dice_new(settings->seed);
    outages->returns = memory_new((size_t)settings->outages * sizeof *outages->returns);
    open_scene(outages);
    outages->begun_at = outages->last_at = clock_monotonic();
    roll(outages);
    bool over = wait_until(step, outages, settings->outages * SECONDS_EACH + WELL_SECONDS);
    CU_ASSERT(over && !outages->broken_off);
    close_scene(outages);
    free(outages->returns);
    free(outages);
}
