#include "tests/soak/strikes.h"

#include <signal.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "tests/lib/suite.h"

enum {
    BACK_SECONDS = 60,
    ORPHAN_SECONDS = 30, /* until an orphan has ended by itself */
};

/* One blow. */
struct strike {
    enum victim victim;
    size_t server; /* of VICTIM_SERVER: its index */
    pid_t pid;     /* of a server or the router */
    int64_t at;
    size_t first_deal; /* number of the next one */
};

static size_t pick_server(struct scene *scene, const struct strike *earlier, size_t count)
{
    size_t server = dice_roll(&scene->dice, SCENE_SERVERS);
    for (size_t i = 0; i < count; i++)
        if (earlier[i].victim == VICTIM_SERVER && earlier[i].server == server)
            server = (server + 1) % SCENE_SERVERS;
    return server;
}

static void strike(struct scene *scene, struct strike *strike)
{
    const struct cluster *cluster = &scene->cluster;
    strike->first_deal = scene->crowd.deal_count;
    strike->at = clock_monotonic();
    if (strike->victim == VICTIM_BUYER) {
        crowd_kill(&scene->crowd, dice_roll(&scene->dice, CROWD_PROCESSES));
    } else {
        bool server = strike->victim == VICTIM_SERVER;
        strike->pid = server ? cluster->server[strike->server].pid : cluster->router;
        process_signal(strike->pid, SIGKILL);
    }
    scene->counts->kills[strike->victim]++;
}

/* --- the master -------------------------------------------------------------------------------- */

/* What a killed master leaves behind. */
struct orphans {
    pid_t pids[SCENE_SERVERS + 1];
    size_t count;
};

static void orphans_find(struct orphans *orphans, const struct cluster *cluster)
{
    orphans->count = 0;
    orphans->pids[orphans->count++] = cluster->router;
    for (size_t i = 0; i < cluster->count && i < SCENE_SERVERS; i++)
        orphans->pids[orphans->count++] = cluster->server[i].pid;
}

/* They end by themselves. A server whose successor sells under its id already leaves with trouble. */
static void orphans_end(const struct orphans *orphans)
{
    for (size_t i = 0; i < orphans->count; i++) {
        int status = process_wait_orphan(orphans->pids[i], ORPHAN_SECONDS);
        bool fine = status == EXIT_FINE || (i > 0 && status == EXIT_TROUBLE);
        CU_ASSERT(fine);
        if (!fine)
            printf("  orphan %d (%s): status %d\n", (int)orphans->pids[i],
                   i == 0 ? "router" : "ticket server", status);
    }
}

static void kill_master(struct scene *scene)
{
    struct cluster *cluster = &scene->cluster;
    struct orphans orphans;
    bool haste = dice_roll(&scene->dice, 2) == 0;
    orphans_find(&orphans, cluster);
    int64_t at = clock_monotonic();
    process_signal(cluster->master.pid, SIGKILL);
    scene->counts->kills[VICTIM_MASTER]++;
    CU_ASSERT_EQUAL(process_wait(&cluster->master, BACK_SECONDS), PROCESS_KILLED + SIGKILL);
    if (!haste)
        orphans_end(&orphans);
    CU_ASSERT(cluster_nobody_crashed(cluster));
    size_t first = scene->crowd.deal_count;
    int64_t since = clock_monotonic();
    cluster_start_again(cluster);
    crowd_excuse(&scene->crowd, at);
    scene_first_deal(scene, VICTIM_MASTER, first, since, clock_monotonic());
    if (haste)
        orphans_end(&orphans);
}

/* --- all --------------------------------------------------------------------------------------- */

/* From this moment on a healthy server and the router are up. */
static void outage_ends(struct scene *scene, const struct strike *strike)
{
    CU_ASSERT(cluster_router_restarted(&scene->cluster, strike->pid));
    crowd_excuse(&scene->crowd, strike->at);
}

static void recover(struct scene *scene, const struct strike *strike)
{
    int64_t up_at = 0;
    if (strike->victim == VICTIM_SERVER) {
        CU_ASSERT(cluster_restarted(&scene->cluster, strike->server, strike->pid));
        up_at = clock_monotonic();
    }
    scene_first_deal(scene, strike->victim, strike->first_deal, strike->at, up_at);
}

void strikes_land(struct scene *scene, const enum victim *victims, size_t count)
{
    struct strike strikes[STRIKES_MAX];
    CU_ASSERT_FATAL(cluster_all_up(&scene->cluster));
    crowd_read(&scene->crowd);
    if (victims[0] == VICTIM_MASTER) {
        kill_master(scene);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        strikes[i] = (struct strike){.victim = victims[i]};
        if (victims[i] == VICTIM_SERVER)
            strikes[i].server = pick_server(scene, strikes, i);
        strike(scene, &strikes[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (strikes[i].victim == VICTIM_ROUTER)
            outage_ends(scene, &strikes[i]);
    for (size_t i = 0; i < count; i++)
        recover(scene, &strikes[i]);
    CU_ASSERT(cluster_all_up(&scene->cluster));
}
